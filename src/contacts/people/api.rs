//! `/v1/contacts`: people, whether or not they enquired.

pub mod consents;

use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde_json::Value;
use validator::Validate;

use super::batch::{self, BatchOutcome, BatchResult};
use super::change::{self, ContactInput};
use super::store::{self as rows, ContactFilter, ContactView};
use crate::contacts::id::ContactId;
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, JsonOfMany, Once, Page, Paging, Path, listed, made, reply};
use crate::tenants::access::{Caller, Permission};

/// List contacts
///
/// Newest first, unless sorted otherwise. Who has enquired under lock alone is none of them yet.
#[utoipa::path(params(ContactFilter), responses((status = 200, description = "A page of contacts", body = Page<ContactView>)))]
#[get("/contacts")]
pub async fn list_contacts(caller: Caller, core: Core, query: Paging<ContactFilter>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Enter a contact
///
/// A person who has not enquired. Who is known by one of the addresses or numbers already is 409, with the contact's id in the words;
/// `PUT /v1/contacts/batch` changes that one instead.
#[utoipa::path(responses((status = 201, description = "The contact", body = ContactView)))]
#[post("/contacts")]
pub async fn create_contact(caller: Caller, core: Core, input: Json<ContactInput>, once: Once) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        let tenant = change::open(tx)?;
        change::create(tx, &tenant, input.0).map(made)
    })
    .await
}

/// Get a contact
#[utoipa::path(responses((status = 200, description = "The contact", body = ContactView)))]
#[get("/contacts/{id}")]
pub async fn get_contact(caller: Caller, core: Core, id: Path<ContactId>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a contact
///
/// The leads of the person keep what they said.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The contact as it is now", body = ContactView)))]
#[patch("/contacts/{id}")]
pub async fn update_contact(
    caller: Caller,
    core: Core,
    id: Path<ContactId>,
    input: Json<ContactInput>,
    at: IfMatch,
) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    let write = core.write(&caller, move |tx| {
        let tenant = change::open(tx)?;
        change::change(tx, &tenant, id.0, input.0, &at)
    });
    Ok(reply(write.await?))
}

/// Delete a contact
///
/// One of whom there is no lead and no booking. What was entered about the person is gone, and a tombstone tells whoever keeps a copy.
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/contacts/{id}")]
pub async fn delete_contact(caller: Caller, core: Core, id: Path<ContactId>) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    core.write(&caller, move |tx| change::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Contacts to be written.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"contacts": [
    {"name": "Priya Sharma", "email": "priya.sharma@example.com", "tags": ["wedding 2024"]},
    {"name": "Rohan Mehta", "phone": "98200 12345", "location": {"city": "Mumbai"}}
]}))]
pub struct ContactBatch {
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_items = 1, max_items = 1000, value_type = Vec<ContactInput>)]
    contacts: Vec<Value>,
}

/// What became of them.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"created": 1, "updated": 1, "unchanged": 0, "failed": 0, "results": [
    {"index": 0, "outcome": "created", "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "error": null},
    {"index": 1, "outcome": "updated", "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a13", "error": null}
]}))]
pub struct BatchAnswer {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub failed: usize,
    /// One for each, in the request's order.
    pub results: Vec<BatchResult>,
}

/// Write many contacts
///
/// Up to 1,000, of 1 MB together. Each is found by any of its e-mail addresses and phone numbers, and changed as by a PATCH, but that
/// addresses and numbers are added to those it has; one that nobody is known by is new. One that is wrong says so in its result, and
/// the others are written.
#[utoipa::path(request_body = ContactBatch, responses((status = 200, description = "One result for each", body = BatchAnswer)))]
#[put("/contacts/batch")]
pub async fn upsert_contacts(caller: Caller, core: Core, input: JsonOfMany<ContactBatch>) -> Answer {
    caller.require(Permission::ContactsWrite)?;
    let results = core.db.write_long(caller.scope(), move |tx| batch::upsert(tx, input.0.contacts)).await?;
    let count = |of: BatchOutcome| results.iter().filter(|result| result.outcome == of).count();
    Ok(HttpResponse::Ok().json(BatchAnswer {
        created: count(BatchOutcome::Created),
        updated: count(BatchOutcome::Updated),
        unchanged: count(BatchOutcome::Unchanged),
        failed: count(BatchOutcome::Failed),
        results,
    }))
}
