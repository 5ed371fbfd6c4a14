//! What happens in a conversation.

use super::model::{Channel, ConversationStatus, MessageStatus};
use crate::engine::events::Facts;
use crate::inbox::id::ConversationId;
use crate::sending::gate::Code;

crate::fact! {
    /// A conversation, and what is other than before.
    ConversationFact as {
        OPENED = "conversation.opened",
        UPDATED = "conversation.updated",
        CLOSED = "conversation.closed",
        REOPENED = "conversation.reopened",
    } {
        channel: Option<Channel> = "whatsapp",
        status: Option<ConversationStatus> = "open",
        archived: Option<bool>,
        unread_count: Option<i32> = 0,
        changed: Option<Vec<String>> = ["person_address"],
        /// By what it changed, when nobody steered it.
        by: Option<String> = "message",
    }
}

crate::fact! {
    /// Where a message is.
    MessageFact as {
        QUEUED = "message.queued",
        SENT = "message.sent",
        DELIVERED = "message.delivered",
        /// A read receipt.
        READ = "message.read",
        /// An e-mail's pixel was loaded: as likely by a mail program as by a person.
        OPENED = "message.opened",
        CLICKED = "message.clicked",
        FAILED = "message.failed",
        RECEIVED = "message.received",
    } {
        conversation_id: Option<ConversationId>,
        held_for: Option<Vec<Code>> = ["no_subscription"],
        channel: Option<Channel> = "whatsapp",
        status: Option<MessageStatus> = "sent",
        class: Option<String> = "permanent",
        code: Option<String> = "63016",
        /// The person's own words may name them.
        preview: Option<String> = "Yes, tomorrow at five" of Person,
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<ConversationFact>().add::<MessageFact>();
}
