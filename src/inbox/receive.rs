//! What comes in from a provider finds its conversation.

use super::model::Channel;
use crate::base::id::{ConversationId, MessageId, TenantId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;

/// A message from a person, as a provider reported it.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub channel: Channel,
    pub provider: &'static str,
    /// The provider's id of the message.
    pub external_id: String,
    /// Our number or address (E.164 without any `whatsapp:` prefix).
    pub sender_address: String,
    /// The person's number or address.
    pub person_address: String,
    pub profile_name: Option<String>,
    pub content: String,
    /// `[{"url": …, "content_type": …}]`.
    pub attachments: serde_json::Value,
    pub received_at: Timestamp,
}

/// Where it landed.
#[derive(Debug, Clone)]
pub enum InboundOutcome {
    Delivered {
        tenant: TenantId,
        conversation: ConversationId,
        message: MessageId,
    },
    /// Seen before.
    Duplicate,
    /// Nobody here ever wrote to this person from this sender.
    Unknown,
}

/// Routes a message on a shared or owned sender to its tenant's conversation.
pub fn from_provider(_tx: &mut PlatformTx<'_>, _inbound: Inbound) -> Result<InboundOutcome> {
    Err(Error::internal("skeleton"))
}
