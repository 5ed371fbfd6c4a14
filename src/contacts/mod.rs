//! People and the channels that reach them: who they are, and their consent.
//!
//! Owns the people a tenant knows ([`people`]), what it keeps of them besides ([`attributes`]), what they buy ([`bookings`]), what may be
//! asked of them ([`rules`]), the groups they are put in ([`segments`]), what they said about being written to ([`consents`]) and who may
//! not be written to at all ([`consent`]). A refusal belongs to the number it was said to, so it holds for every
//! tenant that shares that number; who the person is stays each tenant's own affair. It is asked when a message
//! leaves, not when it is planned. Next: `inbox`, which asks.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as contacts;
use ::tenants;
use engine::{
    self, among, base, beyond, fact, filter, insert_few, patch, record, rows, shown, text_enum, versioned, view,
};

pub mod attributes;
pub mod bookings;
pub mod consent;
pub mod consents;
pub mod facts;
pub mod id;
mod model;
pub mod notes;
pub mod people;
pub mod refusals;
pub mod rules;
pub mod schema;
pub mod segments;
mod store;
mod words;

pub use model::{AddressChannel, Channel, Suppressed, SuppressionReason, version_of_keys};
pub use people::{ContactSource, IdentityKind, Location, LocationPatch, VerificationStatus};
pub use store::{Suppression, SuppressionFilter};

use crate::tenants::access::{Areas, Permission as P};

/// What happens here.
pub fn facts(facts: &mut engine::events::Facts) {
    self::facts::facts(facts);
    people::facts(facts);
    consents::facts::facts(facts);
    segments::facts(facts);
    attributes::facts(facts);
    bookings::facts(facts);
    notes::facts(facts);
}

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Contacts", "People, whether or not they enquired.");
    areas.of_tenants("/v1/contacts", P::ContactsRead, P::ContactsWrite).events(&["contact"]);
    // Reads by a body.
    areas.of_tenants("/v1/contacts/search", P::ContactsRead, P::ContactsRead);
    areas.tag("Segments", "Groups of contacts, by a rule or one by one.");
    areas.of_tenants("/v1/segments", P::ContactsRead, P::ContactsWrite).events(&["segment"]);
    areas.of_tenants("/v1/segments/preview", P::ContactsRead, P::ContactsRead);
    areas.of_tenants("/v1/custom-attributes", P::ContactsRead, P::TenantWrite).events(&["custom_attribute"]);
    areas.tag("Bookings", "What people buy.");
    areas.of_tenants("/v1/bookings", P::ContactsRead, P::ContactsWrite).events(&["booking"]);
}

/// The operations on contacts; their timeline belongs to leads.
pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    use people::api;
    // Before what takes any id.
    cfg.service(api::upsert_contacts)
        .service(rules::api::search_contacts)
        .service(api::list_contacts)
        .service(api::create_contact)
        .service(api::get_contact)
        .service(api::update_contact)
        .service(api::consents::list_contact_consents)
        .service(api::consents::record_contact_consent)
        .service(api::delete_contact);
    segments::routes(cfg);
    use attributes::api as attributes;
    cfg.service(attributes::list_custom_attributes)
        .service(attributes::create_custom_attribute)
        .service(attributes::get_custom_attribute)
        .service(attributes::update_custom_attribute)
        .service(attributes::delete_custom_attribute);
    use notes::api as notes;
    cfg.service(notes::create_contact_note).service(notes::list_contact_notes).service(notes::delete_contact_note);
    use bookings::api as bookings;
    cfg.service(bookings::upsert_bookings)
        .service(bookings::list_bookings)
        .service(bookings::create_booking)
        .service(bookings::get_booking)
        .service(bookings::update_booking)
        .service(bookings::delete_booking);
}

/// The handlers of this folder's jobs.
pub fn jobs(registry: &mut engine::jobs::Registry) {
    segments::jobs(registry);
    people::jobs(registry);
}

/// What this folder does when something happened.
pub fn reactions(reactions: &mut engine::events::Reactions) {
    segments::reactions(reactions);
    people::reactions(reactions);
}

/// What is brought to today's spelling.
pub fn catch_ups() -> Vec<engine::catch_up::CatchUp> {
    let own = [store::catch_ups(), people::catch_ups(), consents::catch_ups()];
    let more = [attributes::catch_ups(), bookings::catch_ups()];
    own.into_iter().chain(more).flatten().collect()
}
