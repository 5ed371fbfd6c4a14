//! What happens to a booking.

use super::model::BookingStatus;
use crate::base::money::Money;
use crate::contacts::id::ContactId;
use crate::engine::events::Facts;

crate::fact! {
    /// What happens to a booking.
    BookingFact as {
        /// A booking was entered.
        CREATED = "booking.created" says [contact_id, status] maybe [category, value, external_id],
        /// Something other than the status of a booking changed.
        UPDATED = "booking.updated" says [contact_id, changed] maybe [],
        /// The status of a booking changed.
        STATUS_CHANGED = "booking.status_changed" says [contact_id, from, to] maybe [category, value],
        /// A booking was deleted.
        DELETED = "booking.deleted" says [contact_id] maybe [],
    } {
        contact_id: Option<ContactId>,
        status: Option<BookingStatus> = "confirmed",
        category: Option<String> = "wedding",
        value: Option<Money>,
        external_id: Option<String> = "deal-1042",
        changed: Option<Vec<String>> = ["value", "starts_at"],
        from: Option<BookingStatus> = "confirmed",
        to: Option<BookingStatus> = "completed",
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<BookingFact>();
}
