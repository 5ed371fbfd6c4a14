//! The job engine without the product: empty jobs, and one tenant's flood beside another's single job.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leadwright::app::App;
use leadwright::base::id::TenantId;
use leadwright::base::time::Clock;
use leadwright::config::{Config, Source};
use leadwright::engine::db::{Engine as DbEngine, PlatformScope, PlatformTx};
use leadwright::engine::jobs::{JobContext, JobKind, NewJob, Outcome as JobOutcome, Registry, Worker, store};
use tokio::sync::watch;

use super::World;
use crate::Outcome;
use crate::limit::{Access, Limit};
use crate::report::{Row, Target, median};
use crate::statements::{Marks, Recipe};
use crate::trace;

static EMPTY: JobKind = JobKind::new("bench.empty");
static LIMIT: JobKind = JobKind::new("bench.limit");
/// Takes a moment, so that a flood of them lasts.
static FLOOD: JobKind = JobKind::new("bench.flood");
static SINGLE: JobKind = JobKind::new("bench.single");

const BATCH: usize = 100;
const SINGLES: usize = 5;

/// The engine as the server assembles it, in this process and without HTTP.
struct Engine {
    app: App,
    registry: Arc<Registry>,
    ran: Arc<AtomicU64>,
    /// When each tenant's single job began.
    began: Arc<Mutex<HashMap<TenantId, Instant>>>,
}

impl Engine {
    fn build(world: &World) -> Outcome<Self> {
        let mut source = Source::default();
        for (name, value) in world.settings() {
            source.set(name.trim_start_matches("LEADWRIGHT_"), value);
        }
        let app = App::build(Config::from_source(&source)?, Clock::system()).map_err(|error| error.chain())?;
        let (ran, began) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(HashMap::new())));
        let mut registry = Registry::default();
        let counter = ran.clone();
        registry.handle(&EMPTY, move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            async { Ok(JobOutcome::Done) }
        });
        let counter = ran.clone();
        registry.handle(&FLOOD, move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(Duration::from_millis(2)).await;
                Ok(JobOutcome::Done)
            }
        });
        let starts = began.clone();
        registry.handle(&SINGLE, move |context: JobContext| {
            if let Ok(mut starts) = starts.lock() {
                starts.insert(context.job.tenant, Instant::now());
            }
            async { Ok(JobOutcome::Done) }
        });
        Ok(Self { app, registry: Arc::new(registry), ran, began })
    }

    async fn enqueue(&self, tenant: TenantId, kind: &'static JobKind, count: usize) -> Outcome {
        let write = move |tx: &mut PlatformTx<'_>| {
            if count == 1 {
                store::enqueue(tx, tenant, NewJob::new(kind, &serde_json::json!({}))).map(|_| ())
            } else {
                let many = (0..count).map(|_| (tenant, NewJob::new(kind, &serde_json::json!({}))));
                store::enqueue_all(tx, many.collect())
            }
        };
        self.app.core.db.write(PlatformScope::system(), write).await.map_err(|error| error.chain().into())
    }

    fn work(&self) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let (stop, stopping) = watch::channel(false);
        let worker = Worker::new(self.app.core.clone(), self.registry.clone(), self.app.config.worker.clone());
        (stop, tokio::spawn(worker.run(stopping)))
    }
}

/// Jobs a second from the first enqueueing to the last settlement.
async fn empty_jobs(world: &World, engine: &Arc<Engine>, enqueuers: usize, batch: usize, count: usize) -> Outcome<f64> {
    let ran_before = engine.ran.load(Ordering::Relaxed);
    let (stop, worker) = engine.work();
    let began = Instant::now();
    let left = Arc::new(AtomicUsize::new(count / batch));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..enqueuers {
        let (engine, left) = (engine.clone(), left.clone());
        let tenant: TenantId = world.tenants[number % world.tenants.len()].id.parse()?;
        tasks.spawn(async move {
            let mut added = 0_u64;
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                engine.enqueue(tenant, &EMPTY, batch).await?;
                added += batch as u64;
            }
            Outcome::Ok(added)
        });
    }
    let mut added = 0;
    while let Some(task) = tasks.join_next().await {
        added += task??;
    }
    let limit = Instant::now() + Duration::from_secs(60);
    while engine.ran.load(Ordering::Relaxed) - ran_before < added {
        if Instant::now() > limit {
            return Err(format!("{added} jobs were enqueued and not all of them ran").into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    // A worker that has stopped has settled everything it ran.
    stop.send(true)?;
    engine.app.core.db.wake().notify();
    worker.await?;
    let seconds = began.elapsed().as_secs_f64();
    let open = world
        .database
        .number("SELECT CAST(count(*) AS TEXT) AS value FROM jobs WHERE kind = 'bench.empty' AND state <> 'done'")?;
    if open != 0 {
        return Err(format!("{open} jobs ran and were not settled").into());
    }
    Ok(added as f64 / seconds)
}

pub fn throughput(world: &World) -> Outcome<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut limit = runtime.block_on(limit(world))?;
    let engine = Arc::new(Engine::build(world)?);
    let (connections, count) = (64, world.pace.empty_jobs);
    let (mut single, mut batched, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..world.pace.rounds {
        single.push(runtime.block_on(empty_jobs(world, &engine, connections, 1, count))?);
        clear(world)?;
        theirs.push(limit.run(connections, world.pace.slice)?);
        clear(world)?;
        batched.push(runtime.block_on(empty_jobs(world, &engine, 4, BATCH, 2 * count))?);
        clear(world)?;
    }
    world.database.settle()?;
    let theirs = median(theirs);
    let row = |name: &str, load: String, ours: Vec<f64>, bound: f64| {
        let mut row = Row::new(name, load);
        (row.throughput, row.limit) = (median(ours), theirs);
        row.targets = vec![Target::at_least("of limit", row.ratio(), bound)];
        row
    };
    Ok(vec![
        row("empty jobs, one per transaction", format!("c = {connections}"), single, 0.4),
        row("empty jobs, 100 per transaction", "c = 4".into(), batched, 1.5),
    ])
}

/// Deletes all jobs, and what PostgreSQL keeps of deleted rows until its next vacuum, which is a minute away.
fn clear(world: &World) -> Outcome {
    world.database.run("DELETE FROM jobs")?;
    if world.database.engine == DbEngine::Postgres { world.database.run("VACUUM jobs") } else { Ok(()) }
}

/// One row of the jobs table in a transaction of its own.
async fn limit(world: &World) -> Outcome<Limit> {
    let mut traced = trace::start(&world.database, &world.settings()).await?;
    let tenant: TenantId = world.tenants[0].id.parse()?;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let db = traced.app.core.db.clone();
        let write = move |tx: &mut PlatformTx<'_>| {
            store::enqueue(tx, tenant, NewJob::new(&LIMIT, &serde_json::json!({}))).map(|_| ())
        };
        let enqueue =
            async move { db.write(PlatformScope::system(), write).await.map_err(|error| error.chain().into()) };
        let said = traced.during(enqueue).await?.1;
        seen.push(said.into_iter().filter(|s| s.sql.to_ascii_uppercase().starts_with("INSERT")).collect::<Vec<_>>());
    }
    traced.stop().await;
    world.database.run("DELETE FROM jobs")?;
    let recipe = Recipe::derive(&seen[1], &seen[2], &Marks { numbers: &[], lead: None, tenant: &world.tenants[0].id })?;
    Limit::of(&world.database, "job", vec![recipe], world.size.big, Access::Write)
}

/// Another tenant's single job among one tenant's flood: how long after its commit it begins.
pub fn fairness(world: &World) -> Outcome<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let row = runtime.block_on(async {
        let engine = Arc::new(Engine::build(world)?);
        let flooder: TenantId = world.tenants[0].id.parse()?;
        let mut left = world.pace.flood;
        while left > 0 {
            let now = left.min(5_000);
            engine.enqueue(flooder, &FLOOD, now).await?;
            left -= now;
        }
        let (stop, worker) = engine.work();
        until(&engine, |engine| engine.ran.load(Ordering::Relaxed) > 100).await?;
        let mut waits = Vec::new();
        for number in 1..=SINGLES.min(world.tenants.len() - 1) {
            let tenant: TenantId = world.tenants[number].id.parse()?;
            engine.enqueue(tenant, &SINGLE, 1).await?;
            let committed = Instant::now();
            until(&engine, |engine| engine.began.lock().is_ok_and(|began| began.contains_key(&tenant))).await?;
            let began = engine.began.lock().ok().and_then(|began| began.get(&tenant).copied()).unwrap_or(committed);
            waits.push(began.saturating_duration_since(committed).as_secs_f64() * 1000.0);
        }
        let ran = engine.ran.load(Ordering::Relaxed);
        stop.send(true)?;
        engine.app.core.db.wake().notify();
        worker.await?;
        if ran as usize >= world.pace.flood {
            return Err("the flood was over before the others had been measured".into());
        }
        let mut row = Row::new(
            &format!("a single job beside {} of another tenant", world.pace.flood),
            format!("{SINGLES} tenants"),
        );
        row.p50_ms = median(waits.clone());
        row.p99_ms = waits.into_iter().reduce(f64::max);
        row.targets = vec![Target::below("the slowest start", row.p99_ms, 1000.0, "ms")];
        Outcome::Ok(row)
    })?;
    world.database.settle()?;
    Ok(vec![row])
}

async fn until(engine: &Engine, is_so: impl Fn(&Engine) -> bool) -> Outcome {
    let limit = Instant::now() + Duration::from_secs(60);
    while !is_so(engine) {
        if Instant::now() > limit {
            return Err("the worker did not get to it within a minute".into());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}
