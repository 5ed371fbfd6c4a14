//! Writes down what time has done: expires trials, renews periods, stops what is not paid for, ends what was to end.

use super::Books;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::current;
use crate::billing::facts::SubscriptionFact;
use crate::billing::features::{entitle, entitle_to_basics};
use crate::billing::model::{GRACE_DAYS, Plan, Subscription};
use crate::billing::renewal::{Renewed, Step};
use crate::engine::jobs::{JobKind, NewJob};

/// Opens the books when something is due, so that it happens then.
pub(crate) static SETTLE: JobKind = JobKind::new("subscription.settle");

impl Books<'_, '_> {
    /// Catches up with the clock, step by step. Called when they are opened, and again after something became due by what was
    /// written.
    pub(crate) fn settle(&mut self) -> Result<()> {
        let now = self.now();
        let Some(due) = self.current.clone().filter(|subscription| subscription.is_due(now)) else { return Ok(()) };
        let mut terms = current::terms(self.tx, &due)?;
        let mut course = current::stored_course(self.tx, due)?;
        while let Some(step) = course.step(&mut terms, now) {
            let subscription = &mut course.subscription;
            match step {
                Step::Expired(at) => self.expired(subscription, &terms.plan, at)?,
                Step::PastDue(at) => self.past_due(subscription, at)?,
                Step::Paused => self.paused(subscription, &terms.plan)?,
                Step::Renewed(renewed) => self.renewed(subscription, &terms.plan, *renewed)?,
                Step::Ended(at) => {
                    if let Some(period) = &course.period {
                        self.save_period(period)?;
                    }
                    return self.ended(subscription, at);
                }
            }
        }
        self.schedule(&course.subscription)
    }

    /// Enqueues what time does next.
    pub(crate) fn schedule(&mut self, subscription: &Subscription) -> Result<()> {
        let Some((due, _)) = subscription.due() else { return Ok(()) };
        let key = format!("{}:{}", subscription.id, due.micros());
        let job = NewJob::new(&SETTLE, &serde_json::json!({ "subscription_id": subscription.id }));
        self.tx.enqueue(job.at(due).unique(key))?;
        Ok(())
    }

    fn expired(&mut self, subscription: &mut Subscription, plan: &Plan, at: Timestamp) -> Result<()> {
        self.save(subscription)?;
        entitle_to_basics(self.tx, plan)?;
        let more = SubscriptionFact { trial_ended_at: Some(at), ..SubscriptionFact::default() };
        self.record(SubscriptionFact::EXPIRED, subscription, more)
    }

    fn past_due(&mut self, subscription: &mut Subscription, at: Timestamp) -> Result<()> {
        self.save(subscription)?;
        let pauses_at = Some(at.plus(chrono::Duration::days(GRACE_DAYS)));
        let more = SubscriptionFact { pauses_at, ..SubscriptionFact::default() };
        self.record(SubscriptionFact::PAST_DUE, subscription, more)
    }

    /// Leads are held back from now on, and only the basics are left.
    fn paused(&mut self, subscription: &mut Subscription, plan: &Plan) -> Result<()> {
        self.save(subscription)?;
        entitle_to_basics(self.tx, plan)?;
        self.record(SubscriptionFact::PAUSED, subscription, SubscriptionFact::default())
    }

    fn renewed(&mut self, subscription: &mut Subscription, plan: &Plan, renewed: Renewed) -> Result<()> {
        let Renewed { closed, opened, previous_plan, is_paused } = renewed;
        if previous_plan.is_some() {
            entitle(self.tx, plan)?;
        }
        if let Some(closed) = &closed {
            self.save_period(closed)?;
        }
        self.insert_period(&opened)?;
        self.save(subscription)?;
        if is_paused {
            return Ok(());
        }
        let more = SubscriptionFact {
            base: opened.quota.base,
            rollover: Some(opened.quota.rollover),
            credits: Some(opened.quota.credits),
            previous_plan_code: previous_plan,
            ..SubscriptionFact::default()
        };
        self.record(SubscriptionFact::RENEWED, subscription, more)
    }
}
