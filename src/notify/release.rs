//! What waited for the tenant, or for one of its people, to be verified leaves now.

use super::model::NotificationKind;
use super::queue::DELIVER;
use super::store;
use crate::base::Result;
use crate::contacts::Channel;
use crate::engine::events::{self, ReactionPayload};
use crate::engine::jobs::store::hasten;
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants::facts::VerificationFact;

/// Brings forward what waited for the tenant, or for one of its people, to be verified.
pub static RELEASE: JobKind = JobKind::new("notify.release").priority(4);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context
        .finish(move |tx| {
            let Some(event) = events::find(tx, event)? else { return Ok(()) };
            let verified = event.told::<VerificationFact>()?;
            let held = match verified.and_then(|fact| fact.email) {
                Some(email) => store::queued_to(tx, Channel::Email, &email.to_lowercase())?,
                None => store::queued_of(tx, NotificationKind::UserInvited)?,
            };
            let keys: Vec<String> = held.iter().map(ToString::to_string).collect();
            hasten(&mut tx.platform(), &DELIVER, &keys)?;
            Ok(())
        })
        .await
}
