//! Unlocking what was held back, once there is something to pay for it with (C-15).

use super::store;
use crate::base::Result;
use crate::billing;
use crate::engine::events::{EventType, NewEvent, Reactions};
use crate::engine::jobs::{JobContext, JobKind, Outcome, Registry};

/// Follows every change of what the tenant has bought.
pub static UNLOCK: JobKind = JobKind::new("lead.unlock");

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&UNLOCK, run);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    use EventType::{SubscriptionActivated, SubscriptionTrialStarted, SubscriptionUpdated};
    reactions.on(SubscriptionActivated, &UNLOCK).on(SubscriptionTrialStarted, &UNLOCK).on(SubscriptionUpdated, &UNLOCK);
}

async fn run(context: JobContext) -> Result<Outcome> {
    context
        .finish(|tx| {
            let released = billing::meter::release_blocked(tx)?;
            for lead in store::unlock(tx, &released)? {
                tx.record(NewEvent::new(EventType::LeadUnlocked).subject(lead.uuid()).lead(lead))?;
            }
            Ok(())
        })
        .await
}
