//! What is refused about plans, subscriptions and usage.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("plan.not_found")
        .why("There is no such plan on offer.")
        .remedy("Take a code of GET /v1/plans.")
        .at(&[At("get_plan")]),
    Refusal::conflict("plan.not_for_tenant")
        .why("The plan is for businesses of another country, or in another currency.")
        .remedy("Take a plan of GET /v1/plans, as it answers with your credentials.")
        .at(&[At("create_subscription"), At("update_current_subscription")]),
    Refusal::not_found("subscription.none")
        .why("No plan was chosen, or the last subscription is over.")
        .remedy("Choose a plan by POST /v1/subscriptions.")
        .at(&[Under("/v1/subscriptions/current"), Under("/v1/usage")]),
    Refusal::conflict("subscription.none")
        .why("The tenant has no subscription to credit.")
        .remedy("Let the tenant choose a plan first.")
        .at(&[At("grant_lead_credits")]),
    Refusal::conflict("subscription.exists")
        .why("There is a subscription already.")
        .remedy("Change it by PATCH /v1/subscriptions/current.")
        .at(&[At("create_subscription")]),
    engine::absent!("subscription", "subscription", "/v1/ops/subscriptions"),
    Refusal::conflict("subscription.not_activatable")
        .why("The subscription is over, or active and no plan waits.")
        .remedy("Read it. A payment for one that is active goes to POST /v1/ops/subscriptions/{id}/payments.")
        .at(&[At("activate_subscription")]),
    Refusal::conflict("subscription.other_plan")
        .why("Another plan than the one that was paid for would take effect.")
        .remedy("Activate it with the plan_code that the detail names, or let the tenant choose anew.")
        .at(&[At("activate_subscription")]),
    Refusal::conflict("subscription.not_payable")
        .why("The subscription has to be activated first, or is over.")
        .remedy("Activate it by POST /v1/ops/subscriptions/{id}/activate.")
        .at(&[At("record_subscription_payment")]),
    Refusal::conflict("subscription.currency_changed")
        .why("A subscription keeps its currency, and this plan has another.")
        .remedy("End the subscription and start another.")
        .at(&[At("update_current_subscription")]),
    Refusal::conflict("subscription.plan_without_trial")
        .why("The tenant is in its trial, and this plan has none.")
        .remedy("Choose it after activation.")
        .at(&[At("update_current_subscription")]),
    Refusal::not_found("usage.period_not_found")
        .why("There was no billing period at that time.")
        .remedy("Leave the moment out for the current period.")
        .at(&[At("get_usage")]),
];
