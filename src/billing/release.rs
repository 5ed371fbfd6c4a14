//! Releasing leads that were held back, once there is something to pay for them with.
//!
//! First the current period's included units, in the order the leads came in. When those are gone and the policy bills
//! beyond the quota, the leads held back *in the current period* follow as overage: the tenant chose to buy them. Older
//! ones wait for included units that were bought for them, so that a change of policy neither bills a month that is over
//! nor spends a new month on it. Renewal alone releases nothing ("until upgrade or purchase"); [`Release::after`] says
//! which event releases what.

use std::collections::BTreeMap;

use super::books::{Account, Books, Unit};
use super::facts::SubscriptionFact;
use super::model::{Meter, MeterKind, OveragePolicy, Plan, Standing, UsageEntry, UsagePeriod, decide};
use super::store;
use crate::base::Result;
use crate::base::money::Currency;
use crate::billing::id::UsageEntryId;
use crate::contacts::id::LeadId;
use crate::engine::events::Event;
use crate::tenants;
use crate::tenants::facts::TenantVerified;

/// What may be released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// A plan was bought, or a trial begun, or its owner's mailbox was proved.
    All,
    /// The tenant chose to be billed beyond its quota: what the running period held back.
    Recent,
    /// So many credits were granted.
    AtMost(usize),
}

impl Release {
    /// What is left of it when so many are released.
    pub fn after_releasing(self, count: usize) -> Self {
        match self {
            Self::AtMost(limit) => Self::AtMost(limit.saturating_sub(count)),
            other => other,
        }
    }

    /// What this event releases; `None` for one by which nothing was bought.
    pub fn after(event: &Event) -> Result<Option<Self>> {
        match event.kind {
            SubscriptionFact::ACTIVATED | SubscriptionFact::TRIAL_STARTED | TenantVerified::TYPE => Ok(Some(Self::All)),
            SubscriptionFact::UPDATED => Ok(Self::after_change(&event.read()?)),
            _ => Ok(None),
        }
    }

    /// What this change of a subscription releases; `None` for one by which nothing was bought.
    pub fn after_change(fact: &SubscriptionFact) -> Option<Self> {
        if fact.previous_plan_code.is_some() {
            return Some(Self::All);
        }
        if let Some(granted) = fact.credits_granted {
            return Some(Self::AtMost(usize::try_from(granted).unwrap_or_default()));
        }
        let bills = fact.overage_policy != Some(OveragePolicy::Block);
        (fact.previous_overage_policy.is_some() && bills).then_some(Self::Recent)
    }
}

/// A lead that is held back no longer, and what was booked for it.
#[derive(Debug, Clone, Copy)]
pub struct Released {
    pub lead_id: LeadId,
    pub kind: MeterKind,
    /// What it costs, or is worth within the quota; minor units.
    pub amount: i64,
    pub currency: Currency,
}

/// Books what can be paid for now, `batch` leads at most, and answers whose contact data to unmask. Fewer than `batch` means
/// that nothing is left; then calling it again changes nothing, unless the release has a limit of its own.
pub fn release_blocked(books: &mut Books<'_, '_>, release: Release, batch: usize) -> Result<Vec<Released>> {
    if books.current().is_none() {
        return Ok(Vec::new());
    }
    let tenant = tenants::store::current(books.tx())?;
    if books.is_unproved_trial(&tenant) {
        return Ok(Vec::new());
    }
    let held = still_held(store::blocked(books.tx(), Meter::Leads)?);
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let Some(mut account) = books.account()? else { return Ok(Vec::new()) };
    let standing = account.subscription.standing(&account.period, books.now());
    let mut released = Vec::new();
    let limit = if let Release::AtMost(limit) = release { limit.min(batch) } else { batch };
    for entry in held {
        if released.len() == limit {
            break;
        }
        let Some(lead) = entry.lead_id else { continue };
        let is_meant = release != Release::Recent || entry.occurred_at >= account.period.period_start;
        let kind = payable(standing, &account.plan, &account.period, &entry).filter(|_| is_meant);
        if let Some(kind) = kind {
            released.push(book(books, &mut account, &entry, lead, kind)?);
        }
    }
    Ok(released)
}

/// Ends the holding back of a lead that a later enquiry paid for; of a repeat, which has no entry of its own, that of the
/// person's earlier leads. Answers which they were.
pub(super) fn take_back(books: &mut Books<'_, '_>, lead: LeadId, dedupe_key: &str) -> Result<Vec<LeadId>> {
    let held = still_held(store::blocked(books.tx(), Meter::Leads)?);
    let is_own = held.iter().any(|entry| entry.lead_id == Some(lead));
    let meant = if is_own { vec![lead] } else { store::leads_of(books.tx(), Meter::Leads, dedupe_key)? };
    let mut leads = Vec::new();
    for entry in held {
        if let Some(lead) = entry.lead_id.filter(|lead| meant.contains(lead)) {
            end_hold(books, &entry)?;
            leads.push(lead);
        }
    }
    Ok(leads)
}

/// The entry by which a lead is held back no longer.
fn end_hold(books: &mut Books<'_, '_>, held: &UsageEntry) -> Result<()> {
    let now = books.now();
    let ended = UsageEntry {
        id: UsageEntryId::new(),
        quantity: -1,
        amount_due: 0,
        notional_amount: -held.notional_amount,
        reason: Some("released".into()),
        occurred_at: now,
        created_at: now,
        ..held.clone()
    };
    books.append(&format!("released:{}", held.id), ended)
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
    books: &mut Books<'_, '_>,
    account: &mut Account,
    held: &UsageEntry,
    lead: LeadId,
    kind: MeterKind,
) -> Result<Released> {
    end_hold(books, held)?;
    let unit = Unit {
        lead_id: lead,
        dedupe_key: &format!("paid:{}", held.id),
        kind,
        price: price_of(&account.plan, held),
        reason: Some("released"),
        occurred_at: books.now(),
    };
    let booked = books.book(account, unit)?;
    let amount = booked.amount_due.max(booked.notional_amount);
    Ok(Released { lead_id: lead, kind, amount, currency: booked.currency })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;
    use crate::billing::id::UsagePeriodId;
    use crate::billing::model::EntryKind;

    fn entry(lead: LeadId, quantity: i32) -> UsageEntry {
        let at = Timestamp::from_seconds(1_795_165_200).unwrap();
        UsageEntry {
            id: UsageEntryId::new(),
            period_id: Some(UsagePeriodId::new()),
            meter: Meter::Leads,
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
