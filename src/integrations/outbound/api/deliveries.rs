//! `/v1/webhook-deliveries`: what was delivered, what was not and why; and saying it again.

use actix_web::{HttpResponse, get, post};

use crate::base::Result;
use crate::base::id::EventId;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::EventType;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply};
use crate::integrations::id::{WebhookDeliveryId, WebhookEndpointId};
use crate::integrations::outbound::model::WebhookDeliveryState;
use crate::integrations::outbound::repeat::{self, Replay, Replaying};
use crate::integrations::outbound::store::deliveries::{self as rows, Attempt, Delivery, DeliveryFilter};
use crate::tenants::access::{Caller, Feature, Permission};
use crate::tenants::model::TenantStatus;
use crate::tenants::store::current;

/// One event on its way to one endpoint.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-7201-7c11-a1f7-5b1d6f0c2a10", "endpoint_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
    "event_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a11", "event_type": "lead.created", "state": "pending", "attempt_count": 1,
    "last_status": 503, "next_attempt_at": "2026-11-20T09:00:06Z", "is_held": false, "created_at": "2026-11-20T09:00:01Z",
    "updated_at": "2026-11-20T09:00:01Z"}))]
pub struct WebhookDeliveryView {
    id: WebhookDeliveryId,
    endpoint_id: WebhookEndpointId,
    /// The `webhook-id` it is sent with.
    event_id: EventId,
    event_type: EventType,
    state: WebhookDeliveryState,
    attempt_count: i32,
    /// The HTTP status of the last attempt; null before the first, and when nothing was answered.
    last_status: Option<i32>,
    /// Null when there is nothing left to try.
    next_attempt_at: Option<Timestamp>,
    /// It waits because the tenant is suspended, whatever `next_attempt_at` says, and leaves when the suspension ends.
    is_held: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl WebhookDeliveryView {
    fn of(row: Delivery, tenant: TenantStatus) -> Self {
        Self {
            is_held: row.state == WebhookDeliveryState::Pending && tenant == TenantStatus::Suspended,
            id: row.id,
            endpoint_id: row.endpoint_id,
            event_id: row.event_id,
            event_type: row.event_type,
            state: row.state,
            attempt_count: row.attempts,
            last_status: row.last_status,
            next_attempt_at: row.next_attempt_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }

    fn now(tx: &mut TenantTx<'_>, row: Delivery) -> Result<Self> {
        Ok(Self::of(row, current(tx)?.status))
    }
}

crate::view! {
    /// One request to an endpoint, and what came of it.
    #[schema(example = json!({"number": 1, "attempted_at": "2026-11-20T09:00:01Z", "duration_ms": 87, "status": 503,
        "response": "try later", "error": null}))]
    pub struct WebhookAttemptView from row: Attempt {
        /// 1 for the first.
        number: i32,
        attempted_at: Timestamp,
        duration_ms: i32,
        /// The HTTP status; null when nothing was answered.
        status: Option<i32>,
        /// The first 1,024 bytes of the answer's body.
        response: Option<String>,
        /// A word and why: `refused`, `resolve`, `connect`, `timeout`, `connection_lost` or `redirect`.
        error: Option<String>,
    }
}

/// A delivery with its attempts, first to last.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-7201-7c11-a1f7-5b1d6f0c2a10", "endpoint_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10",
    "event_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a11", "event_type": "lead.created", "state": "pending", "attempt_count": 1,
    "last_status": 503, "next_attempt_at": "2026-11-20T09:00:06Z", "is_held": false, "created_at": "2026-11-20T09:00:01Z",
    "updated_at": "2026-11-20T09:00:01Z", "attempts": [{"number": 1, "attempted_at": "2026-11-20T09:00:01Z", "duration_ms": 87,
    "status": 503, "response": "try later", "error": null}]}))]
pub struct WebhookDeliveryDetails {
    #[serde(flatten)]
    delivery: WebhookDeliveryView,
    attempts: Vec<WebhookAttemptView>,
}

/// List webhook deliveries
///
/// Newest first; kept for 30 days. While the tenant is suspended nothing is sent: what happens waits here, held, and leaves
/// when the suspension ends.
#[utoipa::path(
    params(DeliveryFilter),
    responses((status = 200, description = "A page of deliveries", body = Page<WebhookDeliveryView>))
)]
#[get("/webhook-deliveries")]
pub async fn list_webhook_deliveries(caller: Caller, core: Core, query: Paging<DeliveryFilter>) -> Answer {
    caller.require(Permission::WebhooksRead)?;
    let list = move |tx: &mut TenantTx<'_>| Ok((rows::list(tx, &query.filter, &query.page)?, current(tx)?.status));
    let (page, tenant) = core.db.read_widely(caller.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(|row| WebhookDeliveryView::of(row, tenant))))
}

/// Get a webhook delivery
///
/// With every attempt.
#[utoipa::path(responses((status = 200, description = "The delivery", body = WebhookDeliveryDetails)))]
#[get("/webhook-deliveries/{id}")]
pub async fn get_webhook_delivery(caller: Caller, core: Core, id: Path<WebhookDeliveryId>) -> Answer {
    caller.require(Permission::WebhooksRead)?;
    let read = move |tx: &mut TenantTx<'_>| {
        let delivery = rows::get(tx, id.0)?;
        Ok((WebhookDeliveryView::now(tx, delivery)?, rows::attempts_of(tx, id.0)?))
    };
    let (delivery, attempts) = core.db.read(caller.scope(), read).await?;
    let attempts = attempts.into_iter().map(WebhookAttemptView::from).collect();
    Ok(HttpResponse::Ok().json(WebhookDeliveryDetails { delivery, attempts }))
}

/// Retry a webhook delivery
///
/// Now, whatever became of it, and by the whole schedule if that fails. It carries the same `webhook-id` as before.
#[utoipa::path(responses((status = 202, description = "It is about to be tried", body = WebhookDeliveryView)))]
#[post("/webhook-deliveries/{id}/retry")]
pub async fn retry_webhook_delivery(caller: Caller, core: Core, id: Path<WebhookDeliveryId>, once: Once) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    once.write(&core, caller.scope(), move |tx| {
        let delivery = repeat::retry(tx, id.0)?;
        Ok(Reply::accepted(WebhookDeliveryView::now(tx, delivery)?))
    })
    .await
}

/// Ping a webhook endpoint
///
/// Sends it a `webhook.ping` in the way of any other event, whatever types it asked for. The answer is the delivery to look at.
/// An endpoint is pinged thirty times an hour at most (429 `webhook_endpoint.ping_limit`).
#[utoipa::path(responses((status = 202, description = "It is about to be sent", body = WebhookDeliveryView)))]
#[post("/webhook-endpoints/{id}/ping")]
pub async fn ping_webhook_endpoint(caller: Caller, core: Core, id: Path<WebhookEndpointId>, once: Once) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    once.write(&core, caller.scope(), move |tx| {
        let delivery = repeat::ping(tx, id.0)?;
        let view = WebhookDeliveryView::now(tx, delivery)?;
        let location = format!("/v1/webhook-deliveries/{}", view.id);
        Ok(Reply::accepted(view).location(location))
    })
    .await
}

/// Replay events to a webhook endpoint
///
/// Sends what happened in a stretch of time again, as far as the endpoint asks for it: what failed, still waits or was never
/// sent, and on request what was delivered too. Every event carries the same `webhook-id` as before. One replay of a tenant goes on
/// at a time (409 `webhook_endpoint.replaying`, with `Retry-After`).
#[utoipa::path(responses((status = 202, description = "The replay has begun", body = Replaying)))]
#[post("/webhook-endpoints/{id}/replay")]
pub async fn replay_webhook_endpoint(
    caller: Caller,
    core: Core,
    id: Path<WebhookEndpointId>,
    input: Json<Replay>,
    once: Once,
) -> Answer {
    caller.require(Permission::WebhooksWrite)?;
    caller.require_feature(Feature::ApiAccess)?;
    once.write(&core, caller.scope(), move |tx| Ok(Reply::accepted(repeat::replay(tx, id.0, input.0)?))).await
}
