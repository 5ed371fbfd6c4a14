//! People and the channels that reach them: who they are, and their consent.
//!
//! Owns the people a tenant knows ([`people`]) and who may not be written to ([`consent`]). A refusal belongs to the number it was said to, so it holds for every
//! tenant that shares that number; who the person is stays each tenant's own affair. It is asked when a message
//! leaves, not when it is planned. Next: `inbox`, which asks.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as contacts;
use ::tenants;
use engine::{self, base, beyond, fact, filter, insert_few, patch, rows, shown, text_enum, versioned, view};

pub mod consent;
pub mod facts;
pub mod id;
mod model;
pub mod people;
pub mod refusals;
pub mod schema;
mod store;
mod words;

pub use model::{Channel, Suppressed, SuppressionReason, version_of_keys};
pub use people::{ContactSource, IdentityKind, Location, LocationPatch, VerificationStatus};
pub use store::{Suppression, SuppressionFilter};

use crate::tenants::access::{Areas, Permission as P};

/// What happens here.
pub fn facts(facts: &mut engine::events::Facts) {
    self::facts::facts(facts);
    people::facts(facts);
}

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Contacts", "People, whether or not they enquired.");
    areas.of_tenants("/v1/contacts", P::ContactsRead, P::ContactsWrite).events(&["contact"]);
}

/// The operations on contacts; their timeline belongs to leads.
pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    use people::api;
    // Before what takes any id.
    cfg.service(api::upsert_contacts)
        .service(api::list_contacts)
        .service(api::create_contact)
        .service(api::get_contact)
        .service(api::update_contact)
        .service(api::delete_contact);
}

/// What is brought to today's spelling.
pub fn catch_ups() -> Vec<engine::catch_up::CatchUp> {
    [store::catch_ups(), people::catch_ups()].concat()
}
