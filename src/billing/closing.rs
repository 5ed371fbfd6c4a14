//! A tenant that closes: whether it owes money, and what becomes of its subscription.

use super::books::Books;
use super::facts::SubscriptionFact;
use super::model::{Meter, SubscriptionStatus as Status};
use super::{plans, store};
use crate::base::Result;
use crate::base::money::Money;
use crate::engine::db::TenantTx;
use crate::engine::events::NewEvent;
use crate::tenants::facts::TenantClosing;

/// Days after a period's end in which what was due for it is taken for unpaid, since no payment says what it was for.
const COLLECTED_DAYS: i64 = 30;

/// What the tenant has to pay, in words that follow "This tenant".
pub(super) fn owed(tx: &mut TenantTx<'_>) -> Result<Option<String>> {
    let mut books = Books::open(tx)?;
    let current = books.current().cloned();
    if let Some(late) = current.as_ref().filter(|one| matches!(one.status, Status::PastDue | Status::Paused)) {
        return Ok(Some(format!("has a subscription that is {} and not paid for", late.status)));
    }
    let Some(period) = store::last_period(books.tx(), Meter::Leads)? else { return Ok(None) };
    let due = store::totals(books.tx(), period.id)?.amount_due;
    let is_collected = period.period_end.plus(chrono::Duration::days(COLLECTED_DAYS)) <= books.now();
    if due == 0 || is_collected {
        return Ok(None);
    }
    let Some(subscription) = store::subscription(books.tx(), period.subscription_id)? else { return Ok(None) };
    let plan = plans::plan_in(books.tx(), &subscription, &period)?;
    let owed = Money::new(due, plan.currency);
    Ok(Some(format!("owes {owed} for what went beyond its plan until {}", period.period_end)))
}

/// The tenant is erased: its books stay, and nothing is added to them.
pub(super) fn end(tx: &mut TenantTx<'_>) -> Result<()> {
    let mut books = Books::open(tx)?;
    if books.current().is_some() {
        let now = books.now();
        books.end(now)?;
    }
    Ok(())
}

/// Nothing is renewed any more; what is paid for goes on for whoever opens the tenant again.
pub(super) fn wind_up(tx: &mut TenantTx<'_>, _: &NewEvent, _: &TenantClosing) -> Result<()> {
    let mut books = Books::open(tx)?;
    let Some(mut subscription) = books.current().cloned().filter(|one| !one.cancel_at_period_end) else {
        return Ok(());
    };
    subscription.cancel_at_period_end = true;
    books.save(&mut subscription)?;
    books.record(SubscriptionFact::UPDATED, &subscription, SubscriptionFact::default())
}
