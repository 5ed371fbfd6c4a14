//! What happens to an address: it wants to hear nothing, or something again.

use super::model::{Channel, SuppressionReason};
use crate::engine::events::Facts;

crate::fact! {
    /// Who is not to be written to, or may be again.
    SuppressionFact as {
        /// An address is not to be written to any more.
        CREATED = "suppression.created" says [channel, address] maybe [sender_address, reason],
        /// An address may be written to again.
        LIFTED = "suppression.lifted" says [channel, address] maybe [sender_address, reason, because],
    } {
        channel: Option<Channel> = "whatsapp",
        address: Option<String> = "+919876543210" of Address,
        sender_address: Option<String> = "+14155238886",
        reason: Option<SuppressionReason> = "stop_word",
        because: Option<String> = "the mailbox works again",
    }
}

impl SuppressionFact {
    pub(super) fn of(channel: Channel, address: &str, sender_address: &str) -> Self {
        Self {
            channel: Some(channel),
            address: Some(address.into()),
            sender_address: Some(sender_address.into()),
            ..Self::default()
        }
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<SuppressionFact>();
}
