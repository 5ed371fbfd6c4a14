//! When another plan takes effect.
//!
//! Nothing is prorated and nobody pays at the door, so a switch gives nothing that was not paid for: a dearer plan, and one
//! whose price is agreed individually, waits until operators activate it; any other waits for the renewal at which
//! what is paid for is over. Only where nothing is paid for yet (a trial, a subscription that waits for its first payment)
//! does a choice replace the one before at once. The last choice counts; choosing the plan in force takes it back.

use super::model::{BillingInterval, Plan, PlanFrom, Pricing, Subscription, SubscriptionStatus as Status};
use crate::base::{Error, Result};

/// What the switch waits for; `None` is at once.
///
/// # Errors
/// `subscription.currency_changed`, and `subscription.plan_without_trial` during a trial.
pub(super) fn starts(subscription: &Subscription, from: &Plan, to: &Plan) -> Result<Option<PlanFrom>> {
    if from.currency != to.currency {
        let message = "A subscription keeps its currency. End it and start another to pay in a different one.";
        return Err(Error::conflict("subscription.currency_changed", message));
    }
    match subscription.status {
        Status::Trialing if to.trial_days == 0 || to.pricing == Pricing::PerLead => {
            let message = "This plan has no trial. Choose it after activation.";
            Err(Error::conflict("subscription.plan_without_trial", message))
        }
        Status::Trialing | Status::Incomplete | Status::Expired | Status::Canceled => Ok(None),
        Status::Active | Status::PastDue | Status::Paused => {
            let is_dearer = is_dearer(from, to, subscription.billing_interval);
            Ok(Some(if is_dearer { PlanFrom::Activation } else { PlanFrom::Renewal }))
        }
    }
}

/// A price that is agreed individually is no less than any other.
fn is_dearer(from: &Plan, to: &Plan, interval: BillingInterval) -> bool {
    let a_year = |plan: &Plan| {
        let monthly = plan.price_monthly.map(|price| price * 12);
        if interval == BillingInterval::Annual { plan.price_annual.or(monthly) } else { monthly }
    };
    match (a_year(from), a_year(to)) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(from), Some(to)) => to > from,
    }
}

/// Notes the choice of another plan, and what it waits for.
pub(super) fn wait(subscription: &mut Subscription, next: &Plan, from: PlanFrom) {
    subscription.pending_from = Some(from);
    subscription.pending_plan_code = Some(next.code.clone());
    subscription.pending_plan_version = Some(next.version);
    // A year that is paid is used first.
    let paid = subscription.paid_until.unwrap_or(subscription.current_period_end);
    subscription.pending_at = (from == PlanFrom::Renewal).then(|| paid.max(subscription.current_period_end));
}

/// Puts the plan that waited for this in force; answers the code of the one before. A renewal in the middle of what is paid
/// changes nothing.
pub(super) fn take_effect(subscription: &mut Subscription, now: PlanFrom) -> Option<String> {
    let is_early = subscription.pending_at.is_some_and(|at| subscription.current_period_end < at);
    if subscription.pending_from != Some(now) || is_early {
        return None;
    }
    let version = subscription.pending_plan_version;
    let next = take_back(subscription)?;
    subscription.plan_version = version.unwrap_or(1);
    Some(std::mem::replace(&mut subscription.plan_code, next))
}

/// Forgets the plan that waits; answers its code.
pub(super) fn take_back(subscription: &mut Subscription) -> Option<String> {
    subscription.pending_from = None;
    subscription.pending_plan_version = None;
    subscription.pending_at = None;
    subscription.pending_plan_code.take()
}

#[cfg(test)]
mod tests {
    use super::super::plans::catalogue;
    use super::*;

    #[test]
    fn a_plan_is_dearer_by_what_is_paid_in_a_year_and_an_agreed_price_is_the_dearest() {
        let plans = catalogue().unwrap();
        let plan = |code: &str| plans.iter().find(|plan| plan.code == code).unwrap();
        let cases = [
            ("us_starter", "us_growth", true),
            ("us_growth", "us_starter", false),
            ("us_starter", "us_enterprise", true),
            ("us_enterprise", "us_professional", false),
            ("us_pay_per_lead", "us_starter", true),
            ("us_professional", "us_pay_per_lead", false),
        ];
        for (from, to, dearer) in cases {
            for interval in [BillingInterval::Monthly, BillingInterval::Annual] {
                assert_eq!(is_dearer(plan(from), plan(to), interval), dearer, "{from} to {to}, {interval}");
            }
        }
    }
}
