//! Tenants, their users and keys, and who may do what.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as tenants;
use engine::{self, base, beyond, fact, filter, held, patch, text_enum, versioned, view};

pub mod access;
mod api;
pub mod close;
pub mod configure;
pub mod devices;
pub mod email_change;
pub mod erase;
pub mod facts;
pub mod hours;
pub mod id;
pub mod invite;
pub mod keys;
pub mod log_in;
mod look_alike;
mod mailboxes;
pub mod members;
pub mod model;
pub mod name;
pub mod onboard;
pub mod operators;
pub mod passkeys;
mod password;
pub mod profile;
mod prune;
pub mod refusals;
pub mod region;
pub mod reset;
pub mod schema;
pub mod second_factor;
pub mod session;
pub mod sign_up;
pub mod store;
#[cfg(debug_assertions)]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod verify;

pub use facts::facts;

use self::access::{Areas, Permission as P};
use crate::engine::jobs::Registry;
use utoipa_actix_web::service_config::ServiceConfig;

pub use look_alike::passes_for;
pub use model::Tenant;
pub use operators::{create_operator, ensure_operator};
pub use second_factor::reseal::sealed;
pub use store::catch_ups;

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Authentication", "Sign-up, login, sessions.").of_anybody("/v1/auth");
    areas.of_anybody("/v1/me");
    areas.tag("Users", "People of a tenant and their roles.");
    areas.of_tenants("/v1/users", P::UsersRead, P::UsersWrite).events(&["user", "session"]);
    areas.of_tenants("/v1/invitations", P::UsersRead, P::UsersWrite).keeping(&["token", "accept_url"]);
    areas.tag("API keys", "Keys for integrations.");
    areas.of_tenants("/v1/api-keys", P::ApiKeysWrite, P::ApiKeysWrite).events(&["api_key"]);
    areas.tag("Tenant", "Settings, business profile, audience.");
    areas.of_tenants("/v1/tenants/current", P::TenantRead, P::TenantWrite).events(&["tenant", "ops_task"]);
    areas.of_tenants("/v1/events", P::EventsRead, P::EventsRead);
}

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    api::routes(cfg);
}

/// What this module does by itself: it forgets what has expired, looks whose password was forgotten, and erases what was closed.
pub fn jobs(registry: &mut Registry) {
    prune::register(registry);
    registry.handle(&reset::TELL, reset::run);
    registry.handle(&erase::ERASE, erase::run);
}
