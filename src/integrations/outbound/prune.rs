//! Tending: old deliveries and what providers told us long ago are forgotten, and an endpoint that nobody delivers to although something is due gets its job.

use std::time::Duration;

use super::queue;
use super::store::{deliveries, endpoints};
use crate::base::Result;
use crate::engine::db::PlatformTx;
use crate::engine::events::platform_tenant;
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry, enqueue};
use crate::integrations::store;

/// Once an hour.
pub static PRUNE: JobKind = JobKind::new("webhook.prune").periodic().priority(9);
/// Once a minute. Nothing is ever due so long unless a process died at the wrong moment or two clocks disagree.
pub static SWEEP: JobKind = JobKind::new("webhook.sweep").periodic().priority(7);

/// How long deliveries are kept, and how far back a replay goes.
pub(super) const KEPT_DAYS: i64 = 30;
/// How long what a provider told us is kept: longer than any of them repeats itself, and than a dispute over a lead takes.
const HEARD_DAYS: i64 = 90;
/// Deliveries forgotten in one transaction, and endpoints looked after.
const AT_ONCE: i64 = 2_000;

pub(super) fn register(registry: &mut Registry) {
    registry.handle(&PRUNE, prune).every(Duration::from_secs(3600), &PRUNE);
    registry.handle(&SWEEP, sweep).every(Duration::from_secs(60), &SWEEP);
}

async fn prune(context: JobContext) -> Result<Outcome> {
    context
        .finish_platform(|tx: &mut PlatformTx<'_>| {
            let before = tx.now().minus(chrono::Duration::days(KEPT_DAYS));
            let forgotten = deliveries::prune(tx, before, AT_ONCE)?;
            let heard = store::prune(tx, tx.now().minus(chrono::Duration::days(HEARD_DAYS)), AT_ONCE)?;
            tracing::info!(forgotten, heard, "forgot old webhook deliveries, and what providers told long ago");
            if [forgotten, heard].iter().any(|count| i64::try_from(*count).is_ok_and(|count| count >= AT_ONCE)) {
                enqueue(tx, platform_tenant(), NewJob::new(&PRUNE, &serde_json::json!({})))?;
            }
            Ok(())
        })
        .await
}

async fn sweep(context: JobContext) -> Result<Outcome> {
    context
        .finish_platform(|tx: &mut PlatformTx<'_>| {
            let due = tx.now().minus(chrono::Duration::minutes(1));
            for (tenant, endpoint) in endpoints::forgotten(tx, due, AT_ONCE)? {
                queue::enqueue(&mut tx.for_tenant(tenant), endpoint)?;
            }
            Ok(())
        })
        .await
}
