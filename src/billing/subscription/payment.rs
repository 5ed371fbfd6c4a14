//! Until when a subscription is paid, by the word of an operator.
//!
//! What is recorded here is that somebody paid and for how long; the money itself moved elsewhere.

use super::{plan_of, record, settle, store};
use crate::base::id::SubscriptionId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::facts::SubscriptionFact;
use crate::billing::model::{BillingInterval, Plan, Subscription, SubscriptionStatus as Status};
use crate::billing::{calendar, meter};
use crate::engine::db::TenantTx;
use crate::tenants;

/// No payment is for longer.
const MOST_YEARS: i64 = 5;

/// What came in, and what it was for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Payment<'a> {
    /// How it is paid from now on; as before when left out.
    pub interval: Option<BillingInterval>,
    /// The plan it was for: refused when another would take effect.
    pub plan_code: Option<&'a str>,
    /// Exclusive; one interval when left out.
    pub until: Option<Timestamp>,
}

/// Moves the end of what is paid: to `until`, else by one interval from `from`. Without either it stays.
pub(super) fn extend(
    tx: &mut TenantTx<'_>,
    subscription: &mut Subscription,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<()> {
    let now = tx.now();
    if let Some(until) = until {
        let latest = now.plus(chrono::Duration::days(366 * MOST_YEARS));
        if until <= now {
            return Err(Error::field("/paid_until", "past", "expected a moment that is still to come"));
        }
        if until > latest {
            return Err(Error::field(
                "/paid_until",
                "too_late",
                format!("expected at most {MOST_YEARS} years from now"),
            ));
        }
        subscription.paid_until = Some(until);
    } else if let Some(from) = from {
        let zone = tenants::store::current(tx)?.time_zone;
        let next = |from| calendar::paid_until(from, subscription.billing_interval, subscription.anchor_day, zone);
        subscription.paid_until = Some(next(from));
    }
    Ok(())
}

/// Records a payment for a subscription that is in force: for the next interval, or until the moment it is for.
///
/// # Errors
/// `subscription.not_found`; `subscription.not_payable` for one that has to be activated, or is over; a field error for a
/// moment that is over.
pub fn pay(
    tx: &mut TenantTx<'_>,
    id: SubscriptionId,
    until: Option<Timestamp>,
    reference: Option<String>,
) -> Result<(Subscription, Plan)> {
    meter::lock(tx)?;
    settle(tx)?;
    let absent = || Error::not_found("subscription.not_found", "There is no such subscription.");
    let mut subscription = store::subscription(tx, id)?.ok_or_else(absent)?;
    let was = subscription.status;
    if !matches!(was, Status::Active | Status::PastDue) {
        let message = format!("A subscription in status {was} is paid by activating it, if it is not over.");
        return Err(Error::conflict("subscription.not_payable", message));
    }
    let before = subscription.paid_until;
    let from = before.unwrap_or(subscription.current_period_end);
    extend(tx, &mut subscription, Some(from), until)?;
    subscription.status = Status::Active;
    store::save(tx, &mut subscription)?;
    crate::billing::jobs::schedule(tx, &subscription)?;
    let came_from = SubscriptionFact { was: Some(was), ..SubscriptionFact::default() };
    let paid = SubscriptionFact { previous_paid_until: before, reference, ..came_from.clone() };
    record(tx, SubscriptionFact::PAID, &subscription, paid)?;
    if was == Status::PastDue {
        // What was held back beyond the quota meanwhile is looked at again.
        record(tx, SubscriptionFact::ACTIVATED, &subscription, came_from)?;
    }
    let plan = plan_of(tx, &subscription)?;
    Ok((subscription, plan))
}
