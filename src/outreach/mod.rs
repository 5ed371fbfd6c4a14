//! Writing to many: outreach campaigns, what they would cost and reach, and what became of each message.
//!
//! A tenant drafts a campaign ([`change`]), has it estimated ([`estimate`]) and confirms the estimate ([`steer`]). At its moment its
//! audience ([`audience`]) is written down, a row for each person ([`prepare`]); then the messages leave, some at a time, each passing
//! the gate at that moment ([`reach`]) and written for its person ([`pump`]). What providers report moves the rows ([`receipts`]), what
//! people answer becomes leads ([`replies`]), the counters are the rows' sums, and [`proof`] counts them anew.
//!
//! It refuses to send what nobody confirmed, to anybody twice, and to whom the gate does not let it.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as outreach;
use ::contacts;
use ::inbox;
use ::intake;
use ::language;
use ::leads;
use ::providers;
use ::sending;
use ::tenants;
use engine::{self, base, fact, filter, held, insert_few, keep, patch, record, rows, shown, text_enum, view};

pub mod api;
pub mod audience;
pub mod change;
pub mod estimate;
pub mod facts;
pub mod id;
pub mod model;
mod movement;
mod prepare;
pub mod proof;
mod pump;
mod queue;
mod reach;
pub mod receipts;
pub mod refusals;
pub mod replies;
pub mod schema;
pub mod steer;
pub mod store;
mod words;

use std::sync::Arc;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::contacts::id::ContactId;
use crate::contacts::people::ContactFact;
use crate::engine::catch_up::{CatchUp, Reading};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{NewEvent, Reactions};
use crate::engine::jobs::Registry;
use crate::inbox::facts::MessageFact;
use crate::leads::facts::LeadUnlocked;
use crate::providers::Providers;
use crate::tenants::access::{Areas, Permission as P};
use crate::tenants::recount_next;

pub use facts::facts;

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Outreach", "Writing to many people at once.");
    let campaigns = areas.of_tenants("/v1/outreach-campaigns", P::OutreachRead, P::OutreachWrite);
    campaigns.events(&["outreach_campaign"]);
}

/// What this folder keeps of what is stored.
pub fn catch_ups() -> Vec<CatchUp> {
    let batch =
        |tx: &mut PlatformTx<'_>, reading: &Reading<'_>| recount_next(tx, reading, &store::messages::OUTREACH_MESSAGES);
    vec![CatchUp { name: "outreach_message_counts", version: "1".into(), batch }]
}

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(api::campaigns::list_outreach_campaigns)
        .service(api::campaigns::create_outreach_campaign)
        .service(api::campaigns::get_outreach_campaign)
        .service(api::campaigns::update_outreach_campaign)
        .service(api::campaigns::delete_outreach_campaign)
        .service(api::campaigns::clone_outreach_campaign)
        .service(api::campaigns::count_outreach_messages)
        .service(api::steer::estimate_outreach_campaign)
        .service(api::steer::get_outreach_estimate)
        .service(api::steer::confirm_outreach_campaign)
        .service(api::steer::pause_outreach_campaign)
        .service(api::steer::resume_outreach_campaign)
        .service(api::steer::cancel_outreach_campaign)
        .service(api::steer::get_outreach_proof)
        .service(api::messages::list_outreach_recipients)
        .service(api::messages::list_outreach_responses);
}

pub fn reactions(reactions: &mut Reactions) {
    reactions.at_once(MessageFact::RECEIVED, replies::heard).at_once(LeadUnlocked::TYPE, replies::unlocked);
    // What was said to whom goes with the person, in the same transaction.
    reactions.at_once(ContactFact::DELETED, |tx: &mut TenantTx<'_>, event: &NewEvent, _: &ContactFact| {
        event.subject().map_or(Ok(()), |contact| store::messages::forget(tx, ContactId::from_uuid(contact)))
    });
}

pub fn jobs(registry: &mut Registry, providers: Arc<Providers>) {
    registry.handle(&queue::PREPARE, prepare::run);
    registry.handle(&queue::SEND, move |context| pump::run(context, providers.clone()));
}
