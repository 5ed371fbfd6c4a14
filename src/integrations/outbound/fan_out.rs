//! From an event to each endpoint that wants it.

use super::queue;
use super::store::{deliveries, endpoints};
use crate::base::Result;
use crate::base::id::EventId;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants::access::{self, Feature};

/// Follows an event that some endpoint of its tenant wants.
pub static FAN_OUT: JobKind = JobKind::new("webhook.fan_out").priority(6);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context.finish(move |tx| fan_out(tx, event)).await
}

/// Five statements at most, however many endpoints there are.
fn fan_out(tx: &mut TenantTx<'_>, id: EventId) -> Result<()> {
    // A plan without API access keeps its endpoints, but they are silent.
    if !access::entitlements(tx)?.includes(Feature::ApiAccess) {
        return Ok(());
    }
    let Some(event) = events::find(tx, id)? else { return Ok(()) };
    let wanting: Vec<_> = endpoints::enabled(tx)?.into_iter().filter(|endpoint| endpoint.wants(event.kind)).collect();
    let list: Vec<_> = wanting.iter().map(|endpoint| (endpoint.id, id, event.kind)).collect();
    deliveries::insert_new(tx, &list)?;
    queue::enqueue_all(tx, wanting.iter().map(|endpoint| endpoint.id))
}
