//! Opening and closing usage periods, with what moves from one to the next.

use super::model::{Plan, Subscription, UsagePeriod};
use super::quota::Quota;
use super::store;
use crate::base::Result;
use crate::base::id::{SubscriptionId, UsagePeriodId};
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;

const EMPTY: Quota = Quota { base: Some(0), rollover: 0, credits: 0, used: 0, overage: 0 };

fn insert(tx: &mut TenantTx<'_>, subscription: &Subscription, quota: Quota) -> Result<UsagePeriod> {
    let period = UsagePeriod {
        id: UsagePeriodId::new(),
        subscription_id: subscription.id,
        period_start: subscription.current_period_start,
        period_end: subscription.current_period_end,
        quota,
        plan_code: Some(subscription.plan_code.clone()),
        plan_version: Some(subscription.plan_version),
    };
    store::insert_period(tx, &period)?;
    Ok(period)
}

/// The first period: of the trial, or an empty one that waits for activation.
pub fn open_first(tx: &mut TenantTx<'_>, subscription: &Subscription, base: Option<i32>) -> Result<()> {
    insert(tx, subscription, Quota { base, ..EMPTY }).map(|_| ())
}

/// The period that starts with activation. A trial's unused units do not roll over: they were never paid for. Credits do.
pub fn restart(tx: &mut TenantTx<'_>, subscription: &Subscription, base: Option<i32>) -> Result<()> {
    let now = subscription.current_period_start;
    let Some(mut last) = store::period_of(tx, subscription.id, None)? else {
        return open_first(tx, subscription, base);
    };
    if last.period_start >= now || last.period_start == last.period_end {
        // It waited for activation, or both happened in the same moment: the row becomes the paid period.
        last.period_start = now;
        last.period_end = subscription.current_period_end;
        last.quota.base = base;
        last.plan_code = Some(subscription.plan_code.clone());
        last.plan_version = Some(subscription.plan_version);
        return store::save_period(tx, &last);
    }
    let credits = move_credits(&mut last.quota);
    last.period_end = last.period_end.min(now);
    store::save_period(tx, &last)?;
    insert(tx, subscription, Quota { base, credits, ..EMPTY }).map(|_| ())
}

/// Another plan's base in the running period; what was used of the old one stays used.
pub fn enlarge(tx: &mut TenantTx<'_>, subscription: &Subscription, base: Option<i32>) -> Result<()> {
    let Some(mut running) = store::period_of(tx, subscription.id, None)? else { return Ok(()) };
    running.quota.base = base;
    running.plan_code = Some(subscription.plan_code.clone());
    running.plan_version = Some(subscription.plan_version);
    store::save_period(tx, &running)
}

/// The next month: unused base units roll over once, by the rule of the plan that included them; unused credits stay.
pub fn open_next(
    tx: &mut TenantTx<'_>,
    subscription: &Subscription,
    left: &Plan,
    base: Option<i32>,
) -> Result<UsagePeriod> {
    let (mut rollover, mut credits) = (0, 0);
    if let Some(mut last) = store::period_of(tx, subscription.id, None)? {
        rollover = last.quota.carried(left.rollover_percent);
        credits = move_credits(&mut last.quota);
        store::save_period(tx, &last)?;
    }
    insert(tx, subscription, Quota { base, rollover, credits, ..EMPTY })
}

/// Takes the unused credits out of a period that is over.
fn move_credits(quota: &mut Quota) -> i32 {
    let used = quota.credits_used();
    let unused = quota.credits - used;
    quota.credits = used;
    unused
}

/// Ends the running period early.
pub fn close(tx: &mut TenantTx<'_>, subscription: SubscriptionId, at: Timestamp) -> Result<()> {
    let Some(mut last) = store::period_of(tx, subscription, None)? else { return Ok(()) };
    if last.period_end > at {
        last.period_end = at;
        store::save_period(tx, &last)?;
    }
    Ok(())
}
