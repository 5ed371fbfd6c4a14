//! Webhooks. What providers tell us: verified, kept once, and acted on by a job that can be replayed. What we tell others is in
//! [`outbound`].
//!
//! A webhook is verified over its raw bytes ([`api`]), stored under the provider's own id of the event with the job that follows,
//! and answered at once ([`accept`]). The job ([`process`]) fetches what is missing, finds the tenant and has one effect, however
//! often it runs: it first claims the stored event, in the transaction of the effect. What cannot be done stays as `failed` with
//! its reason, and an operator replays it when the cause is gone; leads that came before anybody agreed whose they are follow by
//! themselves ([`reroute`]).
//! An unset secret accepts nobody. Secrets that travel inside bodies are not stored.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as integrations;
use ::ads;
use ::contacts;
use ::inbox;
use ::intake;
use ::leads;
use ::notify;
use ::outreach;
use ::providers;
use ::sending;
use ::tenants;
use engine::{self, base, beyond, each_engine, fact, filter, inputs, keep, record, rows, text_enum, versioned, view};

mod accept;
pub mod api;
pub mod facts;
mod form_pace;
mod guesses;
pub mod id;
pub mod model;
pub mod outbound;
pub mod process;
pub mod refusals;
mod reroute;
pub mod schema;
pub mod store;
pub mod test_lead;
#[cfg(test)]
mod tests;
mod turns;

pub use form_pace::FormPace;
pub use guesses::Guesses;
pub use outbound::sealed;
pub use turns::Turns;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::ads::facts::AdCampaignFact;
use crate::engine::events::{Facts, Reactions};
use crate::engine::jobs::Registry;
use crate::providers::Providers;
use crate::tenants::access::Areas;

/// What happens to webhooks: to what providers call us with, and to what a tenant is told by.
pub fn facts(facts: &mut Facts) {
    facts::facts(facts);
    outbound::facts::facts(facts);
}

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Provider webhooks", "What Meta, Google, Twilio and Resend call, each with its own signature.");
    areas.of_providers("/api/webhooks");
    areas.of_providers("/v1/webhooks");
    outbound::areas(areas);
}

/// Under `/v1`. Needs `web::Data<Providers>` in the app.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(api::meta::verify_meta_webhook)
        .service(api::meta::receive_meta_webhook)
        .service(api::google_ads::receive_google_ads_webhook)
        .service(api::twilio::receive_twilio_message)
        .service(api::twilio::receive_twilio_status)
        .service(api::resend::receive_resend_webhook)
        .service(api::test_lead::send_test_lead);
    outbound::routes(cfg);
}

/// The paths the ad platforms were first given, outside `/v1`.
pub fn aliases(cfg: &mut ServiceConfig) {
    cfg.service(api::meta::verify_meta_webhook_of_tenant).service(api::meta::receive_meta_webhook_of_tenant);
}

pub fn jobs(registry: &mut Registry, providers: &Providers) {
    outbound::jobs(registry, providers);
    for kind in [&process::PROCESS, &process::RECEIPT] {
        let providers = providers.clone();
        registry.handle(kind, move |ctx| process::run(ctx, providers.clone())).on_death(kind, process::close);
    }
    registry.handle(&reroute::REROUTE, reroute::follow);
    registry.together(&process::RECEIPT, process::apply_together);
}

pub fn reactions(reactions: &mut Reactions) {
    outbound::reactions(reactions);
    reactions.on(AdCampaignFact::ACTIVATED, &reroute::REROUTE).on(AdCampaignFact::UPDATED, &reroute::REROUTE);
}
