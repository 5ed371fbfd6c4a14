//! What happens to a person's consent.

use super::model::{ConsentSource, MessageClass};
use crate::contacts::id::ConsentId;
use crate::contacts::model::Channel;
use crate::engine::events::Facts;

crate::fact! {
    /// What a person whom the tenant knows said about being written to. For which address is not told.
    ConsentFact as {
        /// A person agreed to be written to, or the tenant recorded that they did, and nothing outvotes it.
        GRANTED = "contact.consent_granted" says [consent_id, channel, class, source] maybe [],
        /// A person refused to be written to, or the tenant recorded that they did.
        WITHDRAWN = "contact.consent_withdrawn" says [consent_id, channel, class, source] maybe [],
    } {
        consent_id: Option<ConsentId>,
        channel: Option<Channel> = "whatsapp",
        class: Option<MessageClass> = "marketing",
        source: Option<ConsentSource> = "form",
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<ConsentFact>();
}
