//! `/v1/bookings`: what people buy.

use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde_json::Value;
use validator::Validate;

use super::store::{self as rows, BookingFilter, BookingView};
use super::upsert::{self, BookingOutcome, BookingResult};
use super::write::{self, BookingInput};
use crate::contacts::id::BookingId;
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, listed, made, reply};
use crate::tenants::access::{Caller, Permission};

/// List bookings
///
/// Newest first, unless sorted otherwise.
#[utoipa::path(params(BookingFilter), responses((status = 200, description = "A page of bookings", body = Page<BookingView>)))]
#[get("/bookings")]
pub async fn list_bookings(caller: Caller, core: Core, query: Paging<BookingFilter>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Enter a booking
///
/// What follows for the contact (`lifetime_spend`, `bookings_count`, `last_category`, `last_booking_at`) is written with it.
#[utoipa::path(responses((status = 201, description = "The booking", body = BookingView)))]
#[post("/bookings")]
pub async fn create_booking(caller: Caller, core: Core, input: Json<BookingInput>, once: Once) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    once.write(&core, caller.scope(), move |tx| write::create(tx, input.0).map(made)).await
}

/// Get a booking
#[utoipa::path(responses((status = 200, description = "The booking", body = BookingView)))]
#[get("/bookings/{id}")]
pub async fn get_booking(caller: Caller, core: Core, id: Path<BookingId>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a booking
///
/// Any status may follow any. One that goes back loses the moments of what has not happened then: a completed one that is confirmed
/// again has no `completed_at`.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The booking as it is now", body = BookingView)))]
#[patch("/bookings/{id}")]
pub async fn update_booking(
    caller: Caller,
    core: Core,
    id: Path<BookingId>,
    input: Json<BookingInput>,
    at: IfMatch,
) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    Ok(reply(core.write(&caller, move |tx| write::change(tx, id.0, input.0, &at)).await?))
}

/// Delete a booking
///
/// As if it had never been: the contact's figures are without it. What was called off is `cancelled` instead.
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/bookings/{id}")]
pub async fn delete_booking(caller: Caller, core: Core, id: Path<BookingId>) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    core.write(&caller, move |tx| write::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Bookings to be written.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"bookings": [
    {"external_id": "deal-1042", "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "title": "Sharma wedding", "status": "completed",
        "value": {"amount": 15_000_000, "currency": "INR"}},
    {"external_id": "deal-1043", "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "title": "Album", "category": "print"}
]}))]
pub struct BookingBatch {
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<BookingInput>)]
    bookings: Vec<Value>,
}

/// What became of them.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"created": 1, "updated": 1, "unchanged": 0, "failed": 0, "results": [
    {"index": 0, "outcome": "created", "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a16", "error": null},
    {"index": 1, "outcome": "updated", "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a17", "error": null}
]}))]
pub struct BookingBatchAnswer {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub failed: usize,
    /// One for each, in the request's order.
    pub results: Vec<BookingResult>,
}

/// Write many bookings
///
/// Up to 1,000, of 1 MB together. Each is found by its `external_id` and changed as by a PATCH; one whose external id is not known, or
/// that has none, is new. One that is wrong says so in its result, and the others are written.
#[utoipa::path(responses((status = 200, description = "One result for each", body = BookingBatchAnswer)))]
#[put("/bookings/batch")]
pub async fn upsert_bookings(caller: Caller, core: Core, input: Json<BookingBatch>) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    let results = core.db.write_long(caller.scope(), move |tx| upsert::upsert(tx, input.0.bookings)).await?;
    let count = |of: BookingOutcome| results.iter().filter(|result| result.outcome == of).count();
    Ok(HttpResponse::Ok().json(BookingBatchAnswer {
        created: count(BookingOutcome::Created),
        updated: count(BookingOutcome::Updated),
        unchanged: count(BookingOutcome::Unchanged),
        failed: count(BookingOutcome::Failed),
        results,
    }))
}
