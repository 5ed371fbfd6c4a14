//! API keys: credentials of programs.

use actix_web::{HttpResponse, delete, get, patch, post};

use crate::base::id::{ApiKeyId, UserId};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, JsonOrNothing, Once, Page, Paging, Path, Reply};
use crate::tenants::access::{Caller, Feature, Permission};
use crate::tenants::keys::{self, ApiKeyPatch, Minted, NewApiKey, Rotation};
use crate::tenants::store::keys::{self as rows, ApiKey, ApiKeyFilter};

crate::view! {
    /// An API key without the key.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "Website", "prefix": "lw_Q2Fubm9",
        "scopes": ["leads:read", "leads:write"], "created_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "expires_at": null,
        "last_used_at": null, "revoked_at": null, "replaced_by": null, "created_at": "2026-11-20T09:00:00Z",
        "updated_at": "2026-11-20T09:00:00Z"}))]
    pub struct ApiKeyView from key: ApiKey {
        id: ApiKeyId,
        name: String,
        /// The beginning of the key, to recognise it by.
        prefix: String,
        scopes: Vec<Permission>,
        /// The user who made it, or whose key did; null when an operator did. It ends when they are removed.
        created_by: Option<UserId>,
        expires_at: Option<Timestamp>,
        /// To the minute.
        last_used_at: Option<Timestamp>,
        /// From then on it is refused; in the future while a rotation overlaps.
        revoked_at: Option<Timestamp>,
        /// The key that a rotation put in its place.
        replaced_by: Option<ApiKeyId>,
        created_at: Timestamp,
        /// To use it is no change.
        updated_at: Timestamp,
        #[serde(skip)]
        version: i32,
    }
}

crate::versioned!(ApiKeyView);

crate::view! {
    /// An API key with the key, which is shown only here.
    pub struct MintedView from minted: Minted {
        #[serde(flatten)]
        api_key: ApiKeyView = minted.api_key.into(),
        /// For `Authorization: Bearer`.
        #[schema(example = "lw_…")]
        key: String,
    }
}

crate::versioned!(MintedView: api_key);

fn created(minted: Minted) -> Reply<MintedView> {
    let location = format!("/v1/api-keys/{}", minted.api_key.id);
    Reply::made(MintedView::from(minted), location)
}

fn reply(key: ApiKey) -> HttpResponse {
    Reply::of(ApiKeyView::from(key)).respond()
}

/// Create an API key
///
/// Its scopes are some of the caller's own permissions.
#[utoipa::path(responses((status = 201, description = "The key, shown once", body = MintedView)))]
#[post("/api-keys")]
pub async fn create_api_key(caller: Caller, core: Core, input: Json<NewApiKey>, once: Once) -> Answer {
    caller.require(Permission::ApiKeysWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    let scope = caller.scope();
    once.write(&core, scope, move |tx| keys::create(tx, &caller, &input.0).map(created)).await
}

/// List API keys
///
/// Newest first, unless sorted otherwise; ended ones included.
#[utoipa::path(
    params(ApiKeyFilter),
    responses((status = 200, description = "A page of API keys", body = Page<ApiKeyView>))
)]
#[get("/api-keys")]
pub async fn list_api_keys(caller: Caller, core: Core, query: Paging<ApiKeyFilter>) -> Answer {
    caller.require(Permission::ApiKeysWrite)?;
    let list = move |tx: &mut TenantTx<'_>| rows::list(tx, &query.filter, &query.page);
    let page = core.db.read(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(ApiKeyView::from)))
}

/// Get an API key
#[utoipa::path(responses((status = 200, description = "The API key", body = ApiKeyView)))]
#[get("/api-keys/{id}")]
pub async fn get_api_key(caller: Caller, core: Core, id: Path<ApiKeyId>) -> Answer {
    caller.require(Permission::ApiKeysWrite)?;
    Ok(reply(core.read(&caller, move |tx| keys::find(tx, id.0)).await?))
}

/// Update an API key
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The API key", body = ApiKeyView)))]
#[patch("/api-keys/{id}")]
pub async fn update_api_key(
    caller: Caller,
    core: Core,
    id: Path<ApiKeyId>,
    input: Json<ApiKeyPatch>,
    if_match: IfMatch,
) -> Answer {
    caller.require(Permission::ApiKeysWrite)?;
    let change = core.write(caller.scope(), move |tx| keys::change(tx, &caller, id.0, input.0, &if_match));
    Ok(reply(change.await?))
}

/// Revoke an API key
///
/// It is refused from now on.
#[utoipa::path(responses((status = 204, description = "The key is refused")))]
#[delete("/api-keys/{id}")]
pub async fn revoke_api_key(caller: Caller, core: Core, id: Path<ApiKeyId>) -> Answer {
    caller.require(Permission::ApiKeysWrite)?;
    core.write(&caller, move |tx| keys::revoke(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Rotate an API key
///
/// Makes a new key with the same name, scopes and expiry; the old one works until the overlap ends. The body may be left out.
#[utoipa::path(
    request_body = Rotation,
    responses((status = 201, description = "The new key, shown once", body = MintedView))
)]
#[post("/api-keys/{id}/rotate")]
pub async fn rotate_api_key(
    caller: Caller,
    core: Core,
    id: Path<ApiKeyId>,
    input: JsonOrNothing<Rotation>,
    once: Once,
) -> Answer {
    caller.require(Permission::ApiKeysWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    let scope = caller.scope();
    once.write(&core, scope, move |tx| keys::rotate(tx, &caller, id.0, &input.0).map(created)).await
}
