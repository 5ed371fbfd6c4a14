//! What happens to a subscription, and to what it includes.

use super::model::{OveragePolicy, PlanFrom, Subscription, SubscriptionStatus};
use crate::base::money::Money;
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::engine::events::Facts;

crate::fact! {
    /// What a subscription is now, and what is other than before.
    SubscriptionFact as {
        /// A tenant chose a plan and tries it.
        TRIAL_STARTED = "subscription.trial_started"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// A subscription is paid for and in force.
        ACTIVATED = "subscription.activated"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// A period ended and the next one began.
        RENEWED = "subscription.renewed"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// A payment was recorded.
        PAID = "subscription.paid"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// What was paid for is over and the next payment did not come: what the plan includes is still delivered.
        PAST_DUE = "subscription.past_due"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// The payment did not come in time either: leads are held under lock.
        PAUSED = "subscription.paused"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// The plan, the policy beyond the quota, the credits or the end of a subscription changed.
        UPDATED = "subscription.updated"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// A trial ended unpaid, or was refused.
        EXPIRED = "subscription.expired"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
        /// A subscription is over.
        CANCELED = "subscription.canceled"
            says [plan_code, status, overage_policy, cancel_at_period_end, period_start, period_end],
    } {
        plan_code: Option<String> = "growth",
        status: Option<SubscriptionStatus> = "active",
        overage_policy: Option<OveragePolicy> = "bill",
        /// The one in force.
        policy: Option<OveragePolicy> = "bill",
        cancel_at_period_end: Option<bool>,
        period_start: Option<Timestamp>,
        period_end: Option<Timestamp>,
        trial_ends_at: Option<Timestamp>,
        trial_ended_at: Option<Timestamp>,
        paid_until: Option<Timestamp>,
        previous_paid_until: Option<Timestamp>,
        pauses_at: Option<Timestamp>,
        reference: Option<String> = "INV-2026-0042",
        /// By which sign the business had a trial before.
        trial_refused: Option<String> = "owner_mailbox",
        ended_at: Option<Timestamp>,
        was: Option<SubscriptionStatus> = "trialing",
        previous_plan_code: Option<String> = "starter",
        pending_plan_code: Option<String> = "in_professional",
        pending_from: Option<PlanFrom> = "activation",
        previous_overage_policy: Option<OveragePolicy> = "block",
        base: Option<i32> = 100,
        rollover: Option<i32> = 20,
        credits: Option<i32> = 0,
        credits_granted: Option<i32> = 10,
        /// Of a changed plan; null is unlimited.
        remaining: Patch<i32> = 50,
    }
}

impl SubscriptionFact {
    /// What every reader needs.
    pub(super) fn of(subscription: &Subscription, more: Self) -> Self {
        Self {
            plan_code: Some(subscription.plan_code.clone()),
            status: Some(subscription.status),
            overage_policy: Some(subscription.overage_policy),
            cancel_at_period_end: Some(subscription.cancel_at_period_end),
            period_start: Some(subscription.current_period_start),
            period_end: Some(subscription.current_period_end),
            pending_plan_code: subscription.pending_plan_code.clone(),
            pending_from: subscription.pending_from,
            paid_until: subscription.paid_until,
            ..more
        }
    }
}

crate::fact! {
    /// The included units are used up.
    QuotaReached = "quota.reached" about "subscription" {
        period_start: Option<Timestamp>,
        period_end: Option<Timestamp>,
        /// The one in force.
        policy: Option<OveragePolicy> = "bill",
        available: Option<i32> = 0,
        used: Option<i32> = 100,
    }
}

crate::fact! {
    /// A unit beyond the included ones was booked.
    OverageRecorded = "overage.recorded" about "subscription" {
        amount_due: Option<Money>,
        period_start: Option<Timestamp>,
        overage: Option<i32> = 1,
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<SubscriptionFact>().add::<QuotaReached>().add::<OverageRecorded>();
}
