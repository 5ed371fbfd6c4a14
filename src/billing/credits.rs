//! Lead credits: units an operator grants, for a lead that was bad or as goodwill.

use super::books::{Account, Books};
use super::facts::SubscriptionFact;
use super::model::{EntryKind, UsageEntry, UsagePeriod};
use crate::base::{Error, Result};
use crate::billing::id::UsageEntryId;

/// Adds units to the running period. They are consumed last and stay until they are used.
///
/// # Errors
/// `subscription.none` when there is nothing to credit.
pub fn grant(books: &mut Books<'_, '_>, quantity: i32, reason: String) -> Result<(UsageEntry, UsagePeriod)> {
    let absent = || Error::conflict("subscription.none", "This tenant has no subscription to credit.");
    let Account { subscription, plan, mut period } = books.account()?.ok_or_else(absent)?;
    let now = books.now();
    period.quota.credits = period.quota.credits.saturating_add(quantity);
    books.save_period(&period)?;
    let entry = UsageEntry {
        id: UsageEntryId::new(),
        period_id: Some(period.id),
        meter: period.meter,
        kind: EntryKind::Grant,
        quantity,
        lead_id: None,
        amount_due: 0,
        notional_amount: 0,
        currency: plan.currency,
        reason: Some(reason),
        occurred_at: now,
        created_at: now,
    };
    books.append(&format!("grant:{}", entry.id), entry.clone())?;
    let more = SubscriptionFact {
        credits_granted: Some(quantity),
        credits: Some(period.quota.credits),
        ..SubscriptionFact::default()
    };
    books.record(SubscriptionFact::UPDATED, &subscription, more)?;
    Ok((entry, period))
}
