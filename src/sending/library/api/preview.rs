//! What a template looks like, and what it may name.

use actix_web::{HttpResponse, get, post};

use crate::engine::Core;
use crate::engine::http::{Answer, Json, Once, Path, Reply};
use crate::sending::id::TemplateId;
use crate::sending::library::preview::{self, TemplatePreview, TemplatePreviewRequest};
use crate::sending::library::vocabulary::{TemplateVariable, VARIABLES};
use crate::tenants::access::{Caller, Permission};

/// Preview a template
///
/// As it would leave for a contact, or with the examples of its variables; nothing is sent. What is made for each message when it
/// leaves, such as `unsubscribe_url`, is an example in both.
#[utoipa::path(
    extensions(("x-conditional-permissions" = json!([
        {"permission": "contacts:read", "when": "it names a contact"}
    ]))),
    responses((status = 200, description = "The message", body = TemplatePreview))
)]
#[post("/templates/{id}/preview")]
pub async fn preview_template(
    caller: Caller,
    core: Core,
    id: Path<TemplateId>,
    input: Json<TemplatePreviewRequest>,
    once: Once,
) -> Answer {
    caller.require(Permission::ConversationsWrite)?;
    if input.0.contact_id.is_some() {
        caller.require(Permission::ContactsRead)?;
    }
    once.write(&core, caller.scope(), move |tx| Ok(Reply::ok(preview::preview(tx, id.0, input.0)?))).await
}

/// The variables that templates may name.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"data": [{"name": "first_name", "source": "contact",
    "description": "First name; the first word of the name where nobody gave one", "example": "Priya"}]}))]
pub struct TemplateVariableList {
    #[schema(value_type = Vec<TemplateVariable>)]
    pub data: &'static [TemplateVariable],
}

/// List the variables of templates
///
/// In a template they stand in any case.
#[utoipa::path(responses((status = 200, description = "All variables", body = TemplateVariableList)))]
#[get("/templates/variables")]
pub async fn list_template_variables(caller: Caller) -> Answer {
    caller.require(Permission::ConversationsRead)?;
    Ok(HttpResponse::Ok().json(TemplateVariableList { data: VARIABLES }))
}
