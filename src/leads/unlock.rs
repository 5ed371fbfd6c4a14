//! Unlocking what was held back, once there is something to pay for it with (C-15).

use super::store;
use crate::base::Result;
use crate::billing::meter::{Release, Released, release_blocked};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, EventType, NewEvent, ReactionPayload, Reactions};
use crate::engine::jobs::{JobContext, JobKind, Outcome, Registry};

/// Follows every change of what the tenant has bought.
pub static UNLOCK: JobKind = JobKind::new("lead.unlock");

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&UNLOCK, run);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.on(EventType::SubscriptionActivated, &UNLOCK).on(EventType::SubscriptionUpdated, &UNLOCK);
}

async fn run(context: JobContext) -> Result<Outcome> {
    let ReactionPayload { event_id } = context.payload()?;
    let find = move |tx: &mut TenantTx<'_>| events::find(tx, event_id);
    let event = context.core.db.read(context.scope(), find).await?;
    let Some(release) = event.as_ref().and_then(Release::after) else {
        return Ok(Outcome::Discard("nothing was bought".into()));
    };
    context
        .finish(move |tx| {
            let released = release_blocked(tx, release)?;
            unlock(tx, &released)
        })
        .await
}

/// Shows what was paid for.
pub fn unlock(tx: &mut TenantTx<'_>, released: &[Released]) -> Result<()> {
    for lead in store::unlock(tx, released)? {
        tx.record(NewEvent::new(EventType::LeadUnlocked).subject(lead.uuid()).lead(lead))?;
    }
    Ok(())
}
