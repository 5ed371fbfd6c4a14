//! Conversations and messages: the thread with one lead on one channel, what leaves and what comes in.
//!
//! Owns WhatsApp's 24-hour window, delivery states and the way back from a shared number to
//! the right tenant. It refuses to write to a locked lead, to a person who said STOP, to whom nothing ties to the tenant, and
//! freely outside the window ([`gate`]); it never invents a lead: a message nobody here asked for stays with the webhook that brought it.
//!
//! Out: [`send`] queues, [`release`] wakes what waited, [`leave`] is the job; [`crate::sending::dispatch`] speaks to the provider
//! and `marks` keeps what becomes of it. In: [`receive`] for messages, whose they are by [`route`], [`status`] for receipts, [`follow`]
//! for a lead whose number or address changed. Whether a person may be written to unasked is said by [`reach`].

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as inbox;
use ::billing;
use ::contacts;
use ::language;
use ::leads;
use ::providers;
use ::sending;
use ::tenants;
use engine::{self, base, beyond, each_engine, fact, filter, held, keep, patch, rows, text_enum, versioned, view};

mod after_hours;
mod api;
pub mod draft;
pub mod facts;
mod follow;
pub mod gate;
pub mod id;
pub mod leave;
mod marks;
pub mod model;
pub mod open;
mod parcel;
pub mod reach;
pub mod receive;
pub mod refusals;
mod release;
mod route;
pub mod schema;
pub mod send;
pub mod status;
mod steer;
mod store;
#[cfg(test)]
mod tests;

pub use facts::facts;

pub use route::our_number;
pub use store::catch_ups;
pub use store::conversations::Conversation;
pub use store::messages::{Message, first_said, known_external_ids, said};

use std::sync::Arc;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::billing::facts::SubscriptionFact;
use crate::engine::events::Reactions;
use crate::engine::jobs::Registry;
use crate::leads::facts::{LeadEnquired, LeadUnlocked, LeadUpdated};
use crate::providers::Providers;
use crate::tenants::access::{Areas, Permission as P};
use crate::tenants::facts::TenantVerified;
use facts::MessageFact;

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Conversations", "Threads with one person on one channel.");
    let (reads, writes) = (P::ConversationsRead, P::ConversationsWrite);
    areas.of_tenants("/v1/conversations", reads, writes).events(&["conversation"]);
    areas.of_tenants("/v1/messages", reads, writes).events(&["message"]);
    areas.of_tenants("/v1/suppressions", reads, writes).events(&["suppression"]);
}

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    api::routes(cfg);
}

/// The handlers of this folder's jobs.
pub fn jobs(registry: &mut Registry, providers: Arc<Providers>) {
    registry.handle(&leave::SEND, move |context| leave::run(context, providers.clone()));
    registry.on_death(&leave::SEND, leave::close);
    registry.handle(&follow::FOLLOW, follow::run);
    registry.handle(&after_hours::ANSWER, after_hours::run);
    registry.handle(&release::RELEASE, release::run);
}

/// What this folder does when something happened.
pub fn reactions(reactions: &mut Reactions) {
    reactions.hooks().provide(leads::engagement::ReadEngagement(store::engagement::of));
    reactions.at_once(LeadUpdated::TYPE, follow::updated).at_once(LeadEnquired::TYPE, follow::enquired);
    reactions.at_once(LeadUnlocked::TYPE, follow::unlocked);
    for kind in [MessageFact::RECEIVED, MessageFact::FAILED, MessageFact::OPENED, MessageFact::CLICKED] {
        reactions.on(kind, &crate::leads::RESCORE);
    }
    reactions
        .on(TenantVerified::TYPE, &release::RELEASE)
        .on(SubscriptionFact::TRIAL_STARTED, &release::RELEASE)
        .on(SubscriptionFact::ACTIVATED, &release::RELEASE)
        .on(LeadUnlocked::TYPE, &release::RELEASE);
}
