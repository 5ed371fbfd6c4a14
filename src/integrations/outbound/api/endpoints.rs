//! `/v1/webhook-endpoints`: where a tenant wants to be told what happens.

use actix_web::{HttpResponse, delete, get, patch, post, web};

use crate::base::{Error, FieldError, Result};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, IfMatch, Json, JsonOrNothing, Once, Page, Paging, Path, Reply, listed, reply};
use crate::integrations::id::WebhookEndpointId;
use crate::integrations::outbound::endpoint::{self, Minted, NewWebhookEndpoint, SecretRotation, WebhookEndpointPatch};
use crate::integrations::outbound::pattern::{EventPattern, offered};
use crate::integrations::outbound::store::endpoints::{self as rows, EndpointFilter, WebhookEndpointView};
use crate::providers::Providers;
use crate::tenants::access::{Caller, Feature, Permission};

crate::view! {
    /// A webhook endpoint with its secret, which is shown only here.
    pub struct MintedEndpointView from minted: Minted {
        #[serde(flatten)]
        endpoint: WebhookEndpointView = minted.endpoint.into(),
        /// Verifies the signatures, by any library of the Standard Webhooks specification.
        #[schema(example = "whsec_…")]
        secret: String = minted.secret.expose().into(),
    }
}

crate::versioned!(MintedEndpointView: endpoint);

/// Nobody has posted elsewhere what they may not read here.
fn check_types(caller: &Caller, wanted: &[EventPattern]) -> Result<()> {
    let is_held = |pattern: &EventPattern| offered().all(|kind| !pattern.matches(kind) || caller.may_read(kind));
    let lacking = wanted.iter().enumerate().filter(|(_, pattern)| !is_held(pattern)).map(|(at, pattern)| {
        let rule = format!("you may not read all that {} is about", pattern.as_str());
        FieldError::new(format!("/event_types/{at}"), "not_held", rule)
    });
    let lacking: Vec<FieldError> = lacking.collect();
    if lacking.is_empty() { Ok(()) } else { Err(Error::fields(lacking)) }
}

/// Nobody turns to another address, or signs for, what they may not read.
fn require_types(tx: &mut TenantTx<'_>, caller: &Caller, id: WebhookEndpointId) -> Result<()> {
    check_types(caller, rows::get(tx, id)?.event_types.list()).map_err(|_| {
        let message = "This endpoint is told of more than you may read, so you cannot change it.";
        Error::forbidden("auth.forbidden", message)
    })
}

async fn check_url(providers: &Providers, url: &str) -> Result<()> {
    providers.outside().check(url).await.map_err(|rule| Error::field("/url", "invalid_value", rule))
}

/// Create a webhook endpoint
///
/// From now on events of the given types are posted to it. A tenant has at most ten. Ping it first: what wants to be told
/// shows it by an answer, and is sent things one by one until then. All endpoints at one destination, of whichever tenants, share
/// what it gets in a minute; what is beyond waits and is not lost.
#[utoipa::path(
    responses((status = 201, description = "The endpoint with its secret, shown once", body = MintedEndpointView))
)]
#[post("/webhook-endpoints")]
pub async fn create_webhook_endpoint(
    caller: Caller,
    core: Core,
    providers: web::Data<Providers>,
    input: Json<NewWebhookEndpoint>,
    once: Once,
) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    check_types(&caller, &input.0.event_types)?;
    check_url(&providers, &input.0.url).await?;
    let key = core.master_key.clone();
    once.write(&core, caller.scope(), move |tx| {
        let minted = endpoint::create(tx, &key, input.0)?;
        Ok(Reply::made_here(MintedEndpointView::from(minted)))
    })
    .await
}

/// List webhook endpoints
///
/// Newest first, unless sorted otherwise.
#[utoipa::path(
    params(EndpointFilter),
    responses((status = 200, description = "A page of endpoints", body = Page<WebhookEndpointView>))
)]
#[get("/webhook-endpoints")]
pub async fn list_webhook_endpoints(caller: Caller, core: Core, query: Paging<EndpointFilter>) -> Answer {
    caller.require(Permission::WebhooksRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Get a webhook endpoint
#[utoipa::path(responses((status = 200, description = "The endpoint", body = WebhookEndpointView)))]
#[get("/webhook-endpoints/{id}")]
pub async fn get_webhook_endpoint(caller: Caller, core: Core, id: Path<WebhookEndpointId>) -> Answer {
    caller.require(Permission::WebhooksRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a webhook endpoint
///
/// Also enables and disables it. What happens while it is disabled is not kept for it; a replay brings it.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The endpoint", body = WebhookEndpointView)))]
#[patch("/webhook-endpoints/{id}")]
pub async fn update_webhook_endpoint(
    caller: Caller,
    core: Core,
    providers: web::Data<Providers>,
    id: Path<WebhookEndpointId>,
    input: Json<WebhookEndpointPatch>,
    if_match: IfMatch,
) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    if let Some(wanted) = input.0.event_types.value() {
        check_types(&caller, wanted)?;
    }
    if let Some(url) = input.0.url.value() {
        check_url(&providers, url).await?;
    }
    let write = core.write(caller.scope(), move |tx| {
        require_types(tx, &caller, id.0)?;
        endpoint::change(tx, id.0, input.0, &if_match)
    });
    Ok(reply(write.await?))
}

/// Delete a webhook endpoint
///
/// With the log of its deliveries; what still waits for it is dropped.
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/webhook-endpoints/{id}")]
pub async fn delete_webhook_endpoint(caller: Caller, core: Core, id: Path<WebhookEndpointId>) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    core.write(&caller, move |tx| endpoint::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Rotate a webhook endpoint's secret
///
/// The new secret signs from now on. Until the overlap ends the old one signs too, and `webhook-signature` carries both
/// signatures, separated by a blank: change the receiver's secret in between. The body may be left out.
#[utoipa::path(
    request_body = SecretRotation,
    responses((status = 200, description = "The endpoint with its new secret, shown once", body = MintedEndpointView))
)]
#[post("/webhook-endpoints/{id}/rotate")]
pub async fn rotate_webhook_secret(
    caller: Caller,
    core: Core,
    id: Path<WebhookEndpointId>,
    input: JsonOrNothing<SecretRotation>,
    once: Once,
) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    let (key, scope) = (core.master_key.clone(), caller.scope());
    once.write(&core, scope, move |tx| {
        require_types(tx, &caller, id.0)?;
        endpoint::rotate(tx, &key, id.0, &input.0).map(|minted| Reply::of(MintedEndpointView::from(minted)))
    })
    .await
}
