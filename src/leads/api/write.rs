//! Changing a lead, assigning it, writing notes.

use actix_web::{get, patch, post};
use utoipa::ToSchema;
use validator::Validate;

use crate::base::bounded::Text;
use crate::base::id::UserId;
use crate::contacts::id::LeadId;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, Reply, listed};
use crate::leads::assign;
use crate::leads::change::{self, UpdateLead};
use crate::leads::notes;
use crate::leads::store::{self, NoteView};
use crate::leads::view::{self, LeadView};
use crate::tenants::access::{Caller, Permission};

/// Update a lead
///
/// The score follows; of a locked lead only status and validity can be changed. One that was `unreachable` is metered when it gets
/// an e-mail address or a phone number.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The lead as it is now", body = LeadView)))]
#[patch("/leads/{id}")]
pub async fn update_lead(caller: Caller, core: Core, id: Path<LeadId>, body: Json<UpdateLead>, at: IfMatch) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    let write = core.write(&caller, move |tx| {
        let lead = change::change_lead(tx, id.0, body.0, &at)?;
        view::of(tx, lead)
    });
    Ok(Reply::of(write.await?).respond())
}

/// To whom; null takes it back.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"}))]
pub struct AssignLead {
    #[serde(deserialize_with = "Option::deserialize")]
    user_id: Option<UserId>,
}

/// Assign a lead
///
/// To a user of the tenant, or to nobody.
#[utoipa::path(responses((status = 200, description = "The lead as it is now", body = LeadView)))]
#[post("/leads/{id}/assign")]
pub async fn assign_lead(caller: Caller, core: Core, path: Path<LeadId>, body: Json<AssignLead>, once: Once) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        let lead = assign::assign_lead(tx, path.0, body.0.user_id)?;
        view::of(tx, lead).map(Reply::of)
    })
    .await
}

/// A note to write.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "Prefers a call after 6 pm."}))]
pub struct NewNote {
    body: Text<1, 10_000>,
}

/// Write a note on a lead
///
/// Notes stay as they were written.
#[utoipa::path(responses((status = 201, description = "The note", body = NoteView)))]
#[post("/leads/{id}/notes")]
pub async fn create_lead_note(
    caller: Caller,
    core: Core,
    path: Path<LeadId>,
    body: Json<NewNote>,
    once: Once,
) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    let write = move |tx: &mut TenantTx<'_>| notes::add_note(tx, path.0, body.0.body.into());
    once.write(&core, caller.scope(), move |tx| write(tx).map(|note| Reply::created(NoteView::from(note)))).await
}

/// List the notes of a lead, newest first
#[utoipa::path(
    responses((status = 200, description = "A page of notes", body = Page<NoteView>))
)]
#[get("/leads/{id}/notes")]
pub async fn list_lead_notes(caller: Caller, core: Core, path: Path<LeadId>, query: Paging) -> Answer {
    caller.require(Permission::LeadsRead)?;
    let list = move |tx: &mut TenantTx<'_>| {
        store::get(tx, path.0)?;
        store::list_notes(tx, path.0, &query.page)
    };
    Ok(listed(core.db.read(caller.scope(), list).await?))
}
