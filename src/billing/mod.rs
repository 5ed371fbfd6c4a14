//! Plans, subscriptions and metering: what a tenant may use, what it has used, and what is due for it.
//!
//! The ledger (`usage_entries`) is append-only and the truth; the counters of a period are its cache. [`meter`] books
//! every lead, [`model::decide`] says how it is paid for, [`calendar`] when a period ends and [`renewal`] what time does; [`subscription`] moves
//! between statuses, [`switch`] says when another plan takes effect, [`release`] frees what was held back and [`outlook`] says what
//! the next lead meets. Whoever writes opens the [`books`]; [`current`] shows how things stand without writing. Prices are data ([`plans`]). It refuses nothing at the door: a lead is always stored, and what
//! nobody pays for is masked. It knows no lead: only ids, scores and who is the same person.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as billing;
use ::contacts;
use ::sending;
use ::tenants;
use engine::{self, base, beyond, fact, filter, keep, patch, text_enum, versioned};

pub mod api;
pub mod books;
pub mod calendar;
mod closing;
pub mod credits;
pub mod current;
pub mod facts;
mod features;
pub mod id;
mod jobs;
pub mod meter;
pub mod model;
pub mod outlook;
pub mod plans;
pub mod refusals;
pub mod release;
mod renewal;
pub mod schema;
mod standing;
pub mod store;
pub mod subscription;
mod switch;
#[cfg(debug_assertions)]
pub mod testing;
#[cfg(test)]
mod tests;
mod trials;

pub use facts::facts;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::tenants::access::{Areas, Permission as P};

pub use jobs::{reactions, register as jobs};
pub use standing::standing;
pub use trials::{catch_ups, sealed};

/// What stands here, and who reads it.
pub fn areas(areas: &mut Areas) {
    areas.tag("Billing", "Plans, what a tenant has bought of them, and what it has used.").of_anybody("/v1/plans");
    areas.of_tenants("/v1/subscriptions", P::BillingRead, P::BillingWrite).events(&["subscription"]);
    areas.of_tenants("/v1/usage", P::BillingRead, P::BillingWrite);
}

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    api::routes(cfg);
}
