//! What a plan includes and charges.

use crate::base::money::{Currency, Money};
use crate::tenants::access::Feature;

crate::text_enum! {
    /// What a plan charges for.
    pub enum Pricing {
        /// A price per month or year, with leads included.
        Subscription = "subscription",
        /// A price for every lead, by what it is worth.
        PerLead = "per_lead",
    }
}

crate::text_enum! {
    /// How often the subscription is paid. Quota periods are monthly either way.
    pub enum BillingInterval { Monthly = "monthly", Annual = "annual" }
}

/// A lead's price by what it is worth, 0 to 100 by the platform's own scoring model: the first band whose `max_score` is not below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBand {
    pub max_score: i32,
    /// Minor units of the plan's currency.
    pub amount: i64,
}

/// How much of something a month includes; `null` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    pub limit: Option<i64>,
}

/// What a month of the plan includes; what is absent is no part of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"scraped_contacts": {"limit": 500}, "outreach_messages": {"limit": 1000},
    "ad_credits": {"amount": 500000, "currency": "INR"}, "verified_leads": {"limit": 50}}))]
pub struct Quotas {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scraped_contacts: Option<Allowance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outreach_messages: Option<Allowance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ad_credits: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub verified_leads: Option<Allowance>,
}

/// A price list's entry in one of its versions: whoever subscribed keeps the one they chose.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Plan {
    /// Unique over all catalogues.
    pub code: String,
    pub catalogue: String,
    pub name: String,
    /// Raised whenever the plan changes.
    pub version: i32,
    pub pricing: Pricing,
    pub currency: Currency,
    /// Minor units; `None` is agreed upon individually.
    pub price_monthly: Option<i64>,
    pub price_annual: Option<i64>,
    /// `None` is unlimited.
    pub leads_per_month: Option<i32>,
    pub quotas: Quotas,
    #[serde(deserialize_with = "known_features")]
    pub features: Vec<Feature>,
    /// Minor units for a lead beyond the quota.
    pub overage_price: Option<i64>,
    pub price_bands: Vec<PriceBand>,
    /// Unused base units that roll over, at most this share of the base.
    pub rollover_percent: i32,
    pub trial_days: i32,
    pub position: i32,
    pub is_popular: bool,
    pub is_active: bool,
}

/// A feature that is sold no more is in no plan, nor in the earlier versions.
fn known_features<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Feature>, D::Error> {
    let names = <Vec<String> as serde::Deserialize>::deserialize(from)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

impl Plan {
    /// What one more lead of this score costs: the flat overage price, or else by band. `None`: not for sale.
    pub fn price_of_lead(&self, score: i32) -> Option<i64> {
        let banded = || self.price_bands.iter().find(|band| score <= band.max_score).or(self.price_bands.last());
        self.overage_price.or_else(|| banded().map(|band| band.amount))
    }

    /// What an included lead is worth: the month's price over its leads, rounded to whole units of the currency.
    pub fn notional_price(&self, interval: BillingInterval) -> i64 {
        let monthly = match interval {
            BillingInterval::Annual => self.price_annual.map(|price| price / 12).or(self.price_monthly),
            BillingInterval::Monthly => self.price_monthly,
        };
        match (monthly, self.leads_per_month) {
            (Some(price), Some(leads)) if leads > 0 => {
                let (leads, whole) = (i64::from(leads), 10_i64.pow(self.currency.exponent()));
                (price + leads * whole / 2) / (leads * whole) * whole
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::plans::catalogue;

    fn plan(code: &str) -> Plan {
        catalogue().unwrap().into_iter().find(|plan| plan.code == code).unwrap()
    }

    #[test]
    fn bands_hold_their_upper_bound() {
        let us = plan("us_pay_per_lead");
        let cases = [
            (0, 2000),
            (40, 2000),
            (41, 3500),
            (60, 3500),
            (61, 5000),
            (79, 5000),
            (80, 5000),
            (81, 7500),
            (100, 7500),
        ];
        for (score, price) in cases {
            assert_eq!(us.price_of_lead(score), Some(price), "score {score}");
        }
        assert_eq!(plan("in_pay_per_lead").price_of_lead(81), Some(50_000));
        assert_eq!(plan("growth").price_of_lead(10), Some(40_000), "a flat overage price comes first");
    }

    #[test]
    fn an_included_lead_is_worth_its_share_in_whole_units() {
        assert_eq!(plan("growth").notional_price(BillingInterval::Monthly), 30_000);
        assert_eq!(plan("us_starter").notional_price(BillingInterval::Monthly), 1_000);
        assert_eq!(plan("us_starter").notional_price(BillingInterval::Annual), 800);
        assert_eq!(plan("us_enterprise").notional_price(BillingInterval::Monthly), 0);
    }
}
