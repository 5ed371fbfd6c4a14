//! Forgetting what no cap looks at any more.

use std::time::Duration;

use super::caps::MARKETING_DAYS_KEPT;
use super::store::marketing;
use crate::base::Result;
use crate::engine::db::PlatformTx;
use crate::engine::events::platform_tenant;
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry, enqueue};

/// Once a day.
pub static PRUNE: JobKind = JobKind::new("sending.prune").periodic().priority(9);

/// Rows that are looked for in one transaction.
const AT_ONCE: i64 = 5_000;

pub(super) fn register(registry: &mut Registry) {
    registry.handle(&PRUNE, run);
    registry.every(Duration::from_secs(86_400), &PRUNE);
}

async fn run(context: JobContext) -> Result<Outcome> {
    context
        .finish_platform(|tx: &mut PlatformTx<'_>| {
            let before = tx.now().minus(chrono::Duration::days(MARKETING_DAYS_KEPT));
            let forgotten = marketing::prune(tx, before, AT_ONCE)?;
            if i64::try_from(forgotten).is_ok_and(|count| count >= AT_ONCE) {
                enqueue(tx, platform_tenant(), NewJob::new(&PRUNE, &serde_json::json!({})))?;
            }
            Ok(())
        })
        .await
}
