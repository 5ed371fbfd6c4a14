//! Receipts: how far what we sent got.
//!
//! A burst of leads brings four of these for each, and nobody waits for them, so those of notifications, and of messages to many, are applied together:
//! one transaction for many. A receipt of a message moves more than one row and is applied alone.

use std::collections::HashSet;

use super::{Done, Failure, ProcessPayload, resend, settle, twilio};
use crate::base::id::JobId;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::jobs::{JobContext, Outcome};
use crate::inbox::status;
use crate::integrations::id::WebhookEventId;
use crate::integrations::model::{WebhookKind, WebhookProvider};
use crate::integrations::store::{self, WebhookEvent};
use crate::notify;
use crate::outreach;
use crate::sending::status::StatusUpdate;

/// What is said of something we sent; `None` when nothing is, or of nothing that gets delivered.
fn update_of(event: &WebhookEvent) -> Result<Option<StatusUpdate>, Failure> {
    match (event.provider, event.kind) {
        (WebhookProvider::Twilio, WebhookKind::Status) => twilio::update(event),
        (WebhookProvider::Resend, WebhookKind::Status) => resend::update(event),
        _ => Ok(None),
    }
}

/// Applies one. A status may be faster than the answer to the send that it is about: an unknown message is looked for again,
/// some times.
pub(super) async fn apply(ctx: &JobContext, event: &WebhookEvent) -> Result<Outcome, Failure> {
    const LOOKS: i32 = 4;
    let Some(update) = update_of(event)? else {
        return settle(ctx, event, |_| Ok(Done { outcome: "not_a_delivery", tenant: None })).await;
    };
    let may_be_early = ctx.job.attempt < LOOKS;
    let id = event.id;
    settle(ctx, event, move |tx| {
        if status::apply(tx, update.clone())?
            || outreach::receipts::apply(tx, &update)?
            || notify::status::apply(tx, &update)?
        {
            store::spend(tx, id)?;
            return Ok(Done { outcome: APPLIED, tenant: None });
        }
        if may_be_early {
            return Err(Error::not_found("webhook.message_unknown", "no message of ours has this id yet"));
        }
        Ok(Done { outcome: "unknown_message", tenant: None })
    })
    .await
}

const APPLIED: &str = "applied";

/// Applies those that are about notifications and messages to many, and answers which.
pub(crate) async fn apply_together(runs: Vec<JobContext>) -> Result<HashSet<JobId>> {
    let Some(core) = runs.first().map(|run| run.core.clone()) else { return Ok(HashSet::new()) };
    core.db.write(PlatformScope::system(), move |tx| apply_in(tx, &runs)).await
}

fn apply_in(tx: &mut PlatformTx<'_>, runs: &[JobContext]) -> Result<HashSet<JobId>> {
    let event_of = |run: &JobContext| run.payload::<ProcessPayload>().map(|payload| payload.webhook_event_id).ok();
    let ids: Vec<WebhookEventId> = runs.iter().filter_map(event_of).collect();
    let events = store::find_open(tx, &ids)?;
    let said = |event: &WebhookEvent| Some((event.id, update_of(event).ok()??));
    let (told, updates): (Vec<_>, Vec<_>) = events.iter().filter_map(said).unzip();
    let of_notices = notify::status::apply_all(tx, &updates)?;
    let of_many = outreach::receipts::apply_all(tx, &updates)?;
    let is_meant = of_notices.into_iter().zip(of_many).map(|(notice, many)| notice || many);
    let applied: Vec<WebhookEventId> = told.into_iter().zip(is_meant).filter(|(_, is)| *is).map(|(id, _)| id).collect();
    if applied.is_empty() {
        return Ok(HashSet::new());
    }
    if store::conclude_all(tx, &applied, APPLIED)? != applied.len() {
        return Err(Error::conflict("webhook.claimed", "another run settled one of these at the same time"));
    }
    let done: Vec<&JobContext> =
        runs.iter().filter(|run| event_of(run).is_some_and(|id| applied.contains(&id))).collect();
    JobContext::complete_all(tx, &done)?;
    Ok(done.into_iter().map(|run| run.job.id).collect())
}
