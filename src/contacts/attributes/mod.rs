//! Custom attributes: what a tenant keeps of people besides what every tenant does.
//!
//! A definition ([`store::CustomAttribute`]) has a key and a type, which stay, and a label, options, a description, which may change.
//! Archived, it takes no new values, and those that people have stay and are shown. Deleted, it is gone at once; its values are
//! taken away in batches by `people`, and its key is free when the last of them is.
//!
//! Values stand twice. In the contact's document they are as they are answered, by key (`profile.custom_attributes`), so that one
//! row tells all of a person. In `contact_attributes` they are as people are sought by them, a row each and one for each chosen
//! option, on the key `(tenant_id, attribute_id, word, number, contact_id)`:
//!
//! | type | `word` | `number` |
//! |---|---|---|
//! | `text`, `url` | [folded](crate::base::unicode::folded), cut at 2,000 bytes | 0 |
//! | `select`, `multi_select` | the option, folded | 0 |
//! | `number` | empty | millionths |
//! | `boolean` | empty | 0 or 1 |
//! | `date` | empty | days since 1970-01-01 |
//! | `date_time` | empty | microseconds since 1970 |
//! | `money` | the currency's code, folded | minor units |
//!
//! So "equal" and "between" are one range of that key on both engines, and "has a value" is its first two columns. Who has none has no
//! row. A rule asks [`definitions`] what there is and [`values::entries`] for the row of a value it compares with. Whoever writes a
//! contact's document writes these rows with it ([`store::set`]).

pub mod api;
pub mod define;
mod facts;
pub mod model;
pub mod store;
pub mod values;
mod words;

pub use define::{Definitions, definitions};
pub use facts::{CustomAttributeFact, facts};
pub use model::AttributeType;
pub(super) use store::respell::catch_ups;
