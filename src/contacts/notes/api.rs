//! `/v1/contacts/{id}/notes`: what people write down about a contact.

use actix_web::{HttpResponse, delete, get, post};
use utoipa::ToSchema;
use validator::Validate;

use super::store::{self as rows, ContactNoteView};
use super::write;
use crate::base::bounded::Text;
use crate::contacts::id::{ContactId, ContactNoteId};
use crate::contacts::people;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply, listed};
use crate::tenants::access::{Caller, Permission};

/// A note to write on a contact.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "Met at the wedding expo."}))]
pub struct NewContactNote {
    body: Text<1, 10_000>,
}

/// Write a note on a contact
///
/// Notes stay as they were written. A contact has at most 500.
#[utoipa::path(responses((status = 201, description = "The note", body = ContactNoteView)))]
#[post("/contacts/{id}/notes")]
pub async fn create_contact_note(
    caller: Caller,
    core: Core,
    id: Path<ContactId>,
    body: Json<NewContactNote>,
    once: Once,
) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    let write = move |tx: &mut TenantTx<'_>| write::add(tx, id.0, body.0.body.into());
    once.write(&core, caller.scope(), move |tx| write(tx).map(|note| Reply::created(ContactNoteView::from(note)))).await
}

/// List the notes of a contact, newest first
#[utoipa::path(responses((status = 200, description = "A page of notes", body = Page<ContactNoteView>)))]
#[get("/contacts/{id}/notes")]
pub async fn list_contact_notes(caller: Caller, core: Core, id: Path<ContactId>, query: Paging) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let list = move |tx: &mut TenantTx<'_>| {
        people::require(tx, id.0)?;
        rows::list(tx, id.0, &query.page)
    };
    Ok(listed(core.read(&caller, list).await?))
}

/// Delete a note of a contact
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/contacts/{id}/notes/{note_id}")]
pub async fn delete_contact_note(caller: Caller, core: Core, path: Path<(ContactId, ContactNoteId)>) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    let (contact, note) = path.0;
    core.write(&caller, move |tx| write::delete(tx, contact, note)).await?;
    Ok(HttpResponse::NoContent().finish())
}
