//! Forgetting what has expired: sessions, refresh tokens, invitations, mailed links, challenges, stored answers, counts and tombstones.

use std::time::Duration;

use super::store::{email_changes, invitations, passkeys, rejections, resets, second_factors, sessions, verifications};
use crate::base::Result;
use crate::engine::db::{PlatformTx, tombstones};
use crate::engine::events::platform_tenant;
use crate::engine::http::once;
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry, enqueue};
use crate::engine::tally;

/// Once an hour.
pub static PRUNE: JobKind = JobKind::new("credentials.prune").periodic().priority(9);

/// Ended sessions and invitations are kept for so long, for whoever asks what happened.
const KEPT_DAYS: i64 = 30;
/// Rows of a kind forgotten in one transaction, where there may be many: no lock lasts for a backlog's length.
const AT_ONCE: i64 = 2_000;

pub(super) fn register(registry: &mut Registry) {
    registry.handle(&PRUNE, run);
    registry.every(Duration::from_secs(3600), &PRUNE);
}

async fn run(ctx: JobContext) -> Result<Outcome> {
    ctx.finish_platform(|tx: &mut PlatformTx<'_>| {
        let forgotten = forget(tx)?.max(tally::prune(tx, AT_ONCE)?);
        tracing::info!(forgotten, "forgot what has expired");
        if i64::try_from(forgotten).is_ok_and(|count| count >= AT_ONCE) {
            enqueue(tx, platform_tenant(), NewJob::new(&PRUNE, &serde_json::json!({})))?;
        }
        Ok(())
    })
    .await
}

/// Answers how many rows went, not counting the tokens of a session that went.
pub(super) fn forget(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let before = tx.now().minus(chrono::Duration::days(KEPT_DAYS));
    let mut links = invitations::prune(tx, before)? + verifications::prune(tx, before)?;
    links += resets::prune(tx, before)? + email_changes::prune(tx, before)? + second_factors::prune(tx)?;
    links += passkeys::prune(tx)? + rejections::prune(tx)?;
    Ok(sessions::prune(tx, before, AT_ONCE)? + links + once::prune(tx, AT_ONCE)? + tombstones::prune(tx, AT_ONCE)?)
}
