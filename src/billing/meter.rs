//! Metering: what a lead costs its tenant.
//!
//! [`meter_lead`] runs inside the transaction that writes the lead, under a lock per tenant, so that the last unit of a
//! quota is spent once. It appends one line to the ledger, brings the period's counters up to date and says
//! whether contact data stays masked. The decision itself is pure, in [`super::quota`]; which period a lead belongs to is
//! decided by when it was received, in the tenant's zone. A tenant that never subscribed has no period and nothing to pay with:
//! its leads are held back, and the first plan releases them. So it is with a trial of an owner whose mailbox nobody proved, for
//! leads that a platform sends: what the tenant enters by itself it knows. A lead that nobody can reach is not metered at all
//! until an address of it was repaired.

use super::facts::{OverageRecorded, QuotaReached};
use super::model::{EntryKind, Plan, Subscription, SubscriptionStatus, UsageEntry, UsagePeriod};
use super::quota::{Standing, decide};
use super::{release, store, subscription};
use crate::base::id::{LeadId, UsageEntryId};
use crate::base::money::{Currency, Money};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::{TenantTx, dialect};
use crate::engine::events::SoleFact as _;
use crate::tenants::Tenant;

pub use super::release::{Release, Released, release_blocked};

crate::text_enum! {
    /// How a lead is paid for.
    pub enum MeterKind {
        /// Out of the period's base quota; nothing is due.
        Quota = "quota",
        /// Out of last period's unused units.
        Rollover = "rollover",
        /// Out of credits an operator granted.
        Credit = "credit",
        /// Beyond what is included; due at the plan's overage price.
        Overage = "overage",
        /// Pay-per-lead: due by score.
        PerLead = "per_lead",
        /// The same person within the dedupe window: not metered again.
        Repeat = "repeat",
        /// Held back: beyond what is included and not to be billed, or there is no plan at all.
        Blocked = "blocked",
        /// Nobody can write to the person or call: shown, and not metered until somebody repairs an address.
        Unreachable = "unreachable",
    }
}

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

/// Takes the lock under which everything about this tenant's quota is written.
pub fn lock(tx: &mut TenantTx<'_>) -> Result<()> {
    dialect::lock_tenant(tx, "meter")
}

/// What a lead costs that nobody can reach: nothing, and it is in no ledger.
pub fn unreachable(tenant: &Tenant) -> Metered {
    free(MeterKind::Unreachable, tenant.currency)
}

/// Meters one lead of `tenant`, whose transaction this is, inside the transaction that writes it.
pub fn meter_lead(tx: &mut TenantTx<'_>, tenant: &Tenant, lead: MeteredLead) -> Result<Metered> {
    lock(tx)?;
    let current = subscription::settle(tx)?;
    let at = metered_at(&lead, current.as_ref(), tx.now());
    let window = chrono::Duration::days(tenant.settings.billing_dedupe_days.into());
    if let Some(first) = earlier_enquiry(tx, &lead.dedupe_key, at, window)? {
        return repeat(tx, first);
    }
    if lead.is_time_vouched && current.as_ref().is_some_and(|current| is_unproved_trial(current, tenant)) {
        return without_plan(tx, tenant, &lead, at);
    }
    let found = match store::period_for(tx, at)? {
        Some(period) => Some(period),
        None => store::last_period(tx)?,
    };
    let Some(period) = found else {
        return without_plan(tx, tenant, &lead, at);
    };
    let (subscription, plan) = terms(tx, &period, current)?;
    let standing = subscription.standing(&period, at);
    book(tx, Booking { subscription, plan, standing, period, lead: &lead, at })
}

/// A trial that pays for nothing yet: anybody can sign up with any address.
pub(super) fn is_unproved_trial(subscription: &Subscription, tenant: &Tenant) -> bool {
    subscription.status == SubscriptionStatus::Trialing && tenant.verified_at.is_none()
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
    tx: &mut TenantTx<'_>,
    key: &str,
    at: Timestamp,
    window: chrono::Duration,
) -> Result<Option<UsageEntry>> {
    let reach = (window - chrono::Duration::microseconds(1)).max(chrono::Duration::zero());
    store::metered_between(tx, key, at.minus(reach), at.plus(reach))
}

fn repeat(tx: &mut TenantTx<'_>, first: UsageEntry) -> Result<Metered> {
    let held = match (first.kind, first.lead_id) {
        (EntryKind::Blocked, Some(lead)) => store::held_back(tx, lead)? > 0,
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
fn without_plan(tx: &mut TenantTx<'_>, tenant: &Tenant, lead: &MeteredLead, at: Timestamp) -> Result<Metered> {
    if lead.seen != Seen::Nothing {
        return Ok(Metered { is_locked: lead.seen == Seen::Masked, ..free(MeterKind::Repeat, tenant.currency) });
    }
    let entry = UsageEntry {
        id: UsageEntryId::new(),
        period_id: None,
        kind: EntryKind::Blocked,
        quantity: 1,
        lead_id: Some(lead.lead_id),
        amount_due: 0,
        notional_amount: 0,
        currency: tenant.currency,
        reason: Some("no_plan".into()),
        occurred_at: at,
        created_at: tx.now(),
    };
    store::append(tx, &lead.dedupe_key, entry)?;
    Ok(Metered { is_locked: true, ..free(MeterKind::Blocked, tenant.currency) })
}

/// The subscription and plan a period belongs to.
fn terms(tx: &mut TenantTx<'_>, period: &UsagePeriod, current: Option<Subscription>) -> Result<(Subscription, Plan)> {
    let subscription = match current {
        Some(current) if current.id == period.subscription_id => Some(current),
        _ => store::subscription(tx, period.subscription_id)?,
    };
    let subscription = subscription.ok_or_else(|| Error::internal("a usage period without its subscription"))?;
    let plan = subscription::plan_in(tx, &subscription, period)?;
    Ok((subscription, plan))
}

struct Booking<'a> {
    subscription: Subscription,
    plan: Plan,
    standing: Standing,
    period: UsagePeriod,
    lead: &'a MeteredLead,
    at: Timestamp,
}

fn book(tx: &mut TenantTx<'_>, booking: Booking<'_>) -> Result<Metered> {
    let Booking { subscription, plan, standing, mut period, lead, at } = booking;
    let price = plan.price_of_lead(lead.worth);
    let kind = decide(standing, plan.pricing, &period.quota, price);
    if kind == MeterKind::Blocked && lead.seen != Seen::Nothing {
        // Held back once is enough, and what was shown is not hidden again: a release must not bill either.
        return Ok(Metered { is_locked: lead.seen == Seen::Masked, ..free(MeterKind::Repeat, plan.currency) });
    }
    let (amount_due, notional_amount) = match kind {
        MeterKind::Overage | MeterKind::PerLead => (price.unwrap_or(0), price.unwrap_or(0)),
        // Nothing is due; the ledger notes what releasing it would cost.
        MeterKind::Blocked => (0, price.unwrap_or(0)),
        _ => (0, plan.notional_price(subscription.billing_interval)),
    };
    let now = tx.now();
    if let Some(entry_kind) = EntryKind::of(kind) {
        let entry = UsageEntry {
            id: UsageEntryId::new(),
            period_id: Some(period.id),
            kind: entry_kind,
            quantity: 1,
            lead_id: Some(lead.lead_id),
            amount_due,
            notional_amount,
            currency: plan.currency,
            reason: None,
            occurred_at: at,
            created_at: now,
        };
        store::append(tx, &lead.dedupe_key, entry)?;
    }
    let left_before = period.quota.remaining();
    count(tx, &mut period, kind, &plan)?;
    let is_quota_reached = period.quota.remaining() == Some(0);
    // The last unit of a month that is over stops nothing: the next one has its own.
    if is_quota_reached && left_before != Some(0) && period.period_end > now {
        record_quota_reached(tx, &subscription, &period)?;
    }
    if kind == MeterKind::Overage {
        record_overage(tx, &subscription, &period, lead.lead_id, amount_due, plan.currency)?;
    }
    let no_longer_held =
        if lead.seen == Seen::Masked { release::take_back(tx, lead.lead_id, &lead.dedupe_key)? } else { Vec::new() };
    Ok(Metered {
        kind,
        is_locked: kind == MeterKind::Blocked,
        amount_due,
        notional_amount: if kind == MeterKind::Blocked { 0 } else { notional_amount },
        currency: plan.currency,
        quota_reached: is_quota_reached,
        no_longer_held,
    })
}

/// Counts one lead, and corrects what a past period had already handed to the next one.
pub(super) fn count(tx: &mut TenantTx<'_>, period: &mut UsagePeriod, kind: MeterKind, plan: &Plan) -> Result<()> {
    period.quota = period.quota.after(kind);
    store::save_period(tx, period)?;
    if period.period_end > tx.now() {
        return Ok(()); // nothing follows yet on what runs
    }
    let Some(mut next) = store::successor(tx, period)? else { return Ok(()) };
    let carried = period.quota.carried(plan.rollover_percent);
    if carried < next.quota.rollover {
        // What was consumed meanwhile stays free: a late delivery never turns an earlier lead into overage.
        next.quota.rollover = carried.max(next.quota.rollover_used());
        store::save_period(tx, &next)?;
    }
    Ok(())
}

/// The included units are gone: ads pause, slow down or go on by the policy in force.
pub(super) fn record_quota_reached(
    tx: &mut TenantTx<'_>,
    subscription: &Subscription,
    period: &UsagePeriod,
) -> Result<()> {
    let plan = subscription::plan_of(tx, subscription)?;
    let fact = QuotaReached {
        period_start: Some(period.period_start),
        period_end: Some(period.period_end),
        policy: Some(subscription.policy_in_force(&plan, period, tx.now())),
        available: period.quota.available(),
        used: Some(period.quota.used),
    };
    tx.record(fact.about(subscription.id.uuid()))?;
    Ok(())
}

pub(super) fn record_overage(
    tx: &mut TenantTx<'_>,
    subscription: &Subscription,
    period: &UsagePeriod,
    lead: LeadId,
    amount: i64,
    currency: Currency,
) -> Result<()> {
    let fact = OverageRecorded {
        amount_due: Some(Money::new(amount, currency)),
        period_start: Some(period.period_start),
        overage: Some(period.quota.overage),
    };
    tx.record(fact.about(subscription.id.uuid()).on(lead.uuid()))?;
    Ok(())
}
