//! What happens to a contact's notes, on its timeline. What was written stays out of the events.

use crate::contacts::id::ContactNoteId;
use crate::engine::events::Facts;

crate::fact! {
    /// What happens to the notes of a contact.
    ContactNoteFact as {
        /// Somebody wrote a note on a contact.
        ADDED = "contact.note_added" says [note_id] maybe [],
        /// Somebody deleted a note of a contact.
        DELETED = "contact.note_deleted" says [note_id] maybe [],
    } {
        note_id: Option<ContactNoteId>,
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<ContactNoteFact>();
}
