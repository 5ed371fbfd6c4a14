//! Running it: what a process says of itself, what it does while its database is away, and what operators let be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use leadwright::base::Error;
use leadwright::base::id::TenantId;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::jobs::{JobKind, NewJob, Outcome, Registry, Worker, WorkerSettings, store};
use serde_json::{Value, json};

use crate::both_engines;
use crate::engine::relay;
use crate::outbound::{endpoint, types};
use crate::support::{Client, OPERATOR_KEY, Process, Receiver, TestApp, TestEngine, free_port, leadwright, until};

static DOOMED: JobKind = JobKind::new("test.doomed").max_attempts(1);

/// `count` jobs that a provider's answer killed.
async fn dead_jobs(app: &TestApp, count: usize) {
    let mut registry = Registry::default();
    registry.handle(&DOOMED, |_| async {
        let answered = std::io::Error::other("meta answered 190/463 (auth): the token ended");
        Ok(Outcome::Dead(Error::upstream("provider.auth", "meta did not accept the request").with_source(answered)))
    });
    let enqueue = move |tx: &mut PlatformTx<'_>| {
        for _ in 0..count {
            store::enqueue(tx, TenantId::new(), NewJob::new(&DOOMED, &json!({})))?;
        }
        Ok(())
    };
    app.app.core.db.write(PlatformScope::system(), enqueue).await.expect("enqueued");
    let worker = Worker::new(app.app.core.clone(), Arc::new(registry), WorkerSettings::default());
    worker.run_until_idle().await.expect("runs");
}

async fn metric(client: &Client, beginning: &str) -> Option<f64> {
    let text = client.get("/metrics").await.text;
    text.lines().find(|line| line.starts_with(beginning))?.rsplit(' ').next()?.parse().ok()
}

both_engines! {
    async fn dead_jobs_are_counted_by_what_killed_them_and_let_be(app: TestApp) {
        dead_jobs(&app, 3).await;
        let operator = app.operator();
        let summary = operator.get("/v1/ops/summary").await.ok();
        let reasons = json!([{ "kind": "test.doomed", "reason": "meta answered 190/463 (auth)", "count": 3 }]);
        assert_eq!((&summary["dead_jobs"], &summary["dead_job_reasons"]), (&json!(3), &reasons));
        let dead = operator.get("/v1/ops/jobs?state=dead").await.ok();
        let path = format!("/v1/ops/jobs/{}/dismiss", dead["data"][0]["id"].as_str().expect("an id"));
        let tenant = app.tenant("Curious").await;
        tenant.owner.post(&path, json!({})).await.problem(403, "auth.operator_required");
        let one = operator.post(&path, json!({})).await.ok();
        assert_eq!((&one["state"], &one["last_error"]), (&json!("discarded"), &dead["data"][0]["last_error"]));
        operator.post(&path, json!({})).await.problem(409, "job.not_dead");
        let nobody = format!("/v1/ops/jobs/{}/dismiss", TenantId::new());
        operator.post(&nobody, json!({})).await.problem(404, "job.not_found");
        let all = |body: Value| operator.post("/v1/ops/jobs/dismiss", body);
        all(json!({ "state": "running" })).await.invalid("/state");
        assert_eq!(all(json!({ "state": "dead", "kind": "test.other" })).await.ok()["dismissed"], 0);
        assert_eq!(all(json!({ "state": "dead" })).await.ok(), json!({ "dismissed": 2, "has_more": false }));
        let summary = operator.get("/v1/ops/summary").await.ok();
        assert_eq!((&summary["dead_jobs"], &summary["dead_job_reasons"]), (&json!(0), &json!([])));
        // Whoever changes their mind may run it again.
        operator.post(&path.replace("dismiss", "retry"), json!({})).await.ok();
    }

    async fn a_test_lead_is_told_and_costs_nothing(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Trying").await;
        let campaign = tenant.ad_campaign("google", "7710000000011", "7720000000011", "7").await;
        endpoint(&tenant.owner, &receiver.url("/hook"), &["lead.*"]).await;
        let path = format!("/v1/ad-campaigns/{}/test-lead", campaign["id"].as_str().expect("an id"));
        app.run_jobs().await;
        let (before, sent_before) = (tenant.usage().await, app.outbox().await.len());
        let sent = tenant.owner.post(&path, json!({})).header("idempotency-key", "t-1").await.created();
        let again = tenant.owner.post(&path, json!({})).header("idempotency-key", "t-1").await;
        assert_eq!(again.created(), sent, "once for one key");
        app.run_jobs().await;
        let arrivals = receiver.arrivals("/hook");
        assert_eq!(types(&arrivals), ["lead.test_received"]);
        let data = arrivals[0].json()["data"].clone();
        for name in ["ad_campaign_id", "platform", "external_id"] {
            assert_eq!(data[name], sent[name], "{name}");
        }
        assert_eq!(sent["platform"], "google_ads");
        assert_eq!((tenant.leads().await.len(), tenant.usage().await["leads"].clone()), (0, before["leads"].clone()));
        assert_eq!(app.outbox().await.len(), sent_before, "nobody is alerted");
        tenant.user("viewer").await.post(&path, json!({})).await.problem(403, "auth.forbidden");
        app.tenant("Stranger").await.owner.post(&path, json!({})).await.problem(404, "ad_campaign.not_found");
        for _ in 1..100 {
            tenant.owner.post(&path, json!({})).await.created();
        }
        let refused = tenant.owner.post(&path, json!({})).await;
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "ad_campaign.test_limit");
        receiver.stop().await;
    }

    async fn metrics_tell_of_the_process_its_connections_and_its_limits(app: TestApp) {
        let app = TestApp::start(app.engine, &[("RATE_LIMIT", "on"), ("REQUESTS_PER_MINUTE", "3")]).await;
        let anyone = app.anonymous();
        let owner = app.tenant("Busy").await.owner;
        for _ in 0..3 {
            owner.get("/v1/me").await.ok();
        }
        owner.get("/v1/me").await.problem(429, "request.rate_limited");
        assert_eq!(metric(&anyone, "leadwright_rate_limited_total{bucket=\"caller\"}").await, Some(1.0));
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds", "process_cpu_seconds_total"] {
            assert!(metric(&anyone, name).await.is_some_and(|value| value > 0.0), "{name}");
        }
        assert_eq!(metric(&anyone, "leadwright_database_waiting").await, Some(0.0));
        assert!(metric(&anyone, "leadwright_database_connections{state=\"idle\"}").await.is_some_and(|idle| idle > 0.0));
    }

    async fn what_is_asked_of_meta_is_counted(app: TestApp) {
        let tenant = app.growth("Counted").await;
        tenant.ad_campaign("meta", "120210000000000009", "612312312319", "153125381139").await;
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        let filled = json!({ "page_id": "153125381139", "form_id": "612312312319", "field_data": fields });
        app.anonymous().post("/sandbox/meta/leads", filled).await;
        app.run_jobs().await;
        let calls = "leadwright_provider_calls_total{operation=\"fetch_lead\",provider=\"meta\",result=\"ok\"}";
        assert_eq!(metric(&app.anonymous(), calls).await, Some(1.0));
        let steered = "leadwright_provider_calls_total{operation=\"steer_campaign\",provider=\"meta\",result=\"ok\"}";
        assert!(metric(&app.anonymous(), steered).await.is_some_and(|count| count >= 1.0));
    }

    async fn a_json_line_is_flat_and_says_who_asked_and_what_went_well_may_go_unsaid(app: TestApp) {
        let (key, database) = (app.app.config.master_key.to_base64(), app.app.config.database.url.as_str());
        let bind = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{bind}");
        let settings = |logged: &'static str| {
            [
                ("BIND", bind.clone()), ("DATABASE_URL", database.into()), ("MASTER_KEY", key.clone()), ("SQLITE_SYNCHRONOUS", "OFF".into()),
                ("OPERATOR_KEY", OPERATOR_KEY.into()), ("LOG_FORMAT", "json".into()), ("LOG_REQUESTS", logged.into()),
            ]
        };
        let tenant = app.tenant("Logged").await;
        let mut said = Vec::new();
        for logged in ["all", "errors"] {
            let settings = settings(logged);
            let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let server = Process::start(&["serve", "--no-worker"], &settings).ready(&url).await;
            let operator = Client::new(&url).with_token(OPERATOR_KEY);
            let within = operator.with_header("x-tenant-id", &tenant.id);
            within.get("/v1/leads").header("x-request-id", "that-went-well").await.ok();
            operator.get("/v1/ops/summary").header("x-request-id", "an-operator").await.ok();
            Client::new(&url).get("/v1/leads").header("x-request-id", "that-was-refused").await.problem(401, "auth.missing_credentials");
            said.push(server.stop());
        }
        let lines: Vec<Value> = said[0].lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect();
        let first = &lines[0];
        assert_eq!((&first["message"], &first["version"]), (&json!(concat!("leadwright ", env!("CARGO_PKG_VERSION"), " starts")), &json!(env!("CARGO_PKG_VERSION"))));
        assert!(first["schema"].is_string() && first["commit"].is_string(), "{first}");
        let of = |id: &str| lines.iter().find(|line| line["request_id"] == id && line["message"] == "answered").unwrap_or_else(|| panic!("{id}"));
        let line = of("that-went-well");
        assert_eq!((&line["tenant"], &line["status"], &line["method"]), (&json!(tenant.id), &json!(200), &json!("GET")));
        assert!(line["caller"].as_str().is_some_and(|caller| caller.starts_with("operator:")), "{line}");
        assert!(of("an-operator").get("tenant").is_none() && of("that-was-refused").get("caller").is_none());
        assert!(line.get("spans").is_none() && line.get("span").is_none() && line.get("fields").is_none());
        assert!(line.to_string().len() < 450, "{} bytes: {line}", line.to_string().len());
        assert!(said[1].contains("that-was-refused") && !said[1].contains("that-went-well"), "{}", said[1]);
    }

    async fn settings_are_shown_with_their_origin_and_without_secrets(app: TestApp) {
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("key");
        std::fs::write(&key, format!("{}\n", app.app.config.master_key.to_base64())).expect("a key");
        let key = key.display().to_string();
        let database = &app.app.config.database.url;
        let settings = [("DATABASE_URL", database.as_str()), ("MASTER_KEY_FILE", &key), ("TWILIO_AUTH_TOKEN", "hush-hush-hush"), ("NOBODY", "x")];
        let output = leadwright(&["config"], &settings).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let line = |name: &str| told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {told}"));
        assert!(line("LEADWRIGHT_MASTER_KEY").contains(&key) && line("LEADWRIGHT_MASTER_KEY").contains("••••"), "{told}");
        assert!(line("LEADWRIGHT_TWILIO_AUTH_TOKEN").ends_with("environment") && line("LEADWRIGHT_BIND").ends_with("default"), "{told}");
        assert!(line("LEADWRIGHT_NOBODY").contains("is no setting"));
        assert!(!told.contains("hush") && !told.contains(&app.app.config.master_key.to_base64()), "{told}");
        // What is shown is what is used.
        let output = leadwright(&["migrate"], &settings).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = leadwright(&["config", "--json"], &[("DATABASE_POOL", "none")]).output().expect("it runs");
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("LEADWRIGHT_DATABASE_POOL"));
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(report["settings"].as_array().is_some_and(|all| all.len() > 40));
    }
}

#[test]
fn showing_settings_makes_no_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("data/x.db").display());
    let output = leadwright(&["config"], &[("DATABASE_URL", &url)]).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_program_says_which_it_is() {
    let output = leadwright(&["--version"], &[]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.starts_with(concat!("leadwright ", env!("CARGO_PKG_VERSION"), " (")) && told.trim_end().ends_with(')'),
        "{told}"
    );
}

#[test]
fn connections_have_a_name_at_the_server() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let app = app; // all of it, with its database
        let url = &app.app.config.database.url;
        let (unnamed, _) = url.split_once("&application_name=").expect("the suite names its own");
        let (bind, key) = (format!("127.0.0.1:{}", free_port()), app.app.config.master_key.to_base64());
        let settings = [("BIND", bind.as_str()), ("DATABASE_URL", unnamed), ("MASTER_KEY", &key)];
        let server = Process::start(&["serve"], &settings).ready(&format!("http://{bind}")).await;
        let named = app.app.core.db.with_connection(|conn| {
            use diesel::prelude::*;
            use diesel::sql_types::{Bool, Text};
            let name = concat!("leadwright api ", env!("CARGO_PKG_VERSION"));
            let there = diesel::dsl::sql::<Bool>("EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = ")
                .bind::<Text, _>(name)
                .sql(")");
            Ok(diesel::select(there).get_result::<bool>(conn)?)
        });
        assert!(named.await.expect("asked"));
        server.stop();
    });
}

/// The way to the database: closed when it is dropped, with all that went through it.
struct Way(Option<tokio::runtime::Runtime>);

impl Way {
    fn open(port: u16, server: url::Url) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the database's port");
            relay(listener, server).await;
        });
        Self(Some(runtime))
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[test]
fn while_the_database_is_away_nobody_waits_to_hear_it() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let app = app; // all of it, with its database
        let (bind, port) = (format!("127.0.0.1:{}", free_port()), free_port());
        let url: url::Url = app.app.config.database.url.parse().expect("a URL");
        let mut relayed = url.clone();
        relayed.set_host(Some("127.0.0.1")).expect("a host");
        relayed.set_port(Some(port)).expect("a port");
        let way = Way::open(port, url.clone());
        let key = app.app.config.master_key.to_base64();
        let settings =
            [("BIND", bind.as_str()), ("DATABASE_URL", relayed.as_str()), ("MASTER_KEY", &key), ("RATE_LIMIT", "off")];
        let base = format!("http://{bind}");
        let server = Process::start(&["serve"], &settings).ready(&base).await;
        let anyone = Client::new(&base);
        anyone.get("/v1/plans").await.ok();
        drop(way);
        until("it is noticed", async || anyone.get("/readyz").await.status == 503).await;
        for path in ["/readyz", "/v1/plans", "/v1/plans", "/readyz", "/v1/plans"] {
            let asked = Instant::now();
            let answer = anyone.get(path).await;
            let took = asked.elapsed();
            assert!(answer.header("retry-after").is_some(), "{path}");
            answer.problem(503, "storage.unavailable");
            assert!(took < Duration::from_secs(2), "{path} took {took:?}");
        }
        anyone.get("/healthz").await.ok();
        let way = Way::open(port, url);
        until("it is back", async || anyone.get("/readyz").await.status == 200).await;
        anyone.get("/v1/plans").await.ok();
        server.stop();
        drop(way);
    });
}
