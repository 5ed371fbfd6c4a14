//! How much work lies before the workers, for whoever asks whether enough of them run.

use diesel::prelude::*;

use super::model::JobState;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::engine::db::schema::jobs;

/// What waits and what has given up.
#[derive(Debug, Clone, Default)]
pub struct Backlog {
    /// Dead jobs by kind, most first.
    pub dead: Vec<(String, i64)>,
    /// Jobs that could run now.
    pub due: i64,
    /// Since when the longest waiting of them could have run.
    pub due_since: Option<Timestamp>,
}

/// Counts over all tenants.
pub fn read(tx: &mut PlatformTx<'_>) -> Result<Backlog> {
    let now = tx.now();
    let count = diesel::dsl::count_star;
    let mut dead: Vec<(String, i64)> = jobs::table
        .filter(jobs::state.eq(JobState::Dead))
        .group_by(jobs::kind)
        .select((jobs::kind, count()))
        .load(tx.conn())?;
    dead.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let due = jobs::table.filter(jobs::state.eq(JobState::Available)).select(count()).first(tx.conn())?;
    // One that waits for its time and whose time has come was not even looked at: no worker runs.
    let waiting = [JobState::Available, JobState::Scheduled, JobState::Retry];
    let due_since = jobs::table
        .filter(jobs::state.eq_any(waiting).and(jobs::run_at.le(now)))
        .select(diesel::dsl::min(jobs::run_at))
        .first(tx.conn())?;
    Ok(Backlog { dead, due, due_since })
}
