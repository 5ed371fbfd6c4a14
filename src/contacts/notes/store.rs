//! Rows of `contact_notes`.

use diesel::prelude::*;

use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::{ContactId, ContactNoteId};
use crate::contacts::schema::contact_notes as notes;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};

crate::record! {
    /// A note.
    pub struct ContactNote of notes,
    /// A note on a contact.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a17", "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12",
        "author_id": null, "body": "Met at the wedding expo.", "created_at": "2026-11-20T09:00:01Z"}))]
    shown as ContactNoteView {
        pub tenant_id: TenantId,
        shown id: ContactNoteId,
        shown contact_id: ContactId,
        /// Null when an API key or an operator wrote it.
        shown author_id: Option<UserId>,
        shown body: String,
        shown created_at: Timestamp,
    }
}

pub fn insert(tx: &mut TenantTx<'_>, note: &ContactNote) -> Result<()> {
    diesel::insert_into(notes::table).values(note).execute(tx.conn())?;
    Ok(())
}

pub fn count(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<i64> {
    let own = notes::tenant_id.eq(tx.tenant()).and(notes::contact_id.eq(contact));
    Ok(notes::table.filter(own).count().get_result(tx.conn())?)
}

/// Newest first.
pub fn list(tx: &mut TenantTx<'_>, contact: ContactId, page: &PageRequest) -> Result<Page<ContactNote>> {
    let which = Where::of(tx, notes::tenant_id).is(notes::contact_id, contact);
    tx.page(which, Order::by_id(Desc, notes::id, |row: &ContactNote| row.id), page)
}

/// # Errors
/// `contact_note.not_found`, where this contact has no such note.
pub fn delete(tx: &mut TenantTx<'_>, contact: ContactId, id: ContactNoteId) -> Result<()> {
    let row = notes::table.find((tx.tenant(), id)).filter(notes::contact_id.eq(contact));
    match diesel::delete(row).execute(tx.conn())? {
        0 => Err(Error::not_found("contact_note.not_found", "There is no such note on this contact.")),
        _ => Ok(()),
    }
}

/// Makes all notes of one contact another's: of two who turned out to be one.
pub fn move_all(tx: &mut TenantTx<'_>, from: ContactId, to: ContactId) -> Result<()> {
    let own = notes::tenant_id.eq(tx.tenant()).and(notes::contact_id.eq(from));
    diesel::update(notes::table.filter(own)).set(notes::contact_id.eq(to)).execute(tx.conn())?;
    Ok(())
}
