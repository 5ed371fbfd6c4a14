//! What a plan, a subscription and a usage period are.

use crate::base::id::{LeadId, SubscriptionId, TenantId, UsageEntryId, UsagePeriodId};
use crate::base::money::{Currency, Money};
use crate::base::time::Timestamp;
use crate::tenants::access::Feature;

use super::meter::MeterKind;
use super::quota::{Quota, Standing};

crate::text_enum! {
    /// Where a subscription stands.
    pub enum SubscriptionStatus {
        /// Free until `trial_ends_at`.
        Trialing = "trialing",
        Active = "active",
        /// What was paid for is over and no payment came: what is included is still delivered, nothing beyond.
        PastDue = "past_due",
        /// The days of grace are over as well: leads are held back until a payment comes.
        Paused = "paused",
        /// Over; the tenant may start another.
        Canceled = "canceled",
        /// Waits for its first payment.
        Incomplete = "incomplete",
        /// The trial ended unpaid; activation revives it.
        Expired = "expired",
    }
}

crate::text_enum! {
    /// What happens to leads beyond the quota.
    pub enum OveragePolicy {
        /// They are delivered and billed; ads keep running.
        Bill = "bill",
        /// They are kept with masked contact data; ads pause.
        Block = "block",
        /// They are delivered and billed; ads slow down to a small daily budget, or pause where a budget is not the ad
        /// campaign's own.
        Slow = "slow",
    }
}

crate::text_enum! {
    /// How often the subscription is paid. Quota periods are monthly either way.
    pub enum BillingInterval { Monthly = "monthly", Annual = "annual" }
}

crate::text_enum! {
    /// What another plan waits for.
    pub enum PlanFrom {
        /// A dearer one, or one whose price is agreed individually: operators activate it once it is paid.
        Activation = "activation",
        /// Any other: it takes effect when the running period is over.
        Renewal = "renewal",
    }
}

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
    /// An entry of the usage ledger.
    pub enum EntryKind {
        Quota = "quota",
        Rollover = "rollover",
        Credit = "credit",
        Overage = "overage",
        PerLead = "per_lead",
        /// Held back; a later entry with quantity −1 says that it was released.
        Blocked = "blocked",
        /// Credits an operator granted.
        Grant = "grant",
    }
}

impl EntryKind {
    /// How metering decisions are written; a repeat leaves no entry.
    pub fn of(kind: MeterKind) -> Option<Self> {
        Some(match kind {
            MeterKind::Quota => Self::Quota,
            MeterKind::Rollover => Self::Rollover,
            MeterKind::Credit => Self::Credit,
            MeterKind::Overage => Self::Overage,
            MeterKind::PerLead => Self::PerLead,
            MeterKind::Blocked => Self::Blocked,
            MeterKind::Repeat | MeterKind::Unreachable => return None,
        })
    }
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
    pub scraped_contacts: Option<Allowance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outreach_messages: Option<Allowance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_credits: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// A tenant's subscription to a plan. One is current; ended ones stay as history.
#[derive(Debug, Clone)]
pub struct Subscription {
    pub tenant_id: TenantId,
    pub id: SubscriptionId,
    pub plan_code: String,
    pub status: SubscriptionStatus,
    pub overage_policy: OveragePolicy,
    pub billing_interval: BillingInterval,
    /// 1 to 31; see [`super::calendar`].
    pub anchor_day: i32,
    pub trial_ends_at: Option<Timestamp>,
    pub current_period_start: Timestamp,
    /// Exclusive. Equal to the start while the subscription is incomplete.
    pub current_period_end: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancel_at_period_end: bool,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The plan that was chosen and is not in force yet.
    pub pending_plan_code: Option<String>,
    pub pending_from: Option<PlanFrom>,
    /// Exclusive; `None` before the first payment.
    pub paid_until: Option<Timestamp>,
    /// Of [`Self::plan_code`].
    pub plan_version: i32,
    pub pending_plan_version: Option<i32>,
    /// A plan that waits for the renewal takes effect with the first one from then on: what is paid is used first.
    pub pending_at: Option<Timestamp>,
}

/// What time does next to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The period is over.
    Period,
    /// What was paid for is over.
    Payment,
    /// The days of grace are over.
    Grace,
}

/// Days that a subscription goes on after what was paid for is over.
pub const GRACE_DAYS: i64 = 14;

impl Subscription {
    /// Time ends this period by itself: renewal, expiry or cancellation is due at its end.
    pub fn is_running(&self) -> bool {
        use SubscriptionStatus as S;
        matches!(self.status, S::Trialing | S::Active | S::PastDue)
    }

    /// What time does next, and when; `None` where nothing runs.
    pub fn due(&self) -> Option<(Timestamp, Due)> {
        use SubscriptionStatus as S;
        let period = (self.current_period_end, Due::Period);
        let payment = match self.status {
            S::Trialing | S::Paused => None,
            S::Active => self.paid_until.map(|at| (at, Due::Payment)),
            S::PastDue => self.paid_until.map(|at| (at.plus(chrono::Duration::days(GRACE_DAYS)), Due::Grace)),
            S::Canceled | S::Incomplete | S::Expired => return None,
        };
        Some(payment.filter(|(at, _)| *at <= period.0).unwrap_or(period))
    }

    /// The plan it has, by code and version.
    pub fn plan_key(&self) -> (&str, i32) {
        (&self.plan_code, self.plan_version)
    }

    /// Was `period` part of the free trial?
    pub fn is_trial(&self, period: &UsagePeriod) -> bool {
        self.trial_ends_at.is_some() && self.activated_at.is_none_or(|at| period.period_start < at)
    }

    /// What may happen to a lead received at `at` that belongs to `period`, a period of this subscription.
    pub fn standing(&self, period: &UsagePeriod, at: Timestamp) -> Standing {
        use SubscriptionStatus as S;
        if at >= period.period_end || self.status == S::Incomplete {
            return Standing::Closed;
        }
        if self.is_trial(period) {
            return Standing::Included;
        }
        match self.status {
            S::Active => Standing::Full(self.overage_policy),
            S::PastDue | S::Canceled | S::Trialing => Standing::Included,
            S::Paused | S::Incomplete | S::Expired => Standing::Closed,
        }
    }

    /// What happens beyond what is included, at `at`. A trial, a debt and a plan that sells nothing more
    /// leave the tenant no choice: then leads are held back, whatever the policy says.
    pub fn policy_in_force(&self, plan: &Plan, period: &UsagePeriod, at: Timestamp) -> OveragePolicy {
        let sells_more = plan.overage_price.is_some() || !plan.price_bands.is_empty();
        match self.standing(period, at) {
            Standing::Full(policy) if sells_more => policy,
            _ => OveragePolicy::Block,
        }
    }
}

/// One meter in one period.
#[derive(Debug, Clone)]
pub struct UsagePeriod {
    pub id: UsagePeriodId,
    pub subscription_id: SubscriptionId,
    pub period_start: Timestamp,
    /// Exclusive.
    pub period_end: Timestamp,
    pub quota: Quota,
    /// What leads received in it are metered by; `None` in periods older than this note: the subscription's.
    pub plan_code: Option<String>,
    pub plan_version: Option<i32>,
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub struct UsageEntry {
    pub id: UsageEntryId,
    /// `None`: held back before there was any plan.
    pub period_id: Option<UsagePeriodId>,
    pub kind: EntryKind,
    pub quantity: i32,
    pub lead_id: Option<LeadId>,
    pub amount_due: i64,
    pub notional_amount: i64,
    pub currency: Currency,
    pub reason: Option<String>,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::super::plans::catalogue;
    use super::*;

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
