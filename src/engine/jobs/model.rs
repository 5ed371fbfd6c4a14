//! What a job is, and how long it waits before it is tried again.

use std::time::Duration;

use crate::base::id::{JobId, TenantId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::engine::trace::Cause;

crate::text_enum! {
    /// Where a job is. `done`, `dead` and `discarded` are final; an operator may retry a dead one.
    pub enum JobState {
        /// Waits for its time.
        Scheduled = "scheduled",
        /// May be claimed.
        Available = "available",
        /// Claimed under a lease.
        Running = "running",
        /// Failed and waits for its next attempt.
        Retry = "retry",
        Done = "done",
        /// Used up its attempts: listed for operators with its reason.
        Dead = "dead",
        /// Decided to be pointless, with a reason.
        Discarded = "discarded",
    }
}

impl JobState {
    /// Those that are not over, and the dead, which wait for an operator.
    pub const OPEN: [Self; 5] = [Self::Scheduled, Self::Available, Self::Running, Self::Retry, Self::Dead];
}

/// A kind of job: declared once as a `static` beside its handler.
#[derive(Debug)]
pub struct JobKind {
    /// `noun.verb`, stable: it is stored.
    pub name: &'static str,
    pub max_attempts: i32,
    /// A run is cut off after this; the lease is longer.
    pub timeout: Duration,
    /// The wait after the first failure; doubled each time, at most an hour, with up to 20 % jitter.
    pub backoff: Duration,
    /// 0 runs before 10 within a tenant.
    pub priority: i32,
    /// See [`Self::aside`].
    pub is_aside: bool,
}

impl JobKind {
    /// Attempts over about a day, so that what a provider's bad night killed is nobody's work in the morning; 60 s a run.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            max_attempts: 34,
            timeout: Duration::from_secs(60),
            backoff: Duration::from_secs(2),
            priority: 5,
            is_aside: false,
        }
    }
    /// Runs beside the process' slots instead of in one, because it mostly waits for strangers, who may let it wait.
    pub const fn aside(mut self) -> Self {
        self.is_aside = true;
        self
    }
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }
    /// Runs once per slot ([`super::Registry::every`]): what fails for a quarter of an hour is left to later slots.
    pub const fn periodic(self) -> Self {
        self.max_attempts(10)
    }
    pub const fn max_attempts(mut self, attempts: i32) -> Self {
        self.max_attempts = attempts;
        self
    }
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The wait before attempt `attempt + 1`, with `jitter` in 0.0..1.0.
    pub fn delay_after(&self, attempt: i32, jitter: f64) -> Duration {
        let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(16);
        let plain = self.backoff.saturating_mul(1 << doublings).min(Duration::from_secs(3600));
        plain.mul_f64(1.0 + 0.2 * jitter)
    }
}

/// A job about to be enqueued.
#[derive(Debug)]
pub struct NewJob {
    pub kind: &'static JobKind,
    pub payload: serde_json::Value,
    pub run_at: Option<Timestamp>,
    pub unique_key: Option<String>,
}

impl NewJob {
    /// `payload` holds ids only: the handler reads the rows, so it never acts on stale data.
    pub fn new(kind: &'static JobKind, payload: &impl serde::Serialize) -> Self {
        let payload = serde_json::to_value(payload).unwrap_or_default();
        Self { kind, payload, run_at: None, unique_key: None }
    }
    /// Not before `at`.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.run_at = Some(at);
        self
    }
    /// At most one job of this kind ever has this key (until finished jobs are pruned).
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }
}

/// A claimed job.
#[derive(Debug, Clone)]
pub struct Job {
    pub id: JobId,
    /// The nil tenant for work of the platform itself.
    pub tenant: TenantId,
    pub kind: String,
    pub payload: serde_json::Value,
    /// 1 for the first run.
    pub attempt: i32,
    pub max_attempts: i32,
    pub created_at: Timestamp,
    pub cause: Cause,
    pub worker: String,
}

impl Job {
    pub fn payload<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.payload.clone()).map_err(Error::internal)
    }
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.max_attempts
    }
}

/// What the author of a job decides about its end.
#[derive(Debug)]
pub enum Outcome {
    Done,
    /// Failed; try again after the kind's backoff, or die when no attempt is left.
    Retry(Error),
    /// Not now, and not a failure: run again at this moment without using up an attempt.
    Snooze(Timestamp, String),
    /// Pointless; never again. The reason stays visible.
    Discard(String),
    /// Fails for good now, whatever attempts are left: an operator must look.
    Dead(Error),
    /// Already settled by [`super::JobContext::finish`].
    Settled,
}

/// Closes what a dead job leaves open, for the reason given. The row may be closed already.
pub type Close = fn(&mut PlatformTx<'_>, &Job, &Error) -> Result<()>;

/// Whoever wrote the end of a run that was not theirs any more.
pub(in crate::jobs) fn lease_lost() -> Error {
    Error::conflict("job.lease_lost", "another worker took this job over")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_up_to_an_hour_with_jitter() {
        let kind = JobKind::new("test.backoff");
        assert_eq!(kind.delay_after(1, 0.0), Duration::from_secs(2));
        assert_eq!(kind.delay_after(4, 0.0), Duration::from_secs(16));
        assert_eq!(kind.delay_after(99, 0.0), Duration::from_secs(3600));
        assert_eq!(kind.delay_after(4, 1.0), Duration::from_millis(19_200));
    }

    #[test]
    fn a_job_is_tried_for_about_a_day() {
        let kind = JobKind::new("test.backoff");
        let hours = |jitter| (1..kind.max_attempts).map(|n| kind.delay_after(n, jitter).as_secs()).sum::<u64>() / 3600;
        assert_eq!((hours(0.0), hours(0.5), hours(1.0)), (23, 25, 27));
    }
}
