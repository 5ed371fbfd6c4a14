//! Saying it again: one delivery, a stretch of time, or just "are you there?".

use validator::Validate;

use super::model::WebhookEndpointStatus;
use super::prune::KEPT_DAYS;
use super::queue;
use super::store::deliveries::{self, Delivery};
use super::store::endpoints::{self, Endpoint};
use crate::base::id::EventId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::{self, Fact as _};
use crate::engine::jobs::{self, JobContext, JobKind, NewJob, Outcome};
use crate::engine::tally::{Span, Tally};
use crate::integrations::id::{WebhookDeliveryId, WebhookEndpointId};
use crate::integrations::outbound::facts::EndpointFact;

/// Puts one batch of past events on its way, and enqueues the next.
pub static REPLAY: JobKind = JobKind::new("webhook.replay").priority(8);

/// Events looked at in one transaction.
const BATCH: i64 = 500;
/// Pings to one endpoint within an hour.
const PINGS_AN_HOUR: u32 = 30;

/// Which events to send again.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookReplay, example = json!({"occurred_after": "2026-11-19T00:00:00Z", "occurred_before": "2026-11-20T00:00:00Z"}))]
pub struct Replay {
    /// At this moment or later; at most 30 days ago.
    pub occurred_after: Timestamp,
    /// Before this moment; now when absent.
    pub occurred_before: Option<Timestamp>,
    /// Also those that were delivered. Without it only what failed, waits or was never sent.
    #[serde(default)]
    pub include_delivered: bool,
}

/// A replay that has begun.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(as = WebhookReplayView, example = json!({"endpoint_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "occurred_after": "2026-11-19T00:00:00Z",
    "occurred_before": "2026-11-20T00:00:00Z", "include_delivered": false}))]
pub struct Replaying {
    pub endpoint_id: WebhookEndpointId,
    pub occurred_after: Timestamp,
    pub occurred_before: Timestamp,
    pub include_delivered: bool,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    #[serde(flatten)]
    replay: Replaying,
    /// The last event of the batch before.
    after: Option<EventId>,
    /// The event that says that it began.
    #[serde(default)]
    begun_by: Option<EventId>,
}

/// # Errors
/// `webhook_endpoint.disabled`.
fn require_enabled(endpoint: &Endpoint) -> Result<()> {
    if endpoint.status == WebhookEndpointStatus::Enabled {
        return Ok(());
    }
    let message = "This webhook endpoint is disabled. Enable it first.";
    Err(Error::conflict("webhook_endpoint.disabled", message))
}

/// Sends a `webhook.ping` to this endpoint, whatever events it wants.
///
/// # Errors
/// `webhook_endpoint.not_found`, `webhook_endpoint.disabled`; `webhook_endpoint.ping_limit` until the hour is over.
pub fn ping(tx: &mut TenantTx<'_>, id: WebhookEndpointId) -> Result<Delivery> {
    let endpoint = endpoints::get(tx, id)?;
    require_enabled(&endpoint)?;
    let (tenant, span, subject) = (tx.tenant(), Span::hour(tx.now()), id.to_string());
    let pings = Tally { tenant, kind: "webhook_pings", subject: &subject, span };
    if !pings.take(&mut tx.platform(), PINGS_AN_HOUR)? {
        let message =
            format!("{PINGS_AN_HOUR} pings went to this endpoint within an hour. More may at {}.", span.ends_at);
        let wait = span.ends_at.since(tx.now()).to_std().unwrap_or_default();
        return Err(Error::too_many("webhook_endpoint.ping_limit", message).with_retry_after(wait));
    }
    let fact = EndpointFact { endpoint_id: Some(id), ..EndpointFact::default() };
    let event = tx.record(fact.told_as(EndpointFact::PING).about(id.uuid()))?;
    deliveries::insert_new(tx, &[(id, event, EndpointFact::PING)])?;
    queue::enqueue(tx, id)?;
    deliveries::of_event(tx, id, event)
}

/// Lets a delivery begin anew, delivered or not: now, and by the whole schedule if that fails.
///
/// # Errors
/// `webhook_delivery.not_found`, `webhook_endpoint.disabled`.
pub fn retry(tx: &mut TenantTx<'_>, id: WebhookDeliveryId) -> Result<Delivery> {
    let before = deliveries::get(tx, id)?;
    require_enabled(&endpoints::get(tx, before.endpoint_id)?)?;
    deliveries::reopen(tx, before.endpoint_id, &[before.event_id], true)?;
    queue::enqueue(tx, before.endpoint_id)?;
    let fact = EndpointFact {
        endpoint_id: Some(before.endpoint_id),
        event_type: Some(before.event_type),
        ..EndpointFact::default()
    };
    tx.record(fact.told_as(EndpointFact::DELIVERY_RETRIED).about(id.uuid()))?;
    deliveries::get(tx, id)
}

/// Begins to send the events of a stretch of time again. A tenant has one such replay at a time.
///
/// # Errors
/// `webhook_endpoint.not_found`, `webhook_endpoint.disabled`; the fields of the stretch; `webhook_endpoint.replaying` while
/// another goes on.
pub fn replay(tx: &mut TenantTx<'_>, id: WebhookEndpointId, wanted: Replay) -> Result<Replaying> {
    let endpoint = endpoints::get(tx, id)?;
    require_enabled(&endpoint)?;
    let now = tx.now();
    let until = wanted.occurred_before.unwrap_or(now).min(now);
    if now.since(wanted.occurred_after) > chrono::Duration::days(KEPT_DAYS) {
        let rule = format!("expected a time within the last {KEPT_DAYS} days");
        return Err(Error::field("/occurred_after", "invalid_value", rule));
    }
    if wanted.occurred_after >= until {
        return Err(Error::field("/occurred_before", "invalid_value", "expected a time after occurred_after"));
    }
    let replay = Replaying {
        endpoint_id: id,
        occurred_after: wanted.occurred_after,
        occurred_before: until,
        include_delivered: wanted.include_delivered,
    };
    lock_tenant(tx, "webhook_replays")?;
    let (first, last) = (format!("{}:", tx.tenant()), format!("{}:g", tx.tenant()));
    if jobs::store::is_open_between(tx, &REPLAY, &first, &last)? {
        let message =
            "Another replay goes on: events are put on their way five hundred at a time. Ask again when it is through.";
        let error = Error::conflict("webhook_endpoint.replaying", message);
        return Err(error.with_retry_after(std::time::Duration::from_secs(10)));
    }
    let fact = EndpointFact {
        occurred_after: Some(replay.occurred_after),
        occurred_before: Some(until),
        include_delivered: Some(replay.include_delivered),
        ..EndpointFact::default()
    };
    let begun_by = tx.record(fact.told_as(EndpointFact::REPLAYED).about(id.uuid()))?;
    go_on(tx, Payload { replay: replay.clone(), after: None, begun_by: Some(begun_by) })?;
    Ok(replay)
}

/// Its key tells a replay that is under way.
fn go_on(tx: &mut TenantTx<'_>, payload: Payload) -> Result<()> {
    let place = |event: Option<EventId>| event.map_or("0".to_string(), |event| event.to_string());
    let key = format!("{}:{}:{}", tx.tenant(), place(payload.begun_by), place(payload.after));
    tx.enqueue(NewJob::new(&REPLAY, &payload).unique(key))?;
    Ok(())
}

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let payload: Payload = context.payload()?;
    context.finish(move |tx| batch(tx, payload)).await
}

fn batch(tx: &mut TenantTx<'_>, Payload { replay, after, begun_by }: Payload) -> Result<()> {
    let id = replay.endpoint_id;
    let Some(endpoint) = endpoints::find(tx, id)?.filter(|row| row.status == WebhookEndpointStatus::Enabled) else {
        return Ok(());
    };
    let span = (replay.occurred_after, replay.occurred_before);
    let page = events::page(tx, span, after, BATCH)?;
    let wanted: Vec<_> = page.iter().filter(|(_, kind)| endpoint.wants(*kind)).copied().collect();
    if !wanted.is_empty() {
        let ids: Vec<EventId> = wanted.iter().map(|(event, _)| *event).collect();
        deliveries::reopen(tx, id, &ids, replay.include_delivered)?;
        let list: Vec<_> = wanted.into_iter().map(|(event, kind)| (id, event, kind)).collect();
        deliveries::insert_new(tx, &list)?;
        queue::enqueue(tx, id)?;
    }
    if let Some((last, _)) = page.last().filter(|_| i64::try_from(page.len()).is_ok_and(|len| len == BATCH)) {
        go_on(tx, Payload { replay, after: Some(*last), begun_by })?;
    }
    Ok(())
}
