//! Rows of the `jobs` table: enqueue, rescue, list; how they are claimed and settled is told beside it.

mod claim;
mod settle;
#[cfg(test)]
mod tests;

use diesel::prelude::*;

use super::lease::{LEASE, Rescue};
use super::model::{JobState, NewJob};
use crate::base::id::{JobId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::jobs;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::trace::{self, Cause};

pub(super) use claim::{Cursor, claim};
pub(super) use settle::{Settled, Settlement, bury, complete, release, settle_all};

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
