//! A tenant's books, open: locked, and caught up with the clock.
//!
//! Whoever writes what was used or how a subscription stands needs [`Books`], and [`Books::open`] is the only way to them: it
//! takes the lock under which everything about this tenant's quota is written, and writes down what time has done since (`settle`),
//! so that a job that runs late changes nothing. The rows are written in `store`, by nobody else; reading needs no books
//! ([`super::store`], [`super::current`]). [`Books::book`] is the one booking of a unit: its entry, the counters, and what has to
//! be told.

mod period;
mod settle;
mod store;

use super::current;
use super::facts::{OverageRecorded, QuotaReached, SubscriptionFact};
use super::features::entitle_to_basics;
use super::model::{EntryKind, MeterKind, Plan, Subscription, SubscriptionStatus, UsageEntry, UsagePeriod};
use super::plans::plan_of;
use super::store as rows;
use crate::base::Result;
use crate::base::money::{Currency, Money};
use crate::base::time::Timestamp;
use crate::billing::id::UsageEntryId;
use crate::contacts::id::LeadId;
use crate::engine::db::{TenantTx, dialect};
use crate::engine::events::{EventType, Fact as _, SoleFact as _};
use crate::tenants::Tenant;

pub(super) use settle::SETTLE;

/// The books of the transaction's tenant.
pub struct Books<'t, 'c> {
    tx: &'t mut TenantTx<'c>,
    current: Option<Subscription>,
}

/// What a unit is booked on: a period, and the terms by which it is metered.
#[derive(Debug, Clone)]
pub struct Account {
    pub subscription: Subscription,
    pub plan: Plan,
    pub period: UsagePeriod,
}

/// One unit to book.
#[derive(Debug, Clone)]
pub struct Unit<'a> {
    pub lead_id: LeadId,
    /// Together with `occurred_at` it happens once.
    pub dedupe_key: &'a str,
    pub kind: MeterKind,
    /// Of a unit beyond what is included, where the plan sells any; minor units.
    pub price: Option<i64>,
    pub reason: Option<&'static str>,
    pub occurred_at: Timestamp,
}

/// What was booked for a unit.
#[derive(Debug, Clone, Copy)]
pub struct Booked {
    /// Minor units due on the next invoice.
    pub amount_due: i64,
    /// What it is worth within the quota, or would cost while it is held back; minor units.
    pub notional_amount: i64,
    pub currency: Currency,
    /// Nothing included is left after it.
    pub is_quota_reached: bool,
}

impl<'t, 'c> Books<'t, 'c> {
    /// Locks them, and catches up with the clock.
    pub fn open(tx: &'t mut TenantTx<'c>) -> Result<Self> {
        dialect::lock_tenant(tx, "meter")?;
        let current = rows::stored(tx)?;
        let mut books = Self { tx, current };
        books.settle()?;
        Ok(books)
    }

    /// The transaction, for what is not in the books.
    pub fn tx(&mut self) -> &mut TenantTx<'c> {
        self.tx
    }

    pub fn now(&self) -> Timestamp {
        self.tx.now()
    }

    /// The current subscription; ended ones are history.
    pub fn current(&self) -> Option<&Subscription> {
        self.current.as_ref()
    }

    /// The current subscription, or `subscription.none`.
    pub fn require(&self) -> Result<Subscription> {
        self.current.clone().ok_or_else(current::none)
    }

    /// The subscription with its latest period, and the plan that is in force.
    pub fn account(&mut self) -> Result<Option<Account>> {
        let Some(subscription) = self.current.clone() else { return Ok(None) };
        let Some(period) = self.latest(&subscription)? else { return Ok(None) };
        let plan = plan_of(self.tx, &subscription)?;
        Ok(Some(Account { subscription, plan, period }))
    }

    /// A trial that pays for nothing yet: anybody can sign up with any address.
    pub fn is_unproved_trial(&self, tenant: &Tenant) -> bool {
        let is_trying = self.current.as_ref().is_some_and(|one| one.status == SubscriptionStatus::Trialing);
        is_trying && tenant.verified_at.is_none()
    }

    /// Books one unit on an account, and tells what it has brought about.
    pub fn book(&mut self, account: &mut Account, unit: Unit<'_>) -> Result<Booked> {
        let (amount_due, notional_amount) = account.amounts(&unit);
        let (now, currency) = (self.now(), account.plan.currency);
        if let Some(kind) = EntryKind::of(unit.kind) {
            let entry = UsageEntry {
                id: UsageEntryId::new(),
                period_id: Some(account.period.id),
                meter: account.period.meter,
                kind,
                quantity: 1,
                lead_id: Some(unit.lead_id),
                amount_due,
                notional_amount,
                currency,
                reason: unit.reason.map(Into::into),
                occurred_at: unit.occurred_at,
                created_at: now,
            };
            self.append(unit.dedupe_key, entry)?;
        }
        let left_before = account.period.quota.remaining();
        self.count(account, unit.kind)?;
        let is_quota_reached = account.period.quota.remaining() == Some(0);
        // The last unit of a month that is over stops nothing: the next one has its own.
        if is_quota_reached && left_before != Some(0) && account.period.period_end > now {
            self.record_quota_reached(&account.subscription, &account.plan, &account.period)?;
        }
        if unit.kind == MeterKind::Overage {
            self.record_overage(account, unit.lead_id, amount_due)?;
        }
        Ok(Booked { amount_due, notional_amount, currency, is_quota_reached })
    }

    /// Counts one unit, and corrects what a past period had already handed to the next one.
    fn count(&mut self, account: &mut Account, kind: MeterKind) -> Result<()> {
        let period = &mut account.period;
        period.quota = period.quota.after(kind);
        self.save_period(period)?;
        if period.period_end > self.now() {
            return Ok(()); // nothing follows yet on what runs
        }
        let Some(mut next) = rows::successor(self.tx, period)? else { return Ok(()) };
        let carried = period.quota.carried(account.plan.rollover_percent);
        if carried < next.quota.rollover {
            // What was consumed meanwhile stays free: a late delivery never turns an earlier unit into overage.
            next.quota.rollover = carried.max(next.quota.rollover_used());
            self.save_period(&next)?;
        }
        Ok(())
    }

    /// The included units are gone: ads pause, slow down or go on by the policy in force.
    pub fn record_quota_reached(
        &mut self,
        subscription: &Subscription,
        plan: &Plan,
        period: &UsagePeriod,
    ) -> Result<()> {
        let fact = QuotaReached {
            period_start: Some(period.period_start),
            period_end: Some(period.period_end),
            policy: Some(subscription.policy_in_force(plan, period, self.now())),
            available: period.quota.available(),
            used: Some(period.quota.used),
        };
        self.tx.record(fact.about(subscription.id.uuid()))?;
        Ok(())
    }

    fn record_overage(&mut self, account: &Account, lead: LeadId, amount: i64) -> Result<()> {
        let Account { subscription, plan, period } = account;
        let fact = OverageRecorded {
            amount_due: Some(Money::new(amount, plan.currency)),
            period_start: Some(period.period_start),
            overage: Some(period.quota.overage),
        };
        self.tx.record(fact.about(subscription.id.uuid()).on(lead.uuid()))?;
        Ok(())
    }

    /// Ends the current subscription at that time: its running period closes, and what only a paid plan has goes.
    pub fn end(&mut self, at: Timestamp) -> Result<Subscription> {
        let subscription = self.require()?;
        let mut course = current::stored_course(self.tx, subscription)?;
        let before = course.period.as_ref().map(|period| period.period_end);
        course.end(at, self.now());
        if let Some(period) = course.period.filter(|period| Some(period.period_end) != before) {
            self.save_period(&period)?;
        }
        let mut subscription = course.subscription;
        self.ended(&mut subscription, at)?;
        Ok(subscription)
    }

    fn ended(&mut self, subscription: &mut Subscription, at: Timestamp) -> Result<()> {
        self.save(subscription)?;
        let plan = plan_of(self.tx, subscription)?;
        entitle_to_basics(self.tx, &plan)?;
        let more = SubscriptionFact { ended_at: Some(at), ..SubscriptionFact::default() };
        self.record(SubscriptionFact::CANCELED, subscription, more)
    }

    /// Records a fact about a subscription with what every reader needs.
    pub fn record(&mut self, kind: EventType, subscription: &Subscription, more: SubscriptionFact) -> Result<()> {
        let fact = SubscriptionFact::of(subscription, more);
        self.tx.record(fact.told_as(kind).about(subscription.id.uuid()))?;
        Ok(())
    }
}

impl Account {
    /// What is due for a unit, and what it is worth.
    fn amounts(&self, unit: &Unit<'_>) -> (i64, i64) {
        let price = unit.price.unwrap_or(0);
        match unit.kind {
            MeterKind::Overage | MeterKind::PerLead => (price, price),
            // Nothing is due; the ledger notes what releasing it would cost.
            MeterKind::Blocked => (0, price),
            _ => (0, self.plan.notional_price(self.subscription.billing_interval)),
        }
    }
}
