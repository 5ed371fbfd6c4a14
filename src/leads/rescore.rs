//! Scoring again when something else than the lead itself changed: the person answered, a message came back or was read, the
//! tenant looks for others than before.
//!
//! A change of the tenant's audience or model concerns all its open leads. They are scored in batches, each a transaction of
//! its own that also enqueues the next one. A lead that is won or lost keeps the score it ended with, and a locked one the score
//! it came with until it is unlocked.

use super::{change, store};
use crate::base::Result;
use crate::base::id::{EventId, LeadId};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, EventType, ReactionPayload, Reactions};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry};
use crate::tenants::{self, Tenant};

/// Follows what happens between us and one lead.
static RESCORE: JobKind = JobKind::new("lead.rescore").priority(7);
/// Follows a change of what the tenant is looking for.
static RESCORE_ALL: JobKind = JobKind::new("lead.rescore_all").priority(8);

/// Leads scored in one transaction.
const BATCH: i64 = 100;

/// The tenant's fields that a score depends on.
const SCORED_BY: [&str; 5] = ["audience", "profile", "currency", "scoring_model", "service_areas"];

#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
struct Payload {
    event_id: EventId,
    /// The last lead of the batch before.
    #[serde(default)]
    after: Option<LeadId>,
}

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&RESCORE, run_one);
    registry.handle(&RESCORE_ALL, run_batch);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    use EventType::{LeadUnlocked, MessageClicked, MessageFailed, MessageOpened, MessageReceived, TenantUpdated};
    for kind in [MessageReceived, MessageFailed, MessageOpened, MessageClicked, LeadUnlocked] {
        reactions.on(kind, &RESCORE);
    }
    reactions.on(TenantUpdated, &RESCORE_ALL);
}

async fn run_one(context: JobContext) -> Result<Outcome> {
    let id = context.payload::<ReactionPayload>()?.event_id;
    context
        .finish(move |tx| {
            let Some(lead) = events::find(tx, id)?.and_then(|event| event.lead_id) else { return Ok(()) };
            let tenant = tenants::store::current(tx)?;
            rescore(tx, lead, &tenant)
        })
        .await
}

async fn run_batch(context: JobContext) -> Result<Outcome> {
    let Payload { event_id, after } = context.payload()?;
    context
        .finish(move |tx| {
            let Some(event) = events::find(tx, event_id)? else { return Ok(()) };
            let fields = event.data["fields"].as_array().cloned().unwrap_or_default();
            let is_scored_by = |field: &str| SCORED_BY.iter().any(|name| field.rsplit('.').next() == Some(name));
            if !fields.iter().filter_map(serde_json::Value::as_str).any(is_scored_by) {
                return Ok(());
            }
            let tenant = tenants::store::current(tx)?;
            let leads = store::open_leads(tx, after, BATCH)?;
            for lead in &leads {
                rescore(tx, *lead, &tenant)?;
            }
            if let Some(last) = leads.last().filter(|_| leads.len() == usize::try_from(BATCH).unwrap_or_default()) {
                tx.enqueue(NewJob::new(&RESCORE_ALL, &Payload { event_id, after: Some(*last) }))?;
            }
            Ok(())
        })
        .await
}

fn rescore(tx: &mut TenantTx<'_>, id: LeadId, tenant: &Tenant) -> Result<()> {
    let mut lead = store::hold(tx, id)?;
    if !lead.status.is_closed() && change::rescore(tx, &mut lead, tenant)? {
        store::update(tx, &mut lead)?;
    }
    Ok(())
}
