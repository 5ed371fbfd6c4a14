//! Notes people write on a lead.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{LeadId, NoteId, TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::engine::db::schema::lead_notes as notes;

/// A note.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notes, treat_none_as_default_value = false)]
pub struct Note {
    pub tenant_id: TenantId,
    pub id: NoteId,
    pub lead_id: LeadId,
    pub author_id: Option<UserId>,
    pub body: String,
    pub created_at: Timestamp,
}

pub fn insert_note(tx: &mut TenantTx<'_>, note: &Note) -> Result<()> {
    diesel::insert_into(notes::table).values(note).execute(tx.conn())?;
    Ok(())
}

pub fn count_notes(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<i64> {
    let of_lead = notes::tenant_id.eq(tx.tenant()).and(notes::lead_id.eq(lead));
    Ok(notes::table.filter(of_lead).count().get_result(tx.conn())?)
}

/// Newest first; `before` continues a page.
pub fn list_notes(tx: &mut TenantTx<'_>, lead: LeadId, before: Option<NoteId>, limit: i64) -> Result<Vec<Note>> {
    let mut query = notes::table
        .filter(notes::tenant_id.eq(tx.tenant()).and(notes::lead_id.eq(lead)))
        .order(notes::id.desc())
        .limit(limit)
        .select(Note::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(notes::id.lt(before));
    }
    Ok(query.load(tx.conn())?)
}
