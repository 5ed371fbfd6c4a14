//! Notes people write on a lead.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};
use crate::leads::id::NoteId;
use crate::leads::schema::lead_notes as notes;

crate::record! {
    /// A note.
    pub struct Note of notes,
    /// A note on a lead.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12",
        "author_id": null, "body": "Prefers a call after 6 pm.", "created_at": "2026-11-20T09:00:01Z"}))]
    shown as NoteView {
        pub tenant_id: TenantId,
        shown id: NoteId,
        shown lead_id: LeadId,
        /// Null when an API key or an operator wrote it.
        shown author_id: Option<UserId>,
        shown body: String,
        shown created_at: Timestamp,
    }
}

pub fn insert_note(tx: &mut TenantTx<'_>, note: &Note) -> Result<()> {
    diesel::insert_into(notes::table).values(note).execute(tx.conn())?;
    Ok(())
}

pub fn count_notes(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<i64> {
    let of_lead = notes::tenant_id.eq(tx.tenant()).and(notes::lead_id.eq(lead));
    Ok(notes::table.filter(of_lead).count().get_result(tx.conn())?)
}

/// Newest first.
pub fn list_notes(tx: &mut TenantTx<'_>, lead: LeadId, page: &PageRequest) -> Result<Page<Note>> {
    let which = Where::of(tx, notes::tenant_id).is(notes::lead_id, lead);
    tx.page(which, Order::by_id(Desc, notes::id, |row: &Note| row.id), page)
}
