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

/// Newest first.
pub fn list_notes(tx: &mut TenantTx<'_>, lead: LeadId, page: &PageRequest) -> Result<Page<Note>> {
    let which = Where::of(tx, notes::tenant_id).is(notes::lead_id, lead);
    tx.page(which, Order::by_id(Desc, notes::id, |row: &Note| row.id), page)
}
