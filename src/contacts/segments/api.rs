//! `/v1/segments`: groups of contacts, and who is in them.

use actix_web::{HttpResponse, delete, get, patch, post};

use super::change::{self, NewSegment, SegmentPatch};
use super::membership::{self, MembersChange, MembersChanged, SegmentMembership};
use super::preview::{self, SegmentPreview, SegmentTrial};
use super::store::{self as rows, SegmentFilter, SegmentView, members};
use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::people::store::ContactView;
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, Reply, listed, made, reply};
use crate::tenants::access::{Caller, Permission};

/// List segments
///
/// Newest first.
#[utoipa::path(params(SegmentFilter), responses((status = 200, description = "A page of segments", body = Page<SegmentView>)))]
#[get("/segments")]
pub async fn list_segments(caller: Caller, core: Core, query: Paging<SegmentFilter>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Create a segment
///
/// A dynamic one has a rule, and its members are gathered by a job: `status` says when they are there. Afterwards whoever changes comes in
/// or leaves within seconds, and who does so by time alone when the time comes. A static one begins empty.
#[utoipa::path(responses((status = 201, description = "The segment", body = SegmentView)))]
#[post("/segments")]
pub async fn create_segment(caller: Caller, core: Core, input: Json<NewSegment>, once: Once) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    once.write(&core, caller.scope(), move |tx| change::create(tx, input.0).map(made)).await
}

/// Preview a segment
///
/// How many contacts a rule finds, and some of them. Nothing is written.
#[utoipa::path(
    extensions(("x-safe" = json!(true))),
    responses((status = 200, description = "Whom the rule finds", body = SegmentPreview))
)]
#[post("/segments/preview")]
pub async fn preview_segment(caller: Caller, core: Core, input: Json<SegmentTrial>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(HttpResponse::Ok().json(core.read(&caller, move |tx| preview::preview(tx, &input.0)).await?))
}

/// Get a segment
#[utoipa::path(responses((status = 200, description = "The segment", body = SegmentView)))]
#[get("/segments/{id}")]
pub async fn get_segment(caller: Caller, core: Core, id: Path<SegmentId>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a segment
///
/// By another rule the members are gathered anew; until then those of before stay.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The segment as it is now", body = SegmentView)))]
#[patch("/segments/{id}")]
pub async fn update_segment(
    caller: Caller,
    core: Core,
    id: Path<SegmentId>,
    input: Json<SegmentPatch>,
    at: IfMatch,
) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    Ok(reply(core.write(&caller, move |tx| change::change(tx, id.0, input.0, &at)).await?))
}

/// Delete a segment
///
/// The contacts stay. One that others ask for stays too.
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/segments/{id}")]
pub async fn delete_segment(caller: Caller, core: Core, id: Path<SegmentId>) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    core.write(&caller, move |tx| change::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A contact in a segment.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct SegmentMember {
    pub contact_id: ContactId,
    pub entered_at: Timestamp,
    pub contact: ContactView,
}

/// List a segment's members
///
/// In the order in which they became known.
#[utoipa::path(responses((status = 200, description = "A page of members", body = Page<SegmentMember>)))]
#[get("/segments/{id}/members")]
pub async fn list_segment_members(caller: Caller, core: Core, id: Path<SegmentId>, query: Paging) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let page = core.read(&caller, move |tx| {
        rows::get(tx, id.0)?;
        members::list(tx, id.0, &query.page)
    });
    let page = page.await?.map(|(member, contact)| SegmentMember {
        contact_id: member.contact_id,
        entered_at: member.entered_at,
        contact: contact.into(),
    });
    Ok(HttpResponse::Ok().json(page))
}

/// Change a static segment's members
///
/// Puts contacts in and takes others out, 1,000 at most. Who is in already, or is not in, is no error.
#[utoipa::path(responses((status = 200, description = "What came of it", body = MembersChanged)))]
#[post("/segments/{id}/members")]
pub async fn change_segment_members(
    caller: Caller,
    core: Core,
    id: Path<SegmentId>,
    input: Json<MembersChange>,
    once: Once,
) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    once.write(&core, caller.scope(), move |tx| membership::change(tx, id.0, &input.0).map(Reply::ok)).await
}

/// Get whether a contact is in a segment
///
/// With the reason: each part of the rule, whether it holds, and what was found.
#[utoipa::path(responses((status = 200, description = "Whether it is in, and why", body = SegmentMembership)))]
#[get("/segments/{id}/members/{contact_id}")]
pub async fn get_segment_member(caller: Caller, core: Core, ids: Path<(SegmentId, ContactId)>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let (segment, contact) = ids.0;
    Ok(HttpResponse::Ok().json(core.read(&caller, move |tx| membership::explain(tx, segment, contact)).await?))
}
