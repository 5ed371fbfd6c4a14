//! Forgetting what has expired: sessions, refresh tokens, invitations and stored answers.

use std::time::Duration;

use super::store::{invitations, sessions};
use crate::base::Result;
use crate::engine::db::PlatformTx;
use crate::engine::http::once;
use crate::engine::jobs::{JobContext, JobKind, Outcome, Registry};

/// Once an hour.
pub static PRUNE: JobKind = JobKind::new("credentials.prune").periodic().priority(9);

/// Ended sessions and invitations are kept for so long, for whoever asks what happened.
const KEPT_DAYS: i64 = 30;

pub(super) fn register(registry: &mut Registry) {
    registry.handle(&PRUNE, run);
    registry.every(Duration::from_secs(3600), &PRUNE);
}

async fn run(ctx: JobContext) -> Result<Outcome> {
    ctx.finish_platform(|tx: &mut PlatformTx<'_>| {
        let forgotten = forget(tx)?;
        tracing::info!(forgotten, "forgot what has expired");
        Ok(())
    })
    .await
}

/// Answers how many rows went, not counting the tokens of a session that went.
pub(super) fn forget(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let before = tx.now().minus(chrono::Duration::days(KEPT_DAYS));
    Ok(sessions::prune(tx, before)? + invitations::prune(tx, before)? + once::prune(tx)?)
}
