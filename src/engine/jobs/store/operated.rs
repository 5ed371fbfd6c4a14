//! What operators look at and do with jobs: lists of them, and the dead ones run again or let be.

use diesel::prelude::*;

use super::{JobRow, is_in};
use crate::base::id::JobId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::Direction::Desc;
use crate::engine::db::schema::jobs;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, Where};
use crate::engine::jobs::model::JobState;

/// Which jobs to list.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct JobFilter {
    pub state: Option<JobState>,
    /// As in `webhook.process`.
    pub kind: Option<String>,
}

/// Newest first.
pub fn list(tx: &mut PlatformTx<'_>, filter: &JobFilter, page: &PageRequest) -> Result<Page<JobRow>> {
    let which = Where::everywhere(tx).eq(jobs::kind, filter.kind.clone());
    let which = match filter.state {
        Some(state) => which.that(is_in(state)),
        None => which,
    };
    tx.page(which, Order::by_id(Desc, jobs::id, |row: &JobRow| row.id), page)
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
    let now = tx.now();
    // A waiting one may have been claimed since we looked, and must not be taken from whoever runs it.
    let retried = diesel::update(jobs::table.find(id))
        .filter(jobs::state.eq_any([JobState::Dead, JobState::Discarded, JobState::Retry, JobState::Scheduled]))
        .set((
            jobs::state.eq(JobState::Available),
            jobs::attempt.eq(0),
            jobs::run_at.eq(now),
            jobs::finished_at.eq(None::<Timestamp>),
        ))
        .returning(jobs::all_columns)
        .get_result(tx.conn())
        .optional()?;
    let refuse = || {
        let message = format!("A job in state {} cannot be retried; dead, discarded and waiting ones can.", row.state);
        Error::conflict("job.not_retryable", message)
    };
    let retried = retried.ok_or_else(refuse)?;
    tx.note_enqueued();
    Ok(retried)
}

fn oldest_dead(tx: &mut PlatformTx<'_>, kind: Option<&str>, limit: i64) -> Result<Vec<JobId>> {
    let mut dead = jobs::table.filter(is_in(JobState::Dead)).select(jobs::id).into_boxed();
    if let Some(kind) = kind {
        dead = dead.filter(jobs::kind.eq(kind.to_owned()));
    }
    Ok(dead.order(jobs::id).limit(limit).load(tx.conn())?)
}

/// Runs dead jobs again, from attempt one, the oldest first. Answers which, with their kinds.
pub fn retry_dead(tx: &mut PlatformTx<'_>, kind: Option<&str>, limit: i64) -> Result<Vec<(JobId, String)>> {
    let dead = oldest_dead(tx, kind, limit)?;
    let now = tx.now();
    let retried = diesel::update(jobs::table.filter(jobs::id.eq_any(dead)))
        .filter(jobs::state.eq(JobState::Dead))
        .set((
            jobs::state.eq(JobState::Available),
            jobs::attempt.eq(0),
            jobs::run_at.eq(now),
            jobs::finished_at.eq(None::<Timestamp>),
        ))
        .returning((jobs::id, jobs::kind))
        .get_results(tx.conn())?;
    tx.note_enqueued();
    Ok(retried)
}

/// Lets a dead job be: it is nobody's work any more, and is deleted with what is over.
///
/// # Errors
/// `job.not_found`; `job.not_dead`.
pub fn dismiss(tx: &mut PlatformTx<'_>, id: JobId) -> Result<JobRow> {
    let row: JobRow = jobs::table
        .find(id)
        .select(JobRow::as_select())
        .first(tx.conn())
        .optional()?
        .ok_or_else(|| Error::not_found("job.not_found", "There is no such job."))?;
    let now = tx.now();
    let dead = jobs::table.find(id).filter(jobs::state.eq(JobState::Dead));
    diesel::update(dead)
        .set((jobs::state.eq(JobState::Discarded), jobs::finished_at.eq(now)))
        .returning(jobs::all_columns)
        .get_result(tx.conn())
        .optional()?
        .ok_or_else(|| {
            let message = format!("A job in state {} cannot be dismissed; a dead one can.", row.state);
            Error::conflict("job.not_dead", message)
        })
}

/// The same of the oldest dead jobs, at most `limit`. Answers which, with their kinds.
pub fn dismiss_dead(tx: &mut PlatformTx<'_>, kind: Option<&str>, limit: i64) -> Result<Vec<(JobId, String)>> {
    let dead = oldest_dead(tx, kind, limit)?;
    let now = tx.now();
    let dismissed = diesel::update(jobs::table.filter(jobs::id.eq_any(dead)))
        .filter(jobs::state.eq(JobState::Dead))
        .set((jobs::state.eq(JobState::Discarded), jobs::finished_at.eq(now)))
        .returning((jobs::id, jobs::kind))
        .get_results(tx.conn())?;
    Ok(dismissed)
}

/// Why the newest dead jobs died, with their kinds; at most `limit`.
pub fn dead_reasons(tx: &mut PlatformTx<'_>, limit: i64) -> Result<Vec<(String, Option<String>)>> {
    let dead = jobs::table.filter(is_in(JobState::Dead)).order(jobs::id.desc()).limit(limit);
    Ok(dead.select((jobs::kind, jobs::last_error)).load(tx.conn())?)
}
