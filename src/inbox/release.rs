//! Messages that wait for something of their tenant leave as soon as it is there.
//!
//! A reaction to what ends the waiting: an address was verified, a subscription started, a lead was unlocked. The job of each
//! message stands far in the future, when it would be canceled; here it is brought forward, and asks the gate anew.

use super::leave;
use super::store::held;
use crate::base::Result;
use crate::base::id::{EventId, LeadId};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, ReactionPayload};
use crate::engine::jobs::store::hasten;
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::leads::facts::LeadUnlocked;

/// Brings the jobs of held messages forward.
pub static RELEASE: JobKind = JobKind::new("message.release").priority(4);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context.finish(move |tx| release(tx, event)).await
}

fn release(tx: &mut TenantTx<'_>, event: EventId) -> Result<()> {
    let Some(event) = events::find(tx, event)? else { return Ok(()) };
    let lead = event.timeline.filter(|_| event.kind == LeadUnlocked::TYPE).map(LeadId::from_uuid);
    let keys: Vec<String> = held::list(tx, lead)?.into_iter().map(|id| id.to_string()).collect();
    hasten(&mut tx.platform(), &leave::SEND, &keys)?;
    Ok(())
}
