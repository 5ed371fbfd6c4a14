//! Operators and their keys.

use actix_web::{HttpResponse, delete, get, post};

use crate::base::id::{ApiKeyId, OperatorId};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply};
use crate::tenants::access::Operator;
use crate::tenants::operators::{self, MintedKey, NewOperator, NewOperatorKey};
use crate::tenants::store::operators::{self as rows, OperatorAccount, OperatorKey};

crate::view! {
    /// A key of an operator, without the key.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "Laptop", "prefix": "lw_Q2Fubm9",
        "expires_at": null, "revoked_at": null, "created_at": "2026-11-20T09:00:00Z"}))]
    pub struct OperatorKeyView from key: OperatorKey {
        id: ApiKeyId,
        name: String,
        /// The beginning of the key, to recognise it by.
        prefix: String,
        expires_at: Option<Timestamp>,
        revoked_at: Option<Timestamp>,
        created_at: Timestamp,
    }
}

/// One of the platform's staff.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "name": "Meera", "email": "meera@platform.example.com",
    "keys": [], "created_at": "2026-11-20T09:00:00Z"}))]
pub struct OperatorView {
    id: OperatorId,
    name: String,
    email: Option<String>,
    keys: Vec<OperatorKeyView>,
    created_at: Timestamp,
}

impl OperatorView {
    fn of(account: OperatorAccount, keys: Vec<OperatorKey>) -> Self {
        Self {
            id: account.id,
            name: account.name,
            email: account.email,
            keys: keys.into_iter().map(OperatorKeyView::from).collect(),
            created_at: account.created_at,
        }
    }
}

/// An operator with a first key, which is shown only here.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "name": "Meera", "email": "meera@platform.example.com",
    "keys": [], "created_at": "2026-11-20T09:00:00Z", "key": "lw_…"}))]
pub struct CreatedOperatorView {
    #[serde(flatten)]
    operator: OperatorView,
    key: String,
}

/// An operator's key with the key, which is shown only here.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "Laptop", "prefix": "lw_Q2Fubm9",
    "expires_at": null, "revoked_at": null, "created_at": "2026-11-20T09:00:00Z", "key": "lw_…"}))]
pub struct MintedOperatorKeyView {
    #[serde(flatten)]
    operator_key: OperatorKeyView,
    key: String,
}

/// Create an operator
///
/// With a first key.
#[utoipa::path(
    responses((status = 201, description = "The operator and a key, shown once", body = CreatedOperatorView))
)]
#[post("/ops/operators")]
pub async fn create_operator(operator: Operator, core: Core, input: Json<NewOperator>, once: Once) -> Answer {
    once.write(&core, operator.scope(), move |tx| {
        let NewOperator { name, email } = input.0;
        let (account, minted) = operators::create(tx, name.as_str(), email.as_ref())?;
        let MintedKey { operator_key, key } = minted;
        Ok(Reply::created(CreatedOperatorView { operator: OperatorView::of(account, vec![operator_key]), key }))
    })
    .await
}

/// List operators
///
/// Newest first, with their keys.
#[utoipa::path(
    responses((status = 200, description = "A page of operators", body = Page<OperatorView>))
)]
#[get("/ops/operators")]
pub async fn list_operators(operator: Operator, core: Core, query: Paging) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| rows::list(tx, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(|(account, keys)| OperatorView::of(account, keys))))
}

/// Create a key for an operator
#[utoipa::path(responses((status = 201, description = "The key, shown once", body = MintedOperatorKeyView)))]
#[post("/ops/operators/{id}/keys")]
pub async fn create_operator_key(
    operator: Operator,
    core: Core,
    id: Path<OperatorId>,
    input: Json<NewOperatorKey>,
    once: Once,
) -> Answer {
    once.write(&core, operator.scope(), move |tx| {
        let MintedKey { operator_key, key } = operators::add_key(tx, id.0, &input.0.name)?;
        Ok(Reply::created(MintedOperatorKeyView { operator_key: operator_key.into(), key }))
    })
    .await
}

/// Revoke an operator's key
///
/// The last working key of all operators stays.
#[utoipa::path(responses((status = 204, description = "The key is refused")))]
#[delete("/ops/operators/{id}/keys/{key_id}")]
pub async fn revoke_operator_key(operator: Operator, core: Core, path: Path<(OperatorId, ApiKeyId)>) -> Answer {
    let (id, key) = path.0;
    core.db.write(operator.scope(), move |tx| operators::revoke_key(tx, id, key)).await?;
    Ok(HttpResponse::NoContent().finish())
}
