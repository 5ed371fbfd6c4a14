//! A subscription, and what time does to it next.

use super::meter::Meter;
use super::period::UsagePeriod;
use super::plan::{BillingInterval, Plan};
use super::quota::{OveragePolicy, Quota, Standing};
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::billing::id::{SubscriptionId, UsagePeriodId};
use crate::billing::schema::subscriptions;

crate::text_enum! {
    /// Where a subscription stands.
    pub enum SubscriptionStatus {
        /// Free until `trial_ends_at`.
        Trialing = "trialing",
        Active = "active",
        /// What was paid for is over and no payment came: what is included is still delivered, nothing beyond.
        PastDue = "past_due",
        /// The days of grace are over as well: leads are held back until a payment comes.
        Paused = "paused",
        /// Over; the tenant may start another.
        Canceled = "canceled",
        /// Waits for its first payment.
        Incomplete = "incomplete",
        /// The trial ended unpaid; activation revives it.
        Expired = "expired",
    }
}

crate::text_enum! {
    /// What another plan waits for.
    pub enum PlanFrom {
        /// A dearer one, or one whose price is agreed individually: operators activate it once it is paid.
        Activation = "activation",
        /// Any other: it takes effect when the running period is over.
        Renewal = "renewal",
    }
}

/// A tenant's subscription to a plan: the row. One is current; ended ones stay as history.
#[derive(Debug, Clone, PartialEq, diesel::Queryable, diesel::Selectable, diesel::Insertable, diesel::AsChangeset)]
#[diesel(table_name = subscriptions, primary_key(tenant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Subscription {
    pub tenant_id: TenantId,
    pub id: SubscriptionId,
    pub plan_code: String,
    pub status: SubscriptionStatus,
    pub overage_policy: OveragePolicy,
    pub billing_interval: BillingInterval,
    /// 1 to 31; see [`crate::billing::calendar`].
    pub anchor_day: i32,
    pub trial_ends_at: Option<Timestamp>,
    pub current_period_start: Timestamp,
    /// Exclusive. Equal to the start while the subscription is incomplete.
    pub current_period_end: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub canceled_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub cancel_at_period_end: bool,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The plan that was chosen and is not in force yet.
    pub pending_plan_code: Option<String>,
    pub pending_from: Option<PlanFrom>,
    /// Exclusive; `None` before the first payment.
    pub paid_until: Option<Timestamp>,
    /// Of [`Self::plan_code`].
    pub plan_version: i32,
    pub pending_plan_version: Option<i32>,
    /// A plan that waits for the renewal takes effect with the first one from then on: what is paid is used first.
    pub pending_at: Option<Timestamp>,
}

/// What time does next to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The period is over.
    Period,
    /// What was paid for is over.
    Payment,
    /// The days of grace are over.
    Grace,
}

/// Days that a subscription goes on after what was paid for is over.
pub const GRACE_DAYS: i64 = 14;

impl Subscription {
    /// Time ends this period by itself: renewal, expiry or cancellation is due at its end.
    pub fn is_running(&self) -> bool {
        use SubscriptionStatus as S;
        matches!(self.status, S::Trialing | S::Active | S::PastDue)
    }

    /// What time does next, and when; `None` where nothing runs.
    pub fn due(&self) -> Option<(Timestamp, Due)> {
        use SubscriptionStatus as S;
        let period = (self.current_period_end, Due::Period);
        let payment = match self.status {
            S::Trialing | S::Paused => None,
            S::Active => self.paid_until.map(|at| (at, Due::Payment)),
            S::PastDue => self.paid_until.map(|at| (at.plus(chrono::Duration::days(GRACE_DAYS)), Due::Grace)),
            S::Canceled | S::Incomplete | S::Expired => return None,
        };
        Some(payment.filter(|(at, _)| *at <= period.0).unwrap_or(period))
    }

    /// Has time done something that is not written yet?
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|(at, _)| at <= now)
    }

    /// It is being changed.
    pub fn touch(&mut self, now: Timestamp) {
        self.version += 1;
        self.updated_at = now;
    }

    /// The plan it has, by code and version.
    pub fn plan_key(&self) -> (&str, i32) {
        (&self.plan_code, self.plan_version)
    }

    /// Was `period` part of the free trial?
    pub fn is_trial(&self, period: &UsagePeriod) -> bool {
        self.trial_ends_at.is_some() && self.activated_at.is_none_or(|at| period.period_start < at)
    }

    /// What may happen to a lead received at `at` that belongs to `period`, a period of this subscription.
    pub fn standing(&self, period: &UsagePeriod, at: Timestamp) -> Standing {
        use SubscriptionStatus as S;
        if at >= period.period_end || self.status == S::Incomplete {
            return Standing::Closed;
        }
        if self.is_trial(period) {
            return Standing::Included;
        }
        match self.status {
            S::Active => Standing::Full(self.overage_policy),
            S::PastDue | S::Canceled | S::Trialing => Standing::Included,
            S::Paused | S::Incomplete | S::Expired => Standing::Closed,
        }
    }

    /// What happens beyond what is included, at `at`. A trial, a debt and a plan that sells nothing more
    /// leave the tenant no choice: then leads are held back, whatever the policy says.
    pub fn policy_in_force(&self, plan: &Plan, period: &UsagePeriod, at: Timestamp) -> OveragePolicy {
        let sells_more = plan.overage_price.is_some() || !plan.price_bands.is_empty();
        match self.standing(period, at) {
            Standing::Full(policy) if sells_more => policy,
            _ => OveragePolicy::Block,
        }
    }
}

impl UsagePeriod {
    /// The one that the subscription is in, by its plan.
    pub fn of(subscription: &Subscription, quota: Quota) -> Self {
        Self {
            id: UsagePeriodId::new(),
            subscription_id: subscription.id,
            meter: Meter::Leads,
            period_start: subscription.current_period_start,
            period_end: subscription.current_period_end,
            quota,
            plan_code: Some(subscription.plan_code.clone()),
            plan_version: Some(subscription.plan_version),
        }
    }
}
