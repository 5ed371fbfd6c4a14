//! Writing a note on a lead.

use super::facts::{LeadFact as _, LeadNoteAdded};
use super::store::{self, Note};
use crate::base::{Error, Result};
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::leads::id::NoteId;

/// How many notes a lead may have.
pub const MOST_NOTES: i64 = 500;

/// # Errors
/// `lead.not_found`, `lead_note.limit_reached`.
pub fn add_note(tx: &mut TenantTx<'_>, lead: LeadId, body: String) -> Result<Note> {
    store::get(tx, lead)?;
    lock_tenant(tx, "notes")?;
    if store::count_notes(tx, lead)? >= MOST_NOTES {
        let message = format!("This lead has {MOST_NOTES} notes, and no more fit.");
        return Err(Error::conflict("lead_note.limit_reached", message));
    }
    let author_id = tx.actor().user();
    let note = Note { tenant_id: tx.tenant(), id: NoteId::new(), lead_id: lead, author_id, body, created_at: tx.now() };
    store::insert_note(tx, &note)?;
    tx.record(LeadNoteAdded { note_id: Some(note.id) }.of(lead))?;
    Ok(note)
}
