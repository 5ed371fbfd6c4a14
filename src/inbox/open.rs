//! Opening the conversation of a new lead.

use crate::base::id::{ConversationId, LeadId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;

/// A lead whose conversation is to be opened.
#[derive(Debug, Clone)]
pub struct LeadOpening {
    pub lead_id: LeadId,
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Question → answer, as given.
    pub form_responses: serde_json::Map<String, serde_json::Value>,
    pub received_at: Timestamp,
}

/// Opens the conversation on the best channel and pre-fills it with the answers (S1-61).
pub fn for_lead(_tx: &mut TenantTx<'_>, _lead: &LeadOpening) -> Result<ConversationId> {
    Err(Error::internal("skeleton"))
}
