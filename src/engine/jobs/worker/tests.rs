//! When a worker ends, and how; what it runs together; that it does not rest beside work.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::{Registry, Settler, Worker, WorkerSettings};
use crate::base::Error;
use crate::base::id::TenantId;
use crate::engine::db::testing::on_both_engines;
use crate::engine::db::{Db, PlatformScope, PlatformTx};
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, settler, store};

static ALIKE: JobKind = JobKind::new("test.alike").timeout(Duration::from_secs(5)).max_attempts(3);
static EMPTY: JobKind = JobKind::new("test.empty");

async fn enqueue(db: &Db, tenant: TenantId, kind: &'static JobKind, count: usize) {
    let many = (0..count).map(|n| (tenant, NewJob::new(kind, &n))).collect();
    db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| store::enqueue_all(tx, many))
        .await
        .expect("enqueued");
}

/// Runs by number.
#[derive(Clone, Default)]
struct Runs {
    together: Arc<Mutex<Vec<BTreeSet<usize>>>>,
    alone: Arc<Mutex<Vec<usize>>>,
}

impl Runs {
    fn take(&self) -> (Vec<BTreeSet<usize>>, Vec<usize>) {
        let together = std::mem::take(&mut *self.together.lock().expect("unpoisoned"));
        let mut alone = std::mem::take(&mut *self.alone.lock().expect("unpoisoned"));
        alone.sort_unstable();
        (together, alone)
    }
}

fn number(run: &JobContext) -> usize {
    run.payload().expect("a number")
}

/// Settles the even ones together and leaves the odd ones; fails where there is a 7.
fn alike(runs: &Runs) -> Registry {
    let mut registry = Registry::default();
    let (alone, together) = (runs.clone(), runs.clone());
    registry.handle(&ALIKE, move |run| {
        alone.alone.lock().expect("unpoisoned").push(number(&run));
        async { Ok(Outcome::Done) }
    });
    registry.together(&ALIKE, move |list| {
        let numbers: BTreeSet<usize> = list.iter().map(number).collect();
        let fails = numbers.contains(&7);
        together.together.lock().expect("unpoisoned").push(numbers);
        async move {
            if fails {
                return Err(Error::conflict("test.seven", "seven"));
            }
            let even: Vec<JobContext> = list.into_iter().filter(|run| number(run).is_multiple_of(2)).collect();
            let Some(db) = even.first().map(|run| run.core.db.clone()) else { return Ok(Default::default()) };
            let settle = move |tx: &mut PlatformTx<'_>| {
                JobContext::complete_all(tx, &even.iter().collect::<Vec<_>>())?;
                Ok(even.iter().map(|run| run.job.id).collect())
            };
            db.write(PlatformScope::system(), settle).await
        }
    });
    registry
}

on_both_engines! {
    async fn a_worker_ends_with_what_settles_for_it(db: Db) {
        let core = settler::tests::core(&db);
        let worker = Worker::new(core.clone(), Arc::new(Registry::default()), WorkerSettings::default());
        let (settler, settling) = Settler::start(core);
        let (_nobody_stops_it, stopping) = tokio::sync::watch::channel(false);
        settling.abort();
        let work = worker.work(stopping, settler, settling);
        tokio::time::timeout(Duration::from_secs(60), work).await.expect("it ended");
    }

    async fn jobs_of_a_kind_run_together_and_what_is_left_alone(db: Db) {
        let runs = Runs::default();
        let worker = Worker::new(settler::tests::core(&db), Arc::new(alike(&runs)), WorkerSettings::default());
        let tenant = TenantId::new();
        enqueue(&db, tenant, &ALIKE, 5).await;
        enqueue(&db, TenantId::new(), &ALIKE, 1).await;
        assert_eq!(worker.run_until_idle().await.expect("ran"), 6);
        let (together, alone) = runs.take();
        assert_eq!(together, [BTreeSet::from([0, 1, 2, 3, 4])], "of one lane, and only where there are several");
        assert_eq!(alone, [0, 1, 3]);

        enqueue(&db, tenant, &ALIKE, 8).await;
        assert_eq!(worker.run_until_idle().await.expect("ran"), 8);
        assert_eq!(runs.take().1, [0, 1, 2, 3, 4, 5, 6, 7], "all, when they fail together");
        let open = |tx: &mut PlatformTx<'_>| store::count_open(tx);
        assert!(db.read(PlatformScope::system(), open).await.expect("counted").is_empty());
    }

    async fn nobody_rests_while_ready_jobs_have_a_place(db: Db) {
        const FLOOD: usize = 3_000;
        let ran = Arc::new(AtomicUsize::new(0));
        let (count, mut registry) = (ran.clone(), Registry::default());
        registry.handle(&EMPTY, move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            async { Ok(Outcome::Done) }
        });
        enqueue(&db, TenantId::new(), &EMPTY, FLOOD).await;
        // Whoever rests does so for good.
        let settings = WorkerSettings { concurrency: 8, poll: Duration::from_secs(3600), ..Default::default() };
        let worker = Worker::new(settler::tests::core(&db), Arc::new(registry), settings);
        // Jobs end on other threads while the worker looks.
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("threads");
        let (stop, stopping) = watch::channel(false);
        let work = threads.spawn(worker.run(stopping));
        for _ in 0..600 {
            if ran.load(Ordering::Relaxed) == FLOOD {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(ran.load(Ordering::Relaxed), FLOOD);
        stop.send(true).expect("it works");
        work.await.expect("it ended");
        threads.shutdown_background();
    }
}
