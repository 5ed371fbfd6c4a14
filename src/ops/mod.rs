//! The operators' console: what the platform's staff sees and does across tenants.
//!
//! Tasks with a due time, notifications, jobs that need a hand, subscriptions to activate, credits to grant, and one
//! summary of it all. Every operation needs an operator's key; nothing here is reachable for a tenant. It owns
//! `ops_tasks` and `operator_notifications` and otherwise calls the modules that own what it changes.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as ops;
use ::ads;
use ::billing;
use ::contacts;
use ::inbox;
use ::integrations;
use ::leads;
use ::notify;
use ::outreach;
use ::sending;
use ::tenants;
use engine::{self, base, fact, filter, text_enum, versioned, view};

mod api;
pub mod catch_up;
pub mod dead;
pub mod facts;
pub mod id;
pub mod model;
pub mod onboarding;
pub mod payments;
pub mod refusals;
pub mod retry;
pub mod review;
pub mod schema;
pub mod store;
pub mod tasks;
mod tell;
pub mod trouble;
pub mod webhooks;

pub use facts::facts;

use crate::ads::facts::AdCampaignFact;
use crate::billing::facts::SubscriptionFact;
use crate::engine::events::Reactions;
use crate::engine::jobs::Registry;
use crate::integrations::facts::WebhookEventFact;
use crate::tenants::access::Areas;
use crate::tenants::facts::TenantVerified;

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Operators", "The platform's own staff, and tenants as they see them.").of_operators("/v1/tenants");
    areas.of_operators("/v1/ops/operators");
    areas.of_operators("/v1/ops/second-factor-resets");
    areas
        .tag("Operations", "What operators do: tasks, jobs, stored webhooks, activation, credits.")
        .of_operators("/v1/ops");
}

/// Everything under `/v1/ops`, for operators' keys only.
pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    api::routes(cfg);
    webhooks::routes(cfg);
}

pub fn jobs(registry: &mut Registry) {
    crate::engine::catch_up::register(registry, catch_up::all());
    registry.handle(&onboarding::ANNOUNCE, onboarding::announce);
    registry.handle(&payments::FOLLOW, payments::follow);
    registry.handle(&review::REVIEW, review::follow);
    registry.handle(&trouble::ANNOUNCE, trouble::announce);
}

pub fn reactions(reactions: &mut Reactions) {
    reactions
        .on(SubscriptionFact::TRIAL_STARTED, &onboarding::ANNOUNCE)
        .on(SubscriptionFact::ACTIVATED, &onboarding::ANNOUNCE)
        .on(TenantVerified::TYPE, &onboarding::ANNOUNCE)
        .on(TenantVerified::TYPE, &payments::FOLLOW)
        .on(SubscriptionFact::UPDATED, &payments::FOLLOW)
        .on(SubscriptionFact::TRIAL_STARTED, &payments::FOLLOW)
        .on(SubscriptionFact::ACTIVATED, &payments::FOLLOW)
        .on(SubscriptionFact::PAID, &payments::FOLLOW)
        .on(SubscriptionFact::PAST_DUE, &payments::FOLLOW)
        .on(SubscriptionFact::PAUSED, &payments::FOLLOW)
        .on(SubscriptionFact::EXPIRED, &payments::FOLLOW)
        .on(SubscriptionFact::CANCELED, &payments::FOLLOW)
        .on(AdCampaignFact::SUBMITTED, &review::REVIEW)
        .on(AdCampaignFact::APPROVED, &review::REVIEW)
        .on(AdCampaignFact::REJECTED, &review::REVIEW)
        .on(AdCampaignFact::COMPLETED, &review::REVIEW)
        .on(WebhookEventFact::FAILED, &trouble::ANNOUNCE)
        .on(WebhookEventFact::HELD, &trouble::ANNOUNCE)
        .on(AdCampaignFact::DELIVERY_FAILED, &trouble::ANNOUNCE);
}
