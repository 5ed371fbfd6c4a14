//! Writing a note on a contact, and deleting one.

use super::facts::ContactNoteFact;
use super::store::{self, ContactNote};
use crate::base::{Error, Result};
use crate::contacts::id::{ContactId, ContactNoteId};
use crate::contacts::people;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;

/// How many notes a contact may have.
pub const MOST_NOTES: i64 = 500;

/// # Errors
/// `contact.not_found`, `contact_note.limit_reached`.
pub fn add(tx: &mut TenantTx<'_>, contact_id: ContactId, body: String) -> Result<ContactNote> {
    people::require(tx, contact_id)?;
    lock_tenant(tx, "notes")?;
    if store::count(tx, contact_id)? >= MOST_NOTES {
        let message = format!("This contact has {MOST_NOTES} notes, and no more fit.");
        return Err(Error::conflict("contact_note.limit_reached", message));
    }
    let (tenant_id, author_id, created_at) = (tx.tenant(), tx.actor().user(), tx.now());
    let note = ContactNote { tenant_id, id: ContactNoteId::new(), contact_id, author_id, body, created_at };
    store::insert(tx, &note)?;
    let fact = ContactNoteFact { note_id: Some(note.id) };
    tx.record(fact.told_as(ContactNoteFact::ADDED).about(contact_id.uuid()))?;
    Ok(note)
}

/// # Errors
/// `contact.not_found`, `contact_note.not_found`.
pub fn delete(tx: &mut TenantTx<'_>, contact: ContactId, id: ContactNoteId) -> Result<()> {
    people::require(tx, contact)?;
    store::delete(tx, contact, id)?;
    let fact = ContactNoteFact { note_id: Some(id) };
    tx.record(fact.told_as(ContactNoteFact::DELETED).about(contact.uuid()))?;
    Ok(())
}
