//! What time does to a subscription by itself: the end of a trial, the next period, the end of what was paid for, the end that
//! was asked for. Pure.
//!
//! [`Course::step`] is the next of these, so that [`super::books`] can write each, and [`super::current`] can show what nobody has
//! written yet. What is not paid for any more goes on for [`super::model::GRACE_DAYS`], with what the plan includes and nothing
//! beyond, and is paused then. Periods follow each other on the same calendar all the while, so that none is missing when a
//! payment comes after all.

use chrono_tz::Tz;

use super::model::{Due, Plan, PlanFrom, Quota, Subscription, SubscriptionStatus as Status, UsagePeriod};
use super::{calendar, switch};
use crate::base::id::following;
use crate::base::time::Timestamp;
use crate::billing::id::UsagePeriodId;

/// A subscription in its latest period.
#[derive(Debug, Clone)]
pub struct Course {
    pub subscription: Subscription,
    pub period: Option<UsagePeriod>,
}

/// What the next steps depend on.
#[derive(Debug, Clone)]
pub struct Terms {
    /// In force.
    pub plan: Plan,
    /// Chosen, and waiting.
    pub pending: Option<Plan>,
    pub zone: Tz,
}

/// Something that time did.
#[derive(Debug, Clone)]
pub enum Step {
    /// The trial was over then.
    Expired(Timestamp),
    /// What was paid for was over then.
    PastDue(Timestamp),
    /// Nobody paid within the days of grace.
    Paused,
    Renewed(Box<Renewed>),
    /// It was over then, as was asked.
    Ended(Timestamp),
}

/// A new period began.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// The period before, as it is closed.
    pub closed: Option<UsagePeriod>,
    pub opened: UsagePeriod,
    /// The plan in whose place another came.
    pub previous_plan: Option<String>,
    /// Nothing is delivered in it: the calendar goes on, and that is all.
    pub is_paused: bool,
}

impl Course {
    /// Does the next thing that is due at `now`; `None` when it has caught up.
    pub fn step(&mut self, terms: &mut Terms, now: Timestamp) -> Option<Step> {
        let (at, due) = self.subscription.due().filter(|(at, _)| *at <= now)?;
        let status = self.subscription.status;
        // What is paid for is used up before the end that was asked for.
        let is_used_up = due == Due::Payment || status != Status::Active;
        if self.subscription.cancel_at_period_end && is_used_up {
            self.end(at, now);
            return Some(Step::Ended(at));
        }
        let (next, step) = match (due, status) {
            (Due::Payment, _) => (Status::PastDue, Step::PastDue(at)),
            (Due::Grace, _) => (Status::Paused, Step::Paused),
            (Due::Period, Status::Trialing) => (Status::Expired, Step::Expired(at)),
            (Due::Period, _) => (status, Step::Renewed(Box::new(self.renew(terms)))),
        };
        self.subscription.status = next;
        Some(step)
    }

    /// Ends it at that time: its running period closes.
    pub fn end(&mut self, at: Timestamp, now: Timestamp) {
        let subscription = &mut self.subscription;
        subscription.status = Status::Canceled;
        subscription.canceled_at = Some(now);
        subscription.ended_at = Some(at);
        switch::take_back(subscription);
        subscription.current_period_end = subscription.current_period_end.min(at);
        if let Some(period) = &mut self.period {
            period.period_end = period.period_end.min(at);
        }
    }

    /// The next month: unused base units roll over once, by the rule of the plan that included them; unused credits stay.
    fn renew(&mut self, terms: &mut Terms) -> Renewed {
        let subscription = &mut self.subscription;
        let is_paused = subscription.status == Status::Paused;
        let percent = terms.plan.rollover_percent;
        let previous_plan = if is_paused { None } else { switch::take_effect(subscription, PlanFrom::Renewal) };
        if previous_plan.is_some()
            && let Some(next) = terms.pending.take()
        {
            terms.plan = next;
        }
        let start = subscription.current_period_end;
        subscription.current_period_start = start;
        subscription.current_period_end = calendar::period_end(start, subscription.anchor_day, terms.zone);
        let mut quota = Quota::of(if is_paused { Some(0) } else { terms.plan.leads_per_month });
        let mut closed = self.period.take();
        if let Some(last) = &mut closed {
            quota.rollover = last.quota.carried(percent);
            quota.credits = last.quota.take_credits();
        }
        // Whoever shows the period before it is written calls it what it will be called.
        let id = UsagePeriodId::from_uuid(following(subscription.id.uuid(), start.micros() / 1000));
        let opened = UsagePeriod { id, ..UsagePeriod::of(subscription, quota) };
        self.period = Some(opened.clone());
        Renewed { closed, opened, previous_plan, is_paused }
    }

    /// As it stands at `now`, with all that nobody has written yet.
    pub fn at(mut self, mut terms: Terms, now: Timestamp) -> Self {
        while self.step(&mut terms, now).is_some() {
            self.subscription.touch(now);
        }
        self
    }
}
