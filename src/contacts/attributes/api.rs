//! `/v1/custom-attributes`: what a tenant keeps of people besides what every tenant does.

use actix_web::{HttpResponse, delete, get, patch, post};

use super::define::{self, CustomAttributePatch, NewCustomAttribute};
use super::store::{self as rows, CustomAttributeFilter, CustomAttributeView};
use crate::contacts::id::CustomAttributeId;
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, listed, made, reply};
use crate::tenants::access::{Caller, Permission};

/// List custom attributes
///
/// Newest first, unless sorted otherwise.
#[utoipa::path(
    params(CustomAttributeFilter),
    responses((status = 200, description = "A page of custom attributes", body = Page<CustomAttributeView>))
)]
#[get("/custom-attributes")]
pub async fn list_custom_attributes(caller: Caller, core: Core, query: Paging<CustomAttributeFilter>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Create a custom attribute
///
/// Contacts have values of it from now on: `{"custom_attributes": {"KEY": …}}`. A tenant has at most a hundred.
#[utoipa::path(responses((status = 201, description = "The custom attribute", body = CustomAttributeView)))]
#[post("/custom-attributes")]
pub async fn create_custom_attribute(
    caller: Caller,
    core: Core,
    input: Json<NewCustomAttribute>,
    once: Once,
) -> Answer {
    caller.require(Permission::TenantWrite)?;
    once.write(&core, caller.scope(), move |tx| define::create(tx, input.0).map(made)).await
}

/// Get a custom attribute
#[utoipa::path(responses((status = 200, description = "The custom attribute", body = CustomAttributeView)))]
#[get("/custom-attributes/{id}")]
pub async fn get_custom_attribute(caller: Caller, core: Core, id: Path<CustomAttributeId>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a custom attribute
///
/// Key and type stay. Archived, it takes no new values, and those that people have stay and are shown; so does an option that is
/// taken from the list.
#[utoipa::path(
    params(IfMatch),
    responses((status = 200, description = "The custom attribute as it is now", body = CustomAttributeView))
)]
#[patch("/custom-attributes/{id}")]
pub async fn update_custom_attribute(
    caller: Caller,
    core: Core,
    id: Path<CustomAttributeId>,
    input: Json<CustomAttributePatch>,
    at: IfMatch,
) -> Answer {
    caller.require(Permission::TenantWrite)?;
    Ok(reply(core.write(&caller, move |tx| define::change(tx, id.0, input.0, &at)).await?))
}

/// Delete a custom attribute
///
/// With the values that people have of it: these go within moments, without an event each, and the key is free afterwards. To keep them, archive it instead.
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/custom-attributes/{id}")]
pub async fn delete_custom_attribute(caller: Caller, core: Core, id: Path<CustomAttributeId>) -> Answer {
    caller.require(Permission::TenantWrite)?;
    core.write(&caller, move |tx| define::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
