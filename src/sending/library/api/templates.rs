//! `/v1/templates` and `/v1/templates/{id}`.

use actix_web::{HttpResponse, delete, get, patch, post};

use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, listed, made, reply};
use crate::sending::id::TemplateId;
use crate::sending::library::store::{self as rows, TemplateFilter, TemplateView};
use crate::sending::library::write::{self, NewTemplate, TemplatePatch};
use crate::tenants::access::{Caller, Permission};

/// List templates
///
/// Newest first, unless sorted otherwise; archived ones, too.
#[utoipa::path(params(TemplateFilter), responses((status = 200, description = "A page of templates", body = Page<TemplateView>)))]
#[get("/templates")]
pub async fn list_templates(caller: Caller, core: Core, query: Paging<TemplateFilter>) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Create a template
///
/// For e-mail or SMS. What is wrong with its words is told all at once: a variable that nobody knows, with the nearest one; what cannot
/// be read, with its line; what has no place in an e-mail; what would be too long even with the examples.
#[utoipa::path(responses((status = 201, description = "The template", body = TemplateView)))]
#[post("/templates")]
pub async fn create_template(caller: Caller, core: Core, input: Json<NewTemplate>, once: Once) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    once.write(&core, caller.scope(), move |tx| write::create(tx, input.0).map(made)).await
}

/// Get a template
#[utoipa::path(responses((status = 200, description = "The template", body = TemplateView)))]
#[get("/templates/{id}")]
pub async fn get_template(caller: Caller, core: Core, id: Path<TemplateId>) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a template
///
/// What is being sent keeps the words that it began with.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The template as it is now", body = TemplateView)))]
#[patch("/templates/{id}")]
pub async fn update_template(
    caller: Caller,
    core: Core,
    id: Path<TemplateId>,
    input: Json<TemplatePatch>,
    at: IfMatch,
) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    Ok(reply(core.write(&caller, move |tx| write::change(tx, id.0, input.0, &at)).await?))
}

/// Delete a template
///
/// What was made of it stays.
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/templates/{id}")]
pub async fn delete_template(caller: Caller, core: Core, id: Path<TemplateId>) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    core.write(&caller, move |tx| write::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
