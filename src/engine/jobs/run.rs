//! One run: the handler within its time, and what its end means.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tracing::field::Empty;

use super::context::JobContext;
use super::death;
use super::lease::Held;
use super::model::{Job, JobState, Outcome};
use super::registry::Registry;
use super::settler::Settler;
use super::store::Settlement;
use super::times::LONGEST_TOGETHER;
use crate::base::Error;
use crate::base::time::Timestamp;
use crate::engine::{Core, trace};

/// How long a job waits that found no place aside: a quarter of its age, so that ever fewer come in vain.
const PUT_OFF: (chrono::Duration, chrono::Duration) = (chrono::Duration::seconds(2), chrono::Duration::seconds(60));

fn put_off(job: &Job, now: Timestamp) -> Timestamp {
    now.plus((now.since(job.created_at) / 4).clamp(PUT_OFF.0, PUT_OFF.1))
}

#[derive(Clone)]
pub(super) struct Runner {
    pub core: Core,
    pub registry: Arc<Registry>,
    pub settler: Settler,
}

impl Runner {
    pub async fn run(self, held: Held, job: Job) {
        let span = tracing::info_span!("job", kind = %job.kind, id = %job.id, tenant = Empty, attempt = job.attempt,
            request_id = job.cause.request_id.as_deref(), otel.name = Empty, otel.kind = Empty);
        // The platform's own jobs are no tenant's.
        if !job.tenant.uuid().is_nil() {
            span.record("tenant", tracing::field::display(job.tenant));
        }
        if trace::is_on() {
            trace::adopt(&span, job.cause.traceparent.as_deref());
            span.record("otel.name", format!("job {}", job.kind)).record("otel.kind", "consumer");
        }
        let work = async {
            let started = std::time::Instant::now();
            let context = JobContext { job: job.clone(), core: self.core.clone() };
            let outcome = death::bury(&context, &self.registry, self.outcome(&job).await).await;
            self.core
                .metrics
                .job_seconds
                .with_label_values(&[job.kind.as_str()])
                .observe(started.elapsed().as_secs_f64());
            self.settle(held, job, outcome).await;
        };
        tracing::Instrument::instrument(work, span).await;
    }

    /// Runs one, or several of a kind together; those that could not be settled together run one by one, which is no more than
    /// they would have done anyway.
    pub async fn run_all(self, list: Vec<(Held, Job)>) {
        let together = match list.as_slice() {
            [(_, first), _, ..] => self.registry.find(&first.kind).and_then(|entry| entry.together),
            _ => None,
        };
        let mut settled = HashSet::new();
        if let Some(together) = together {
            let contexts = list.iter().map(|(_, job)| JobContext { job: job.clone(), core: self.core.clone() });
            let span = tracing::info_span!("jobs", kind = %list[0].1.kind, count = list.len());
            let started = std::time::Instant::now();
            let run =
                AssertUnwindSafe(tracing::Instrument::instrument(together(contexts.collect()), span)).catch_unwind();
            settled = match tokio::time::timeout(LONGEST_TOGETHER, run).await {
                Ok(Ok(Ok(settled))) => settled,
                Ok(Ok(Err(error))) => {
                    tracing::warn!(error = %error.chain(), jobs = list.len(), "could not run together; running one by one");
                    HashSet::new()
                }
                _ => {
                    tracing::error!(
                        jobs = list.len(),
                        "running together panicked or took too long; running one by one"
                    );
                    HashSet::new()
                }
            };
            let share = started.elapsed().as_secs_f64() / settled.len().max(1) as f64;
            for (_, job) in list.iter().filter(|(_, job)| settled.contains(&job.id)) {
                self.core.metrics.job_seconds.with_label_values(&[job.kind.as_str()]).observe(share);
                self.core.metrics.job_runs.with_label_values(&[job.kind.as_str(), "done"]).inc();
            }
        }
        let left = list.into_iter().filter(|(_, job)| !settled.contains(&job.id));
        futures_util::future::join_all(left.map(|(held, job)| self.clone().run(held, job))).await;
    }

    /// For a job that found no place aside.
    pub async fn put_off(self, held: Held, job: Job) {
        let at = put_off(&job, self.core.clock.now());
        self.settle(held, job, Outcome::Snooze(at, "too many of its kind are running".into())).await;
    }

    async fn outcome(&self, job: &Job) -> Outcome {
        if let Some(overdrawn) = death::overdrawn(job) {
            return overdrawn;
        }
        let Some(entry) = self.registry.find(&job.kind) else {
            return death::unknown_kind(job, self.core.clock.now());
        };
        let context = JobContext { job: job.clone(), core: self.core.clone() };
        let run = AssertUnwindSafe((entry.run)(context)).catch_unwind();
        match tokio::time::timeout(entry.kind.timeout, run).await {
            Ok(Ok(Ok(outcome))) => outcome,
            Ok(Ok(Err(error))) => Outcome::Retry(error),
            Ok(Err(_)) => Outcome::Retry(Error::internal("the handler panicked")),
            Err(_) => {
                Outcome::Retry(Error::unavailable("job.timeout", "the run took longer than its limit and was cut off"))
            }
        }
    }

    /// Hands the end over to be written with others'; the place is free meanwhile, and the job is held until it is written.
    async fn settle(&self, held: Held, job: Job, outcome: Outcome) {
        match self.settlement(&job, outcome) {
            None => self.core.metrics.job_runs.with_label_values(&[job.kind.as_str(), "done"]).inc(),
            Some((end, label)) => self.settler.settle(held, job, end, label).await,
        }
    }

    fn settlement(&self, job: &Job, outcome: Outcome) -> Option<(Settlement, &'static str)> {
        let end = |state, last_error| Settlement { state, run_at: None, last_error, refund_attempt: false };
        Some(match outcome {
            Outcome::Settled => return None,
            Outcome::Done => (end(JobState::Done, None), "done"),
            Outcome::Discard(reason) => {
                tracing::info!(reason, "discarded");
                (end(JobState::Discarded, Some(reason)), "discarded")
            }
            Outcome::Snooze(until, reason) => {
                let run_at = Some(until);
                (
                    Settlement { state: JobState::Retry, run_at, last_error: Some(reason), refund_attempt: true },
                    "snoozed",
                )
            }
            Outcome::Dead(error) => {
                tracing::error!(error = %error.chain(), "dead");
                (end(JobState::Dead, Some(error.chain())), "dead")
            }
            Outcome::Retry(error) if error.code() == "job.lease_lost" => return None,
            Outcome::Retry(error) if job.is_last_attempt() => {
                tracing::error!(error = %error.chain(), "dead after its last attempt");
                (end(JobState::Dead, Some(error.chain())), "dead")
            }
            Outcome::Retry(error) => {
                tracing::warn!(error = %error.chain(), "failed; will be tried again");
                let run_at = Some(self.retry_at(job, &error));
                (
                    Settlement {
                        state: JobState::Retry,
                        run_at,
                        last_error: Some(error.chain()),
                        refund_attempt: false,
                    },
                    "retry",
                )
            }
        })
    }

    fn retry_at(&self, job: &Job, error: &Error) -> Timestamp {
        let backoff = self
            .registry
            .find(&job.kind)
            .map_or(Duration::from_secs(60), |entry| entry.kind.delay_after(job.attempt, rand::random()));
        let wait = backoff.max(error.retry_after().unwrap_or_default());
        self.core.clock.now().plus(chrono::Duration::from_std(wait).unwrap_or(chrono::Duration::hours(1)))
    }
}
