//! The subscription as it stands now, also where time did something to it that nobody has written yet.
//!
//! Books that are opened catch up with the clock and write it down ([`super::books`]). Whoever only reads is shown the same
//! here, so that what a tenant sees does not depend on whether a worker runs.

use super::model::{Meter, Plan, Subscription};
use super::renewal::{Course, Terms};
use super::{plans, store};
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::tenants;

/// The current subscription, whatever its status; ended ones are history.
pub fn current(tx: &mut TenantTx<'_>) -> Result<Option<Subscription>> {
    let now = tx.now();
    match store::stored(tx)? {
        Some(subscription) if subscription.is_due(now) => Ok(catch_up(tx, subscription)?.map(|one| one.subscription)),
        other => Ok(other),
    }
}

/// The current subscription, or `subscription.none`.
pub fn require(tx: &mut TenantTx<'_>) -> Result<Subscription> {
    current(tx)?.ok_or_else(none)
}

pub(crate) fn none() -> Error {
    Error::not_found("subscription.none", "There is no subscription. Choose a plan by POST /v1/subscriptions.")
}

/// The current subscription with its latest period.
pub fn course(tx: &mut TenantTx<'_>) -> Result<Option<Course>> {
    let now = tx.now();
    match store::stored(tx)? {
        Some(subscription) if subscription.is_due(now) => catch_up(tx, subscription),
        Some(subscription) => stored_course(tx, subscription).map(Some),
        None => Ok(None),
    }
}

fn catch_up(tx: &mut TenantTx<'_>, subscription: Subscription) -> Result<Option<Course>> {
    let terms = terms(tx, &subscription)?;
    let course = stored_course(tx, subscription)?.at(terms, tx.now());
    Ok(Some(course).filter(|course| course.subscription.ended_at.is_none()))
}

/// As it was written last.
pub(super) fn stored_course(tx: &mut TenantTx<'_>, subscription: Subscription) -> Result<Course> {
    let period = store::period_of(tx, Meter::Leads, subscription.id)?;
    Ok(Course { subscription, period })
}

/// What its next steps depend on.
pub(super) fn terms(tx: &mut TenantTx<'_>, subscription: &Subscription) -> Result<Terms> {
    let plan = plans::plan_of(tx, subscription)?;
    let pending = match &subscription.pending_plan_code {
        Some(code) => Some(pending(tx, code, subscription.pending_plan_version)?),
        None => None,
    };
    Ok(Terms { plan, pending, zone: tenants::store::current(tx)?.time_zone })
}

fn pending(tx: &mut TenantTx<'_>, code: &str, version: Option<i32>) -> Result<Plan> {
    // One that was chosen before versions were kept is the first.
    plans::plan_at(tx, (code, version.unwrap_or(1)))
}
