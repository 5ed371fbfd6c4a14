//! Another try for jobs that died, were discarded or wait.

use super::facts::JobRetried;
use crate::base::Result;
use crate::base::id::JobId;
use crate::engine::db::PlatformTx;
use crate::engine::events::SoleFact as _;
use crate::engine::jobs::store::{self as jobs, JobRow};

/// Jobs of one request, at most.
pub const AT_ONCE: usize = 200;

/// One job, from its first attempt.
///
/// # Errors
/// `job.not_found`, and where it runs or is done.
pub fn one(tx: &mut PlatformTx<'_>, id: JobId) -> Result<JobRow> {
    let row = jobs::retry(tx, id)?;
    record(tx, row.id, &row.kind)?;
    Ok(row)
}

/// Dead jobs, of one kind or of every kind: [`AT_ONCE`] at most, the oldest first. Answers how many.
pub fn dead(tx: &mut PlatformTx<'_>, kind: Option<&str>) -> Result<usize> {
    let retried = jobs::retry_dead(tx, kind, i64::try_from(AT_ONCE).unwrap_or(i64::MAX))?;
    for (id, kind) in &retried {
        record(tx, *id, kind)?;
    }
    Ok(retried.len())
}

fn record(tx: &mut PlatformTx<'_>, id: JobId, kind: &str) -> Result<()> {
    tx.record(JobRetried { kind: Some(kind.into()) }.about(id.uuid()))?;
    Ok(())
}
