//! A subscription's life: start, trial, activation, change, renewal, end.
//!
//! A plan with a trial starts `trialing` for a business that never had one ([`trials`]), without payment details; every other start is
//! `incomplete` until an operator activates it. Nothing is prorated: another plan waits for an operator's activation or
//! for the renewal ([`switch`]), and then gives its whole quota. A subscription is paid until a moment of its own
//! (`paid_until`), which operators move by recording payments ([`payment`]). What time does by itself (expiry, renewal, a
//! payment that does not come, the end of a canceled subscription) has happened when the [`Books`] are open, which every writer
//! here needs.

pub mod payment;
mod trial;
mod wish;

use super::books::Books;
use super::calendar;
use super::features::{entitle, entitle_to_basics};
use super::model::{
    BillingInterval, OveragePolicy, Plan, PlanFrom, Pricing, Subscription, SubscriptionStatus as Status, UsagePeriod,
};
use super::plans::{self, plan_of};
use super::{store, switch, trials};
use crate::base::crypto::MasterKey;
use crate::base::patch::Patch;
use crate::base::{Error, Result};
use crate::billing::facts::SubscriptionFact;
use crate::billing::id::SubscriptionId;
use crate::engine::http::IfMatch;
use crate::tenants;

pub use trial::review;
pub use wish::{CreateSubscription, UpdateSubscription};

use payment::Payment;

/// A price that is agreed individually may be paid as agreed.
fn require_offered(plan: &Plan, interval: BillingInterval) -> Result<()> {
    if interval == BillingInterval::Annual && plan.price_monthly.is_some() && plan.price_annual.is_none() {
        return Err(Error::field("/billing_interval", "not_offered", "this plan is paid monthly"));
    }
    Ok(())
}

/// Starts a subscription.
///
/// # Errors
/// `subscription.exists` while one is current and not expired; a field error for a plan or an interval that is not on offer.
pub fn start(books: &mut Books<'_, '_>, new: CreateSubscription, key: &MasterKey) -> Result<(Subscription, Plan)> {
    let now = books.now();
    let earlier = books.current().map(|earlier| earlier.status);
    if earlier == Some(Status::Expired) {
        // A trial that ended unpaid stands in nobody's way.
        books.end(now)?;
    } else if earlier.is_some() {
        let message = "There is a subscription already. Change it by PATCH /v1/subscriptions/current.";
        return Err(Error::conflict("subscription.exists", message));
    }
    let plan = plans::choose(&mut books.tx().platform(), &new.plan_code)?;
    let interval = new.billing_interval.unwrap_or(BillingInterval::Monthly);
    require_offered(&plan, interval)?;
    let may_try = plan.trial_days > 0 && !store::had_trial(books.tx())?;
    let trial_refused = if may_try { trials::take(books, key)? } else { None };
    let is_trial = may_try && trial_refused.is_none();
    let zone = tenants::store::current(books.tx())?.time_zone;
    let trial_ends_at = is_trial.then(|| now.plus(chrono::Duration::days(plan.trial_days.into())));
    let subscription = Subscription {
        tenant_id: books.tx().tenant(),
        id: SubscriptionId::new(),
        plan_code: plan.code.clone(),
        status: if is_trial { Status::Trialing } else { Status::Incomplete },
        // Nobody is billed beyond the plan without having asked for it.
        overage_policy: new.overage_policy.unwrap_or(OveragePolicy::Block),
        billing_interval: interval,
        anchor_day: calendar::anchor_day(now, zone),
        trial_ends_at,
        current_period_start: now,
        current_period_end: trial_ends_at.unwrap_or(now),
        activated_at: None,
        canceled_at: None,
        ended_at: None,
        cancel_at_period_end: false,
        version: 1,
        created_at: now,
        updated_at: now,
        pending_plan_code: None,
        pending_from: None,
        paid_until: None,
        plan_version: plan.version,
        pending_plan_version: None,
        pending_at: None,
    };
    books.begin(&subscription)?;
    books.open_first(&subscription, if is_trial { plan.leads_per_month } else { Some(0) })?;
    // Features come with a trial or a payment.
    if is_trial {
        entitle(books.tx(), &plan)?
    } else {
        entitle_to_basics(books.tx(), &plan)?
    }
    books.schedule(&subscription)?;
    let kind = if is_trial { SubscriptionFact::TRIAL_STARTED } else { SubscriptionFact::UPDATED };
    let trial_refused = trial_refused.map(Into::into);
    let more = SubscriptionFact { trial_ends_at, trial_refused, ..SubscriptionFact::default() };
    books.record(kind, &subscription, more)?;
    Ok((subscription, plan))
}

/// Makes a subscription active: its first payment came, by the word of an operator.
///
/// From a trial, an expired, a paused or an incomplete one, a new period starts now and the one before ends; a past-due one
/// goes on in its period, which is paid now. It is paid until `until`, or for one interval. A dearer plan that waits takes effect: with its whole quota in the running period, or, where
/// that one charged for every lead, in a new one. `paid` names the plan the payment was for.
///
/// # Errors
/// `subscription.not_activatable` when it is over, or active and no plan waits; `subscription.other_plan` when another
/// plan than `paid` would take effect; a field error for an interval that the plan is not sold by, or a moment that is over.
pub fn activate(books: &mut Books<'_, '_>, id: SubscriptionId, paid: Payment<'_>) -> Result<(Subscription, Plan)> {
    let absent = || Error::not_found("subscription.not_found", "There is no such subscription.");
    let mut subscription = store::subscription(books.tx(), id)?.ok_or_else(absent)?;
    let waits = subscription.pending_from == Some(PlanFrom::Activation);
    if subscription.status == Status::Canceled || (subscription.status == Status::Active && !waits) {
        let message = format!("A subscription in status {} cannot be activated.", subscription.status);
        return Err(Error::conflict("subscription.not_activatable", message));
    }
    let left = plan_of(books.tx(), &subscription)?;
    let was = subscription.status;
    let previous = switch::take_effect(&mut subscription, PlanFrom::Activation).or_else(|| {
        // Nothing paid stands in the way of a cheaper plan any more.
        let is_over = was == Status::Paused;
        is_over.then(|| switch::take_effect(&mut subscription, PlanFrom::Renewal)).flatten()
    });
    if paid.plan_code.is_some_and(|code| code != subscription.plan_code) {
        let message = format!("The plan to activate is {}.", subscription.plan_code);
        return Err(Error::conflict("subscription.other_plan", message));
    }
    let plan = plan_of(books.tx(), &subscription)?;
    let is_paid = matches!(was, Status::Active | Status::PastDue);
    let mut more = SubscriptionFact { was: Some(was), ..SubscriptionFact::default() };
    let interval = paid.interval.unwrap_or(subscription.billing_interval);
    require_offered(&plan, interval)?;
    subscription.billing_interval = interval;
    subscription.status = Status::Active;
    // A payment that came late is for the time that has gone on.
    let mut paid_from = subscription.paid_until.filter(|_| was == Status::PastDue);
    // A month that charged for every lead includes none: what was paid in it is not taken from the new plan's.
    if !is_paid || (previous.is_some() && left.pricing == Pricing::PerLead) {
        let (now, zone) = (books.now(), tenants::store::current(books.tx())?.time_zone);
        subscription.anchor_day = calendar::anchor_day(now, zone);
        subscription.current_period_start = now;
        subscription.current_period_end = calendar::period_end(now, subscription.anchor_day, zone);
        paid_from = Some(now);
        if !is_paid {
            // The first payment tells the trial's periods from the others.
            subscription.activated_at.get_or_insert(now);
            subscription.cancel_at_period_end = false;
        }
        books.restart(&subscription, plan.leads_per_month)?;
    } else if previous.is_some() {
        books.enlarge(&subscription, plan.leads_per_month)?;
    }
    if let Some(previous) = previous {
        more.previous_plan_code = Some(previous);
        // What the ads wait for; null is unlimited.
        let running = books.latest(&subscription)?;
        more.remaining = running.and_then(|period| period.quota.remaining()).map_or(Patch::Null, Patch::Value);
    }
    payment::extend(books, &mut subscription, paid_from, paid.until)?;
    books.save(&mut subscription)?;
    entitle(books.tx(), &plan)?;
    books.schedule(&subscription)?;
    let kind = if was == Status::Active { SubscriptionFact::UPDATED } else { SubscriptionFact::ACTIVATED };
    books.record(kind, &subscription, more)?;
    books.settle()?;
    let subscription = books.current().cloned().unwrap_or(subscription);
    Ok((subscription, plan))
}

/// Changes plan, policy or the wish to cancel.
///
/// # Errors
/// A field error where two names of the policy contradict each other; `subscription.none`; `subscription.currency_changed` for a plan in another currency; `subscription.plan_without_trial`
/// for a plan that cannot be tried, during a trial.
pub fn change(
    books: &mut Books<'_, '_>,
    change: UpdateSubscription,
    if_match: &IfMatch,
) -> Result<(Subscription, Plan)> {
    let policy = change.policy()?;
    let (wanted, cancel) = (change.plan_code.0.map(String::from), change.cancel_at_period_end.0);
    let mut subscription = books.require()?;
    if_match.check(subscription.version)?;
    let mut plan = plan_of(books.tx(), &subscription)?;
    let mut period = books.latest(&subscription)?;
    let now = books.now();
    let in_force = |subscription: &Subscription, plan: &Plan, period: &Option<UsagePeriod>| {
        period.as_ref().map_or(OveragePolicy::Block, |period| subscription.policy_in_force(plan, period, now))
    };
    let before = (is_used_up(period.as_ref()), in_force(&subscription, &plan, &period));
    let was = subscription.clone();
    let mut more = SubscriptionFact::default();
    if wanted.as_ref() == Some(&subscription.plan_code) {
        switch::take_back(&mut subscription);
    } else if let Some(code) = wanted {
        let next = plans::choose(&mut books.tx().platform(), &code)?;
        let waits_for = switch::starts(&subscription, &plan, &next)?;
        switch::take_back(&mut subscription);
        if let Some(from) = waits_for {
            switch::wait(&mut subscription, &next, from);
        } else {
            more.previous_plan_code = Some(plan.code.clone());
            if let (true, Some(period)) = (subscription.is_running(), &mut period) {
                period.quota.base = next.leads_per_month;
                period.plan_code = Some(code.clone());
                period.plan_version = Some(next.version);
                books.save_period(period)?;
                // What the ads wait for; null is unlimited.
                more.remaining = period.quota.remaining().map_or(Patch::Null, Patch::Value);
            }
            subscription.plan_code = code;
            subscription.plan_version = next.version;
            plan = next;
            if subscription.is_running() {
                entitle(books.tx(), &plan)?;
            }
        }
    }
    if let Some(policy) = policy.filter(|policy| *policy != subscription.overage_policy) {
        more.previous_overage_policy = Some(subscription.overage_policy);
        subscription.overage_policy = policy;
    }
    subscription.cancel_at_period_end = cancel.unwrap_or(subscription.cancel_at_period_end);
    if subscription == was {
        return Ok((subscription, plan));
    }
    books.save(&mut subscription)?;
    let policy = in_force(&subscription, &plan, &period);
    more.policy = Some(policy);
    books.record(SubscriptionFact::UPDATED, &subscription, more)?;
    // A downgrade may use the quota up, and a stricter policy asks for the ads to stop.
    let is_stricter = before.1 != policy && policy != OveragePolicy::Bill;
    let is_used_up_now = is_used_up(period.as_ref());
    if let (true, Some(period)) = (is_used_up_now && subscription.is_running(), period)
        && (!before.0 || is_stricter)
    {
        books.record_quota_reached(&subscription, &plan, &period)?;
    }
    Ok((subscription, plan))
}

fn is_used_up(period: Option<&UsagePeriod>) -> bool {
    period.is_some_and(|period| period.quota.remaining() == Some(0))
}

/// Ends the subscription now. Its data stays readable; leads that come later are kept, held back.
///
/// # Errors
/// `subscription.none`.
pub fn cancel(books: &mut Books<'_, '_>, if_match: &IfMatch) -> Result<(Subscription, Plan)> {
    if_match.check(books.require()?.version)?;
    let subscription = books.end(books.now())?;
    let plan = plan_of(books.tx(), &subscription)?;
    Ok((subscription, plan))
}
