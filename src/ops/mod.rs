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
use ::sending;
use ::tenants;
use engine::{self, base, text_enum, versioned, view};

mod api;
pub mod catch_up;
pub mod model;
pub mod onboarding;
pub mod payments;
pub mod retry;
pub mod review;
pub mod store;
pub mod tasks;
mod tell;
pub mod trouble;
pub mod webhooks;

use crate::engine::events::{EventType, Reactions};
use crate::engine::jobs::Registry;

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
        .on(EventType::SubscriptionTrialStarted, &onboarding::ANNOUNCE)
        .on(EventType::SubscriptionActivated, &onboarding::ANNOUNCE)
        .on(EventType::TenantVerified, &onboarding::ANNOUNCE)
        .on(EventType::TenantVerified, &payments::FOLLOW)
        .on(EventType::SubscriptionUpdated, &payments::FOLLOW)
        .on(EventType::SubscriptionTrialStarted, &payments::FOLLOW)
        .on(EventType::SubscriptionActivated, &payments::FOLLOW)
        .on(EventType::SubscriptionPaid, &payments::FOLLOW)
        .on(EventType::SubscriptionPastDue, &payments::FOLLOW)
        .on(EventType::SubscriptionPaused, &payments::FOLLOW)
        .on(EventType::SubscriptionExpired, &payments::FOLLOW)
        .on(EventType::SubscriptionCanceled, &payments::FOLLOW)
        .on(EventType::AdCampaignSubmitted, &review::REVIEW)
        .on(EventType::AdCampaignApproved, &review::REVIEW)
        .on(EventType::AdCampaignRejected, &review::REVIEW)
        .on(EventType::AdCampaignCompleted, &review::REVIEW)
        .on(EventType::WebhookEventFailed, &trouble::ANNOUNCE)
        .on(EventType::WebhookEventHeld, &trouble::ANNOUNCE)
        .on(EventType::AdCampaignDeliveryFailed, &trouble::ANNOUNCE);
}
