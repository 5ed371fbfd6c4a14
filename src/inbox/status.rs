//! Delivery receipts.

use super::model::MessageStatus;
use crate::base::id::MessageId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;

/// What a provider says of a message it was given.
#[derive(Debug, Clone)]
pub struct StatusUpdate {
    pub provider: &'static str,
    pub external_id: String,
    /// Our id, when the provider carried it along.
    pub message_hint: Option<MessageId>,
    pub status: MessageStatus,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub at: Timestamp,
}

/// Applies it; `false` when no message of ours is meant.
pub fn apply(_tx: &mut PlatformTx<'_>, _update: StatusUpdate) -> Result<bool> {
    Err(Error::internal("skeleton"))
}
