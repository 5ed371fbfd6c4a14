//! What a person said about being written to: recorded and shown.

use actix_web::{HttpResponse, get, post};

use super::super::consenting::{self, ConsentPage, NewConsent};
use crate::contacts::consents::{ConsentFilter, ConsentView};
use crate::contacts::id::ContactId;
use crate::engine::Core;
use crate::engine::http::{Answer, Json, Once, Paging, Path, Reply};
use crate::tenants::access::{Caller, Permission};

/// List what a contact consented to
///
/// What stands for each channel and class of message, and everything that was said, newest first: also for an address of theirs before
/// anybody knew whose it was. Another word for the same address, channel and class takes the place of the one before it.
#[utoipa::path(params(ConsentFilter), responses((status = 200, description = "What stands, and a page of what was said", body = ConsentPage)))]
#[get("/contacts/{id}/consents")]
pub async fn list_contact_consents(
    caller: Caller,
    core: Core,
    id: Path<ContactId>,
    query: Paging<ConsentFilter>,
) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let list = core.read(&caller, move |tx| consenting::list(tx, id.0, &query.filter, &query.page));
    Ok(HttpResponse::Ok().json(list.await?))
}

/// Record what a contact consented to
///
/// That the person agreed to be written to, or took it back, as you know it. Nothing is overwritten: the later word stands, and one that is
/// older than what stands is kept as history (`superseded_at`). What the person said themselves (STOP, a complaint, the page of
/// preferences) is not taken back by your word, however late: that is 409, and so is an agreement from after a STOP.
#[utoipa::path(responses((status = 201, description = "It is recorded", body = ConsentView)))]
#[post("/contacts/{id}/consents")]
pub async fn record_contact_consent(
    caller: Caller,
    core: Core,
    id: Path<ContactId>,
    input: Json<NewConsent>,
    once: Once,
) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        let consent = consenting::record(tx, id.0, input.0)?;
        Ok(Reply::created(ConsentView::from(consent)))
    })
    .await
}
