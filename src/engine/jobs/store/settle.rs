//! Settling: how a run ended, written for many at once.
//!
//! Whoever settles must still own the job: the same worker in the same attempt. Who lost its lease changes nothing.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text};

use super::jobs;
use crate::base::Result;
use crate::base::id::{Guid, JobId};
use crate::base::time::{Instant, Timestamp};
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::{DbConn, PlatformTx};
use crate::engine::jobs::context::lease_lost;
use crate::engine::jobs::model::{Job, JobState};

/// How a run ended, as columns.
#[derive(Debug, Clone)]
pub(in crate::engine::jobs) struct Settlement {
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
pub(in crate::engine::jobs) struct Settled {
    pub job: Job,
    pub end: Settlement,
}

/// Settles each; answers the jobs that were still ours. No statement here needs another: they may be committed one by one.
pub(in crate::engine::jobs) fn settle_all(tx: &mut PlatformTx<'_>, list: &[Settled]) -> Result<HashSet<JobId>> {
    let mut settled = HashSet::new();
    let (done, others): (Vec<&Settled>, Vec<&Settled>) =
        list.iter().partition(|settled| settled.end.state == JobState::Done && !settled.end.refund_attempt);
    let now = tx.now();
    if done.len() > 1
        && let DbConn::Postgres(conn) = tx.conn()
    {
        settled.extend(settle_done(conn, now, &done)?);
    } else {
        for one in done {
            if settle(tx, &one.job, one.end.clone())? {
                settled.insert(one.job.id);
            }
        }
    }
    for one in others {
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

/// One statement for many, all of one worker.
fn settle_done(conn: &mut PgConnection, now: Timestamp, done: &[&Settled]) -> Result<Vec<JobId>> {
    let Some(first) = done.first() else { return Ok(Vec::new()) };
    let ids: Vec<JobId> = done.iter().map(|one| one.job.id).collect();
    let attempts: Vec<i32> = done.iter().map(|one| one.job.attempt).collect();
    let settled: Vec<Id> = prepared(
        [
            "UPDATE jobs SET state = 'done', run_at = ",
            ", lease_until = NULL, last_error = NULL, finished_at = ",
            " FROM unnest(",
            ", ",
            ") AS run (id, attempt) WHERE jobs.id = run.id AND jobs.attempt = run.attempt AND jobs.state = 'running' AND jobs.worker = ",
            " RETURNING jobs.id",
        ],
        (
            value::<Instant, _>(now),
            value::<Instant, _>(now),
            value::<Array<Guid>, _>(ids),
            value::<Array<Integer>, _>(attempts),
            value::<Text, _>(&first.job.worker),
        ),
    )
    .load(conn)?;
    Ok(settled.into_iter().map(|row| row.id).collect())
}

/// Settles a run. `false` when the lease was lost and another worker owns the job now.
fn settle(tx: &mut PlatformTx<'_>, job: &Job, end: Settlement) -> Result<bool> {
    let now = tx.now();
    let is_final = matches!(end.state, JobState::Done | JobState::Dead | JobState::Discarded);
    let attempt = if end.refund_attempt { job.attempt - 1 } else { job.attempt };
    let changed = diesel::update(jobs::table.find(job.id))
        .filter(jobs::state.eq(JobState::Running).and(jobs::attempt.eq(job.attempt)).and(jobs::worker.eq(&job.worker)))
        .set((
            jobs::state.eq(end.state),
            jobs::attempt.eq(attempt),
            jobs::run_at.eq(end.run_at.unwrap_or(now)),
            jobs::lease_until.eq(None::<Timestamp>),
            jobs::last_error.eq(end.last_error),
            jobs::finished_at.eq(is_final.then_some(now)),
        ))
        .execute(tx.conn())?;
    Ok(changed == 1)
}

/// Marks the job done inside the transaction of its effect.
pub(in crate::engine::jobs) fn complete(tx: &mut PlatformTx<'_>, job: &Job) -> Result<()> {
    if settle(tx, job, Settlement::done())? { Ok(()) } else { Err(lease_lost()) }
}

/// Marks the job dead inside the transaction of its effect.
pub(in crate::engine::jobs) fn bury(tx: &mut PlatformTx<'_>, job: &Job, reason: String) -> Result<()> {
    let dead = Settlement { state: JobState::Dead, last_error: Some(reason), ..Settlement::done() };
    if settle(tx, job, dead)? { Ok(()) } else { Err(lease_lost()) }
}

/// Gives jobs back unharmed when the process stops before they started.
pub(in crate::engine::jobs) fn release(tx: &mut PlatformTx<'_>, claimed: &[Job]) -> Result<()> {
    for job in claimed {
        let end = Settlement { state: JobState::Available, run_at: None, last_error: None, refund_attempt: true };
        settle(tx, job, end)?;
    }
    tx.note_enqueued();
    Ok(())
}
