//! What happens to a tenant's templates.

use super::model::TemplateStatus;
use crate::contacts::Channel;
use crate::engine::events::Facts;

crate::fact! {
    /// What happens to a tenant's template.
    TemplateFact as {
        /// A template was made.
        CREATED = "template.created" says [name, channel, status] maybe [],
        /// A template was changed.
        UPDATED = "template.updated" says [name, channel, status, changed] maybe [],
        /// A template is not used any more.
        ARCHIVED = "template.archived" says [name, channel, status, changed] maybe [],
        /// A template was deleted.
        DELETED = "template.deleted" says [name, channel, status] maybe [],
    } {
        name: Option<String> = "Festive offer",
        channel: Option<Channel> = "email",
        status: Option<TemplateStatus> = "active",
        changed: Option<Vec<String>> = ["subject", "html"],
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<TemplateFact>();
}
