//! Writing a note on a lead.

use super::store::{self, Note};
use crate::base::Result;
use crate::base::id::{LeadId, NoteId};
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, NewEvent};

/// # Errors
/// `lead.not_found`.
pub fn add_note(tx: &mut TenantTx<'_>, lead: LeadId, body: String) -> Result<Note> {
    store::get(tx, lead)?;
    let author_id = tx.actor().user();
    let note = Note { tenant_id: tx.tenant(), id: NoteId::new(), lead_id: lead, author_id, body, created_at: tx.now() };
    store::insert_note(tx, &note)?;
    let event = NewEvent::new(EventType::LeadNoteAdded).subject(lead.uuid()).lead(lead);
    tx.record(event.data(serde_json::json!({ "note_id": note.id })))?;
    Ok(note)
}
