//! What happens to definitions. Values are told by the contact's events, by the keys of their attributes.

use super::model::AttributeType;
use crate::engine::events::Facts;

crate::fact! {
    /// What happens to a custom attribute.
    CustomAttributeFact as {
        /// A custom attribute was defined.
        CREATED = "custom_attribute.created" says [key, attribute_type] maybe [],
        /// A custom attribute's label, options or description changed, or it was archived or taken into use again.
        UPDATED = "custom_attribute.updated" says [key, changed] maybe [],
        /// A custom attribute was deleted; its values follow, of which no contact's event tells.
        DELETED = "custom_attribute.deleted" says [key] maybe [],
    } {
        key: Option<String> = "wedding_venue",
        attribute_type: Option<AttributeType> = "text",
        changed: Option<Vec<String>> = ["label", "options"],
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<CustomAttributeFact>();
}
