//! What we tell others: a tenant's events, posted to endpoints it names, signed by the Standard Webhooks specification.
//!
//! An event's own insert answers whether any endpoint wants it ([`store::endpoints::is_wanted`]); only then a job follows, which
//! puts the event on its way to each such endpoint ([`fan_out`]). [`deliver`] brings an endpoint what is due to it: one job at a
//! time per endpoint, a few requests at a time, beside the process' job slots, so that an endpoint that hangs holds up itself and
//! nobody else. What fails is tried again for about 28 hours ([`model`]); an endpoint that failed for five days is disabled and its
//! tenant told. Order is not promised, and an event may arrive twice: its id stays the same.
//! The endpoints of whoever is removed go on, and their tenant is told ([`hand_over`]).
//! While a tenant is suspended nothing is sent: what happens is put on its way and waits, and [`resume`] goes on.
//! Every URL passes [`crate::providers::outside`], when it is kept and when it is called.

mod api;
pub mod deliver;
pub mod describe;
pub mod endpoint;
pub mod facts;
pub mod fan_out;
mod hand_over;
pub mod model;
pub mod pattern;
mod prune;
mod queue;
pub mod repeat;
mod resume;
mod secret;
mod settle;
pub mod store;

pub use secret::sealed;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::engine::events::Reactions;
use crate::engine::jobs::Registry;
use crate::providers::Providers;
use crate::tenants::access::{Areas, Permission as P};
use crate::tenants::facts::{TenantFact, UserRemoved};

pub(super) fn areas(areas: &mut Areas) {
    areas.tag("Webhook endpoints", describe::ABOUT);
    let (reads, writes) = (P::WebhooksRead, P::WebhooksWrite);
    areas.of_tenants("/v1/webhook-endpoints", reads, writes).keeping(&["secret"]).events(&["webhook_endpoint"]);
    areas.of_tenants("/v1/webhook-deliveries", reads, writes).events(&["webhook_delivery"]);
}

pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(api::endpoints::create_webhook_endpoint)
        .service(api::endpoints::list_webhook_endpoints)
        .service(api::endpoints::get_webhook_endpoint)
        .service(api::endpoints::update_webhook_endpoint)
        .service(api::endpoints::delete_webhook_endpoint)
        .service(api::endpoints::rotate_webhook_secret)
        .service(api::deliveries::ping_webhook_endpoint)
        .service(api::deliveries::replay_webhook_endpoint)
        .service(api::deliveries::list_webhook_deliveries)
        .service(api::deliveries::get_webhook_delivery)
        .service(api::deliveries::retry_webhook_delivery);
}

pub(super) fn jobs(registry: &mut Registry, providers: &Providers) {
    let outside = providers.outside().clone();
    registry.handle(&fan_out::FAN_OUT, fan_out::run);
    registry.handle(&queue::DELIVER, move |context| deliver::run(context, outside.clone()));
    registry.handle(&repeat::REPLAY, repeat::run);
    registry.handle(&resume::RESUME, resume::run);
    prune::register(registry);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.when_asked_for(store::endpoints::is_wanted, &fan_out::FAN_OUT);
    reactions.at_once(UserRemoved::TYPE, hand_over::record);
    reactions.on_if(TenantFact::UPDATED, &resume::RESUME, TenantFact::ends_a_suspension);
}
