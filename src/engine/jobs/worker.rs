//! The worker: claims, runs, settles; rescues what others dropped; stops gracefully.
//!
//! It claims as many jobs as it has places for and some more ([`super::supply`]), so that places do not stand empty during the
//! next claim. Settlements are batches by themselves: what gathers during one is in the next. Claims that follow each other
//! let a few jobs gather between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::hands::{Claimed, Hands};
use super::lease::Leases;
use super::model::Job;
use super::registry::Registry;
use super::run::Runner;
use super::settler::{Settler, Settling};
use super::store::{self, Ask, Claim, Cursor, Rescue};
use super::supply::{MOST, Supply};
use super::tend::Tender;
use super::times::{LEASE, STALE};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::outage::Outage;

#[cfg(test)]
mod tests;

/// How a process works on jobs.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Jobs run at once in this process.
    pub concurrency: usize,
    /// Jobs of [`super::JobKind::aside`] run at once besides. When there are more, the others are put off, not waited for.
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
    /// How many were made, for their names.
    claims: AtomicU64,
    outage: Arc<Outage>,
}

/// How often waiting jobs are looked for, at most.
const TEND_WAITING: Duration = Duration::from_millis(100);
/// What a stopping process leaves at least for writing how its last runs ended.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Jobs of one kind that run together, at most.
const TOGETHER: usize = 32;

impl Worker {
    pub fn new(core: Core, registry: Arc<Registry>, settings: WorkerSettings) -> Self {
        let name = crate::base::crypto::random_token("w_")[..14].to_string();
        let leases = Leases::new(core.clock.now());
        Self { core, registry, settings, name, leases, claims: AtomicU64::new(1), outage: Arc::default() }
    }

    /// Works until `stop` turns true, then waits for what runs. It also ends when a part of it does, by a defect.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let (settler, settling) = Settler::start(self.core.clone());
        self.work(stop, settler, settling).await;
    }

    async fn work(&self, mut stop: watch::Receiver<bool>, settler: Settler, settling: Settling) {
        let places = self.settings.concurrency.max(1);
        let mut supply = Supply::for_places(places);
        let mut hands = Hands::new(places);
        let mut cursor = Cursor::default();
        // Besides this lane, which may have no more places, nobody waited when we last looked.
        let mut alone = None;
        let mut due = None;
        let mut next_look = Instant::now();
        let tending = self.tender().start();
        while !*stop.borrow() && !tending.has_ended() && !settler.has_ended() {
            hands.let_go_of_ended();
            self.renew_after_jump().await;
            if next_look <= Instant::now() {
                let is_more;
                (due, is_more) = self.look_for_waiting(due).await;
                next_look = Instant::now() + if is_more { Duration::ZERO } else { TEND_WAITING };
            }
            self.begin(&mut hands, &settler).await;
            let crowded = hands.crowded();
            let waiting = hands.waiting(crowded);
            let mut may_rest = crowded.is_some() && crowded == alone;
            let wants = waiting < supply.spare && !may_rest;
            let gathers = supply.gathers(Instant::now()).filter(|_| wants);
            if wants && gathers.is_none() {
                let limit = (places + supply.spare).saturating_sub(hands.running.len() + waiting).clamp(1, MOST);
                let claim = self.claim(limit, crowded, &mut cursor, &mut stop).await;
                may_rest = claim.is_all;
                supply.adapt(claim.jobs.len() >= limit, Instant::now());
                alone = crowded.filter(|_| claim.is_all);
                self.take(&mut hands, claim.jobs, &settler);
            }
            if *stop.borrow() {
                break;
            }
            self.begin(&mut hands, &settler).await;
            let is_full = hands.is_full();
            if is_full || may_rest || gathers.is_some() {
                // Where a crowd kept us from claiming or beginning, its end is waited for, which may have come since we looked.
                let is_waited_for = is_full || crowded.is_some() || !hands.ready.is_empty();
                let nap = self.nap(due);
                tokio::select! {
                    () = self.core.db.wake().wait(), if !is_full => alone = None,
                    () = tokio::time::sleep(gathers.unwrap_or_default()), if gathers.is_some() => {}
                    Some(_) = hands.running.join_next(), if is_waited_for => {}
                    () = tokio::time::sleep(nap) => (next_look, alone) = (Instant::now(), None),
                    () = settler.ended() => {}
                    _ = stop.changed() => {}
                }
            }
        }
        self.stop(hands, settler, settling).await;
    }

    /// Gives back what has not begun, waits for what has, and for its end to be written.
    async fn stop(&self, mut hands: Hands, settler: Settler, settling: Settling) {
        let start = Instant::now();
        let unbegun = hands.ready.drain(..).collect();
        let all = async { tokio::join!(self.release(unbegun), hands.ended()) };
        if tokio::time::timeout(self.settings.grace, all).await.is_err() {
            tracing::warn!("stopped with jobs still running; their leases expire and they run again");
        }
        drop((hands, settler));
        let left = self.settings.grace.saturating_sub(start.elapsed()).max(LAST_WORDS);
        if tokio::time::timeout(left, settling.await_all()).await.is_err() {
            tracing::warn!(
                "stopped with settlements still to be written; those jobs' leases expire and they run again"
            );
        }
    }

    /// Runs everything that is due, and what follows from it, until nothing is left. For tests and one-off commands:
    /// the clock stands still meanwhile unless the caller moves it.
    pub async fn run_until_idle(&self) -> Result<usize> {
        let mut total = 0;
        let mut cursor = Cursor::default();
        loop {
            let due = |tx: &mut PlatformTx<'_>| {
                store::promote(tx)?;
                store::rescue(tx, Rescue::Ended)
            };
            self.core.db.write(PlatformScope::system(), due).await?;
            let claimed = self.try_claim(self.settings.concurrency, None, &mut cursor).await?.jobs;
            if claimed.is_empty() {
                return Ok(total);
            }
            total += claimed.len();
            let (settler, settling) = Settler::start(self.core.clone());
            let mut hands = Hands::new(self.settings.concurrency);
            self.take(&mut hands, claimed, &settler);
            while !hands.ready.is_empty() {
                self.begin(&mut hands, &settler).await;
                hands.running.join_next().await;
            }
            hands.ended().await;
            drop(settler);
            settling.await_all().await;
        }
    }

    /// Enqueues the current slot of every period.
    pub async fn run_schedule(&self) -> Result<()> {
        self.tender().write_schedule().await
    }

    fn tender(&self) -> Tender {
        Tender { core: self.core.clone(), registry: self.registry.clone(), outage: self.outage.clone() }
    }

    /// Makes claimable what has waited long enough and what a dead worker dropped; answers when the next one is due, or
    /// what was known before, and whether there are more than were looked at.
    async fn look_for_waiting(&self, known: Option<Timestamp>) -> (Option<Timestamp>, bool) {
        let leases = self.leases.clone();
        let looked = self.core.db.write_apart(PlatformScope::system(), move |tx| {
            let is_more = store::promote(tx)? == store::AT_ONCE;
            store::rescue(tx, leases.rescue(tx.now()))?;
            Ok((store::next_due(tx)?, is_more))
        });
        looked.await.unwrap_or_else(|error| {
            self.outage.failed(&error, "waiting jobs could not be looked for");
            (known, false)
        })
    }

    /// Holds what was claimed. What runs aside begins at once or is put off; the rest waits for a place.
    fn take(&self, hands: &mut Hands, claimed: Vec<Job>, settler: &Settler) {
        let since = Instant::now();
        for job in claimed {
            let held = self.leases.hold(job.id);
            match (self.registry.is_aside(&job.kind), hands.aside.len() < self.settings.aside) {
                (false, _) => hands.ready.push_back(Claimed { job, held, since }),
                (true, true) => drop(hands.aside.spawn(self.runner(settler).run(held, job))),
                (true, false) => drop(hands.aside.spawn(self.runner(settler).put_off(held, job))),
            }
        }
    }

    /// Gives back what has waited too long for a place, and each place to whom it is due.
    async fn begin(&self, hands: &mut Hands, settler: &Settler) {
        let stale = hands.stale(STALE);
        while let Some((next, place)) = hands.next() {
            let mut list = vec![next];
            if self.registry.is_together(&list[0].job) {
                let first = list[0].job.clone();
                list.extend(hands.alike(&first, TOGETHER - 1, |job| self.registry.is_together(job)));
            }
            let run =
                self.runner(settler).run_all(list.into_iter().map(|claimed| (claimed.held, claimed.job)).collect());
            hands.running.spawn(async move {
                run.await;
                drop(place);
            });
        }
        self.release(stale).await;
    }

    /// Whoever is told to stop still waits a moment for the answer, which may be jobs to be given back.
    async fn claim(
        &self,
        limit: usize,
        without: Option<TenantId>,
        cursor: &mut Cursor,
        stop: &mut watch::Receiver<bool>,
    ) -> Claim {
        let claim = self.try_claim(limit, without, cursor);
        tokio::pin!(claim);
        let claimed = tokio::select! {
            claimed = &mut claim => Some(claimed),
            _ = stop.changed() => tokio::time::timeout(LAST_WORDS, &mut claim).await.ok(),
        };
        match claimed {
            Some(Ok(claim)) => {
                self.outage.is_over();
                claim
            }
            Some(Err(error)) => {
                self.outage.failed(&error, "jobs could not be claimed");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(500)) => {}
                    _ = stop.changed() => {}
                }
                Claim { jobs: Vec::new(), is_all: true }
            }
            None => Claim { jobs: Vec::new(), is_all: true },
        }
    }

    async fn try_claim(&self, limit: usize, without: Option<TenantId>, cursor: &mut Cursor) -> Result<Claim> {
        let worker = store::claim_name(&self.name, self.claims.fetch_add(1, Ordering::Relaxed));
        let limit = i64::try_from(limit).unwrap_or(1);
        let mut at = *cursor;
        let claim = move |tx: &mut PlatformTx<'_>| {
            let lease_until = tx.now().plus(LEASE);
            let claimed = store::claim(tx, &worker, Ask { limit, without }, lease_until, &mut at)?;
            Ok((claimed, at))
        };
        let (claimed, at) = self.core.db.write_apart(PlatformScope::system(), claim).await?;
        *cursor = at;
        Ok(claimed)
    }

    /// Keeps ours what is here, run or not, when the clock jumped over the end of our leases.
    async fn renew_after_jump(&self) {
        let Some(held) = self.leases.to_renew(self.core.clock.now()) else { return };
        let worker = self.name.clone();
        let renew = move |tx: &mut PlatformTx<'_>| store::renew(tx, &worker, held, tx.now().plus(LEASE));
        match self.core.db.write(PlatformScope::system(), renew).await {
            Ok(_) => self.leases.renewed(),
            Err(error) => self.outage.failed(&error, "leases could not be extended"),
        }
    }

    async fn release(&self, claimed: Vec<Claimed>) {
        if claimed.is_empty() {
            return;
        }
        let jobs: Vec<Job> = claimed.iter().map(|claimed| claimed.job.clone()).collect();
        let released = self.core.db.write(PlatformScope::system(), move |tx| store::release(tx, &jobs)).await;
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
