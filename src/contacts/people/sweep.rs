//! Taking away the values of a custom attribute that was deleted: a batch of people in a transaction, which also asks for the next.

use std::collections::BTreeSet;

use super::store::{self, Contact};
use crate::base::Result;
use crate::contacts::attributes::store as attributes;
use crate::contacts::attributes::{CustomAttributeFact, store::CustomAttribute};
use crate::contacts::id::{ContactId, CustomAttributeId};
use crate::engine::db::TenantTx;
use crate::engine::events::{self, ReactionPayload, Reactions};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry};

/// One batch.
static SWEEP: JobKind = JobKind::new("contact.sweep_attribute").priority(8);

/// People in one transaction: others write in between.
const BATCH: i64 = 50;

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&SWEEP, run);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.on(CustomAttributeFact::DELETED, &SWEEP);
}

async fn run(context: JobContext) -> Result<Outcome> {
    let event_id = context.payload::<ReactionPayload>()?.event_id;
    context
        .finish(move |tx| {
            let Some(id) = events::get(tx, event_id)?.subject_id.map(CustomAttributeId::from_uuid) else {
                return Ok(());
            };
            // Taken away already.
            let Some(attribute) = attributes::going(tx, id)? else { return Ok(()) };
            if step(tx, &attribute)? {
                tx.enqueue(NewJob::new(&SWEEP, &ReactionPayload { event_id }))?;
            }
            Ok(())
        })
        .await
}

/// Whether there is more to do.
fn step(tx: &mut TenantTx<'_>, attribute: &CustomAttribute) -> Result<bool> {
    let owners = attributes::owners(tx, attribute.id, BATCH)?;
    if owners.is_empty() {
        attributes::remove(tx, attribute.id)?;
        return Ok(false);
    }
    for contact in owners {
        forget(tx, contact, &attribute.key)?;
        attributes::set(tx, contact, &[attribute.id], &BTreeSet::new())?;
    }
    Ok(true)
}

fn forget(tx: &mut TenantTx<'_>, id: ContactId, key: &str) -> Result<()> {
    let mut contact: Contact = store::hold(tx, id)?;
    if contact.profile.custom_attributes.remove(key).is_none() {
        return Ok(());
    }
    store::save(tx, &mut contact)
}
