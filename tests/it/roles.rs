//! One program, three parts to play: the API, the worker, both.

use std::sync::Arc;
use std::time::Duration;

use leadwright::app::App;
use leadwright::base::id::TenantId;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::jobs::{JobKind, NewJob, Outcome, Registry, Worker, WorkerSettings, store};
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, OPERATOR_KEY, Process, TestApp, TestEngine, free_port, leadwright, until};

static SIGNALLED: JobKind = JobKind::new("test.signalled");

async fn available(operator: &Client) -> Vec<Value> {
    let page = operator.get("/v1/ops/jobs?state=available&limit=200").await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

both_engines! {
    async fn the_api_takes_in_and_the_worker_works(app: TestApp) {
        let config = &app.app.config;
        let key = config.master_key.to_base64();
        let bind = format!("127.0.0.1:{}", free_port());
        let monitor = format!("127.0.0.1:{}", free_port());
        let (api_url, monitor_url) = (format!("http://{bind}"), format!("http://{monitor}"));
        let settings = [
            ("BIND", bind.as_str()),
            ("DATABASE_URL", &config.database.url),
            ("SQLITE_SYNCHRONOUS", "OFF"),
            ("MASTER_KEY", &key),
            ("OPERATOR_KEY", OPERATOR_KEY),
            ("RATE_LIMIT", "off"),
            ("SANDBOX", "true"),
            ("METRICS_PUBLIC", "true"),
        ];
        let api = Process::start(&["serve", "--no-worker"], &settings).ready(&api_url).await;
        let anonymous = Client::new(&api_url);
        let signed_up = json!({ "email": "owner@roles.example.com", "password": "correct horse battery 9", "business_name": "Roles" });
        let signed_up = anonymous.post("/v1/auth/signup", signed_up).await.created();
        let owner = anonymous.with_token(signed_up["access_token"].as_str().expect("a token"));
        let operator = anonymous.with_token(OPERATOR_KEY);
        let within = operator.with_header("x-tenant-id", signed_up["tenant"]["id"].as_str().expect("a tenant"));
        within.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created();
        owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        let waiting = available(&operator).await;
        assert!(!waiting.is_empty(), "a lead has consequences");
        let metrics = anonymous.get("/metrics").await.text;
        assert!(!metrics.contains("leadwright_job_runs_total{"), "an API process runs no job:\n{metrics}");

        // The worker shares the API's address and so could not even start if it opened it.
        let mut working = settings.to_vec();
        working.push(("MONITOR_BIND", &monitor));
        let health = || leadwright(&["health"], &working).output().expect("it runs").status.success();
        assert!(!health(), "nobody listens there yet");
        let worker = Process::start(&["worker"], &working).ready(&monitor_url).await;
        assert!(health());
        until("the work", async || available(&operator).await.is_empty()).await;
        let beside = Client::new(&monitor_url);
        until("its metrics", async || beside.get("/metrics").await.text.contains("outcome=\"done\"")).await;
        assert_eq!(beside.get("/v1/leads").await.status, 404, "the monitoring port shows nothing else");
        worker.stop();
        api.stop();
        assert!(!health());
    }
}

/// Polls once an hour, so that only a notification can have woken it.
#[test]
fn another_process_work_wakes_the_worker() {
    TestApp::run(TestEngine::Postgres, async |app| {
        let other = App::build((*app.app.config).clone(), app.clock.clone()).expect("a second process' parts");
        app.app.core.db.join_others();
        other.core.db.join_others();
        let ran = Arc::new(tokio::sync::Notify::new());
        let mut registry = Registry::default();
        let told = ran.clone();
        registry.handle(&SIGNALLED, move |_| {
            let told = told.clone();
            async move {
                told.notify_one();
                Ok(Outcome::Done)
            }
        });
        let settings = WorkerSettings { poll: Duration::from_secs(3600), ..Default::default() };
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let worker = Worker::new(other.core.clone(), Arc::new(registry), settings);
        let running = tokio::spawn(worker.run(stopping));
        for _ in 0..3 {
            let write =
                |tx: &mut PlatformTx<'_>| store::enqueue(tx, TenantId::new(), NewJob::new(&SIGNALLED, &json!({})));
            app.app.core.db.write(PlatformScope::system(), write).await.expect("enqueued");
            tokio::time::timeout(Duration::from_secs(60), ran.notified()).await.expect("the worker was woken");
        }
        stop.send(true).expect("it listens");
        running.await.expect("it stops");
        app.app.core.db.wake().stop();
        other.core.db.wake().stop();
    });
}
