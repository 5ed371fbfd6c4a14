//! Rows of the `jobs` table: enqueue, rescue, list; how they are claimed and settled is told beside it.

mod claim;
mod operated;
mod settle;
#[cfg(test)]
mod tests;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

use super::model::{JobKind, JobState, NewJob};
use super::times::LEASE;
use crate::base::id::{JobId, TenantId};
use crate::base::json::Json;
use crate::base::time::{Instant, Timestamp};
use crate::base::Result;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::schema::jobs;
use crate::engine::db::{DbConn, PlatformTx, TenantTx};
use crate::engine::trace::{self, Cause};

pub(super) use claim::{Ask, Claim, Cursor, claim};
pub use operated::{JobFilter, dead_reasons, dismiss, dismiss_dead, list, retry, retry_dead};
pub(super) use settle::{Settled, Settlement, bury, complete, release, settle_all};

#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
pub struct JobRow {
    pub id: JobId,
    pub tenant_id: TenantId,
    pub kind: String,
    pub payload: Json,
    pub state: JobState,
    pub priority: i32,
    pub run_at: Timestamp,
    pub attempt: i32,
    pub max_attempts: i32,
    pub lease_until: Option<Timestamp>,
    pub worker: Option<String>,
    pub unique_key: Option<String>,
    /// See [`Cause::to_column`].
    pub trace: Option<String>,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

impl JobRow {
    fn of(tx: &PlatformTx<'_>, tenant: TenantId, job: NewJob) -> Self {
        let now = tx.now();
        let run_at = job.run_at.unwrap_or(now);
        Self {
            id: JobId::new(),
            tenant_id: tenant,
            kind: job.kind.name.into(),
            payload: Json::from(job.payload),
            state: if run_at > now { JobState::Scheduled } else { JobState::Available },
            priority: job.kind.priority,
            run_at,
            attempt: 0,
            max_attempts: job.kind.max_attempts,
            lease_until: None,
            worker: None,
            unique_key: job.unique_key,
            trace: Cause { request_id: tx.request_id().map(Into::into), traceparent: trace::current() }.to_column(),
            last_error: None,
            created_at: now,
            finished_at: None,
        }
    }
}

/// Enqueues one job for `tenant`; a job whose unique key is taken is not added again (`false`).
pub fn enqueue(tx: &mut PlatformTx<'_>, tenant: TenantId, job: NewJob) -> Result<bool> {
    let row = JobRow::of(tx, tenant, job);
    let added = OrIgnore(diesel::insert_into(jobs::table).values(&row)).execute(tx.conn())?;
    if row.state == JobState::Available {
        tx.note_enqueued();
    }
    Ok(added == 1)
}

/// Enqueues many jobs in few statements.
pub fn enqueue_all(tx: &mut PlatformTx<'_>, mut list: Vec<(TenantId, NewJob)>) -> Result<()> {
    if list.len() == 1
        && let Some((tenant, job)) = list.pop()
    {
        return enqueue(tx, tenant, job).map(|_| ());
    }
    let rows: Vec<JobRow> = list.into_iter().map(|(tenant, job)| JobRow::of(tx, tenant, job)).collect();
    for chunk in rows.chunks(500) {
        crate::each_engine!(tx.conn(), c => diesel::insert_into(jobs::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    tx.note_enqueued();
    Ok(())
}

impl TenantTx<'_> {
    /// Enqueues a job of this tenant.
    pub fn enqueue(&mut self, job: NewJob) -> Result<bool> {
        let tenant = self.tenant();
        enqueue(&mut self.platform(), tenant, job)
    }
}

/// Whether a job of this kind whose unique key lies between two others (both excluded) is not over; a dead one is.
pub fn is_open_between(tx: &mut TenantTx<'_>, kind: &'static JobKind, after: &str, before: &str) -> Result<bool> {
    const OPEN: [JobState; 4] = [JobState::Scheduled, JobState::Available, JobState::Running, JobState::Retry];
    let open = jobs::table
        .filter(jobs::kind.eq(kind.name).and(jobs::unique_key.gt(after)).and(jobs::unique_key.lt(before)))
        .filter(jobs::tenant_id.eq(tx.tenant()).and(jobs::state.eq_any(OPEN)));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(tx.conn())?)
}

/// Whether a job of this kind whose unique key lies between two others (both excluded) has had its time come.
pub fn has_begun_between(tx: &mut TenantTx<'_>, kind: &'static JobKind, after: &str, before: &str) -> Result<bool> {
    let now = tx.now();
    let later = jobs::table
        .filter(jobs::kind.eq(kind.name).and(jobs::unique_key.gt(after)).and(jobs::unique_key.lt(before)))
        .filter(jobs::tenant_id.eq(tx.tenant()).and(jobs::run_at.le(now)));
    Ok(diesel::select(diesel::dsl::exists(later)).get_result(tx.conn())?)
}

/// Rows that one statement promotes or deletes, at most: no lock and no transaction lasts for a backlog's length.
pub(super) const AT_ONCE: usize = 1_000;

/// Makes jobs whose time has come claimable, the longest waiting first. Answers how many; when [`AT_ONCE`], there are more.
// SQLite is told by which index, here and below: it may take another, and read and sort all that waits.
pub(super) fn promote(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let now = value::<Instant, _>(tx.now());
    let due = match tx.conn() {
        DbConn::Postgres(conn) => prepared(
            [
                "WITH due AS MATERIALIZED (SELECT id FROM jobs WHERE state IN ('scheduled', 'retry') AND run_at <= ",
                " ORDER BY run_at LIMIT 1000 FOR UPDATE SKIP LOCKED) \
                 UPDATE jobs SET state = 'available' FROM due WHERE jobs.id = due.id",
            ],
            (now,),
        )
        .execute(conn)?,
        DbConn::Sqlite(conn) => prepared(
            [
                "UPDATE jobs SET state = 'available' WHERE id IN \
                 (SELECT id FROM jobs INDEXED BY jobs_due WHERE state IN ('scheduled', 'retry') AND run_at <= ",
                " ORDER BY run_at LIMIT 1000)",
            ],
            (now,),
        )
        .execute(conn)?,
    };
    Ok(due)
}

/// Which leases are dead workers'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rescue {
    /// None that can be told: the clock has just jumped.
    None,
    /// Those that have ended.
    Ended,
    /// These, and those that end later than any that is given now.
    EndedOrFuture,
}

/// Takes back jobs whose worker vanished. Answers how many.
pub(super) fn rescue(tx: &mut PlatformTx<'_>, whose: Rescue) -> Result<usize> {
    let now = tx.now();
    let is_over = match whose {
        Rescue::None => return Ok(0),
        // No lease is ever given for as long as this.
        Rescue::Ended => jobs::lease_until.lt(now).or(jobs::lease_until.gt(now.plus(chrono::Duration::days(36_500)))),
        Rescue::EndedOrFuture => jobs::lease_until.lt(now).or(jobs::lease_until.gt(now.plus(LEASE * 2))),
    };
    let expired = jobs::table.filter(is_in(JobState::Running)).filter(is_over);
    // One that was in its last attempt is claimed once more to be buried, and does not kill workers for ever.
    let rescued = diesel::update(expired)
        .set((
            jobs::state.eq(JobState::Available),
            jobs::last_error.eq("job.lease_expired: the worker vanished; running again"),
        ))
        .execute(tx.conn())?;
    if rescued > 0 {
        tracing::warn!(rescued, "took back jobs whose worker vanished");
    }
    Ok(rescued)
}

/// The name under which a worker makes its claim of this number. Settling asks for it: a job that was put off gets its attempt
/// back, so worker and attempt alone may be those of a later run.
pub(super) fn claim_name(worker: &str, number: u64) -> String {
    format!("{worker}/{number}")
}

/// Extends the leases of what `worker` runs, by whichever claim.
pub(super) fn renew(
    tx: &mut PlatformTx<'_>,
    worker: &str,
    running: Vec<JobId>,
    lease_until: Timestamp,
) -> Result<usize> {
    let renewed = diesel::update(jobs::table.filter(jobs::id.eq_any(running)))
        .filter(
            jobs::state
                .eq(JobState::Running)
                .and(jobs::worker.like(format!("{}/%", worker.replace('_', r"\_"))).escape('\\')),
        )
        .set(jobs::lease_until.eq(lease_until))
        .execute(tx.conn())?;
    Ok(renewed)
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Instant)]
    run_at: Timestamp,
}

/// When the next waiting job is due.
pub(super) fn next_due(tx: &mut PlatformTx<'_>) -> Result<Option<Timestamp>> {
    let first = value::<BigInt, _>(1_i64);
    let due: Vec<Due> = match tx.conn() {
        DbConn::Postgres(conn) => prepared(
            ["SELECT run_at FROM jobs WHERE state IN ('scheduled', 'retry') ORDER BY run_at LIMIT ", ""],
            (first,),
        )
        .load(conn)?,
        DbConn::Sqlite(conn) => prepared(
            [
                "SELECT run_at FROM jobs INDEXED BY jobs_due WHERE state IN ('scheduled', 'retry') ORDER BY run_at LIMIT ",
                "",
            ],
            (first,),
        )
        .load(conn)?,
    };
    Ok(due.into_iter().next().map(|due| due.run_at))
}

/// Deletes jobs that finished before then, the oldest first; dead ones stay for the operators. Answers how many, as
/// [`promote`] does.
pub(super) fn prune(tx: &mut PlatformTx<'_>, before: Timestamp) -> Result<usize> {
    const REST: &str = " AND state IN ('done', 'discarded') ORDER BY finished_at LIMIT 1000)";
    let before = value::<Instant, _>(before);
    let deleted = match tx.conn() {
        DbConn::Postgres(conn) => {
            prepared(["DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE finished_at < ", REST], (before,))
                .execute(conn)?
        }
        DbConn::Sqlite(conn) => prepared(
            ["DELETE FROM jobs WHERE id IN (SELECT id FROM jobs INDEXED BY jobs_finished WHERE finished_at < ", REST],
            (before,),
        )
        .execute(conn)?,
    };
    Ok(deleted)
}

/// Whether a job is in this state, said in the words of the index that holds such jobs: each is of few states only, so
/// that a job is not moved about in an index of all states at each of its steps. A value that is bound finds no such index.
pub fn is_in(state: JobState) -> SqlLiteral<Bool> {
    sql(match state {
        JobState::Available => "jobs.state = 'available'",
        JobState::Running => "jobs.state = 'running'",
        JobState::Scheduled => "(jobs.state IN ('scheduled', 'retry') AND jobs.state = 'scheduled')",
        JobState::Retry => "(jobs.state IN ('scheduled', 'retry') AND jobs.state = 'retry')",
        JobState::Dead => "(jobs.state IN ('dead', 'discarded') AND jobs.state = 'dead')",
        JobState::Discarded => "(jobs.state IN ('dead', 'discarded') AND jobs.state = 'discarded')",
        JobState::Done => "(jobs.finished_at IS NOT NULL AND jobs.state = 'done')",
    })
}

/// Counts by kind and state, without the finished ones.
pub(super) fn count_open(tx: &mut PlatformTx<'_>) -> Result<Vec<(String, JobState, i64)>> {
    let mut counts = Vec::new();
    for state in JobState::OPEN {
        let of_state: Vec<(String, i64)> = jobs::table
            .filter(is_in(state))
            .group_by(jobs::kind)
            .select((jobs::kind, diesel::dsl::count_star()))
            .load(tx.conn())?;
        counts.extend(of_state.into_iter().map(|(kind, count)| (kind, state, count)));
    }
    Ok(counts)
}

/// Runs waiting jobs of this kind with these unique keys now: what they waited for has come. Answers how many.
pub fn hasten(tx: &mut PlatformTx<'_>, kind: &'static JobKind, keys: &[String]) -> Result<usize> {
    let now = tx.now();
    let mut hastened = 0;
    for keys in keys.chunks(500) {
        hastened += diesel::update(jobs::table.filter(jobs::kind.eq(kind.name).and(jobs::unique_key.eq_any(keys))))
            .filter(jobs::state.eq_any([JobState::Scheduled, JobState::Retry]))
            .set((jobs::state.eq(JobState::Available), jobs::run_at.eq(now)))
            .execute(tx.conn())?;
    }
    if hastened > 0 {
        tx.note_enqueued();
    }
    Ok(hastened)
}
