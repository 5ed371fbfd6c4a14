//! When a suspension ends, what waited meanwhile is delivered.
//!
//! A reaction to `tenant.updated`. An endpoint that was failing begins anew: nobody asked it anything in the meantime.

use super::queue;
use super::store::endpoints;
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants::facts::TenantFact;

/// Follows every change of a tenant, and acts on the end of a suspension.
pub static RESUME: JobKind = JobKind::new("webhook.resume").priority(6);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context
        .finish(move |tx| {
            let event = events::get(tx, event)?;
            resume(tx, &event)
        })
        .await
}

fn resume(tx: &mut TenantTx<'_>, event: &Event) -> Result<()> {
    if !event.read::<TenantFact>()?.ends_a_suspension() {
        return Ok(());
    }
    let enabled = endpoints::enabled(tx)?;
    for endpoint in enabled.iter().filter(|endpoint| endpoint.failing_since.is_some()) {
        endpoints::note_health(tx, endpoint.id, None)?;
    }
    queue::enqueue_all(tx, enabled.iter().map(|endpoint| endpoint.id))
}
