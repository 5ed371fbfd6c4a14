//! People and the channels that reach them; at this stage their consent.
//!
//! Owns who may not be written to ([`consent`]). A refusal belongs to the number it was said to, so it holds for every
//! tenant that shares that number; who the person is stays each tenant's own affair. It is asked when a message
//! leaves, not when it is planned. Next: `inbox`, which asks.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as contacts;
use engine::{self, base, beyond, fact, filter, text_enum};

pub mod consent;
pub mod facts;
pub mod id;
mod model;
pub mod refusals;
pub mod schema;
mod store;
mod words;

pub use facts::facts;
pub use model::{Channel, Suppressed, SuppressionReason, version_of_keys};
pub use store::{Suppression, SuppressionFilter, catch_ups};
