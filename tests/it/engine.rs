//! What must hold when machines fail: a worker that is killed, several workers at once, a database that goes away.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leadwright::app::App;
use leadwright::base::id::TenantId;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::jobs::{JobKind, NewJob, Outcome, Registry, Worker, WorkerSettings, store};
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Database, TestApp, TestEngine};

static COUNTED: JobKind = JobKind::new("test.counted");
/// Nothing here takes as long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program itself, with nothing of this process' configuration.
fn leadwright(command: &str, settings: &[(&str, &str)]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_leadwright"));
    program.arg(command).env_clear().current_dir(std::env::temp_dir()).stdin(Stdio::null()).stdout(Stdio::null());
    for (name, value) in settings {
        program.env(format!("LEADWRIGHT_{name}"), value);
    }
    program
}

/// A worker process on the application's database; it reaches the providers' twins in this process.
fn worker_process(app: &TestApp) -> Child {
    let config = &app.app.config;
    let (bind, key) = (config.bind.to_string(), config.master_key.to_base64());
    let settings =
        [("BIND", bind.as_str()), ("DATABASE_URL", &config.database.url), ("MASTER_KEY", &key), ("SANDBOX", "true")];
    leadwright("worker", &settings).stderr(Stdio::null()).spawn().expect("a worker process")
}

/// Asks until the answer is yes.
async fn until(what: &str, asked: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !asked().await {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn kill(mut process: Child) {
    process.kill().expect("SIGKILL");
    process.wait().expect("it is gone");
}

async fn jobs(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.operator().get(&format!("/v1/ops/jobs?limit=200&{query}")).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

async fn fault(app: &TestApp, faults: Value) {
    app.anonymous().put("/sandbox/faults", json!({ "faults": faults })).await.ok();
}

both_engines! {
    async fn a_worker_killed_while_it_fetches_a_lead(app: TestApp) {
        let app = TestApp::start_today(app.engine).await;
        let tenant = app.growth("Killed fetch").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        app.run_jobs().await;
        fault(&app, json!([{ "provider": "meta", "operation": "fetch_lead", "mode": "delay", "delay_ms": 30_000, "times": 1 }])).await;
        let fields = json!([{ "name": "full_name", "values": ["Asha"] }, { "name": "email", "values": ["asha@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381133", "form_id": "612312312312", "field_data": fields })).await;
        let process = worker_process(&app);
        until("the fetch", async || app.anonymous().get("/sandbox/faults").await.ok()["faults"].as_array().unwrap().is_empty()).await;
        kill(process);
        assert_eq!(jobs(&app, "state=running&kind=webhook.process").await.len(), 1, "claimed and never settled");
        app.run_jobs().await;
        assert!(tenant.leads_as_operator(&app).await.is_empty(), "the lease still holds");
        app.advance(chrono::Duration::minutes(10));
        app.run_jobs().await;
        assert_eq!(tenant.leads_as_operator(&app).await.len(), 1);
        let usage = tenant.as_operator(&app).get("/v1/usage").await.ok();
        assert_eq!(usage["leads"]["used"], 1);
        assert!(jobs(&app, "state=running").await.is_empty());
    }

    async fn a_worker_killed_while_it_sends_a_message(app: TestApp) {
        let app = TestApp::start_today(app.engine).await;
        let tenant = app.growth("Killed send").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        app.run_jobs().await;
        let thread = tenant.owner.get(&format!("/v1/conversations?channel=whatsapp&lead_id={}", lead["id"].as_str().unwrap())).await.ok()["data"][0].clone();
        let path = format!("/v1/conversations/{}/messages", thread["id"].as_str().unwrap());
        fault(&app, json!([
            { "provider": "twilio", "operation": "send", "mode": "timeout_after_accept", "delay_ms": 30_000, "times": 1 },
            { "provider": "twilio", "operation": "callback", "mode": "drop" }
        ])).await;
        let template = json!({ "template": { "code": "first_contact", "variables": { "name": "Asha", "business": "ABC", "about": "2 BHK" } } });
        tenant.owner.post(&path, template).await.expect(202);
        let process = worker_process(&app);
        let sent = async || app.outbox().await.into_iter().filter(|entry| entry["to"] == "+919876543210").count();
        until("the send", async || sent().await == 1).await;
        kill(process);
        let message = async || tenant.as_operator(&app).get(&path).await.ok()["data"][0].clone();
        assert_eq!(message().await["status"], "sending");
        for _ in 0..4 {
            app.advance(chrono::Duration::minutes(10));
            app.run_jobs().await;
        }
        assert_eq!(sent().await, 1, "found at the provider, not sent again");
        let message = message().await;
        assert!(message["sent_at"].is_string() && message["error"].is_null(), "{message}");
    }

    async fn a_fetch_that_is_merely_slow_is_waited_for(app: TestApp) {
        let tenant = app.growth("Slow fetch").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        app.run_jobs().await;
        fault(&app, json!([{ "provider": "meta", "operation": "fetch_lead", "mode": "delay", "delay_ms": 1_500, "times": 1 }])).await;
        for name in ["Asha", "Bina"] {
            let fields = json!([{ "name": "full_name", "values": [name] }, { "name": "email", "values": [format!("{name}@example.com")] }]);
            let lead = json!({ "page_id": "153125381133", "form_id": "612312312312", "field_data": fields });
            let sent = app.anonymous().post("/sandbox/meta/leads", lead).await.created();
            assert_eq!(sent["webhook_status"], 200, "accepted before anything is fetched");
        }
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 2);
        assert_eq!(tenant.usage().await["leads"]["used"], 2);
        let done = jobs(&app, "state=done&kind=webhook.process").await;
        let attempts: Vec<&Value> = done.iter().map(|job| &job["attempt"]).collect();
        assert!(attempts.len() >= 2 && attempts.iter().all(|attempt| **attempt == 1), "none was tried again: {attempts:?}");
    }

    async fn several_workers_run_each_job_once(app: TestApp) {
        let counts: Arc<Mutex<BTreeMap<u64, usize>>> = Arc::default();
        let other = App::build((*app.app.config).clone(), app.clock.clone()).expect("a second process' parts");
        let many = (0..300).map(|n| (TenantId::new(), NewJob::new(&COUNTED, &json!({ "n": n })))).collect();
        app.app.core.db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| store::enqueue_all(tx, many)).await.expect("enqueued");
        let running: Vec<_> = [&app.app, &other].into_iter().map(|app| {
            let counts = counts.clone();
            let mut registry = Registry::default();
            registry.handle(&COUNTED, move |ctx| {
                let counts = counts.clone();
                async move {
                    let n = ctx.payload::<Value>()?["n"].as_u64().unwrap_or_default();
                    *counts.lock().expect("unpoisoned").entry(n).or_default() += 1;
                    Ok(Outcome::Done)
                }
            });
            let worker = Worker::new(app.core.clone(), Arc::new(registry), WorkerSettings { concurrency: 4, ..Default::default() });
            tokio::spawn(async move { worker.run_until_idle().await.expect("runs") })
        }).collect();
        let mut total = 0;
        for worker in running {
            total += worker.await.expect("joined");
        }
        let counts = counts.lock().expect("unpoisoned");
        assert_eq!((total, counts.len(), counts.values().max()), (300, 300, Some(&1)));
    }
}

/// A mail server that takes every message and dies before it says so; counts what it took.
fn silent_mail_server() -> (String, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("smtp://{}", listener.local_addr().expect("its address"));
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let count = count.clone();
            std::thread::spawn(move || talk(stream, &count));
        }
    });
    (url, taken)
}

/// One connection, until the message has come.
fn talk(mut stream: std::net::TcpStream, taken: &AtomicUsize) -> std::io::Result<()> {
    let lines = BufReader::new(stream.try_clone()?).lines();
    let mut is_data = false;
    stream.write_all(b"220 ready\r\n")?;
    for line in lines {
        match (is_data, line?.as_str()) {
            (true, ".") => {
                taken.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            (true, _) => {}
            (false, "DATA") => {
                is_data = true;
                stream.write_all(b"354 go on\r\n")?;
            }
            (false, _) => stream.write_all(b"250 ok\r\n")?,
        }
    }
    Ok(())
}

both_engines! {
    async fn a_worker_whose_log_cannot_be_written_goes_on(app: TestApp) {
        let app = TestApp::start_today(app.engine).await;
        let config = &app.app.config;
        let (bind, key) = (config.bind.to_string(), config.master_key.to_base64());
        let settings =
            [("BIND", bind.as_str()), ("DATABASE_URL", &config.database.url), ("MASTER_KEY", &key), ("SANDBOX", "true")];
        let mut process = leadwright("worker", &settings).stderr(Stdio::piped()).spawn().expect("a worker process");
        // Nobody reads the log any more: every line fails.
        drop(process.stderr.take());
        let tenant = app.growth("Closed log").await;
        tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        until("the announcement", async || !app.outbox().await.is_empty()).await;
        assert!(process.try_wait().expect("its state").is_none(), "it lives");
        kill(process);
    }

    async fn an_email_whose_answer_was_lost_lies_with_the_operators_and_is_not_sent_again(app: TestApp) {
        let (url, taken) = silent_mail_server();
        let app = TestApp::start(app.engine, &[("SMTP_URL", &url)]).await;
        let tenant = app.growth("ABC").await;
        app.run_jobs().await;
        let before = taken.load(Ordering::SeqCst);
        let lead = tenant.owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        let lead = lead["id"].as_str().expect("an id");
        let found = tenant.owner.get(&format!("/v1/conversations?channel=email&lead_id={lead}")).await.ok();
        let path = format!("/v1/conversations/{}/messages", found["data"][0]["id"].as_str().expect("an id"));
        let body = json!({ "subject": "Hello", "content": "Hello Asha" });
        tenant.owner.post(&path, body).await.expect(202);
        app.run_jobs().await;
        // The message to the lead, and the one that tells the owner of the lead.
        assert_eq!(taken.load(Ordering::SeqCst) - before, 2);
        let status = async || tenant.owner.get(&path).await.ok()["data"][0]["status"].clone();
        assert_eq!(status().await, "unknown");
        let dead = app.operator().get("/v1/ops/jobs?state=dead&kind=message.send").await.ok();
        let job = &dead["data"][0];
        assert!(job["last_error"].as_str().is_some_and(|reason| reason.contains("smtp")), "{dead}");
        let told = app.operator().get("/v1/ops/jobs?state=dead&kind=notification.deliver").await.ok();
        assert_eq!(told["data"].as_array().map(Vec::len), Some(1), "{told}");
        let retry = format!("/v1/ops/jobs/{}/retry", job["id"].as_str().expect("an id"));
        app.operator().post(&retry, json!({})).await.ok();
        app.run_jobs().await;
        assert_eq!(taken.load(Ordering::SeqCst) - before, 2);
        assert_eq!(status().await, "unknown");
    }
}

#[test]
fn processes_that_start_together_on_an_empty_database_agree() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let database = Database::create(TestEngine::Postgres);
        let mut config = (*app.app.config).clone();
        config.database.url.clone_from(&database.url);
        let start = |_| {
            let process = App::build(config.clone(), app.clock.clone()).expect("a process' parts");
            tokio::spawn(async move { process.prepare().await })
        };
        let starting: Vec<_> = (0..6).map(start).collect();
        for process in starting {
            process.await.expect("joined").expect("it is ready");
        }
    });
}

/// One answer to a lead that was entered while connections broke.
async fn enter(client: crate::support::Client, n: usize) -> usize {
    let body = json!({ "name": format!("Person {n}"), "email": format!("person{n}@example.com") });
    let mut refused = 0;
    loop {
        let answer = client.post("/v1/leads", body.clone()).header("idempotency-key", &format!("lead-{n}")).await;
        match answer.status {
            201 => return refused,
            // The same key while the first attempt is still being rolled back.
            409 => {}
            _ => {
                assert!(answer.header("retry-after").is_some(), "{}", answer.text);
                answer.problem(503, "storage.unavailable");
            }
        }
        refused += 1;
        assert!(refused < 100, "it never recovers");
    }
}

#[test]
fn a_database_that_drops_its_connections_costs_nothing_acknowledged() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let tenant = app.tenant("Outage").await;
        let calls: Vec<_> = (0..120).map(|n| tokio::spawn(enter(tenant.owner.clone(), n))).collect();
        let mut cut = 0;
        while !calls.iter().all(tokio::task::JoinHandle::is_finished) {
            if cut < 40 {
                cut += app.cut_connections();
            }
            tokio::task::yield_now().await;
        }
        for call in calls {
            call.await.expect("201 at last, and nothing but 503 before");
        }
        assert!(cut > 0, "nothing was tested");
        let counts = tenant.owner.get("/v1/leads/counts").await.ok();
        assert_eq!(counts["total"], 120, "each acknowledged lead is there, each repeated one is there once");
        app.cut_connections();
        // Each dead connection is noticed by whoever uses it first; a worker tries again, and so do we.
        until("the worker's recovery", async || app.worker().run_until_idle().await.is_ok()).await;
        until("readiness", async || app.anonymous().get("/readyz").await.status == 200).await;
    });
}

const NOBODY: &str = "postgres://nobody@127.0.0.1:1/nothing";

#[test]
fn a_server_without_its_database_is_up_and_not_ready() {
    TestApp::run(TestEngine::Sqlite, |app| async move {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let bind = listener.local_addr().expect("its address").to_string();
        drop(listener);
        let key = app.app.config.master_key.to_base64();
        let settings = [("BIND", bind.as_str()), ("DATABASE_URL", NOBODY), ("MASTER_KEY", &key)];
        let process = leadwright("serve", &settings).stderr(Stdio::null()).spawn().expect("a server process");
        until("the port", async || std::net::TcpStream::connect(&bind).is_ok()).await;
        let anyone = app.anonymous();
        anyone.get(&format!("http://{bind}/healthz")).await.ok();
        let ready = anyone.get(&format!("http://{bind}/readyz")).await;
        assert!(ready.header("retry-after").is_some());
        ready.problem(503, "storage.unavailable");
        let login = json!({ "email": "owner@example.com", "password": "correct horse battery 9" });
        anyone.post(&format!("http://{bind}/v1/auth/login"), login).await.problem(503, "process.joining");
        kill(process);
    });
}

/// Passes everything on to the test database, from now on.
pub async fn relay(listener: tokio::net::TcpListener, server: url::Url) {
    let target = (server.host_str().expect("a host").to_string(), server.port().unwrap_or(5432));
    while let Ok((mut inbound, _)) = listener.accept().await {
        let target = target.clone();
        tokio::spawn(async move {
            let mut outbound = tokio::net::TcpStream::connect(target).await?;
            tokio::io::copy_bidirectional(&mut inbound, &mut outbound).await
        });
    }
}

#[test]
fn a_server_that_starts_before_its_database_becomes_ready_with_it() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let free =
            || std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a free port");
        let (bind, database) = (free(), free());
        let url: url::Url = app.app.config.database.url.parse().expect("a URL");
        let mut relayed = url.clone();
        relayed.set_host(Some("127.0.0.1")).expect("a host");
        relayed.set_port(Some(database.port())).expect("a port");
        let (bind, key) = (bind.to_string(), app.app.config.master_key.to_base64());
        let settings = [("BIND", bind.as_str()), ("DATABASE_URL", relayed.as_str()), ("MASTER_KEY", &key)];
        let process = leadwright("serve", &settings).stderr(Stdio::null()).spawn().expect("a server process");
        let anyone = app.anonymous();
        until("the port", async || std::net::TcpStream::connect(&bind).is_ok()).await;
        let [ready, plans] = ["readyz", "v1/plans"].map(|path| format!("http://{bind}/{path}"));
        anyone.get(&ready).await.problem(503, "storage.unavailable");
        anyone.get(&plans).await.problem(503, "process.joining");

        let listener = tokio::net::TcpListener::bind(database).await.expect("the database's port");
        let relaying = tokio::spawn(relay(listener, url));
        until("readiness", async || anyone.get(&ready).await.status == 200).await;
        assert!(!anyone.get(&plans).await.ok()["data"].as_array().expect("plans").is_empty());
        kill(process);
        relaying.abort();
    });
}

#[test]
fn a_command_that_cannot_work_says_why_and_fails() {
    let key = ("MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let cases = [
        ("migrate", ("DATABASE_URL", NOBODY), "127.0.0.1"),
        ("serve", ("DATABASE_URL", "mysql://somewhere/else"), "LEADWRIGHT_DATABASE_URL"),
        ("serve", ("MASTER_KEY", "too-short"), "LEADWRIGHT_MASTER_KEY"),
        ("worker", ("BIND", "nowhere"), "LEADWRIGHT_BIND"),
    ];
    for (command, setting, word) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let output = leadwright(command, &[key, setting])
            .current_dir(folder.path())
            .stderr(Stdio::piped())
            .output()
            .expect("it ran");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command} {setting:?} succeeded");
        assert!(said.contains(word), "{command} {setting:?} does not say {word}: {said}");
        assert!(!said.contains("too-short") && !said.contains("panicked"), "{said}");
    }
}
