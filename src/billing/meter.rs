//! Metering: what a lead costs its tenant.
//!
//! [`meter_lead`] runs inside the transaction that writes the lead, in the tenant's open [`Books`], so that the last unit of a
//! quota is spent once. One line is added to the ledger, the period's counters are brought up to date, and it says
//! whether contact data stays masked. The decision itself is pure ([`decide`]); which period a lead belongs to is
//! decided by when it was received, in the tenant's zone. A tenant that never subscribed has no period and nothing to pay with:
//! its leads are held back, and the first plan releases them. So it is with a trial of an owner whose mailbox nobody proved, for
//! leads that a platform sends: what the tenant enters by itself it knows. A lead that nobody can reach is not metered at all
//! until an address of it was repaired.

use super::books::{Account, Books, Unit};
use super::model::{EntryKind, Meter, MeterKind, Subscription, UsageEntry, UsagePeriod, decide};
use super::{plans, release, store};
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::id::UsageEntryId;
use crate::contacts::id::LeadId;
use crate::tenants::Tenant;

/// A lead to be metered.
#[derive(Debug, Clone)]
pub struct MeteredLead {
    pub lead_id: LeadId,
    /// Who the person is, the same for every enquiry by that person.
    pub dedupe_key: String,
    /// Decides the period, when the platform that sent the lead vouches for it.
    pub received_at: Timestamp,
    /// A caller of the API names any time it likes: its leads count in the running period at the earliest, so that what
    /// is left of an old one cannot be spent.
    pub is_time_vouched: bool,
    /// 0 to 100 by the platform's own model: what a price by bands follows from. Nothing a tenant sets moves it.
    pub worth: i32,
    pub seen: Seen,
}

/// What the tenant has seen of a lead before it is metered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: the lead is new.
    Nothing,
    /// The open lead as it is held back; paying for this enquiry pays for it.
    Masked,
    /// Everything: holding an enquiry back would hide nothing.
    Everything,
}

/// What metering decided.
#[derive(Debug, Clone)]
pub struct Metered {
    pub kind: MeterKind,
    /// Contact data stays masked until the tenant upgrades or buys the lead.
    pub is_locked: bool,
    /// Minor units due on the next invoice; 0 within quota.
    pub amount_due: i64,
    /// Minor units the lead is worth (price / quota).
    pub notional_amount: i64,
    pub currency: Currency,
    /// This lead used the last included unit, or nothing included was left for it.
    pub quota_reached: bool,
    /// Leads of the same person that were held back until this enquiry was paid for.
    pub no_longer_held: Vec<LeadId>,
}

impl Metered {
    /// What it costs, or is worth within the quota; minor units.
    pub fn worth(&self) -> i64 {
        if self.amount_due > 0 { self.amount_due } else { self.notional_amount }
    }
}

/// What a lead costs that nobody can reach: nothing, and it is in no ledger.
pub fn unreachable(tenant: &Tenant) -> Metered {
    free(MeterKind::Unreachable, tenant.currency)
}

/// Meters one lead of `tenant`, whose books these are, inside the transaction that writes it.
pub fn meter_lead(books: &mut Books<'_, '_>, tenant: &Tenant, lead: MeteredLead) -> Result<Metered> {
    let at = metered_at(&lead, books.current(), books.now());
    let window = chrono::Duration::days(tenant.settings.billing_dedupe_days.into());
    if let Some(first) = earlier_enquiry(books, &lead.dedupe_key, at, window)? {
        return repeat(books, first);
    }
    if lead.is_time_vouched && books.is_unproved_trial(tenant) {
        return without_plan(books, tenant, &lead, at);
    }
    let found = match store::period_for(books.tx(), Meter::Leads, at)? {
        Some(period) => Some(period),
        None => store::last_period(books.tx(), Meter::Leads)?,
    };
    let Some(period) = found else {
        return without_plan(books, tenant, &lead, at);
    };
    let account = account_of(books, period)?;
    book(books, account, &lead, at)
}

/// The moment that decides the period.
fn metered_at(lead: &MeteredLead, current: Option<&Subscription>, now: Timestamp) -> Timestamp {
    let received_at = lead.received_at.min(now);
    match current.filter(|subscription| subscription.is_running()) {
        _ if lead.is_time_vouched => received_at,
        Some(subscription) => received_at.max(subscription.current_period_start),
        None => now,
    }
}

/// The same person's entry less than the window apart, before or after: deliveries may come out of order.
fn earlier_enquiry(
    books: &mut Books<'_, '_>,
    key: &str,
    at: Timestamp,
    window: chrono::Duration,
) -> Result<Option<UsageEntry>> {
    let reach = (window - chrono::Duration::microseconds(1)).max(chrono::Duration::zero());
    store::metered_between(books.tx(), Meter::Leads, key, at.minus(reach), at.plus(reach))
}

fn repeat(books: &mut Books<'_, '_>, first: UsageEntry) -> Result<Metered> {
    let held = match (first.kind, first.lead_id) {
        (EntryKind::Blocked, Some(lead)) => store::held_back(books.tx(), lead)? > 0,
        _ => false,
    };
    Ok(Metered { is_locked: held, ..free(MeterKind::Repeat, first.currency) })
}

fn free(kind: MeterKind, currency: Currency) -> Metered {
    let no_longer_held = Vec::new();
    Metered {
        kind,
        is_locked: false,
        amount_due: 0,
        notional_amount: 0,
        currency,
        quota_reached: false,
        no_longer_held,
    }
}

/// Holds back what nothing was ever bought for. The entry has no period and no price: whoever subscribes later pays by the
/// plan that is chosen then.
fn without_plan(books: &mut Books<'_, '_>, tenant: &Tenant, lead: &MeteredLead, at: Timestamp) -> Result<Metered> {
    if lead.seen != Seen::Nothing {
        return Ok(Metered { is_locked: lead.seen == Seen::Masked, ..free(MeterKind::Repeat, tenant.currency) });
    }
    let entry = UsageEntry {
        id: UsageEntryId::new(),
        period_id: None,
        meter: Meter::Leads,
        kind: EntryKind::Blocked,
        quantity: 1,
        lead_id: Some(lead.lead_id),
        amount_due: 0,
        notional_amount: 0,
        currency: tenant.currency,
        reason: Some("no_plan".into()),
        occurred_at: at,
        created_at: books.now(),
    };
    books.append(&lead.dedupe_key, entry)?;
    Ok(Metered { is_locked: true, ..free(MeterKind::Blocked, tenant.currency) })
}

/// The terms of a period, which may be one of an earlier subscription.
fn account_of(books: &mut Books<'_, '_>, period: UsagePeriod) -> Result<Account> {
    let subscription = match books.current().cloned() {
        Some(current) if current.id == period.subscription_id => Some(current),
        _ => store::subscription(books.tx(), period.subscription_id)?,
    };
    let subscription = subscription.ok_or_else(|| Error::internal("a usage period without its subscription"))?;
    let plan = plans::plan_in(books.tx(), &subscription, &period)?;
    Ok(Account { subscription, plan, period })
}

fn book(books: &mut Books<'_, '_>, mut account: Account, lead: &MeteredLead, at: Timestamp) -> Result<Metered> {
    let Account { subscription, plan, period } = &account;
    let (price, currency) = (plan.price_of_lead(lead.worth), plan.currency);
    let kind = decide(subscription.standing(period, at), plan.pricing, &period.quota, price);
    if kind == MeterKind::Blocked && lead.seen != Seen::Nothing {
        // Held back once is enough, and what was shown is not hidden again: a release must not bill either.
        return Ok(Metered { is_locked: lead.seen == Seen::Masked, ..free(MeterKind::Repeat, currency) });
    }
    let dedupe_key = &lead.dedupe_key;
    let unit = Unit { lead_id: lead.lead_id, dedupe_key, kind, price, reason: None, occurred_at: at };
    let booked = books.book(&mut account, unit)?;
    let no_longer_held =
        if lead.seen == Seen::Masked { release::take_back(books, lead.lead_id, dedupe_key)? } else { Vec::new() };
    Ok(Metered {
        kind,
        is_locked: kind == MeterKind::Blocked,
        amount_due: booked.amount_due,
        notional_amount: if kind == MeterKind::Blocked { 0 } else { booked.notional_amount },
        currency,
        quota_reached: booked.is_quota_reached,
        no_longer_held,
    })
}
