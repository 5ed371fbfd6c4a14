//! What will become of the next lead: what ad campaigns are run or stopped by.

use super::meter::{self, MeterKind};
use super::model::OveragePolicy;
use super::quota::decide;
use super::{store, subscription};
use crate::base::Result;
use crate::engine::db::TenantTx;

/// What the next lead meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It is delivered.
    Delivered,
    /// It is delivered and billed, but the tenant asked for fewer of them.
    Slowed,
    /// It is held back.
    HeldBack,
}

/// The outlook now.
pub fn outlook(tx: &mut TenantTx<'_>) -> Result<Outlook> {
    meter::lock(tx)?;
    let Some(subscription) = subscription::settle(tx)? else {
        return Ok(Outlook::HeldBack);
    };
    let Some(period) = store::period_of(tx, subscription.id, None)? else { return Ok(Outlook::HeldBack) };
    let plan = subscription::plan_of(tx, &subscription)?;
    let standing = subscription.standing(&period, tx.now());
    Ok(match decide(standing, plan.pricing, &period.quota, plan.price_of_lead(0)) {
        MeterKind::Blocked => Outlook::HeldBack,
        MeterKind::Overage if subscription.overage_policy == OveragePolicy::Slow => Outlook::Slowed,
        _ => Outlook::Delivered,
    })
}
