//! Bringing an endpoint what is due to it: one round of a few requests, then whatever is left in a job of its own.
//!
//! One job at a time has an endpoint (a lease in its row). Another that comes meanwhile ends at once: the one that has it looks
//! again, under the row's lock, before it gives the endpoint back. What a destination has no room for ([`Outside::admit`]) waits
//! untried, and counts as no attempt. A worker that dies loses both leases, and what it had sent
//! without noting so is sent again: at least once.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::join_all;

use super::model::WebhookEndpointStatus;
use super::queue::{DELIVER, Payload, enqueue};
use super::secret;
use super::settle::{self, Tried};
use super::store::deliveries::{self, Delivery};
use super::store::endpoints;
use crate::base::Result;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::{EventId, JobId};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event};
use crate::engine::jobs::{JobContext, NewJob, Outcome};
use crate::integrations::id::WebhookEndpointId;
use crate::providers::outside::{Outside, Received};
use crate::providers::standard_webhooks::sign_all;

/// Requests to one endpoint at once; one that fails, or never answered yet, gets them one by one.
const AT_ONCE: i64 = 8;
/// Longer than a round can take.
const LEASE: chrono::Duration = chrono::Duration::seconds(90);

/// What is sent in one round, and how it is signed.
struct Round {
    url: String,
    /// The endpoint has answered as one does that wants what it is sent, and does so still.
    is_wanted: bool,
    secrets: Vec<Secret>,
    parcels: Vec<(Delivery, Option<Event>)>,
}

pub(super) async fn run(context: JobContext, outside: Outside) -> Result<Outcome> {
    let (id, job) = (context.payload::<Payload>()?.endpoint_id, context.job.id);
    let (core, key) = (&context.core, context.core.master_key.clone());
    let Some(round) = core.db.write(context.scope(), move |tx| begin(tx, id, job, &key)).await? else {
        return Ok(Outcome::Done);
    };
    let url = round.url.clone();
    let (sending, room_at) = admitted(&context, &outside, round).await;
    let tried = join_all(sending).await;
    context.finish(move |tx| end(tx, id, job, &url, tried, room_at)).await
}

/// The deliveries that its destination has room for; when there is room for the others.
async fn admitted<'a>(
    context: &'a JobContext,
    outside: &'a Outside,
    Round { url, is_wanted, secrets, parcels }: Round,
) -> (Vec<impl Future<Output = Tried> + 'a>, Option<Timestamp>) {
    let (core, tenant) = (&context.core, context.job.tenant);
    let (to, sender, now) = (outside.destination(&url).await, tenant.to_string(), core.clock.now());
    let signed = Arc::new((url, secrets));
    let mut sending = Vec::new();
    for (delivery, event) in parcels {
        if let Err(at) = outside.admit(&to, &sender, is_wanted, now) {
            return (sending, Some(at));
        }
        sending.push(send(core, outside, signed.clone(), delivery, event));
    }
    (sending, None)
}

/// Takes the endpoint and what is due to it; `None` when another job has it, or when it is disabled.
fn begin(tx: &mut TenantTx<'_>, id: WebhookEndpointId, job: JobId, key: &MasterKey) -> Result<Option<Round>> {
    let until = tx.now().plus(LEASE);
    let Some(endpoint) = endpoints::lease(tx, id, job, until)? else { return Ok(None) };
    let is_wanted = endpoint.verified_at.is_some() && endpoint.failing_since.is_none();
    let at_once = if is_wanted { AT_ONCE } else { 1 };
    let due = deliveries::due(tx, id, at_once)?;
    let ids: Vec<EventId> = due.iter().map(|delivery| delivery.event_id).collect();
    let mut found = events::find_all(tx, &ids)?;
    events::conceal(tx, &mut found)?;
    let mut events: HashMap<EventId, Event> = found.into_iter().map(|event| (event.id, event)).collect();
    let parcels = due.into_iter().map(|delivery| (events.remove(&delivery.event_id), delivery)).map(|(e, d)| (d, e));
    let secrets = secret::at_work(key, &endpoint, tx.now())?;
    Ok(Some(Round { parcels: parcels.collect(), secrets, url: endpoint.url, is_wanted }))
}

async fn send(
    core: &Core,
    outside: &Outside,
    signed: Arc<(String, Vec<Secret>)>,
    delivery: Delivery,
    event: Option<Event>,
) -> Tried {
    let (url, secrets) = &*signed;
    let (at, began) = (core.clock.now(), std::time::Instant::now());
    let answer = match event {
        Some(event) => post(outside, url, secrets, at, event).await,
        None => Err("refused: the event is no longer kept".into()),
    };
    let result = if answer.as_ref().is_ok_and(|answer| (200..300).contains(&answer.status)) { "ok" } else { "failed" };
    core.metrics.provider_calls.with_label_values(&["tenant_webhook", "post", result]).inc();
    let duration_ms = i32::try_from(began.elapsed().as_millis()).unwrap_or(i32::MAX);
    Tried { delivery, at, duration_ms, answer }
}

/// `id.timestamp.body`, signed anew for each attempt because the timestamp is the attempt's.
async fn post(
    outside: &Outside,
    url: &str,
    secrets: &[Secret],
    at: Timestamp,
    body: Event,
) -> Result<Received, String> {
    let id = body.id.to_string();
    let bytes = serde_json::to_vec(&body).map_err(|error| format!("refused: {error}"))?;
    let headers = [
        ("webhook-signature", sign_all(secrets, &id, at.seconds(), &bytes)),
        ("webhook-id", id),
        ("webhook-timestamp", at.seconds().to_string()),
    ];
    outside.post(url, &headers, bytes).await
}

/// Notes the round, and gives the endpoint back or goes on in another job: now, or when its destination has room again.
fn end(
    tx: &mut TenantTx<'_>,
    id: WebhookEndpointId,
    job: JobId,
    url: &str,
    tried: Vec<Tried>,
    room_at: Option<Timestamp>,
) -> Result<()> {
    // The row's lock: a delivery that is written from here on brings a job of its own, which waits for this transaction.
    let until = tx.now().plus(LEASE);
    let held = endpoints::lease(tx, id, job, until)?;
    let Some(endpoint) = held.map_or_else(|| endpoints::find(tx, id), |held| Ok(Some(held)))? else { return Ok(()) };
    settle::note(tx, endpoint, url, tried)?;
    endpoints::release(tx, id, job)?;
    let is_enabled = endpoints::find(tx, id)?.is_some_and(|now| now.status == WebhookEndpointStatus::Enabled);
    let Some(next) = deliveries::next_due(tx, id)?.filter(|_| is_enabled) else { return Ok(()) };
    let next = room_at.map_or(next, |at| at.max(next));
    if next <= tx.now() {
        return enqueue(tx, id);
    }
    let job = NewJob::new(&DELIVER, &Payload { endpoint_id: id }).at(next).unique(format!("{id}:{}", next.micros()));
    tx.enqueue(job)?;
    Ok(())
}
