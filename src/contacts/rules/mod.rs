//! What rules may ask of a person: the fields of a contact, and what other folders know of people.
//!
//! A field is declared once ([`mod@fields`]): its name, its type, how it is found in memory and where it stands. What stands in others' rows
//! is an [`Extension`]: folders of this crate list theirs in [`OWN`], a higher folder provides [`OfLeads`] as a hook. So the catalogue is
//! made for a tenant when it is asked for, and may hold what only that tenant has. [`which`] is a rule as a condition on contacts, which a
//! list, a count or an `INSERT … SELECT` takes. What the language is, is in docs/rules.md.

pub mod api;
mod extension;
mod fields;
mod load;
mod person;
mod search;
mod store;

pub use extension::{Extension, OWN, OfLeads, Touch, Touched, catalogue, followed, touches};
pub use fields::phone_key;
pub use load::load;
pub use person::Person;
pub use search::{counted, moment, read, which};
pub use store::page_of_ids;
