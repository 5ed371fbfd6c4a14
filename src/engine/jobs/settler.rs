//! Writes how runs ended: all that ended since the last write, at once.
//!
//! While one batch is written the next gathers; an end that is alone is written alone and at once. While storage is away
//! ends are kept and tried again, each as long as its lease allows; a job is held until its end is written or given up.
//! An end that storage refuses takes no other with it. A job's own effect does not come here: it is completed in the
//! effect's transaction ([`super::JobContext::finish`]).

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::lease::Held;
use super::model::Job;
use super::store::{self, Settled, Settlement};
use crate::base::{Error, ErrorKind, Result};
use crate::engine::Core;
use crate::engine::db::{PlatformScope, PlatformTx};

/// Ends of one write, and those that may wait for it: then runs wait too.
const BATCH: usize = 256;
/// How long an end is tried while storage is away: less than what a run leaves of its lease.
const PATIENCE: Duration = Duration::from_secs(64);
/// Between two tries; the wait doubles from the first to the last.
const WAITS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(8));

struct Ended {
    settled: Settled,
    label: &'static str,
    since: Instant,
    _held: Held,
}

/// Takes ends; cheap to clone.
#[derive(Clone)]
pub(super) struct Settler(mpsc::Sender<Ended>);

/// Ends when every [`Settler`] is gone and everything is written or given up.
pub(super) struct Settling(JoinHandle<()>);

impl Settler {
    pub fn start(core: Core) -> (Self, Settling) {
        let (sender, receiver) = mpsc::channel(BATCH);
        (Self(sender), Settling(tokio::spawn(run(core, receiver))))
    }

    pub async fn settle(&self, held: Held, job: Job, end: Settlement, label: &'static str) {
        let ended = Ended { settled: Settled { job, end }, label, since: Instant::now(), _held: held };
        if self.0.send(ended).await.is_err() {
            tracing::error!("a run ended after the last settlement; its lease expires and it runs again");
        }
    }
}

impl Settling {
    pub async fn await_all(self) {
        if let Err(panicked) = self.0.await {
            tracing::error!(%panicked, "settlements stopped; leases expire and the jobs run again");
        }
    }
}

async fn run(core: Core, mut ended: mpsc::Receiver<Ended>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut wait = WAITS.0;
    loop {
        // What could not be written is tried again with whatever ended meanwhile.
        if batch.is_empty() && ended.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        while batch.len() < BATCH {
            let Ok(next) = ended.try_recv() else { break };
            batch.push(next);
        }
        match write(&core, &batch).await {
            Ok(()) => {
                batch.clear();
                wait = WAITS.0;
            }
            Err(error) => {
                for end in batch.extract_if(.., |end| end.since.elapsed() >= PATIENCE) {
                    give_up(&core, &end, &error);
                }
                if !batch.is_empty() {
                    tracing::warn!(error = %error.chain(), runs = batch.len(), "runs could not be settled; trying again");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(WAITS.1);
                }
            }
        }
    }
}

/// Writes all, one by one when they cannot be written together.
///
/// # Errors
/// While storage is away; nothing is lost then, and what was written is not written twice.
async fn write(core: &Core, batch: &[Ended]) -> Result<()> {
    let Err(error) = write_together(core, batch).await else { return Ok(()) };
    if error.kind() == ErrorKind::Unavailable {
        return Err(error);
    }
    for end in batch {
        match write_together(core, std::slice::from_ref(end)).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            Err(error) => give_up(core, end, &error),
            Ok(()) => {}
        }
    }
    Ok(())
}

async fn write_together(core: &Core, batch: &[Ended]) -> Result<()> {
    let list: Arc<Vec<Settled>> = Arc::new(batch.iter().map(|end| end.settled.clone()).collect());
    let write = move |tx: &mut PlatformTx<'_>| store::settle_all(tx, &list);
    let ours = core.db.write_apart(PlatformScope::system(), write).await?;
    for end in batch {
        count(core, end, if ours.contains(&end.settled.job.id) { end.label } else { "lost" });
    }
    Ok(())
}

/// The lease expires and the job runs again: handlers are idempotent.
fn give_up(core: &Core, end: &Ended, error: &Error) {
    let job = &end.settled.job;
    tracing::error!(error = %error.chain(), kind = %job.kind, id = %job.id, "a run could not be settled");
    count(core, end, "lost");
}

fn count(core: &Core, end: &Ended, label: &str) {
    core.metrics.job_runs.with_label_values(&[end.settled.job.kind.as_str(), label]).inc();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::MasterKey;
    use crate::base::id::TenantId;
    use crate::engine::CoreSettings;
    use crate::engine::db::testing::on_both_engines;
    use crate::engine::db::{Db, Engine};
    use crate::engine::jobs::lease::{LEASE, Leases};
    use crate::engine::jobs::{JobKind, JobState, NewJob};
    use crate::engine::metrics::Metrics;

    static KIND: JobKind = JobKind::new("test.settled");

    fn core(db: &Db) -> Core {
        let settings = CoreSettings {
            public_url: String::new(),
            platform_name: String::new(),
            email_from: String::new(),
            privacy_policy_url: None,
            rate_limit: false,
        };
        Core {
            db: db.clone(),
            clock: db.clock().clone(),
            metrics: Arc::new(Metrics::new().expect("metrics")),
            master_key: MasterKey::random(),
            settings: Arc::new(settings),
        }
    }

    async fn claimed(db: &Db, count: usize) -> Vec<Job> {
        let many = (0..count).map(|n| (TenantId::new(), NewJob::new(&KIND, &n))).collect();
        let claim = move |tx: &mut PlatformTx<'_>| {
            store::enqueue_all(tx, many)?;
            let until = tx.now().plus(LEASE);
            Ok(store::claim(tx, "w_test", 100, until, &mut store::Cursor::default())?.jobs)
        };
        db.write(PlatformScope::system(), claim).await.expect("claimed")
    }

    fn discarded(reason: &str) -> Settlement {
        Settlement { state: JobState::Discarded, last_error: Some(reason.into()), ..Settlement::done() }
    }

    async fn count(db: &Db, state: JobState) -> usize {
        let list = move |tx: &mut PlatformTx<'_>| store::list(tx, Some(state), None, None, 100);
        db.read(PlatformScope::system(), list).await.expect("jobs").len()
    }

    on_both_engines! {
        async fn an_end_that_storage_refuses_takes_no_other_with_it(db: Db) {
            let (core, leases) = (core(&db), Leases::new(db.clock().now()));
            let ends = claimed(&db, 3).await.into_iter().zip(["no text\0of PostgreSQL's", "too late", "too early"]);
            let batch: Vec<Ended> = ends
                .map(|(job, reason)| Ended {
                    _held: leases.hold(job.id),
                    settled: Settled { job, end: discarded(reason) },
                    label: "discarded",
                    since: Instant::now(),
                })
                .collect();
            write(&core, &batch).await.expect("storage is there");
            let refused = usize::from(db.engine() == Engine::Postgres);
            assert_eq!(count(&db, JobState::Discarded).await, 3 - refused);
            assert_eq!(count(&db, JobState::Running).await, refused);
        }

        async fn a_job_is_held_until_its_end_is_written(db: Db) {
            let (core, leases) = (core(&db), Leases::new(db.clock().now()));
            let (settler, settling) = Settler::start(core);
            for job in claimed(&db, 3).await {
                settler.settle(leases.hold(job.id), job, Settlement::done(), "done").await;
            }
            let jumped = db.clock().now().plus(chrono::Duration::hours(1));
            // One thread runs this test, and it has not written anything yet.
            assert_eq!(leases.to_renew(jumped).map(|held| held.len()), Some(3));
            drop(settler);
            settling.await_all().await;
            assert_eq!(leases.to_renew(jumped), Some(Vec::new()));
            assert_eq!(count(&db, JobState::Done).await, 3);
        }
    }
}
