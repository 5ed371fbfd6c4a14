//! Bookings: what people buy. Other tools say deals or projects.
//!
//! A booking stands in any status at any time, as people's work goes; the moments at which it was confirmed, completed, cancelled and
//! refunded are kept ([`model`]). What follows from a person's bookings stands with the contact and is kept in the booking's
//! transaction ([`account`]), never counted when it is read: `lifetime_spend` is what completed bookings are worth, by currency;
//! `bookings_count`, `last_category` and `last_booking_at` are of those that were neither cancelled nor refunded.
//!
//! For whoever seeks people: `contact_spend` has the spend, on an index `(tenant_id, currency, amount, contact_id)`;
//! `contacts.bookings_count`, `last_category` (folded) and `last_booking_at` the rest; `bookings` itself has
//! `(tenant_id, category_word, latest_at, contact_id)`, where `latest_at` is when it was completed, else when it begins, else when it was
//! entered. Every change of a booking is an event that names the contact.
//!
//! A contact with bookings is not deleted ([`people`](super::people) refuses): what was sold does not go by the way. Where two contacts
//! turn out to be one, [`write::move_all`] brings the bookings along.

mod account;
pub mod api;
pub mod facts;
pub mod model;
pub mod store;
mod upsert;
pub mod write;

pub use facts::{BookingFact, facts};
pub use model::BookingStatus;
pub use store::newest;
pub(super) use store::respell::catch_ups;
pub use write::{move_all, recount};
