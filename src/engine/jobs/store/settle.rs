//! Settling: how a run ended, written for many at once.
//!
//! Whoever settles must still own the job: the same claim of the same worker, which no later run shares. Who lost its lease
//! changes nothing.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text};

use super::jobs;
use crate::base::Result;
use crate::base::id::{Guid, JobId};
use crate::base::time::{Instant, Timestamp};
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::{DbConn, PlatformTx};
use crate::engine::jobs::model::{Job, JobState, lease_lost};
use crate::keep;

/// How a run ended, as columns.
#[derive(Debug, Clone)]
pub(in crate::jobs) struct Settlement {
    pub state: JobState,
    pub run_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// A snooze gives the attempt back.
    pub refund_attempt: bool,
}

impl Settlement {
    pub fn done() -> Self {
        Self { state: JobState::Done, run_at: None, last_error: None, refund_attempt: false }
    }
}

/// A run and its end.
#[derive(Debug, Clone)]
pub(in crate::jobs) struct Settled {
    pub job: Job,
    pub end: Settlement,
}

/// Settles each; answers the jobs that were still ours. No statement here needs another: they may be committed one by one.
pub(in crate::jobs) fn settle_all(tx: &mut PlatformTx<'_>, list: &[Settled]) -> Result<HashSet<JobId>> {
    let now = tx.now();
    if list.len() > 1
        && let DbConn::Postgres(conn) = tx.conn()
    {
        return settle_together(conn, now, list);
    }
    let mut settled = HashSet::new();
    for one in list {
        if settle(tx, &one.job, one.end.clone())? {
            settled.insert(one.job.id);
        }
    }
    Ok(settled)
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Guid)]
    id: JobId,
}

/// One statement for all, however they ended: a round trip for each would cost more than the run of a short job. The state is
/// asked for in a way that no index answers: the rows are found by their ids, not among everything that ran of late.
fn settle_together(conn: &mut PgConnection, now: Timestamp, list: &[Settled]) -> Result<HashSet<JobId>> {
    let ends: Vec<Columns> = list.iter().map(|one| Columns::of(&one.job, &one.end, now)).collect();
    let settled: Vec<Id> = prepared(
        [
            "UPDATE jobs SET state = run.state, attempt = run.left_at, run_at = run.run_at, lease_until = NULL, \
             last_error = run.last_error, finished_at = run.finished_at FROM unnest(",
            "::uuid[], ",
            "::int4[], ",
            "::text[], ",
            "::text[], ",
            "::int4[], ",
            "::timestamptz[], ",
            "::text[], ",
            "::timestamptz[]) AS run (id, attempt, worker, state, left_at, run_at, last_error, finished_at) \
             WHERE jobs.id = run.id AND jobs.attempt = run.attempt AND jobs.worker = run.worker \
             AND CASE WHEN jobs.state = 'running' THEN TRUE END \
             RETURNING jobs.id",
        ],
        (
            value::<Array<Guid>, _>(list.iter().map(|one| one.job.id).collect::<Vec<_>>()),
            value::<Array<Integer>, _>(list.iter().map(|one| one.job.attempt).collect::<Vec<_>>()),
            value::<Array<Text>, _>(list.iter().map(|one| one.job.worker.as_str()).collect::<Vec<_>>()),
            value::<Array<Text>, _>(ends.iter().map(|end| end.state.as_str()).collect::<Vec<_>>()),
            value::<Array<Integer>, _>(ends.iter().map(|end| end.attempt).collect::<Vec<_>>()),
            value::<Array<Instant>, _>(ends.iter().map(|end| end.run_at).collect::<Vec<_>>()),
            value::<Array<Nullable<Text>>, _>(list.iter().map(|one| one.end.last_error.as_deref()).collect::<Vec<_>>()),
            value::<Array<Nullable<Instant>>, _>(ends.iter().map(|end| end.finished_at).collect::<Vec<_>>()),
        ),
    )
    .load(conn)?;
    Ok(settled.into_iter().map(|row| row.id).collect())
}

/// What follows from a run's end for the columns of its row.
struct Columns {
    state: JobState,
    attempt: i32,
    run_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl Columns {
    fn of(job: &Job, end: &Settlement, now: Timestamp) -> Self {
        let is_final = matches!(end.state, JobState::Done | JobState::Dead | JobState::Discarded);
        Self {
            state: end.state,
            attempt: if end.refund_attempt { job.attempt - 1 } else { job.attempt },
            run_at: end.run_at.unwrap_or(now),
            finished_at: is_final.then_some(now),
        }
    }
}

/// Settles a run. `false` when the lease was lost and another worker owns the job now.
fn settle(tx: &mut PlatformTx<'_>, job: &Job, end: Settlement) -> Result<bool> {
    let columns = Columns::of(job, &end, tx.now());
    let changed = keep!(
        tx.conn(),
        diesel::update(jobs::table.find(job.id))
            .filter(
                jobs::state.eq(JobState::Running).and(jobs::attempt.eq(job.attempt)).and(jobs::worker.eq(&job.worker)),
            )
            .set((
                jobs::state.eq(columns.state),
                jobs::attempt.eq(columns.attempt),
                jobs::run_at.eq(columns.run_at),
                jobs::lease_until.eq(None::<Timestamp>),
                jobs::last_error.eq(end.last_error),
                jobs::finished_at.eq(columns.finished_at),
            )),
    )?;
    Ok(changed == 1)
}

/// Marks the job done inside the transaction of its effect.
pub(in crate::jobs) fn complete(tx: &mut PlatformTx<'_>, job: &Job) -> Result<()> {
    if settle(tx, job, Settlement::done())? { Ok(()) } else { Err(lease_lost()) }
}

/// Marks the job dead inside the transaction of its effect.
pub(in crate::jobs) fn bury(tx: &mut PlatformTx<'_>, job: &Job, reason: String) -> Result<()> {
    let dead = Settlement { state: JobState::Dead, last_error: Some(reason), ..Settlement::done() };
    if settle(tx, job, dead)? { Ok(()) } else { Err(lease_lost()) }
}

/// Gives jobs back unharmed when the process stops before they started.
pub(in crate::jobs) fn release(tx: &mut PlatformTx<'_>, claimed: &[Job]) -> Result<()> {
    let end = Settlement { state: JobState::Available, run_at: None, last_error: None, refund_attempt: true };
    let list: Vec<Settled> = claimed.iter().map(|job| Settled { job: job.clone(), end: end.clone() }).collect();
    settle_all(tx, &list)?;
    tx.note_enqueued();
    Ok(())
}
