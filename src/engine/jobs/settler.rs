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
use super::times::PATIENCE;
use crate::base::{Error, ErrorKind, Result};
use crate::engine::Core;
use crate::engine::db::error::waited_in_vain;
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::outage::Outage;

/// Ends of one write, and those that may wait for it: then runs wait too.
const BATCH: usize = 256;
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

impl Settler {
    /// Nobody writes any more, which nothing but a defect causes while there are settlers.
    pub fn has_ended(&self) -> bool {
        self.0.is_closed()
    }
    pub async fn ended(&self) {
        self.0.closed().await;
    }
}

impl Settling {
    #[cfg(test)]
    pub fn abort(&self) {
        self.0.abort();
    }
    pub async fn await_all(self) {
        if let Err(panicked) = self.0.await {
            tracing::error!(%panicked, "settlements stopped; leases expire and the jobs run again");
        }
    }
}

async fn run(core: Core, mut ended: mpsc::Receiver<Ended>) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut wait = WAITS.0;
    let outage = Outage::default();
    loop {
        // What could not be written is tried again with whatever ended meanwhile.
        if batch.is_empty() && ended.recv_many(&mut batch, BATCH).await == 0 {
            return;
        }
        while batch.len() < BATCH {
            let Ok(next) = ended.try_recv() else { break };
            batch.push(next);
        }
        match write(&core, &mut batch).await {
            Ok(()) => {
                wait = WAITS.0;
                outage.is_over();
            }
            Err(error) => {
                for end in batch.extract_if(.., |end| end.since.elapsed() >= PATIENCE) {
                    give_up(&core, &end, &error);
                }
                if !batch.is_empty() {
                    outage.failed(&error, "runs could not be settled");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(WAITS.1);
                }
            }
        }
    }
}

/// Writes all, one by one when they cannot be written together, and leaves in `batch` what is not written yet.
///
/// # Errors
/// While storage is away, or somebody else holds a job's row; nothing is lost then.
async fn write(core: &Core, batch: &mut Vec<Ended>) -> Result<()> {
    let Err(error) = write_together(core, batch).await else {
        batch.clear();
        return Ok(());
    };
    if error.kind() == ErrorKind::Unavailable && !waited_in_vain(&error) {
        return Err(error);
    }
    let (mut left, mut failure) = (Vec::new(), None);
    // The newest first: what could not be written before does not make the others wait.
    while let Some(end) = batch.pop() {
        match write_together(core, std::slice::from_ref(&end)).await {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                left.push(end);
                let is_away = !waited_in_vain(&error);
                failure = Some(error);
                if is_away {
                    break;
                }
            }
            Err(error) => give_up(core, &end, &error),
        }
    }
    left.append(batch);
    *batch = left;
    failure.map_or(Ok(()), Err)
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
pub(super) mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    use super::*;
    use crate::base::crypto::MasterKey;
    use crate::base::id::{Guid, RawId, TenantId};
    use crate::engine::CoreSettings;
    use crate::engine::db::testing::on_both_engines;
    use crate::engine::db::{Db, Engine, PageRequest};
    use crate::engine::jobs::lease::Leases;
    use crate::engine::jobs::times::LEASE;
    use crate::engine::jobs::{JobKind, JobState, NewJob};
    use crate::engine::metrics::Metrics;

    static KIND: JobKind = JobKind::new("test.settled");

    pub(in crate::jobs) fn core(db: &Db) -> Core {
        let settings = CoreSettings {
            public_url: String::new(),
            app_url: String::new(),
            passkey_domain: None,
            passkey_origins: Vec::new(),
            sms_countries: Vec::new(),
            send_rates: crate::SendRates::default(),
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
            Ok(store::claim(
                tx,
                "w_test",
                store::Ask { limit: 100, without: None },
                until,
                &mut store::Cursor::default(),
            )?
            .jobs)
        };
        db.write(PlatformScope::system(), claim).await.expect("claimed")
    }

    fn discarded(reason: &str) -> Settlement {
        Settlement { state: JobState::Discarded, last_error: Some(reason.into()), ..Settlement::done() }
    }

    async fn count(db: &Db, state: JobState) -> usize {
        let list = move |tx: &mut PlatformTx<'_>| {
            store::list(tx, &store::JobFilter { state: Some(state), kind: None }, &PageRequest::first(100))
        };
        db.read(PlatformScope::system(), list).await.expect("jobs").data.len()
    }

    /// Makes every connection of the pool impatient; answers one besides.
    async fn hurried(db: &Db) -> Option<diesel::PgConnection> {
        if db.engine() == Engine::Sqlite {
            return None;
        }
        let all = Arc::new(std::sync::Barrier::new(4));
        let hurry = (0..4).map(|_| {
            let all = all.clone();
            db.with_connection(move |conn| {
                all.wait();
                Ok(crate::each_engine!(conn, c => c.batch_execute("SET lock_timeout = '50ms'"))?)
            })
        });
        futures_util::future::try_join_all(hurry).await.expect("four connections");
        Some(diesel::PgConnection::establish(db.url()).expect("one more"))
    }

    on_both_engines! {
        async fn an_end_that_storage_refuses_takes_no_other_with_it(db: Db) {
            let (core, leases) = (core(&db), Leases::new(db.clock().now()));
            let ends = claimed(&db, 3).await.into_iter().zip(["no text\0of PostgreSQL's", "too late", "too early"]);
            let mut batch: Vec<Ended> = ends
                .map(|(job, reason)| Ended {
                    _held: leases.hold(job.id),
                    settled: Settled { job, end: discarded(reason) },
                    label: "discarded",
                    since: Instant::now(),
                })
                .collect();
            write(&core, &mut batch).await.expect("storage is there");
            assert!(batch.is_empty());
            let refused = usize::from(db.engine() == Engine::Postgres);
            assert_eq!(count(&db, JobState::Discarded).await, 3 - refused);
            assert_eq!(count(&db, JobState::Running).await, refused);
        }

        async fn an_end_that_waits_for_somebody_delays_no_other(db: Db) {
            // SQLite has one writer, so nobody holds a row against it.
            let Some(mut holder) = hurried(&db).await else { return };
            let (core, leases) = (core(&db), Leases::new(db.clock().now()));
            let jobs = claimed(&db, 3).await;
            let held = RawId(jobs[1].id.uuid());
            holder.batch_execute("BEGIN").expect("a transaction");
            let hold = diesel::sql_query("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE").bind::<Guid, _>(held);
            hold.execute(&mut holder).expect("held");
            let ended = |job: Job| Ended {
                _held: leases.hold(job.id),
                settled: Settled { job, end: Settlement::done() },
                label: "done",
                since: Instant::now(),
            };
            let mut batch: Vec<Ended> = jobs.into_iter().map(ended).collect();
            let failed = write(&core, &mut batch).await.expect_err("one waited in vain");
            assert!(waited_in_vain(&failed));
            assert_eq!(batch.iter().map(|end| end.settled.job.id.uuid()).collect::<Vec<_>>(), [held.0]);
            assert_eq!(count(&db, JobState::Done).await, 2);
            holder.batch_execute("ROLLBACK").expect("let go");
            write(&core, &mut batch).await.expect("written");
            assert_eq!((batch.len(), count(&db, JobState::Done).await), (0, 3));
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
