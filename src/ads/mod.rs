//! Ad campaigns: what runs where for a tenant, the form people fill in, and how a lead finds its way back from a platform's ids.
//!
//! The ads themselves run in the platform's ad accounts (or a tenant's own); here is the record of them: targeting, creative and
//! form as typed structures ([`targeting`], [`creative`], [`form`]), the status machine ([`model`]), and what the ad platform is
//! told ([`delivery`]): `desired_delivery` is a row's column, a job carries it out, and the newest wish wins. [`quota`] pauses and
//! resumes by itself, [`suspension`] with its tenant, [`limits`] when a month's or its
//! whole budget leaves no room for another day. What spends the platform's money waits for an operator ([`review`]), and
//! so does whose an id at an ad platform is ([`claim`]). [`route`] and [`leads`] turn a platform's lead into a tenant's enquiry;
//! [`key`] is what the lead forms of one ad campaign send with.
//! It refuses to agree to a platform id that another ad campaign holds, and never shows what an ad platform bills the platform's
//! own accounts, nor the ids that operators wrote there.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as ads;
use ::billing;
use ::intake;
use ::leads;
use ::providers;
use ::tenants;
use engine::{self, base, fact, filter, keep, patch, rows, text_enum, versioned};

mod answers;
pub mod api;
pub mod change;
pub mod claim;
pub mod create;
pub mod creative;
mod days;
pub mod delivery;
pub mod documents;
pub mod enquiries;
pub mod facts;
pub mod form;
pub mod id;
pub mod key;
pub mod limits;
pub mod model;
mod movement;
pub mod quota;
pub mod refusals;
pub mod review;
pub mod route;
pub mod schema;
pub mod steps;
pub mod store;
pub mod suspension;
pub mod targeting;
#[cfg(test)]
mod tests;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::billing::facts::{QuotaReached, SubscriptionFact};
use crate::engine::events::Reactions;
use crate::engine::jobs::Registry;
use crate::providers::Providers;
use crate::tenants::access::{Areas, Permission as P};
use crate::tenants::facts::TenantFact;

pub use facts::facts;

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Ad campaigns", "Adverts that bring leads in.");
    let campaigns = areas.of_tenants("/v1/ad-campaigns", P::AdCampaignsRead, P::AdCampaignsWrite);
    campaigns.keeping(&["key", "webhook_url"]).events(&["ad_campaign"]);
}

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(api::create_ad_campaign)
        .service(api::list_ad_campaigns)
        .service(api::get_ad_campaign)
        .service(api::update_ad_campaign)
        .service(api::get_lead_form)
        .service(api::key::create_lead_form_key)
        .service(api::steer::submit_ad_campaign)
        .service(api::steer::activate_ad_campaign)
        .service(api::steer::reject_ad_campaign)
        .service(api::steer::pause_ad_campaign)
        .service(api::steer::resume_ad_campaign)
        .service(api::steer::complete_ad_campaign);
}

pub fn jobs(registry: &mut Registry, providers: &Providers) {
    let providers = providers.clone();
    registry.handle(&delivery::SYNC_DELIVERY, move |ctx| delivery::run(ctx, providers.clone()));
    registry.handle(&quota::QUOTA_REACHED, quota::reached);
    registry.handle(&quota::QUOTA_RENEWED, quota::renewed);
    registry.handle(&suspension::FOLLOW_TENANT, suspension::follow);
    registry.handle(&steps::COMPLETE_ENDED, steps::complete_ended);
    registry.handle(&steps::START_DUE, steps::start_due);
    registry.handle(&days::KEEP_LIMITS, days::keep);
    for sweep in [&steps::COMPLETE_ENDED, &steps::START_DUE, &days::KEEP_LIMITS] {
        registry.every(std::time::Duration::from_secs(300), sweep);
    }
}

pub fn reactions(reactions: &mut Reactions) {
    reactions.hooks().provide(intake::IsAdCampaign(|tx, id| Ok(store::find(tx, id)?.is_some())));
    reactions
        .on_if(TenantFact::UPDATED, &suspension::FOLLOW_TENANT, |fact: &TenantFact| fact.status.is_some())
        .on(QuotaReached::TYPE, &quota::QUOTA_REACHED)
        .on(SubscriptionFact::EXPIRED, &quota::QUOTA_REACHED)
        .on(SubscriptionFact::CANCELED, &quota::QUOTA_REACHED)
        .on(SubscriptionFact::PAUSED, &quota::QUOTA_REACHED)
        .on(SubscriptionFact::TRIAL_STARTED, &quota::QUOTA_RENEWED)
        .on(SubscriptionFact::RENEWED, &quota::QUOTA_RENEWED)
        .on(SubscriptionFact::ACTIVATED, &quota::QUOTA_RENEWED)
        .on_if(SubscriptionFact::UPDATED, &quota::QUOTA_RENEWED, quota::lifts);
}
