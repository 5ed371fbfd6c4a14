//! Rows of the `jobs` table: enqueue, claim, settle, rescue, list.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use super::context::lease_lost;
use super::lease::{LEASE, Rescue};
use super::model::{Job, JobState, NewJob};
use crate::base::id::{Guid, JobId, RawId, TenantId};
use crate::base::json::Json;
use crate::base::time::{Instant, Timestamp};
use crate::base::{Error, Result};
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::jobs;
use crate::engine::db::{DbConn, PlatformTx, TenantTx};
use crate::engine::trace::{self, Cause};

#[derive(Debug, Clone, Insertable, Queryable, QueryableByName, Selectable)]
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
            payload: Json(job.payload),
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
pub fn enqueue_all(tx: &mut PlatformTx<'_>, list: Vec<(TenantId, NewJob)>) -> Result<()> {
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

/// Makes jobs whose time has come claimable. Answers how many.
pub(super) fn promote(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let now = tx.now();
    let due = diesel::update(jobs::table)
        .filter(jobs::state.eq_any([JobState::Scheduled, JobState::Retry]).and(jobs::run_at.le(now)))
        .set(jobs::state.eq(JobState::Available))
        .execute(tx.conn())?;
    Ok(due)
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
    let expired = jobs::table.filter(jobs::state.eq(JobState::Running)).filter(is_over);
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

/// Extends the leases of what `worker` runs.
pub(super) fn renew(
    tx: &mut PlatformTx<'_>,
    worker: &str,
    running: Vec<JobId>,
    lease_until: Timestamp,
) -> Result<usize> {
    let renewed = diesel::update(jobs::table.filter(jobs::id.eq_any(running)))
        .filter(jobs::state.eq(JobState::Running).and(jobs::worker.eq(worker)))
        .set(jobs::lease_until.eq(lease_until))
        .execute(tx.conn())?;
    Ok(renewed)
}

/// When the next waiting job is due.
pub(super) fn next_due(tx: &mut PlatformTx<'_>) -> Result<Option<Timestamp>> {
    let at = jobs::table
        .filter(jobs::state.eq_any([JobState::Scheduled, JobState::Retry]))
        .order(jobs::run_at)
        .select(jobs::run_at)
        .first(tx.conn())
        .optional()?;
    Ok(at)
}

/// Claims at most `limit` jobs for `worker`, taking turns between tenants from `cursor` on, and moves the cursor.
///
/// Cost does not depend on how many jobs one tenant has queued: lanes are found by skipping through the index
/// `jobs_available`, then each gives its share.
pub(super) fn claim(
    tx: &mut PlatformTx<'_>,
    worker: &str,
    limit: i64,
    lease_until: Timestamp,
    cursor: &mut u128,
) -> Result<Vec<Job>> {
    let mut lanes = lanes_from(tx.conn(), *cursor, limit)?;
    if lanes.is_empty() && *cursor > 0 {
        lanes = lanes_from(tx.conn(), 0, limit)?;
    }
    let Some(last) = lanes.last() else {
        *cursor = 0;
        return Ok(Vec::new());
    };
    *cursor = last.uuid().as_u128().wrapping_add(1);
    let share = (limit / i64::try_from(lanes.len()).unwrap_or(1)).max(1);
    let rows: Vec<JobRow> = match tx.conn() {
        DbConn::Postgres(conn) => diesel::sql_query(
            "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = $1, worker = $2 \
             WHERE id IN (SELECT mine.id FROM unnest($3) AS lane (tenant_id) CROSS JOIN LATERAL \
                (SELECT id FROM jobs WHERE state = 'available' AND jobs.tenant_id = lane.tenant_id \
                 ORDER BY priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) AS mine) \
             RETURNING *",
        )
        .bind::<Instant, _>(lease_until)
        .bind::<Text, _>(worker)
        .bind::<Array<Guid>, _>(lanes)
        .bind::<BigInt, _>(share)
        .load(conn)?,
        DbConn::Sqlite(conn) => {
            let mut claimed = Vec::new();
            for lane in lanes {
                let rows: Vec<JobRow> = diesel::sql_query(
                    "UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_until = ?, worker = ? \
                     WHERE id IN (SELECT id FROM jobs WHERE state = 'available' AND tenant_id = ? \
                     ORDER BY priority, run_at, id LIMIT ?) RETURNING *",
                )
                .bind::<Instant, _>(lease_until)
                .bind::<Text, _>(worker)
                .bind::<Guid, _>(lane)
                .bind::<BigInt, _>(share)
                .load(conn)?;
                claimed.extend(rows);
            }
            claimed
        }
    };
    Ok(rows.into_iter().map(|row| job_of(row, worker)).collect())
}

fn job_of(row: JobRow, worker: &str) -> Job {
    Job {
        id: row.id,
        tenant: row.tenant_id,
        kind: row.kind,
        payload: row.payload.0,
        attempt: row.attempt,
        max_attempts: row.max_attempts,
        created_at: row.created_at,
        cause: Cause::of_column(row.trace.as_deref()),
        worker: worker.into(),
    }
}

#[derive(QueryableByName)]
struct Lane {
    #[diesel(sql_type = Guid)]
    tenant_id: TenantId,
}

fn lanes_from(conn: &mut DbConn, cursor: u128, limit: i64) -> Result<Vec<TenantId>> {
    const SQL: &str = "WITH RECURSIVE lane (tenant_id) AS ( \
            SELECT * FROM (SELECT tenant_id FROM jobs WHERE state = 'available' AND tenant_id >= {1} ORDER BY tenant_id LIMIT 1) AS first \
            UNION ALL \
            SELECT (SELECT jobs.tenant_id FROM jobs WHERE jobs.state = 'available' AND jobs.tenant_id > lane.tenant_id \
                    ORDER BY jobs.tenant_id LIMIT 1) FROM lane WHERE lane.tenant_id IS NOT NULL \
        ) SELECT tenant_id FROM lane WHERE tenant_id IS NOT NULL LIMIT {2}";
    let from = RawId(uuid::Uuid::from_u128(cursor));
    let lanes: Vec<Lane> = match conn {
        DbConn::Postgres(c) => diesel::sql_query(SQL.replace("{1}", "$1").replace("{2}", "$2"))
            .bind::<Guid, _>(from)
            .bind::<BigInt, _>(limit)
            .load(c)?,
        DbConn::Sqlite(c) => diesel::sql_query(SQL.replace("{1}", "?").replace("{2}", "?"))
            .bind::<Guid, _>(from)
            .bind::<BigInt, _>(limit)
            .load(c)?,
    };
    Ok(lanes.into_iter().map(|lane| lane.tenant_id).collect())
}

/// How a run ended, as columns.
#[derive(Clone)]
pub(super) struct Settlement {
    pub state: JobState,
    pub run_at: Option<Timestamp>,
    pub last_error: Option<String>,
    /// A snooze gives the attempt back.
    pub refund_attempt: bool,
}

/// Settles a run. `false` when the lease was lost and another worker owns the job now.
pub(super) fn settle(tx: &mut PlatformTx<'_>, job: &Job, end: Settlement) -> Result<bool> {
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
pub(super) fn complete(tx: &mut PlatformTx<'_>, job: &Job) -> Result<()> {
    let done = Settlement { state: JobState::Done, run_at: None, last_error: None, refund_attempt: false };
    if settle(tx, job, done)? { Ok(()) } else { Err(lease_lost()) }
}

/// Marks the job dead inside the transaction of its effect.
pub(super) fn bury(tx: &mut PlatformTx<'_>, job: &Job, reason: String) -> Result<()> {
    let dead = Settlement { state: JobState::Dead, run_at: None, last_error: Some(reason), refund_attempt: false };
    if settle(tx, job, dead)? { Ok(()) } else { Err(lease_lost()) }
}

/// Gives jobs back unharmed when the process stops before they started.
pub(super) fn release(tx: &mut PlatformTx<'_>, claimed: &[Job]) -> Result<()> {
    for job in claimed {
        let end = Settlement { state: JobState::Available, run_at: None, last_error: None, refund_attempt: true };
        settle(tx, job, end)?;
    }
    tx.note_enqueued();
    Ok(())
}

/// Deletes finished jobs older than `before`; dead ones stay for the operators.
pub(super) fn prune(tx: &mut PlatformTx<'_>, before: Timestamp) -> Result<usize> {
    let deleted = diesel::delete(
        jobs::table
            .filter(jobs::finished_at.lt(before))
            .filter(jobs::state.eq_any([JobState::Done, JobState::Discarded])),
    )
    .execute(tx.conn())?;
    Ok(deleted)
}

/// Counts by kind and state, without the finished ones.
pub(super) fn count_open(tx: &mut PlatformTx<'_>) -> Result<Vec<(String, JobState, i64)>> {
    let counts = jobs::table
        .filter(jobs::state.eq_any(JobState::OPEN))
        .group_by((jobs::kind, jobs::state))
        .select((jobs::kind, jobs::state, diesel::dsl::count_star()))
        .load(tx.conn())?;
    Ok(counts)
}

/// Newest first; `before` continues a page.
pub fn list(
    tx: &mut PlatformTx<'_>,
    state: Option<JobState>,
    kind: Option<&str>,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobRow>> {
    let mut query = jobs::table.order(jobs::id.desc()).limit(limit).select(JobRow::as_select()).into_boxed();
    if let Some(state) = state {
        query = query.filter(jobs::state.eq(state));
    }
    if let Some(kind) = kind {
        query = query.filter(jobs::kind.eq(kind.to_owned()));
    }
    if let Some(before) = before {
        query = query.filter(jobs::id.lt(before));
    }
    Ok(query.load(tx.conn())?)
}

/// Runs a dead, discarded or waiting job again, from attempt one.
///
/// # Errors
/// `job.not_found`; `job.not_retryable` while it runs or when it is done.
pub fn retry(tx: &mut PlatformTx<'_>, id: JobId) -> Result<JobRow> {
    let row: JobRow = jobs::table
        .find(id)
        .select(JobRow::as_select())
        .first(tx.conn())
        .optional()?
        .ok_or_else(|| Error::not_found("job.not_found", "There is no such job."))?;
    if matches!(row.state, JobState::Running | JobState::Done | JobState::Available) {
        let message = format!("A job in state {} cannot be retried; dead, discarded and waiting ones can.", row.state);
        return Err(Error::conflict("job.not_retryable", message));
    }
    let now = tx.now();
    let row = diesel::update(jobs::table.find(id))
        .set((
            jobs::state.eq(JobState::Available),
            jobs::attempt.eq(0),
            jobs::run_at.eq(now),
            jobs::finished_at.eq(None::<Timestamp>),
        ))
        .returning(jobs::all_columns)
        .get_result(tx.conn())?;
    tx.note_enqueued();
    Ok(row)
}
