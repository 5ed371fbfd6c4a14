//! What happens in a conversation.

use super::model::{Channel, ConversationStatus, MessageStatus};
use crate::engine::events::Facts;
use crate::inbox::id::ConversationId;
use crate::sending::gate::Code;

crate::fact! {
    /// A conversation, and what is other than before.
    ConversationFact as {
        /// A conversation with a lead began on a channel.
        OPENED = "conversation.opened" says [channel] maybe [],
        /// A conversation was set aside or taken back, read, or goes to another address.
        UPDATED = "conversation.updated" says [] maybe [status, archived, unread_count, changed, by],
        /// A conversation was closed.
        CLOSED = "conversation.closed" says [status, archived] maybe [],
        /// A closed conversation is open again, because somebody wrote in it or wanted it so.
        REOPENED = "conversation.reopened" says [] maybe [status, archived, by],
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
        /// A message to a lead was taken, and is on its way or waits.
        QUEUED = "message.queued" says [conversation_id, channel] maybe [held_for],
        /// The provider took a message.
        SENT = "message.sent" says [conversation_id, channel, status] maybe [],
        /// A message arrived at the person's device or mailbox.
        DELIVERED = "message.delivered" says [conversation_id, channel, status] maybe [],
        /// A read receipt came.
        READ = "message.read" says [conversation_id, channel, status] maybe [],
        /// An e-mail's pixel was loaded: as likely by a mail program as by a person.
        OPENED = "message.opened" says [conversation_id, channel, status] maybe [],
        /// A link in an e-mail was followed.
        CLICKED = "message.clicked" says [conversation_id, channel, status] maybe [],
        /// A message did not reach the person, or nobody knows whether it did.
        FAILED = "message.failed" says [conversation_id, channel, status] maybe [class, code],
        /// The person wrote.
        RECEIVED = "message.received" says [conversation_id, channel, preview] maybe [],
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
