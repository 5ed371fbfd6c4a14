//! The price lists: data in `plans.json`, kept in the table `plans`.
//!
//! Three catalogues: `in-ops` (the platform runs the ads) and `in-selfserve` for businesses in India, and `us` for those in the
//! United States. A business of another country chooses among all that is in its currency. To change a plan, edit the file
//! and raise the plan's `version`; the next start writes it. A plan that disappears from the file stays in the table for
//! those who subscribed to it, and can no longer be chosen. Every version is kept beside it (`plan_versions`): a subscription
//! keeps the prices, quotas and features of the version it was chosen in until another plan takes its place. Prices are minor
//! units.

use std::collections::BTreeMap;

use super::model::{Plan, PriceBand, Pricing, Quotas, Subscription, UsagePeriod};
use super::store;
use crate::base::money::Currency;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::tenants::access::Feature;
use crate::tenants::{self, Tenant};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    code: String,
    name: String,
    version: i32,
    pricing: Pricing,
    currency: Currency,
    price_monthly: Option<i64>,
    price_annual: Option<i64>,
    leads_per_month: Option<i32>,
    overage_price: Option<i64>,
    quotas: Quotas,
    features: Vec<Feature>,
    price_bands: Vec<PriceBand>,
    rollover_percent: i32,
    trial_days: i32,
    position: i32,
    is_popular: bool,
}

/// What every plan has, and a tenant keeps whose subscription is not paid, or not any more.
pub const BASICS: [Feature; 3] = [Feature::ChatSupport, Feature::EmailIntegration, Feature::BasicAnalytics];

/// Every plan this version sells.
pub fn catalogue() -> Result<Vec<Plan>> {
    let lists: BTreeMap<String, Vec<Listed>> =
        serde_json::from_str(include_str!("plans.json")).map_err(Error::internal)?;
    let plans = lists.into_iter().flat_map(|(catalogue, plans)| {
        plans.into_iter().map(move |plan| Plan {
            code: plan.code,
            catalogue: catalogue.clone(),
            name: plan.name,
            version: plan.version,
            pricing: plan.pricing,
            currency: plan.currency,
            price_monthly: plan.price_monthly,
            price_annual: plan.price_annual,
            leads_per_month: plan.leads_per_month,
            quotas: plan.quotas,
            features: plan.features,
            overage_price: plan.overage_price,
            price_bands: plan.price_bands,
            rollover_percent: plan.rollover_percent,
            trial_days: plan.trial_days,
            position: plan.position,
            is_popular: plan.is_popular,
            is_active: true,
        })
    });
    Ok(plans.collect())
}

/// Writes new plans and new versions of known ones; answers how many were written. Run at every start.
pub fn seed(tx: &mut PlatformTx<'_>) -> Result<usize> {
    write(tx, catalogue()?)
}

pub(super) fn write(tx: &mut PlatformTx<'_>, plans: Vec<Plan>) -> Result<usize> {
    let mut stored = BTreeMap::new();
    for plan in store::known_plans(tx)? {
        store::keep_version(tx, &plan)?;
        stored.insert(plan.code, plan.version);
    }
    let mut written = 0;
    for plan in &plans {
        match stored.get(&plan.code) {
            None => store::insert_plan(tx, plan)?,
            Some(version) if *version < plan.version => store::update_plan(tx, plan)?,
            Some(_) => continue,
        }
        store::keep_version(tx, plan)?;
        written += 1;
    }
    let sold: Vec<String> = plans.into_iter().map(|plan| plan.code).collect();
    store::retire_plans_except(tx, &sold)?;
    Ok(written)
}

/// The plan of a subscription.
pub fn plan_of(tx: &mut TenantTx<'_>, subscription: &Subscription) -> Result<Plan> {
    plan_at(tx, subscription.plan_key())
}

/// The plan that leads received in this period are metered by.
pub fn plan_in(tx: &mut TenantTx<'_>, subscription: &Subscription, period: &UsagePeriod) -> Result<Plan> {
    // A period older than versions had the first.
    let key = period.plan_code.as_deref().map(|code| (code, period.plan_version.unwrap_or(1)));
    plan_at(tx, key.unwrap_or_else(|| subscription.plan_key()))
}

/// A plan by code and version; every version that anybody has is kept.
pub(super) fn plan_at(tx: &mut TenantTx<'_>, (code, version): (&str, i32)) -> Result<Plan> {
    let plan = store::plan_version(&mut tx.platform(), code, version)?;
    plan.ok_or_else(|| Error::internal("a subscription or a period without its plan"))
}

/// In which country the businesses are that a catalogue is for.
const HOMES: [(&str, &str); 3] = [("in-ops", "IN"), ("in-selfserve", "IN"), ("us", "US")];

/// Whether the plan is for this tenant: in its currency, and of its country where that has a price list of its own.
pub fn is_for(plan: &Plan, tenant: &Tenant) -> bool {
    let home = HOMES.iter().find(|(catalogue, _)| *catalogue == plan.catalogue).map(|(_, country)| *country);
    let has_own = HOMES.iter().any(|(_, country)| *country == tenant.country);
    plan.currency == tenant.currency && (!has_own || home == Some(tenant.country.as_str()))
}

/// Whether anything is priced for the tenant's country, or in its currency.
fn is_sold_in(tenant: &Tenant) -> bool {
    catalogue().is_ok_and(|plans| plans.iter().any(|plan| is_for(plan, tenant)))
}

/// The plans that the tenant can choose. Where nothing is priced for it, those that are agreed, whatever their currency.
pub fn offered_to(tx: &mut TenantTx<'_>, catalogue: Option<&str>, currency: Option<Currency>) -> Result<Vec<Plan>> {
    let tenant = tenants::store::current(tx)?;
    let plans = store::plans(&mut tx.platform(), catalogue, currency)?;
    let (own, others): (Vec<Plan>, Vec<Plan>) = plans.into_iter().partition(|plan| is_for(plan, &tenant));
    if own.is_empty() && !is_sold_in(&tenant) {
        return Ok(others.into_iter().filter(|plan| plan.catalogue == AGREED).collect());
    }
    Ok(own)
}

/// The price list of whoever the platform runs ads for. What is agreed with them knows no country: it is offered to none but its own,
/// and taken by whoever was told of it.
const AGREED: &str = "in-ops";

/// # Errors
/// `plan.not_for_tenant`.
pub(super) fn require_for(plan: &Plan, tenant: &Tenant) -> Result<()> {
    if is_for(plan, tenant) || plan.catalogue == AGREED {
        return Ok(());
    }
    let (name, theirs) = (&plan.name, plan.currency);
    let message = format!(
        "The plan {name} in {theirs} is not for a business in {} that pays in {}. GET /v1/plans lists those that are.",
        tenant.country, tenant.currency
    );
    Err(Error::conflict("plan.not_for_tenant", message))
}

/// A plan that can be chosen now.
///
/// # Errors
/// `request.invalid` pointing at `/plan_code`.
pub fn choose(tx: &mut PlatformTx<'_>, code: &str) -> Result<Plan> {
    let plan = store::plan(tx, code)?.filter(|plan| plan.is_active);
    plan.ok_or_else(|| {
        Error::field("/plan_code", "unknown_plan", "expected the code of a plan on offer; GET /v1/plans lists them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_price_lists_are_sound() {
        let plans = catalogue().unwrap();
        let codes: std::collections::BTreeSet<&str> = plans.iter().map(|plan| plan.code.as_str()).collect();
        assert_eq!((codes.len(), plans.len()), (10, 10), "codes are unique");
        for plan in &plans {
            assert!(plan.price_bands.is_sorted_by(|a, b| a.max_score < b.max_score), "{}", plan.code);
            assert_eq!(plan.pricing == Pricing::PerLead, plan.price_monthly == Some(0), "{}", plan.code);
            let quota = plan.quotas.verified_leads.and_then(|allowance| allowance.limit);
            assert_eq!(quota, plan.leads_per_month.map(i64::from), "{}: the two lead quotas agree", plan.code);
            assert!(BASICS.iter().all(|feature| plan.features.contains(feature)), "{}: the basics", plan.code);
            let sells_leads = plan.pricing == Pricing::PerLead || plan.leads_per_month.is_some();
            assert_eq!(
                plan.price_of_lead(50).is_some(),
                sells_leads,
                "{}: a quota that ends has a price beyond",
                plan.code
            );
        }
    }

    #[test]
    fn every_price_list_has_a_country_and_one_currency() {
        for plan in catalogue().unwrap() {
            let home = HOMES.iter().find(|(catalogue, _)| *catalogue == plan.catalogue).map(|(_, country)| *country);
            let currency = if home == Some("IN") { Currency::INR } else { Currency::USD };
            assert!(home.is_some() && plan.currency == currency, "{} in {}", plan.code, plan.catalogue);
        }
    }

    #[test]
    fn the_feature_lists_are_those_of_the_price_page() {
        let plans = catalogue().unwrap();
        let has = |code: &str, feature| plans.iter().find(|p| p.code == code).unwrap().features.contains(&feature);
        let api = ["us_starter", "us_growth", "us_professional", "us_enterprise", "growth"];
        assert_eq!(api.map(|code| has(code, Feature::ApiAccess)), [false, false, true, true, true]);
        assert_eq!(api.map(|code| has(code, Feature::WhatsappIntegration)), [false, true, true, true, true]);
        assert_eq!(api.map(|code| has(code, Feature::Sla)), [false, false, false, true, true]);
    }
}
