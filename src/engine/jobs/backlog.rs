//! How much work lies before the workers, for whoever asks whether enough of them run.

use diesel::prelude::*;

use super::model::JobState;
use super::store::is_in;
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
    let count = diesel::dsl::count_star;
    let mut dead: Vec<(String, i64)> =
        jobs::table.filter(is_in(JobState::Dead)).group_by(jobs::kind).select((jobs::kind, count())).load(tx.conn())?;
    dead.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let due = jobs::table.filter(is_in(JobState::Available)).select(count()).first(tx.conn())?;
    Ok(Backlog { dead, due, due_since: due_since(tx)? })
}

/// Since when the job that waits longest could have run.
pub fn due_since(tx: &mut PlatformTx<'_>) -> Result<Option<Timestamp>> {
    let now = tx.now();
    // One that waits for its time and whose time has come was not even looked at: no worker runs.
    let mut due_since: Option<Timestamp> = None;
    for state in [JobState::Available, JobState::Scheduled, JobState::Retry] {
        let oldest: Option<Timestamp> = jobs::table
            .filter(is_in(state))
            .filter(jobs::run_at.le(now))
            .select(diesel::dsl::min(jobs::run_at))
            .first(tx.conn())?;
        due_since = due_since.into_iter().chain(oldest).min();
    }
    Ok(due_since)
}
