//! What people do with a conversation besides writing in it: close, reopen, snooze, archive, read.

use super::facts::ConversationFact;
use super::model::ConversationStatus;
use super::store::conversations::{self as store, Conversation};
use crate::base::Result;
use crate::base::changes::Changes;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::inbox::id::ConversationId;

crate::patch! {
    #[schema(example = json!({"status": "closed"}))]
    pub struct ConversationPatch {
        /// A closed conversation can only become `open`.
        pub status: Given<ConversationStatus>,
        /// Out of sight until the person writes again.
        pub archived: Given<bool>,
    }
}

/// # Errors
/// `conversation.not_found`, `request.precondition_failed`, `storage.conflict`, and where the status cannot follow.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: ConversationId,
    patch: ConversationPatch,
    if_match: &IfMatch,
) -> Result<Conversation> {
    let mut conversation = store::get(tx, id)?;
    if_match.check(conversation.version)?;
    let (was, now) = (conversation.status, tx.now());
    let stood = conversation.standing();
    let mut archived = conversation.archived_at.is_some();
    let mut changes = Changes::default();
    changes.set("status", &mut conversation.status, patch.status);
    was.check_transition(conversation.status)?;
    changes.set("archived", &mut archived, patch.archived);
    if changes.is_empty() {
        return Ok(conversation);
    }
    conversation.archived_at = archived.then(|| conversation.archived_at.unwrap_or(now));
    let is_closed = conversation.status == ConversationStatus::Closed;
    conversation.closed_at = is_closed.then(|| conversation.closed_at.unwrap_or(now));
    let kind = match (was, conversation.status) {
        (from, ConversationStatus::Closed) if from != ConversationStatus::Closed => ConversationFact::CLOSED,
        (ConversationStatus::Closed, to) if to != ConversationStatus::Closed => ConversationFact::REOPENED,
        _ => ConversationFact::UPDATED,
    };
    let fact =
        ConversationFact { status: Some(conversation.status), archived: Some(archived), ..ConversationFact::default() };
    tx.record(fact.told_as(kind).about(id.uuid()).on(conversation.lead_id.uuid()))?;
    store::save_state(tx, &conversation, stood)
}

/// Nothing of it is unread any more.
///
/// # Errors
/// `conversation.not_found`.
pub fn mark_read(tx: &mut TenantTx<'_>, id: ConversationId) -> Result<Conversation> {
    let conversation = store::get(tx, id)?;
    if conversation.unread_count == 0 {
        return Ok(conversation);
    }
    store::mark_read(tx, id)?;
    let fact = ConversationFact { unread_count: Some(0), ..ConversationFact::default() };
    tx.record(fact.told_as(ConversationFact::UPDATED).about(id.uuid()))?;
    store::get(tx, id)
}
