//! Onboarding: the business describes itself and the people it wants. Done once both are complete.

use super::Tenant;
use super::configure::{lock, record_update};
use super::facts::TenantFact;
use super::model::{Audience, Profile};
use super::store;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;

/// Which steps are done.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"business_profile": true, "target_audience": false, "subscription": false, "completed": false,
    "onboarded_at": null}))]
pub struct Onboarding {
    /// Industry, description and a location are known.
    pub business_profile: bool,
    /// A description and a place or industry are known.
    pub target_audience: bool,
    /// A plan was chosen; not needed for `completed`.
    pub subscription: bool,
    /// Profile and audience are complete, or were once.
    pub completed: bool,
    pub onboarded_at: Option<Timestamp>,
}

pub fn progress(tx: &mut TenantTx<'_>) -> Result<Onboarding> {
    let tenant = store::current(tx)?;
    Ok(Onboarding {
        business_profile: tenant.profile.is_complete(),
        target_audience: tenant.audience.is_complete(),
        subscription: store::has_plan(tx)?,
        completed: tenant.onboarded_at.is_some(),
        onboarded_at: tenant.onboarded_at,
    })
}

/// Replaces the business profile.
///
/// # Errors
/// Every wrong value, and `request.precondition_failed`.
pub fn describe_business(tx: &mut TenantTx<'_>, profile: Profile, if_match: &IfMatch) -> Result<Tenant> {
    let mut tenant = lock(tx)?;
    if_match.check(tenant.version)?;
    let before = std::mem::replace(&mut tenant.profile, profile.checked(&tenant.country)?);
    if tenant.profile == before { Ok(tenant) } else { settle(tx, tenant, "profile") }
}

/// Replaces the audience.
///
/// # Errors
/// Every wrong value, and `request.precondition_failed`.
pub fn describe_audience(tx: &mut TenantTx<'_>, audience: Audience, if_match: &IfMatch) -> Result<Tenant> {
    let mut tenant = lock(tx)?;
    if_match.check(tenant.version)?;
    let before = std::mem::replace(&mut tenant.audience, audience.checked()?);
    if tenant.audience == before { Ok(tenant) } else { settle(tx, tenant, "audience") }
}

fn settle(tx: &mut TenantTx<'_>, mut tenant: Tenant, field: &str) -> Result<Tenant> {
    let is_first_time = tenant.onboarded_at.is_none() && tenant.profile.is_complete() && tenant.audience.is_complete();
    if is_first_time {
        tenant.onboarded_at = Some(tx.now());
    }
    let tenant = store::save(tx, &tenant)?;
    record_update(tx, TenantFact { fields: Some(vec![field.into()]), ..TenantFact::default() })?;
    if is_first_time {
        let fact = TenantFact {
            name: Some(tenant.name.clone()),
            industry: tenant.profile.industry.clone(),
            ..TenantFact::default()
        };
        tx.record(fact.told_as(TenantFact::ONBOARDED).about(tenant.id.uuid()))?;
    }
    Ok(tenant)
}
