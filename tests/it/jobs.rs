//! The job engine: claim, retry, death, rescue, fairness, uniqueness.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use leadwright::base::Error;
use leadwright::base::id::TenantId;
use leadwright::engine::db::{PageRequest, PlatformScope, PlatformTx};
use leadwright::engine::events::platform_tenant;
use leadwright::engine::jobs::store::{self, JobFilter, JobRow};
use leadwright::engine::jobs::{JobKind, JobState, NewJob, Outcome, Registry, Worker, WorkerSettings};
use leadwright::integrations::model::WebhookKind;
use leadwright::integrations::process::job_of;
use serde_json::json;

use crate::both_engines;
use crate::support::TestApp;

static PLAIN: JobKind = JobKind::new("test.plain").max_attempts(3);
static ORDERED: JobKind = JobKind::new("test.ordered");

async fn enqueue(app: &TestApp, tenant: TenantId, job: NewJob) -> bool {
    let write = move |tx: &mut PlatformTx<'_>| store::enqueue(tx, tenant, job);
    app.app.core.db.write(PlatformScope::system(), write).await.expect("enqueued")
}

async fn rows(app: &TestApp, state: Option<JobState>, kind: &'static str) -> Vec<JobRow> {
    let filter = JobFilter { state, kind: Some(kind.into()) };
    let read = move |tx: &mut PlatformTx<'_>| Ok(store::list(tx, &filter, &PageRequest::first(10_000))?.data);
    app.app.core.db.read(PlatformScope::system(), read).await.expect("jobs")
}

fn worker(app: &TestApp, registry: Registry, concurrency: usize) -> Worker {
    Worker::new(app.app.core.clone(), Arc::new(registry), WorkerSettings { concurrency, ..Default::default() })
}

both_engines! {
    async fn a_failing_job_backs_off_dies_and_is_retried_by_an_operator(app: TestApp) {
        let runs = Arc::new(AtomicUsize::new(0));
        let healthy = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let registry = |runs: &Arc<AtomicUsize>, healthy: &Arc<std::sync::atomic::AtomicBool>| {
            let (runs, healthy) = (runs.clone(), healthy.clone());
            let mut registry = Registry::default();
            registry.handle(&PLAIN, move |_| {
                let (runs, healthy) = (runs.clone(), healthy.clone());
                async move {
                    runs.fetch_add(1, Ordering::SeqCst);
                    if healthy.load(Ordering::SeqCst) { Ok(Outcome::Done) } else { Err(Error::upstream("test.broken", "it is broken")) }
                }
            });
            registry
        };
        let worker = worker(&app, registry(&runs, &healthy), 4);
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        worker.run_until_idle().await.expect("runs");
        assert_eq!(runs.load(Ordering::SeqCst), 1, "the second attempt waits for its time");
        let waiting = rows(&app, Some(JobState::Retry), "test.plain").await;
        assert!(waiting[0].run_at > app.clock.now() && waiting[0].last_error.as_deref().unwrap().contains("it is broken"));
        for _ in 0..2 {
            app.advance(chrono::Duration::seconds(30));
            worker.run_until_idle().await.expect("runs");
        }
        assert_eq!(runs.load(Ordering::SeqCst), 3);
        let dead = rows(&app, Some(JobState::Dead), "test.plain").await;
        assert_eq!((dead.len(), dead[0].attempt), (1, 3));

        let listed = app.operator().get("/v1/ops/jobs?state=dead&kind=test.plain").await.ok();
        assert_eq!(listed["data"][0]["id"], json!(dead[0].id));
        healthy.store(true, Ordering::SeqCst);
        let path = format!("/v1/ops/jobs/{}/retry", dead[0].id);
        app.operator().post(&path, json!({})).await.ok();
        worker.run_until_idle().await.expect("runs");
        assert_eq!(rows(&app, Some(JobState::Done), "test.plain").await.len(), 1);
        app.operator().post(&path, json!({})).await.problem(409, "job.not_retryable");
    }

    async fn what_an_outage_killed_runs_again_together(app: TestApp) {
        static LOST: JobKind = JobKind::new("test.lost_together").max_attempts(1);
        let mut broken = Registry::default();
        broken.handle(&LOST, |_| async { Err(Error::upstream("test.broken", "it is broken")) });
        broken.handle(&ORDERED, |_| async { Ok(Outcome::Dead(Error::upstream("test.broken", "for good"))) });
        let many = (0..205).map(|n| (TenantId::new(), NewJob::new(&LOST, &json!({ "n": n })))).collect();
        app.app.core.db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| store::enqueue_all(tx, many)).await.expect("enqueued");
        enqueue(&app, TenantId::new(), NewJob::new(&ORDERED, &json!({}))).await;
        worker(&app, broken, 32).run_until_idle().await.expect("runs");
        assert_eq!(rows(&app, Some(JobState::Dead), "test.lost_together").await.len(), 205);
        let oldest = rows(&app, Some(JobState::Dead), "test.lost_together").await.pop().expect("one").id;
        let retry = |body: serde_json::Value| app.operator().post("/v1/ops/jobs/retry", body);
        let these = json!({ "state": "dead", "kind": "test.lost_together" });
        assert_eq!(retry(these.clone()).await.ok(), json!({ "retried": 200, "has_more": true }));
        let row = rows(&app, Some(JobState::Available), "test.lost_together").await.pop().expect("the oldest first");
        assert_eq!((row.id, row.attempt, row.finished_at), (oldest, 0, None));
        assert_eq!(retry(these.clone()).await.ok(), json!({ "retried": 5, "has_more": false }));
        assert_eq!(retry(these).await.ok()["retried"], 0);
        assert_eq!(rows(&app, Some(JobState::Dead), "test.ordered").await.len(), 1, "another kind");
        retry(json!({ "state": "running" })).await.expect(422);
        retry(json!({})).await.expect(422);
        let mut healthy = Registry::default();
        healthy.handle(&LOST, |_| async { Ok(Outcome::Done) });
        worker(&app, healthy, 32).run_until_idle().await.expect("runs");
        assert_eq!(rows(&app, Some(JobState::Done), "test.lost_together").await.len(), 205);
        assert_eq!(retry(json!({ "state": "dead" })).await.ok()["retried"], 1, "every kind");
    }

    async fn one_tenants_slow_jobs_leave_places_to_the_others(app: TestApp) {
        let (started, proceed) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(tokio::sync::Semaphore::new(0)));
        let ran = Arc::new(tokio::sync::Semaphore::new(0));
        let mut registry = Registry::default();
        let (told, waits, done) = (started.clone(), proceed.clone(), ran.clone());
        registry.handle(&PLAIN, move |_| {
            let (told, waits, done) = (told.clone(), waits.clone(), done.clone());
            async move {
                told.add_permits(1);
                waits.acquire().await.expect("open").forget();
                done.add_permits(1);
                Ok(Outcome::Done)
            }
        });
        let passed = Arc::new(tokio::sync::Notify::new());
        let told = passed.clone();
        registry.handle(&ORDERED, move |_| {
            told.notify_one();
            async { Ok(Outcome::Done) }
        });
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        let many = (0..40).map(|n| (busy, NewJob::new(&PLAIN, &json!({ "n": n })))).collect();
        app.app.core.db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| store::enqueue_all(tx, many)).await.expect("enqueued");
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(worker(&app, registry, 8).run(stopping));
        let minute = Duration::from_secs(60);
        tokio::time::timeout(minute, started.acquire_many(6)).await.expect("three quarters").expect("open").forget();
        for _ in 0..3 {
            enqueue(&app, quiet, NewJob::new(&ORDERED, &json!({}))).await;
            tokio::time::timeout(minute, passed.notified()).await.expect("a place was left");
        }
        assert_eq!(started.available_permits(), 0, "no more than these");
        proceed.add_permits(40);
        tokio::time::timeout(minute, ran.acquire_many(40)).await.expect("all run in the end").expect("open").forget();
        stop.send(true).expect("it listens");
        tokio::time::timeout(minute, running).await.expect("it stopped").expect("cleanly");
    }

    async fn one_tenants_queue_does_not_delay_another(app: TestApp) {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut registry = Registry::default();
        let seen = order.clone();
        registry.handle(&ORDERED, move |ctx| {
            let seen = seen.clone();
            async move {
                seen.lock().expect("unpoisoned").push(ctx.job.tenant);
                Ok(Outcome::Done)
            }
        });
        let (busy, quiet) = (TenantId::new(), TenantId::new());
        let many = (0..500).map(|n| (busy, NewJob::new(&ORDERED, &json!({ "n": n })))).collect();
        app.app.core.db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| store::enqueue_all(tx, many)).await.expect("enqueued");
        enqueue(&app, quiet, NewJob::new(&ORDERED, &json!({}))).await;
        worker(&app, registry, 8).run_until_idle().await.expect("runs");
        let order = order.lock().expect("unpoisoned");
        assert_eq!(order.len(), 501);
        let place = order.iter().position(|tenant| *tenant == quiet).expect("it ran");
        assert!(place < 16, "the quiet tenant's only job came at place {place}");
    }

    async fn a_lead_goes_before_the_receipts_of_those_before_it(app: TestApp) {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut registry = Registry::default();
        for kind in [job_of(WebhookKind::Leadgen), job_of(WebhookKind::Status)] {
            let seen = order.clone();
            registry.handle(kind, move |ctx| {
                let seen = seen.clone();
                async move {
                    seen.lock().expect("unpoisoned").push(ctx.job.kind.clone());
                    Ok(Outcome::Done)
                }
            });
        }
        for n in 0..40 {
            enqueue(&app, platform_tenant(), NewJob::new(job_of(WebhookKind::Status), &json!({ "n": n }))).await;
        }
        enqueue(&app, platform_tenant(), NewJob::new(job_of(WebhookKind::Leadgen), &json!({}))).await;
        worker(&app, registry, 1).run_until_idle().await.expect("runs");
        let order = order.lock().expect("unpoisoned");
        assert_eq!((order.len(), order[0].as_str()), (41, "webhook.process"));
    }

    async fn a_unique_job_is_enqueued_once(app: TestApp) {
        let tenant = TenantId::new();
        assert!(enqueue(&app, tenant, NewJob::new(&PLAIN, &json!({})).unique("slot-1")).await);
        assert!(!enqueue(&app, tenant, NewJob::new(&PLAIN, &json!({})).unique("slot-1")).await);
        assert_eq!(rows(&app, None, "test.plain").await.len(), 1);
    }

    async fn a_snoozed_job_keeps_its_attempts(app: TestApp) {
        let mut registry = Registry::default();
        registry.handle(&PLAIN, |ctx| async move {
            let later = ctx.core.clock.now().plus(chrono::Duration::minutes(10));
            Ok(Outcome::Snooze(later, "throttled".into()))
        });
        let worker = worker(&app, registry, 1);
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        for _ in 0..5 {
            worker.run_until_idle().await.expect("runs");
            app.advance(chrono::Duration::minutes(11));
        }
        let row = &rows(&app, Some(JobState::Retry), "test.plain").await[0];
        assert_eq!((row.attempt, row.last_error.as_deref()), (0, Some("throttled")));
    }

    async fn a_vanished_worker_loses_its_lease_and_cannot_settle(app: TestApp) {
        let (started, proceed) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let effects = Arc::new(AtomicUsize::new(0));
        let mut slow = Registry::default();
        let (s, p) = (started.clone(), proceed.clone());
        slow.handle(&PLAIN, move |ctx| {
            let (s, p) = (s.clone(), p.clone());
            async move {
                s.notify_one();
                p.notified().await;
                // The lease is gone by now: neither the effect nor the completion may be written.
                ctx.finish_platform(|_| Ok(())).await
            }
        });
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        let first = worker(&app, slow, 1);
        let running = tokio::spawn(async move { first.run_until_idle().await });
        started.notified().await;
        app.advance(chrono::Duration::minutes(5));
        let mut fast = Registry::default();
        let count = effects.clone();
        fast.handle(&PLAIN, move |ctx| {
            let count = count.clone();
            async move {
                count.fetch_add(1, Ordering::SeqCst);
                ctx.finish_platform(|_| Ok(())).await
            }
        });
        worker(&app, fast, 1).run_until_idle().await.expect("runs");
        assert_eq!(effects.load(Ordering::SeqCst), 1, "the second worker took it over");
        proceed.notify_one();
        running.await.expect("joined").expect("settled or refused");
        let done = rows(&app, None, "test.plain").await;
        assert_eq!((done.len(), done[0].state, done[0].attempt), (1, JobState::Done, 2));
    }

    async fn a_panic_is_a_failed_run(app: TestApp) {
        let mut registry = Registry::default();
        registry.handle(&PLAIN, |ctx| async move {
            assert!(ctx.job.attempt > 100, "boom");
            Ok(Outcome::Done)
        });
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        worker(&app, registry, 1).run_until_idle().await.expect("runs");
        assert_eq!(rows(&app, Some(JobState::Retry), "test.plain").await.len(), 1);
    }

    async fn a_job_that_dies_in_its_handler_leaves_nothing_open(app: TestApp) {
        static CLOSED: JobKind = JobKind::new("test.closed").max_attempts(2);
        let mut registry = Registry::default();
        registry.handle(&CLOSED, |ctx| async move {
            assert!(ctx.job.attempt > 100, "boom");
            Ok(Outcome::Done)
        });
        // What it closes is one more row here.
        registry.on_death(&CLOSED, |tx, job, _| store::enqueue(tx, job.tenant, NewJob::new(&ORDERED, &json!({}))).map(|_| ()));
        registry.handle(&ORDERED, |_| async { Ok(Outcome::Done) });
        let worker = worker(&app, registry, 1);
        enqueue(&app, TenantId::new(), NewJob::new(&CLOSED, &json!({}))).await;
        worker.run_until_idle().await.expect("runs");
        assert!(rows(&app, None, "test.ordered").await.is_empty(), "not before its last attempt");
        app.advance(chrono::Duration::minutes(1));
        worker.run_until_idle().await.expect("runs");
        assert_eq!(rows(&app, Some(JobState::Dead), "test.closed").await.len(), 1);
        assert_eq!(rows(&app, Some(JobState::Done), "test.ordered").await.len(), 1);
    }

    async fn a_kind_of_another_version_waits_for_its_workers(app: TestApp) {
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        for _ in 0..5 {
            worker(&app, Registry::default(), 1).run_until_idle().await.expect("runs");
            app.advance(chrono::Duration::minutes(1));
        }
        let mut newer = Registry::default();
        newer.handle(&PLAIN, |_| async { Ok(Outcome::Done) });
        worker(&app, newer, 1).run_until_idle().await.expect("runs");
        let row = &rows(&app, None, "test.plain").await[0];
        assert_eq!((row.state, row.attempt), (JobState::Done, 1), "no attempt was used up");

        enqueue(&app, TenantId::new(), NewJob::new(&ORDERED, &json!({}))).await;
        app.advance(chrono::Duration::days(1));
        worker(&app, Registry::default(), 1).run_until_idle().await.expect("runs");
        assert_eq!(rows(&app, Some(JobState::Dead), "test.ordered").await.len(), 1, "nobody will ever know it");
    }

    async fn a_clock_that_jumps_makes_no_job_run_twice(app: TestApp) {
        let (runs, started, passed) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let mut registry = Registry::default();
        let (counted, told) = (runs.clone(), started.clone());
        registry.handle(&PLAIN, move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            told.notify_one();
            std::future::pending()
        });
        let told = passed.clone();
        registry.handle(&ORDERED, move |_| {
            told.notify_one();
            async { Ok(Outcome::Done) }
        });
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(worker(&app, registry, 8).run(stopping));
        let soon = |notify: Arc<tokio::sync::Notify>| async move {
            tokio::time::timeout(Duration::from_secs(60), notify.notified()).await.expect("the job ran");
        };
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        soon(started).await;
        for jump in [chrono::Duration::hours(2), chrono::Duration::hours(-2)] {
            app.advance(jump);
            // Whoever finds these, which wait for their time, looks at the leases too, and has started what it took from others.
            for _ in 0..3 {
                let due = app.clock.now().plus(chrono::Duration::milliseconds(100));
                enqueue(&app, TenantId::new(), NewJob::new(&ORDERED, &json!({})).at(due)).await;
                app.advance(chrono::Duration::milliseconds(100));
                soon(passed.clone()).await;
            }
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1, "its worker lives");
        drop(stop);
        running.abort();
    }

    async fn what_a_stopping_worker_has_not_begun_is_as_if_never_claimed(app: TestApp) {
        let (started, proceed) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        let mut registry = Registry::default();
        let (told, waits) = (started.clone(), proceed.clone());
        registry.handle(&PLAIN, move |_| {
            let (told, waits) = (told.clone(), waits.clone());
            async move {
                told.notify_one();
                waits.notified().await;
                Ok(Outcome::Done)
            }
        });
        for _ in 0..3 {
            enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        }
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(worker(&app, registry, 1).run(stopping));
        tokio::time::timeout(Duration::from_secs(60), started.notified()).await.expect("the first has begun");
        stop.send(true).expect("it listens");
        proceed.notify_one();
        tokio::time::timeout(Duration::from_secs(60), running).await.expect("it stopped").expect("cleanly");
        let mut found: Vec<_> = rows(&app, None, "test.plain").await.iter().map(|row| (row.state.as_str(), row.attempt)).collect();
        found.sort_unstable();
        assert_eq!(found, [("available", 0), ("available", 0), ("done", 1)]);
    }

    async fn a_running_worker_stops_when_told(app: TestApp) {
        let mut registry = Registry::default();
        let done = Arc::new(tokio::sync::Notify::new());
        let told = done.clone();
        registry.handle(&PLAIN, move |_| {
            let told = told.clone();
            async move {
                told.notify_one();
                Ok(Outcome::Done)
            }
        });
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let worker = worker(&app, registry, 2);
        let running = tokio::spawn(worker.run(stopping));
        enqueue(&app, TenantId::new(), NewJob::new(&PLAIN, &json!({}))).await;
        tokio::time::timeout(Duration::from_secs(20), done.notified()).await.expect("the signal woke the worker");
        stop.send(true).expect("it listens");
        tokio::time::timeout(Duration::from_secs(20), running).await.expect("it stopped").expect("cleanly");
    }
}
