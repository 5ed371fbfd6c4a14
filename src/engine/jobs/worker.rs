//! The worker: claims, runs, settles; rescues what others dropped; stops gracefully.
//!
//! It claims as many jobs as it has places for and a few more, so that places do not stand empty during the next claim. Claims
//! and settlements are batches by themselves: what gathers during one is in the next, and nothing waits for company.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::model::{Job, JobKind};
use super::registry::Registry;
use super::run::Runner;
use super::schedule;
use super::settler::{Settler, Settling};
use super::store::{self, Cursor};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::{PlatformScope, PlatformTx};

/// How a process works on jobs.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Jobs run at once in this process.
    pub concurrency: usize,
    /// How long to sleep at most when nothing signals work.
    pub poll: Duration,
    /// How long a stopping process waits for running jobs; their leases let others take over what is left.
    pub grace: Duration,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { concurrency: 32, poll: Duration::from_secs(1), grace: Duration::from_secs(25) }
    }
}

/// Runs the jobs of a [`Registry`].
pub struct Worker {
    core: Core,
    registry: Arc<Registry>,
    settings: WorkerSettings,
    name: String,
}

/// How often waiting jobs are looked for, at most.
const TEND_WAITING: Duration = Duration::from_millis(100);
/// How often the schedule is written.
const TEND_SCHEDULE: Duration = Duration::from_secs(5);
/// Longer than any kind's timeout: a run that is cut off still holds its lease while it settles.
const LEASE_SECONDS: i64 = 150;
/// A job claimed this long ago and not begun is given back: its lease must outlast its run.
const STALE: Duration = Duration::from_secs(30);
/// Jobs of one claim, at most.
const MOST: usize = 128;

/// A job that is ours and has no place yet.
struct Claimed {
    job: Job,
    since: Instant,
}

impl Worker {
    pub fn new(core: Core, registry: Arc<Registry>, settings: WorkerSettings) -> Self {
        Self { core, registry, settings, name: crate::base::crypto::random_token("w_")[..14].to_string() }
    }

    /// Works until `stop` turns true, then waits for what runs.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let places = self.settings.concurrency.max(1);
        let spare = (places / 4).max(1);
        let (settler, settling) = Settler::start(self.core.clone());
        let mut running = JoinSet::new();
        let mut ready: VecDeque<Claimed> = VecDeque::new();
        let mut cursor = Cursor::default();
        let mut due = None;
        let (mut next_schedule, mut next_look) = (Instant::now(), Instant::now());
        while !*stop.borrow() {
            while running.try_join_next().is_some() {}
            if next_schedule <= Instant::now() {
                self.tend().await;
                next_schedule = Instant::now() + TEND_SCHEDULE;
            }
            if next_look <= Instant::now() {
                due = self.look_for_waiting(due).await;
                next_look = Instant::now() + TEND_WAITING;
            }
            self.begin(&mut ready, &mut running, places, &settler).await;
            let wanted = (places + spare).saturating_sub(running.len() + ready.len()).min(MOST);
            let claimed = if ready.len() < spare { self.claim(wanted, &mut cursor).await } else { Vec::new() };
            let found = claimed.len();
            let since = Instant::now();
            ready.extend(claimed.into_iter().map(|job| Claimed { job, since }));
            if *stop.borrow() {
                break;
            }
            self.begin(&mut ready, &mut running, places, &settler).await;
            // Few were found, so there are no more; whatever comes now wakes us.
            let is_full = running.len() >= places;
            if is_full || found * 2 < wanted.max(1) {
                let nap = self.nap(due);
                tokio::select! {
                    () = self.core.db.wake().wait(), if !is_full => {}
                    _ = running.join_next(), if is_full => {}
                    () = tokio::time::sleep(nap) => next_look = Instant::now(),
                    _ = stop.changed() => {}
                }
            }
        }
        if !ready.is_empty() {
            self.release(ready.into_iter().map(|claimed| claimed.job).collect()).await;
        }
        let wait = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(self.settings.grace, wait).await.is_err() {
            tracing::warn!("stopped with jobs still running; their leases expire and they run again");
        }
        drop(running);
        finish(settler, settling).await;
    }

    /// Runs everything that is due, and what follows from it, until nothing is left. For tests and one-off commands:
    /// the clock stands still meanwhile unless the caller moves it.
    pub async fn run_until_idle(&self) -> Result<usize> {
        let mut total = 0;
        let mut cursor = Cursor::default();
        loop {
            self.core.db.write(PlatformScope::system(), store::promote).await?;
            let claimed = self.try_claim(self.settings.concurrency, &mut cursor).await?;
            if claimed.is_empty() {
                return Ok(total);
            }
            total += claimed.len();
            let (settler, settling) = Settler::start(self.core.clone());
            let mut running = JoinSet::new();
            for job in claimed {
                running.spawn(self.runner(&settler).run(job));
            }
            while running.join_next().await.is_some() {}
            finish(settler, settling).await;
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
        let pruned = self.core.db.write_long(PlatformScope::system(), move |tx| store::prune(tx, week_ago)).await;
        if let Err(error) = pruned {
            tracing::warn!(error = %error.chain(), "old jobs could not be deleted; trying again");
        }
        if let Ok(counts) = self.core.db.read(PlatformScope::system(), store::count_open).await {
            self.core.metrics.jobs.reset();
            for (kind, state, count) in counts {
                self.core.metrics.jobs.with_label_values(&[kind.as_str(), state.as_str()]).set(count);
            }
        }
    }

    /// Makes claimable what has waited long enough; answers when the next one is due, or what was known before.
    async fn look_for_waiting(&self, known: Option<Timestamp>) -> Option<Timestamp> {
        let looked = self.core.db.write_apart(PlatformScope::system(), |tx| {
            store::promote(tx)?;
            store::next_due(tx)
        });
        looked.await.unwrap_or_else(|error| {
            tracing::warn!(error = %error.chain(), "waiting jobs could not be looked for; trying again");
            known
        })
    }

    /// Gives each ready job a place while there are places.
    async fn begin(&self, ready: &mut VecDeque<Claimed>, running: &mut JoinSet<()>, places: usize, settler: &Settler) {
        let mut stale = Vec::new();
        while running.len() < places
            && let Some(next) = ready.pop_front()
        {
            if next.since.elapsed() > STALE {
                stale.push(next.job);
            } else {
                running.spawn(self.runner(settler).run(next.job));
            }
        }
        if !stale.is_empty() {
            self.release(stale).await;
        }
    }

    async fn claim(&self, limit: usize, cursor: &mut Cursor) -> Vec<Job> {
        match self.try_claim(limit, cursor).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(error = %error.chain(), "jobs could not be claimed; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
                Vec::new()
            }
        }
    }

    async fn try_claim(&self, limit: usize, cursor: &mut Cursor) -> Result<Vec<Job>> {
        let worker = self.name.clone();
        let limit = i64::try_from(limit.clamp(1, MOST)).unwrap_or(1);
        let mut at = *cursor;
        let lease_until = self.core.clock.now().plus(chrono::Duration::seconds(LEASE_SECONDS));
        let claim = move |tx: &mut PlatformTx<'_>| {
            let claimed = store::claim(tx, &worker, limit, lease_until, &mut at)?;
            Ok((claimed, at))
        };
        let (claimed, at) = self.core.db.write_apart(PlatformScope::system(), claim).await?;
        *cursor = at;
        Ok(claimed)
    }

    async fn release(&self, claimed: Vec<Job>) {
        let released = self.core.db.write(PlatformScope::system(), move |tx| store::release(tx, &claimed)).await;
        if let Err(error) = released {
            tracing::warn!(error = %error.chain(), "claimed jobs could not be given back; their leases expire");
        }
    }

    /// Until the next waiting job, but at most the poll interval.
    fn nap(&self, due: Option<Timestamp>) -> Duration {
        let until = due.map(|at| at.since(self.core.clock.now()).to_std().unwrap_or_default());
        until.map_or(self.settings.poll, |wait| wait.clamp(Duration::from_millis(5), self.settings.poll))
    }

    fn runner(&self, settler: &Settler) -> Runner {
        Runner { core: self.core.clone(), registry: self.registry.clone(), settler: settler.clone() }
    }
}

/// Waits until every end that was handed over is written.
async fn finish(settler: Settler, settling: Settling) {
    drop(settler);
    settling.await_all().await;
}
