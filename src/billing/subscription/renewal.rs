//! What time does to a subscription by itself: the end of a trial, the next period, the end that was asked for.
//!
//! [`settle`] catches up with the clock, period by period, and is called before anything reads or changes a subscription.

use super::features::{entitle, entitle_to_basics};
use super::{current, plan_of, record};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::model::{PlanFrom, Subscription, SubscriptionStatus as Status};
use crate::billing::{calendar, period, store, switch};
use crate::engine::db::TenantTx;
use crate::engine::events::EventType;
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
    record(tx, EventType::SubscriptionCanceled, subscription, serde_json::json!({ "ended_at": at }))
}

/// Does what time has done: expires trials, renews periods, ends what was to end. Answers the current subscription.
pub fn settle(tx: &mut TenantTx<'_>) -> Result<Option<Subscription>> {
    let now = tx.now();
    let Some(mut subscription) = current(tx)? else { return Ok(None) };
    let mut is_renewed = false;
    while subscription.is_running() && subscription.current_period_end <= now {
        let due = subscription.current_period_end;
        if subscription.cancel_at_period_end {
            end(tx, &mut subscription, due)?;
            return Ok(None);
        }
        if subscription.status == Status::Trialing {
            subscription.status = Status::Expired;
            store::save(tx, &mut subscription)?;
            let plan = plan_of(tx, &subscription)?;
            entitle_to_basics(tx, &plan)?;
            record(tx, EventType::SubscriptionExpired, &subscription, serde_json::json!({ "trial_ended_at": due }))?;
        } else {
            renew(tx, &mut subscription)?;
            is_renewed = true;
        }
    }
    if is_renewed {
        crate::billing::jobs::schedule(tx, &subscription)?;
    }
    Ok(Some(subscription))
}

fn renew(tx: &mut TenantTx<'_>, subscription: &mut Subscription) -> Result<()> {
    let left = plan_of(tx, subscription)?;
    let previous = switch::take_effect(subscription, PlanFrom::Renewal);
    let plan = plan_of(tx, subscription)?;
    if previous.is_some() {
        entitle(tx, &plan)?;
    }
    let zone = tenants::store::current(tx)?.time_zone;
    let start = subscription.current_period_end;
    subscription.current_period_start = start;
    subscription.current_period_end = calendar::period_end(start, subscription.anchor_day, zone);
    let opened = period::open_next(tx, subscription, &left, &plan)?;
    store::save(tx, subscription)?;
    let mut data = serde_json::json!({ "base": opened.quota.base, "rollover": opened.quota.rollover, "credits": opened.quota.credits });
    if let Some(previous) = previous {
        data["previous_plan_code"] = previous.into();
    }
    record(tx, EventType::SubscriptionRenewed, subscription, data)
}
