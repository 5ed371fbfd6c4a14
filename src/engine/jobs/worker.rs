//! The worker: claims, runs, settles; rescues what others dropped; stops gracefully.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::field::Empty;

use super::context::JobContext;
use super::death;
use super::lease::{Held, LEASE, Leases, Rescue};
use super::model::{Job, JobKind, JobState, Outcome};
use super::registry::Registry;
use super::schedule;
use super::store::{self, Settlement};
use crate::base::time::Timestamp;
use crate::base::{Error, ErrorKind, Result};
use crate::engine::Core;
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::trace;

/// How a process works on jobs.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Jobs run at once in this process.
    pub concurrency: usize,
    /// Jobs of [`JobKind::aside`] run at once besides. When there are more, the others are put off, not waited for.
    pub aside: usize,
    /// How long to sleep at most when nothing signals work.
    pub poll: Duration,
    /// How long a stopping process waits for running jobs; their leases let others take over what is left.
    pub grace: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { concurrency: 32, aside: 128, poll: Duration::from_secs(1), grace: Duration::from_secs(25) }
    }
}

/// Runs the jobs of a [`Registry`].
pub struct Worker {
    core: Core,
    registry: Arc<Registry>,
    settings: WorkerSettings,
    name: String,
    leases: Leases,
}

impl Worker {
    pub fn new(core: Core, registry: Arc<Registry>, settings: WorkerSettings) -> Self {
        let name = crate::base::crypto::random_token("w_")[..14].to_string();
        let leases = Leases::new(core.clock.now());
        Self { core, registry, settings, name, leases }
    }

    /// Works until `stop` turns true, then waits for what runs.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        let mut aside = JoinSet::new();
        let mut cursor = 0_u128;
        let mut next_schedule = Instant::now();
        while !*stop.borrow() {
            while running.try_join_next().is_some() {}
            while aside.try_join_next().is_some() {}
            if next_schedule <= Instant::now() {
                self.tend().await;
                next_schedule = Instant::now() + Duration::from_secs(5);
            }
            let free = self.settings.concurrency.saturating_sub(running.len());
            self.renew_after_jump().await;
            let claimed = if free > 0 { self.claim(free, &mut cursor).await } else { Vec::new() };
            if *stop.borrow() && !claimed.is_empty() {
                self.release(claimed).await;
                break;
            }
            let idle = claimed.is_empty();
            for job in claimed {
                match (self.registry.is_aside(&job.kind), aside.len() < self.settings.aside) {
                    (false, _) => running.spawn(self.runner().run(self.leases.hold(job.id), job)),
                    (true, true) => aside.spawn(self.runner().run(self.leases.hold(job.id), job)),
                    (true, false) => running.spawn(self.runner().put_off(job)),
                };
            }
            if idle {
                let nap = self.nap().await;
                tokio::select! {
                    () = self.core.db.wake().wait() => {}
                    _ = running.join_next(), if !running.is_empty() && free == 0 => {}
                    () = tokio::time::sleep(nap) => {}
                    _ = stop.changed() => {}
                }
            }
        }
        let wait = async {
            while running.join_next().await.is_some() {}
            while aside.join_next().await.is_some() {}
        };
        if tokio::time::timeout(self.settings.grace, wait).await.is_err() {
            tracing::warn!("stopped with jobs still running; their leases expire and they run again");
        }
    }

    /// Runs everything that is due, and what follows from it, until nothing is left. For tests and one-off commands:
    /// the clock stands still meanwhile unless the caller moves it.
    pub async fn run_until_idle(&self) -> Result<usize> {
        let mut total = 0;
        let mut cursor = 0_u128;
        loop {
            let due = |tx: &mut PlatformTx<'_>| {
                store::promote(tx)?;
                store::rescue(tx, Rescue::Ended)
            };
            self.core.db.write(PlatformScope::system(), due).await?;
            let claimed = self.try_claim(self.settings.concurrency, &mut cursor).await?;
            if claimed.is_empty() {
                return Ok(total);
            }
            total += claimed.len();
            let mut running = JoinSet::new();
            for job in claimed {
                running.spawn(self.runner().run(self.leases.hold(job.id), job));
            }
            while running.join_next().await.is_some() {}
        }
    }

    /// Enqueues the current slot of every period.
    pub async fn run_schedule(&self) -> Result<()> {
        let periodic: Vec<(&'static JobKind, Duration)> =
            self.registry.periodic.iter().map(|p| (p.kind, p.every)).collect();
        self.core.db.write(PlatformScope::system(), move |tx| schedule::enqueue_due(tx, &periodic)).await
    }

    async fn tend(&self) {
        if let Err(error) = self.run_schedule().await {
            tracing::warn!(error = %error.chain(), "the schedule could not be written; trying again");
        }
        let week_ago = self.core.clock.now().minus(chrono::Duration::days(7));
        let counted = self.core.db.write(PlatformScope::system(), move |tx| {
            store::prune(tx, week_ago)?;
            store::count_open(tx)
        });
        if let Ok(counts) = counted.await {
            self.core.metrics.jobs.reset();
            for (kind, state, count) in counts {
                self.core.metrics.jobs.with_label_values(&[kind.as_str(), state.as_str()]).set(count);
            }
        }
    }

    async fn claim(&self, free: usize, cursor: &mut u128) -> Vec<Job> {
        match self.try_claim(free, cursor).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = %error.chain(), "jobs could not be claimed; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
                Vec::new()
            }
        }
    }

    async fn try_claim(&self, free: usize, cursor: &mut u128) -> Result<Vec<Job>> {
        let worker = self.name.clone();
        let limit = i64::try_from(free.min(64)).unwrap_or(64);
        let mut at = *cursor;
        let leases = self.leases.clone();
        let (claimed, at) = self
            .core
            .db
            .write(PlatformScope::system(), move |tx| {
                store::promote(tx)?;
                store::rescue(tx, leases.rescue(tx.now()))?;
                let lease_until = tx.now().plus(LEASE);
                let claimed = store::claim(tx, &worker, limit, lease_until, &mut at)?;
                Ok((claimed, at))
            })
            .await?;
        *cursor = at;
        Ok(claimed)
    }

    /// Keeps what runs here ours when the clock jumped over the end of our leases.
    async fn renew_after_jump(&self) {
        let Some(held) = self.leases.to_renew(self.core.clock.now()) else { return };
        let worker = self.name.clone();
        let renew = move |tx: &mut PlatformTx<'_>| store::renew(tx, &worker, held, tx.now().plus(LEASE));
        match self.core.db.write(PlatformScope::system(), renew).await {
            Ok(_) => self.leases.renewed(),
            Err(error) => tracing::warn!(error = %error.chain(), "leases could not be extended; trying again"),
        }
    }

    async fn release(&self, claimed: Vec<Job>) {
        let released = self.core.db.write(PlatformScope::system(), move |tx| store::release(tx, &claimed)).await;
        if let Err(error) = released {
            tracing::warn!(error = %error.chain(), "claimed jobs could not be given back; their leases expire");
        }
    }

    /// Until the next waiting job, but at most the poll interval.
    async fn nap(&self) -> Duration {
        let due = self.core.db.read(PlatformScope::system(), store::next_due).await.ok().flatten();
        let until = due.map(|at| at.since(self.core.clock.now()).to_std().unwrap_or_default());
        until.map_or(self.settings.poll, |wait| wait.clamp(Duration::from_millis(5), self.settings.poll))
    }

    fn runner(&self) -> Runner {
        Runner { core: self.core.clone(), registry: self.registry.clone() }
    }
}

/// How long a job waits that found no place aside.
const PUT_OFF: chrono::Duration = chrono::Duration::seconds(2);

struct Runner {
    core: Core,
    registry: Arc<Registry>,
}

/// Waits between the tries to settle a run while storage is away: in all less than what a run leaves of its lease.
const SETTLE_AGAIN: [Duration; 8] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(32),
];

impl Runner {
    async fn run(self, _held: Held, job: Job) {
        let span = tracing::info_span!("job", kind = %job.kind, id = %job.id, tenant = %job.tenant, attempt = job.attempt,
            request_id = job.cause.request_id.as_deref().unwrap_or_default(), otel.name = Empty, otel.kind = Empty);
        if trace::is_on() {
            trace::adopt(&span, job.cause.traceparent.as_deref());
            span.record("otel.name", format!("job {}", job.kind)).record("otel.kind", "consumer");
        }
        let work = async {
            let started = Instant::now();
            let context = JobContext { job: job.clone(), core: self.core.clone() };
            let outcome = death::bury(&context, &self.registry, self.outcome(&job).await).await;
            self.core
                .metrics
                .job_seconds
                .with_label_values(&[job.kind.as_str()])
                .observe(started.elapsed().as_secs_f64());
            self.settle(&job, outcome).await;
        };
        tracing::Instrument::instrument(work, span).await;
    }

    /// For a job that found no place aside.
    async fn put_off(self, job: Job) {
        let at = self.core.clock.now().plus(PUT_OFF);
        self.settle(&job, Outcome::Snooze(at, "too many of its kind are running".into())).await;
    }

    async fn outcome(&self, job: &Job) -> Outcome {
        if let Some(overdrawn) = death::overdrawn(job) {
            return overdrawn;
        }
        let Some(entry) = self.registry.find(&job.kind) else {
            return death::unknown_kind(job, self.core.clock.now());
        };
        let context = JobContext { job: job.clone(), core: self.core.clone() };
        let run = tokio::spawn(tracing::Instrument::in_current_span((entry.run)(context)));
        let abort = run.abort_handle();
        match tokio::time::timeout(entry.kind.timeout, run).await {
            Ok(Ok(Ok(outcome))) => outcome,
            Ok(Ok(Err(error))) => Outcome::Retry(error),
            Ok(Err(panicked)) => Outcome::Retry(Error::internal(panicked)),
            Err(_) => {
                abort.abort();
                Outcome::Retry(Error::unavailable("job.timeout", "the run took longer than its limit and was cut off"))
            }
        }
    }

    async fn settle(&self, job: &Job, outcome: Outcome) {
        let Some((settlement, label)) = self.settlement(job, outcome) else {
            return self.count(job, "done");
        };
        let mut waits = SETTLE_AGAIN.into_iter();
        loop {
            let (owned, settlement) = (job.clone(), settlement.clone());
            let written =
                self.core.db.write(PlatformScope::system(), move |tx| store::settle(tx, &owned, settlement)).await;
            let error = match written {
                Ok(true) => return self.count(job, label),
                Ok(false) => return self.count(job, "lost"),
                Err(error) => error,
            };
            let wait = waits.next().filter(|_| error.kind() == ErrorKind::Unavailable);
            let Some(wait) = wait else {
                // The lease expires and the job runs again: handlers are idempotent.
                tracing::error!(error = %error.chain(), "a run could not be settled");
                return self.count(job, "lost");
            };
            tracing::warn!(error = %error.chain(), "a run could not be settled; trying again");
            tokio::time::sleep(wait).await;
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

    fn count(&self, job: &Job, outcome: &str) {
        self.core.metrics.job_runs.with_label_values(&[job.kind.as_str(), outcome]).inc();
    }
}
