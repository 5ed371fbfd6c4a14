//! The end of a job that its handler did not see coming: a panic, a cut-off or a vanished worker in the last attempt, or a
//! kind this version does not know.
//!
//! A handler that gives up says so in the row it worked for. Where it could not, the folder that owns the row says here how to
//! close it ([`Registry::on_death`]); job and row end in one transaction.

use super::context::JobContext;
use super::model::{Job, Outcome};
use super::registry::Registry;
use super::store;
use crate::base::Error;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;

/// A version that knows the kind may be starting right now; after a day none will come.
pub(super) fn unknown_kind(job: &Job, now: Timestamp) -> Outcome {
    let reason = "no handler for this kind in this version";
    if now.since(job.created_at) < chrono::Duration::days(1) {
        return Outcome::Snooze(now.plus(chrono::Duration::seconds(30)), format!("job.unknown_kind: {reason}"));
    }
    Outcome::Dead(Error::not_found("job.unknown_kind", reason))
}

/// What there is to say about a run that must not take place, because the last one killed its worker.
pub(super) fn overdrawn(job: &Job) -> Option<Outcome> {
    let reason = "the worker vanished during the last attempt";
    (job.attempt > job.max_attempts).then(|| Outcome::Retry(Error::unavailable("job.lease_expired", reason)))
}

/// Buries a job that has failed for the last time together with what it leaves open.
pub(super) async fn bury(context: &JobContext, registry: &Registry, outcome: Outcome) -> Outcome {
    let job = context.job.clone();
    let Outcome::Retry(error) = outcome else { return outcome };
    let close = registry.close_of(&job.kind).filter(|_| job.is_last_attempt() && error.code() != "job.lease_lost");
    let Some(close) = close else { return Outcome::Retry(error) };
    let reason = error.chain();
    let (died, code, message) = (reason.clone(), error.code().to_string(), error.message().to_string());
    let buried = context.core.db.write(context.platform_scope(), move |tx: &mut PlatformTx<'_>| {
        store::bury(tx, &job, died)?;
        close(tx, &job, &Error::upstream(code, message))
    });
    match buried.await {
        Ok(()) => {
            tracing::error!(error = reason, "dead after its last attempt");
            Outcome::Settled
        }
        Err(failed) => {
            tracing::error!(error = %failed.chain(), "what a dead job leaves open could not be closed");
            Outcome::Retry(error)
        }
    }
}
