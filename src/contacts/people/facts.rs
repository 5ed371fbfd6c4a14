//! What happens to a person's entry.

use super::model::ContactSource;
use crate::engine::events::Facts;

crate::fact! {
    /// What happens to a person's entry.
    ContactFact as {
        /// A person was entered. Who becomes known by enquiring is told by `lead.created`.
        CREATED = "contact.created" says [source] maybe [custom_attributes],
        /// Somebody changed what is known of a person.
        UPDATED = "contact.updated" says [changed] maybe [custom_attributes],
        /// A person was deleted.
        DELETED = "contact.deleted" says [] maybe [],
    } {
        source: Option<ContactSource> = "import",
        changed: Option<Vec<String>> = ["phone", "tags"],
        /// The keys of those whose values are other than before.
        custom_attributes: Option<Vec<String>> = ["wedding_venue"],
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<ContactFact>();
}
