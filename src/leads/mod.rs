#![recursion_limit = "256"]
//! Leads: verified enquiries by people, how good they are, and what is done with them.
//!
//! Owns the lead, its identities, notes, score and timeline, the timeline of contacts, and the tasks of a tenant's people ([`tasks`]). It never inserts a lead: only `intake` does.
//! A lead that is locked (held back by metering) tells only what `lock` allows: every view is made in [`mod@view`], and the folders
//! above get [`Shown`] (what anybody may see), [`Brief`] (whom to write to) or [`Heading`] (how a list names it), never the row: that is
//! in nobody's reach but [`for_intake`]. Rules of movement are in [`model`], scoring in [`score`], SQL in `store`.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as leads;
use crate::tenants::access::{Areas, Permission as P};
use ::billing;
use ::contacts;
use ::tenants;
use engine::{
    self, among, base, beyond, each_engine, fact, filter, inputs, keep, patch, record, rows, text_enum, versioned, view,
};

pub mod answers;
pub mod api;
pub mod assign;
pub mod change;
pub mod cities;
mod conceal;
pub mod contact_details;
mod counting;
pub mod engagement;
pub mod facts;
pub mod id;
mod lock;
pub mod model;
mod notes;
mod of_people;
pub mod profile;
mod recognised;
pub mod refusals;
mod rescore;
pub mod schema;
pub mod score;
pub mod scoring;
mod shown;
mod store;
pub mod tasks;
#[cfg(debug_assertions)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod unlock;
pub mod view;

pub use rescore::RESCORE;
pub use shown::{Contact, Shown, shown};
pub use store::{Brief, Heading, brief, catch_ups, contact_of, heading};

/// What any folder may ask of the rows: which leads there are and when something happened to one, never who they are.
pub mod rows {
    pub use super::store::{
        LEADS, find_by_identity, found_by, is_indexed, leads_across_tenants, owners, recount, settle_index,
        touch_activity, touch_contact,
    };
}

/// The rows themselves, unmasked: for intake, which makes and joins them, and for the tests of others.
pub mod for_intake {
    pub use super::store::{Behaviour, Lead, LeadProfile, find, get, hold, insert, insert_score, update};
}

/// What happens here.
pub fn facts(facts: &mut crate::engine::events::Facts) {
    self::facts::facts(facts);
    tasks::facts(facts);
}

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Leads", "Verified enquiries by people.");
    areas.of_tenants("/v1/leads", P::LeadsRead, P::LeadsWrite).events(&["lead"]);
    areas.tag("Tasks", "What a tenant's people have to do.");
    areas.of_tenants("/v1/tasks", P::LeadsRead, P::LeadsWrite).events(&["task"]);
}

/// The operations on leads; `POST /v1/leads` belongs to intake.
pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    cfg.service(api::list::list_leads)
        .service(api::list::count_leads)
        .service(api::read::get_lead)
        .service(api::read::get_lead_score)
        .service(api::read::list_lead_activities)
        .service(api::read::list_contact_timeline)
        .service(api::write::update_lead)
        .service(api::write::assign_lead)
        .service(api::write::create_lead_note)
        .service(api::write::list_lead_notes)
        .service(tasks::api::list_tasks)
        .service(tasks::api::create_task)
        .service(tasks::api::get_task)
        .service(tasks::api::update_task)
        .service(tasks::api::delete_task);
}

/// The handlers of this folder's jobs.
pub fn jobs(registry: &mut crate::engine::jobs::Registry) {
    unlock::jobs(registry);
    rescore::jobs(registry);
    counting::jobs(registry);
    tasks::jobs(registry);
}

/// What this folder does when something happened.
pub fn reactions(reactions: &mut crate::engine::events::Reactions) {
    unlock::reactions(reactions);
    tasks::reactions(reactions);
    reactions.at_once(crate::tenants::facts::UserRemoved::TYPE, assign::release);
    reactions.conceal(conceal::conceal);
    reactions.hooks().provide(of_people::OF_LEADS);
    rescore::reactions(reactions);
}
