//! Scoring again when something else than the lead itself changed: the person answered, a message came back or was read, the
//! tenant looks for others than before.
//!
//! A change of the tenant's audience or model concerns all its open leads. They are scored in passes of small batches, each a
//! transaction of its own that also enqueues the next one. However often a tenant changes its mind, one pass goes on at a
//! time: changes share the passes that wait, few passes begin in a while, and a pass ends where a later one has begun. A lead
//! that is won or lost keeps the score it ended with, and a locked one the score it came with until it is unlocked.

use super::facts::LeadUnlocked;
use super::{change, store};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, ReactionPayload, Reactions};
use crate::engine::jobs::{self, JobContext, JobKind, NewJob, Outcome, Registry};
use crate::tenants::facts::TenantFact;
use crate::tenants::{self, Tenant};

/// Follows what happens between us and one lead; what a folder above knows of that, it has followed by this job.
pub static RESCORE: JobKind = JobKind::new("lead.rescore").priority(7);
/// Follows a change of the tenant: asks for a pass when scores depend on what changed.
static RESCORE_ALL: JobKind = JobKind::new("lead.rescore_all").priority(8);
/// One batch of a pass over all open leads.
static PASS: JobKind = JobKind::new("lead.rescore_pass").priority(9);

/// Leads scored in one transaction: others write in between.
const BATCH: i64 = 20;
/// So many passes of a tenant begin at once within so many seconds; what changes after that waits for the next span.
const AT_ONCE: u8 = 4;
const SPAN_SECONDS: i64 = 10;

/// The tenant's fields that a score depends on.
const SCORED_BY: [&str; 5] = ["audience", "profile", "currency", "scoring_model", "service_areas"];

#[derive(serde::Serialize, serde::Deserialize)]
struct Pass {
    /// The unique key that it began under; later passes have greater ones.
    key: String,
    /// The last lead of the batch before.
    #[serde(default)]
    after: Option<LeadId>,
}

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&RESCORE, run_one);
    registry.handle(&RESCORE_ALL, run_all);
    registry.handle(&PASS, run_batch);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.on(LeadUnlocked::TYPE, &RESCORE);
    reactions.on_if(TenantFact::UPDATED, &RESCORE_ALL, |fact: &TenantFact| fact.touches(&SCORED_BY));
}

async fn run_one(context: JobContext) -> Result<Outcome> {
    let id = context.payload::<ReactionPayload>()?.event_id;
    context
        .finish(move |tx| {
            let Some(lead) = events::find(tx, id)?.and_then(|event| event.timeline) else { return Ok(()) };
            let tenant = tenants::store::current(tx)?;
            rescore(tx, LeadId::from_uuid(lead), &tenant)
        })
        .await
}

async fn run_all(context: JobContext) -> Result<Outcome> {
    context.finish(ask).await
}

/// Has a pass begin, now or when the next span does; one that waits already serves as well.
fn ask(tx: &mut TenantTx<'_>) -> Result<()> {
    let now = tx.now();
    let span = now.utc().timestamp().div_euclid(SPAN_SECONDS);
    let next = Timestamp::from_seconds((span + 1) * SPAN_SECONDS).unwrap_or(now);
    let begins = (0..AT_ONCE).map(|turn| (span, turn, now)).chain([(span + 1, 0, next)]);
    for (span, turn, at) in begins {
        let key = format!("{}:{span:012}:{turn}", tx.tenant());
        let pass = Pass { key: key.clone(), after: None };
        if tx.enqueue(NewJob::new(&PASS, &pass).unique(key).at(at))? {
            break;
        }
    }
    Ok(())
}

async fn run_batch(context: JobContext) -> Result<Outcome> {
    let Pass { key, after } = context.payload()?;
    context
        .finish(move |tx| {
            let beyond = format!("{}:{}:9", tx.tenant(), "9".repeat(12));
            if jobs::store::has_begun_between(tx, &PASS, &key, &beyond)? {
                return Ok(());
            }
            let tenant = tenants::store::current(tx)?;
            let leads = store::open_leads(tx, after, BATCH)?;
            for lead in &leads {
                rescore(tx, *lead, &tenant)?;
            }
            if let Some(last) = leads.last().filter(|_| leads.len() == usize::try_from(BATCH).unwrap_or_default()) {
                tx.enqueue(NewJob::new(&PASS, &Pass { key, after: Some(*last) }))?;
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
