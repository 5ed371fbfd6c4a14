//! What time does to a subscription by itself: the end of a trial, the next period, the end of what was paid for, the end that
//! was asked for.
//!
//! [`settle`] catches up with the clock, step by step, and is called before anything reads or changes a subscription. What is
//! not paid for any more goes on for [`GRACE_DAYS`], with what the plan includes and nothing beyond, and is paused then. Periods
//! follow each other on the same calendar all the while, so that none is missing when a payment comes after all.

use super::features::{entitle, entitle_to_basics};
use super::{current, plan_of, record};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::facts::SubscriptionFact;
use crate::billing::model::{Due, GRACE_DAYS, PlanFrom, Subscription, SubscriptionStatus as Status};
use crate::billing::{calendar, period, store, switch};
use crate::engine::db::TenantTx;
use crate::tenants;

/// Ends it at that time: its running period closes, and what only a paid plan has goes.
pub(super) fn end(tx: &mut TenantTx<'_>, subscription: &mut Subscription, at: Timestamp) -> Result<()> {
    subscription.status = Status::Canceled;
    subscription.canceled_at = Some(tx.now());
    subscription.ended_at = Some(at);
    switch::take_back(subscription);
    subscription.current_period_end = subscription.current_period_end.min(at);
    period::close(tx, subscription.id, at)?;
    store::save(tx, subscription)?;
    let plan = plan_of(tx, subscription)?;
    entitle_to_basics(tx, &plan)?;
    record(
        tx,
        SubscriptionFact::CANCELED,
        subscription,
        SubscriptionFact { ended_at: Some(at), ..SubscriptionFact::default() },
    )
}

/// Does what time has done: expires trials, renews periods, stops what is not paid for, ends what was to end. Answers the
/// current subscription.
pub fn settle(tx: &mut TenantTx<'_>) -> Result<Option<Subscription>> {
    let now = tx.now();
    let Some(mut subscription) = current(tx)? else { return Ok(None) };
    let mut has_moved = false;
    while let Some((at, due)) = subscription.due().filter(|(at, _)| *at <= now) {
        has_moved = true;
        // What is paid for is used up before the end that was asked for.
        let is_used_up = due == Due::Payment || subscription.status != Status::Active;
        if subscription.cancel_at_period_end && is_used_up {
            end(tx, &mut subscription, at)?;
            return Ok(None);
        }
        match (due, subscription.status) {
            (Due::Payment, _) => fall_due(tx, &mut subscription, at)?,
            (Due::Grace, _) => pause(tx, &mut subscription)?,
            (Due::Period, Status::Trialing) => expire(tx, &mut subscription, at)?,
            (Due::Period, _) => renew(tx, &mut subscription)?,
        }
    }
    if has_moved {
        crate::billing::jobs::schedule(tx, &subscription)?;
    }
    Ok(Some(subscription))
}

fn expire(tx: &mut TenantTx<'_>, subscription: &mut Subscription, at: Timestamp) -> Result<()> {
    subscription.status = Status::Expired;
    store::save(tx, subscription)?;
    let plan = plan_of(tx, subscription)?;
    entitle_to_basics(tx, &plan)?;
    record(
        tx,
        SubscriptionFact::EXPIRED,
        subscription,
        SubscriptionFact { trial_ended_at: Some(at), ..SubscriptionFact::default() },
    )
}

/// What was paid for is over.
fn fall_due(tx: &mut TenantTx<'_>, subscription: &mut Subscription, at: Timestamp) -> Result<()> {
    subscription.status = Status::PastDue;
    store::save(tx, subscription)?;
    let pauses_at = at.plus(chrono::Duration::days(GRACE_DAYS));
    record(
        tx,
        SubscriptionFact::PAST_DUE,
        subscription,
        SubscriptionFact { pauses_at: Some(pauses_at), ..SubscriptionFact::default() },
    )
}

/// Nobody paid within the days of grace: leads are held back and only the basics are left.
fn pause(tx: &mut TenantTx<'_>, subscription: &mut Subscription) -> Result<()> {
    subscription.status = Status::Paused;
    store::save(tx, subscription)?;
    let plan = plan_of(tx, subscription)?;
    entitle_to_basics(tx, &plan)?;
    record(tx, SubscriptionFact::PAUSED, subscription, SubscriptionFact::default())
}

fn renew(tx: &mut TenantTx<'_>, subscription: &mut Subscription) -> Result<()> {
    let left = plan_of(tx, subscription)?;
    let is_paused = subscription.status == Status::Paused;
    let previous = if is_paused { None } else { switch::take_effect(subscription, PlanFrom::Renewal) };
    let plan = plan_of(tx, subscription)?;
    if previous.is_some() {
        entitle(tx, &plan)?;
    }
    let zone = tenants::store::current(tx)?.time_zone;
    let start = subscription.current_period_end;
    subscription.current_period_start = start;
    subscription.current_period_end = calendar::period_end(start, subscription.anchor_day, zone);
    let base = if is_paused { Some(0) } else { plan.leads_per_month };
    let opened = period::open_next(tx, subscription, &left, base)?;
    store::save(tx, subscription)?;
    if is_paused {
        return Ok(());
    }
    let more = SubscriptionFact {
        base: opened.quota.base,
        rollover: Some(opened.quota.rollover),
        credits: Some(opened.quota.credits),
        previous_plan_code: previous,
        ..SubscriptionFact::default()
    };
    record(tx, SubscriptionFact::RENEWED, subscription, more)
}
