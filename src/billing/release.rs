//! Releasing leads that were held back, once there is something to pay for them with.
//!
//! First the current period's included units, in the order the leads came in. When those are gone and the policy bills
//! beyond the quota, the leads held back *in the current period* follow as overage: the tenant chose to buy them. Older
//! ones wait for included units, so that a change of policy never bills a month that is over. Renewal alone releases
//! nothing (C-15: "until upgrade or purchase"); the caller decides after which event it asks.

use std::collections::BTreeMap;

use super::meter::{self, MeterKind};
use super::model::{EntryKind, Plan, Subscription, UsageEntry, UsagePeriod};
use super::quota::{Standing, decide};
use super::{store, subscription};
use crate::base::Result;
use crate::base::id::{LeadId, UsageEntryId};
use crate::engine::db::TenantTx;

/// Books what can be paid for now and answers whose contact data to unmask. Calling it again changes nothing.
pub fn release_blocked(tx: &mut TenantTx<'_>) -> Result<Vec<LeadId>> {
    meter::lock(tx)?;
    let Some(subscription) = subscription::settle(tx)? else { return Ok(Vec::new()) };
    let held = still_held(store::blocked(tx)?);
    let Some(mut period) = store::period_of(tx, subscription.id, None)? else { return Ok(Vec::new()) };
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let plan = subscription::plan_of(tx, &subscription)?;
    let now = tx.now();
    let standing = subscription.standing(&period, now);
    let mut released = Vec::new();
    for entry in held {
        let Some(lead) = entry.lead_id else { continue };
        if let Some(kind) = payable(standing, &plan, &period, &entry) {
            book(tx, &subscription, &plan, &mut period, &entry, lead, kind)?;
            released.push(lead);
        }
    }
    Ok(released)
}

/// What a held-back lead can be paid with now.
fn payable(standing: Standing, plan: &Plan, period: &UsagePeriod, held: &UsageEntry) -> Option<MeterKind> {
    let is_recent = held.occurred_at >= period.period_start;
    match decide(standing, plan.pricing, &period.quota, price_of(plan, held)) {
        kind @ (MeterKind::Overage | MeterKind::PerLead) => is_recent.then_some(kind),
        kind @ (MeterKind::Quota | MeterKind::Rollover | MeterKind::Credit) => Some(kind),
        _ => None,
    }
}

/// The plan's flat price today, or the price by score that was noted when the lead was held back.
fn price_of(plan: &Plan, held: &UsageEntry) -> Option<i64> {
    plan.overage_price.or((held.notional_amount > 0).then_some(held.notional_amount))
}

/// What is held back and not released, oldest first. A release takes back the oldest entry of its lead.
fn still_held(entries: Vec<UsageEntry>) -> Vec<UsageEntry> {
    let mut releases: BTreeMap<LeadId, i32> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.quantity < 0) {
        if let Some(lead) = entry.lead_id {
            *releases.entry(lead).or_default() += 1;
        }
    }
    let mut held = Vec::new();
    for entry in entries.into_iter().filter(|entry| entry.quantity > 0) {
        let Some(lead) = entry.lead_id else { continue };
        match releases.get_mut(&lead) {
            Some(left) if *left > 0 => *left -= 1,
            _ => held.push(entry),
        }
    }
    held
}

fn book(
    tx: &mut TenantTx<'_>,
    subscription: &Subscription,
    plan: &Plan,
    period: &mut UsagePeriod,
    held: &UsageEntry,
    lead: LeadId,
    kind: MeterKind,
) -> Result<()> {
    let now = tx.now();
    let (amount_due, notional_amount) = match kind {
        MeterKind::Overage | MeterKind::PerLead => {
            let price = price_of(plan, held).unwrap_or(0);
            (price, price)
        }
        _ => (0, plan.notional_price(subscription.billing_interval)),
    };
    let entry = |period_id, kind, quantity, amount_due, notional_amount| UsageEntry {
        id: UsageEntryId::new(),
        period_id,
        kind,
        quantity,
        lead_id: Some(lead),
        amount_due,
        notional_amount,
        currency: plan.currency,
        reason: Some("released".into()),
        occurred_at: now,
        created_at: now,
    };
    let released = entry(held.period_id, EntryKind::Blocked, -1, 0, -held.notional_amount);
    store::append(tx, &format!("released:{}", held.id), released)?;
    if let Some(entry_kind) = EntryKind::of(kind) {
        let paid = entry(period.id, entry_kind, 1, amount_due, notional_amount);
        store::append(tx, &format!("paid:{}", held.id), paid)?;
    }
    let left_before = period.quota.remaining();
    meter::count(tx, period, kind, plan)?;
    if period.quota.remaining() == Some(0) && left_before != Some(0) {
        meter::record_quota_reached(tx, subscription, period)?;
    }
    if kind == MeterKind::Overage {
        meter::record_overage(tx, subscription, period, lead, amount_due, plan.currency)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::UsagePeriodId;
    use crate::base::money::Currency;
    use crate::base::time::Timestamp;

    fn entry(lead: LeadId, quantity: i32) -> UsageEntry {
        let at = Timestamp::from_seconds(1_795_165_200).unwrap();
        UsageEntry {
            id: UsageEntryId::new(),
            period_id: UsagePeriodId::new(),
            kind: EntryKind::Blocked,
            quantity,
            lead_id: Some(lead),
            amount_due: 0,
            notional_amount: 0,
            currency: Currency::INR,
            reason: None,
            occurred_at: at,
            created_at: at,
        }
    }

    #[test]
    fn a_released_lead_is_not_released_again() {
        let (first, second) = (LeadId::new(), LeadId::new());
        let (again, later) = (entry(first, 1), entry(second, 1));
        let expected = [again.id, later.id];
        let held = still_held(vec![entry(first, 1), again, later, entry(first, -1)]);
        assert_eq!(held.iter().map(|entry| entry.id).collect::<Vec<_>>(), expected);
    }
}
