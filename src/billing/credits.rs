//! Lead credits: units an operator grants, for a lead that was bad or as goodwill.

use super::facts::SubscriptionFact;
use super::model::{EntryKind, UsageEntry, UsagePeriod};
use super::{meter, store, subscription};
use crate::base::id::UsageEntryId;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;

/// Adds units to the running period. They are consumed last and stay until they are used.
///
/// # Errors
/// `subscription.none` when there is nothing to credit.
pub fn grant(tx: &mut TenantTx<'_>, quantity: i32, reason: String) -> Result<(UsageEntry, UsagePeriod)> {
    meter::lock(tx)?;
    let absent = || Error::conflict("subscription.none", "This tenant has no subscription to credit.");
    let subscription = subscription::settle(tx)?.ok_or_else(absent)?;
    let mut period = store::period_of(tx, subscription.id, None)?.ok_or_else(absent)?;
    let plan = subscription::plan_of(tx, &subscription)?;
    let now = tx.now();
    period.quota.credits = period.quota.credits.saturating_add(quantity);
    store::save_period(tx, &period)?;
    let entry = UsageEntry {
        id: UsageEntryId::new(),
        period_id: Some(period.id),
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
    store::append(tx, &format!("grant:{}", entry.id), entry.clone())?;
    let more = SubscriptionFact {
        credits_granted: Some(quantity),
        credits: Some(period.quota.credits),
        ..SubscriptionFact::default()
    };
    subscription::record(tx, SubscriptionFact::UPDATED, &subscription, more)?;
    Ok((entry, period))
}
