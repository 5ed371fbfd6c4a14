//! Stored webhooks: what came in, what became of it, and trying it again.

use actix_web::{HttpResponse, get, post};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::events::{Fact as _, platform_tenant};
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply};
use crate::engine::jobs::{NewJob, enqueue};
use crate::integrations::facts::WebhookEventFact;
use crate::integrations::id::WebhookEventId;
use crate::integrations::model::{WebhookKind, WebhookProvider, WebhookState};
use crate::integrations::process::{self, ProcessPayload, job_of};
use crate::integrations::store::{self, WebhookEvent, WebhookFilter};
use crate::tenants::access::Operator;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_webhook_events)
        .service(get_webhook_event)
        .service(replay_webhook_event)
        .service(assign_webhook_event);
}

/// A stored webhook, or one of the several events in it.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "provider": "meta", "kind": "leadgen", "external_id": "1231231231230001",
    "tenant_id": null, "state": "failed", "outcome": "unrouted",
    "error": "webhook.unrouted: no ad campaign of any tenant has this form, ad campaign or page", "attempts": 1,
    "received_at": "2026-11-20T09:00:00Z", "processed_at": null
}))]
pub struct WebhookEventView {
    pub id: WebhookEventId,
    pub provider: WebhookProvider,
    pub kind: WebhookKind,
    /// The provider's id of the event.
    pub external_id: String,
    pub tenant_id: Option<TenantId>,
    pub state: WebhookState,
    /// What became of it: `lead_created`, `lead_enquired`, `duplicate`, `test_lead`, `unrouted`, `auth` …
    pub outcome: Option<String>,
    pub error: Option<String>,
    pub attempts: i32,
    pub received_at: Timestamp,
    pub processed_at: Option<Timestamp>,
    /// The tenants that may be meant by a message that is held; none: nobody here knows the person. Only when one is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub candidates: Option<Vec<TenantId>>,
    /// As stored, without keys; only when one event is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub body: Option<serde_json::Value>,
}

impl WebhookEventView {
    fn short(row: WebhookEvent) -> Self {
        Self {
            id: row.id,
            provider: row.provider,
            kind: row.kind,
            external_id: row.external_id,
            tenant_id: row.tenant_id,
            state: row.state,
            outcome: row.outcome,
            error: row.error,
            attempts: row.attempts,
            received_at: row.received_at,
            processed_at: row.processed_at,
            candidates: None,
            body: None,
        }
    }
    fn full(row: WebhookEvent) -> Self {
        let body = row.body.value();
        let candidates = serde_json::from_value(body["candidates"].clone()).ok();
        Self { body: Some(body), candidates, ..Self::short(row) }
    }
}

fn absent() -> Error {
    Error::not_found("webhook_event.not_found", "There is no such stored webhook.")
}

/// List stored webhooks, newest first
#[utoipa::path(
    params(WebhookFilter),
    responses((status = 200, description = "A page of stored webhooks, without their bodies", body = Page<WebhookEventView>))
)]
#[get("/ops/webhook-events")]
pub async fn list_webhook_events(operator: Operator, core: Core, query: Paging<WebhookFilter>) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| store::list(tx, &query.filter, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(WebhookEventView::short)))
}

/// Read a stored webhook with its body
#[utoipa::path(responses((status = 200, description = "The stored webhook", body = WebhookEventView)))]
#[get("/ops/webhook-events/{id}")]
pub async fn get_webhook_event(operator: Operator, core: Core, id: Path<WebhookEventId>) -> Answer {
    let look = move |tx: &mut PlatformTx<'_>| store::find(tx, id.0);
    let row = core.db.read(operator.scope(), look).await?.ok_or_else(absent)?;
    Ok(HttpResponse::Ok().json(WebhookEventView::full(row)))
}

/// Try a stored webhook again
///
/// For those that failed or still wait. Whatever happens, it has its effect once.
#[utoipa::path(responses((status = 202, description = "Its job is due again", body = WebhookEventView)))]
#[post("/ops/webhook-events/{id}/replay")]
pub async fn replay_webhook_event(operator: Operator, core: Core, id: Path<WebhookEventId>, once: Once) -> Answer {
    once.write(&core, operator.scope(), move |tx| {
        replay(tx, id.0).map(|row| Reply::accepted(WebhookEventView::full(row)))
    })
    .await
}

fn replay(tx: &mut PlatformTx<'_>, id: WebhookEventId) -> Result<WebhookEvent> {
    let row = store::find(tx, id)?.ok_or_else(absent)?;
    if !store::reopen(tx, id)? {
        let message = format!("A webhook that is {} is not replayed; failed and waiting ones are.", row.state);
        return Err(Error::conflict("webhook_event.not_replayable", message));
    }
    let fact = WebhookEventFact { was: row.outcome.clone(), ..WebhookEventFact::of(&row) };
    let event = tx.record(fact.told_as(WebhookEventFact::REPLAYED).about(id.uuid()))?;
    // The first job's key is spent, so each replay has one of its own.
    let job = NewJob::new(job_of(row.kind), &ProcessPayload { webhook_event_id: id }).unique(format!("{id}:{event}"));
    enqueue(tx, platform_tenant(), job)?;
    store::find(tx, id)?.ok_or_else(absent)
}

/// Whose a message is.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"}))]
pub struct WebhookEventAssignment {
    /// One of its candidates, or any tenant that has a lead with the person's number.
    pub tenant_id: TenantId,
}

/// Give a message that is held to a tenant
///
/// A message on a number that several tenants share, of which the product cannot say whose it is, is shown to none of them
/// until a person who read it decides.
#[utoipa::path(responses((status = 200, description = "It is in that tenant's conversation", body = WebhookEventView)))]
#[post("/ops/webhook-events/{id}/assign")]
pub async fn assign_webhook_event(
    operator: Operator,
    core: Core,
    id: Path<WebhookEventId>,
    body: Json<WebhookEventAssignment>,
    once: Once,
) -> Answer {
    let WebhookEventAssignment { tenant_id } = body.0;
    once.write(&core, operator.scope(), move |tx| {
        let row = store::find(tx, id.0)?.ok_or_else(absent)?;
        process::assign(tx, &row, tenant_id)?;
        let told = WebhookEventFact::of(&row);
        let fact = WebhookEventFact { was: row.outcome, assigned_to: Some(tenant_id), ..told };
        tx.record(fact.told_as(WebhookEventFact::ASSIGNED).about(id.0.uuid()))?;
        let row = store::find(tx, id.0)?.ok_or_else(absent)?;
        Ok(Reply::ok(WebhookEventView::full(row)))
    })
    .await
}
