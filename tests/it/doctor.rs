//! The doctor against the twins: well when all is well, and one sentence of advice for each thing that is not.

use leadwright::app::App;
use leadwright::base::crypto::MasterKey;
use leadwright::base::id::TenantId;
use leadwright::base::time::Clock;
use leadwright::cli::doctor::examine;
use leadwright::config::{Config, Source};
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::jobs::{JobKind, NewJob, Outcome, Registry, Worker, WorkerSettings, store};
use leadwright::providers::{Finding, Standing};
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{OPERATOR_KEY, TestApp, free_port, leadwright};

static LOST: JobKind = JobKind::new("test.lost").max_attempts(1);

#[track_caller]
fn find<'f>(findings: &'f [Finding], name: &str) -> &'f Finding {
    findings.iter().find(|finding| finding.name == name).unwrap_or_else(|| panic!("{name} not in {findings:#?}"))
}

#[track_caller]
fn stands(findings: &[Finding], name: &str, state: Standing, words: &str) {
    let finding = find(findings, name);
    let said = format!("{} {}", finding.detail, finding.advice.as_deref().unwrap_or_default());
    assert!(finding.state == state && said.contains(words), "expected {state} with {words:?}: {finding:?}");
    assert_eq!(finding.advice.is_some(), state != Standing::Ok, "advice for what is not well: {finding:?}");
}

/// The same deployment with other settings.
fn with(app: &TestApp, changed: &[(&str, &str)]) -> App {
    let config = &app.app.config;
    let mut source = Source::default();
    source
        .set("BIND", config.bind.to_string())
        .set("DATABASE_URL", &config.database.url)
        .set("MASTER_KEY", config.master_key.to_base64())
        .set("OPERATOR_KEY", OPERATOR_KEY)
        .set("SANDBOX", "true");
    for (name, value) in changed {
        source.set(name, *value);
    }
    App::build(Config::from_source(&source).expect("a configuration"), Clock::system()).expect("the parts")
}

both_engines! {
    async fn a_good_set_up_has_nothing_that_failed(app: TestApp) {
        let app = TestApp::start_live(app.engine).await;
        let findings = examine(&app.app).await;
        let failed: Vec<_> = findings.iter().filter(|finding| finding.state == Standing::Failed).collect();
        assert!(failed.is_empty(), "{failed:#?}");
        for (name, words) in [
            ("settings", "every one is known"),
            ("database", "MB"),
            ("migrations", "all applied"),
            ("master key", "opens the stored data"),
            ("jobs", "none for long"),
            ("dead letters", "none"),
            ("public address", "leads to a running server"),
            ("meta: verify token", "is answered"),
            ("meta: token", "accepted"),
            ("meta: webhook", "/v1/webhooks/meta"),
            ("meta: page 153125381133", "sends its leads"),
            ("google_ads: account", "enabled"),
            ("twilio: account", "active"),
            ("twilio: sms number", "/v1/webhooks/twilio/messages"),
            ("twilio: status callbacks", "/v1/webhooks/twilio/status"),
            ("resend: domain", "verified"),
            ("resend: webhook", "/v1/webhooks/resend"),
            ("twilio: whatsapp sender", "/v1/webhooks/twilio/messages"),
        ] {
            stands(&findings, name, Standing::Ok, words);
        }
        stands(&findings, "public scheme", Standing::Warning, "LEADWRIGHT_PUBLIC_URL");
        stands(&findings, "app address", Standing::Warning, "LEADWRIGHT_APP_URL");
        // The suite's databases do not wait for the disk, and say so.
        stands(&findings, "durability", Standing::Warning, "may be lost");
    }

    async fn each_thing_that_is_wrong_has_its_advice(app: TestApp) {
        let app = TestApp::start_live(app.engine).await;
        let closed = format!("http://127.0.0.1:{}", free_port());
        let other_key = MasterKey::random().to_base64();
        let elsewhere = with(&app, &[("PUBLIC_URL", &closed), ("MASTER_KEY", &other_key), ("EMAIL_FROM", "hello@unknown.example"), ("OTLP_ENDPOINT", &closed)]);
        let findings = examine(&elsewhere).await;
        stands(&findings, "master key", Standing::Failed, "LEADWRIGHT_MASTER_KEY");
        stands(&findings, "public address", Standing::Warning, "leadwright serve");
        stands(&findings, "meta: webhook", Standing::Failed, &format!("{closed}/v1/webhooks/meta"));
        stands(&findings, "twilio: sms number", Standing::Warning, "A message comes in");
        stands(&findings, "resend: domain", Standing::Failed, "LEADWRIGHT_EMAIL_FROM");
        stands(&findings, "resend: webhook", Standing::Failed, &format!("{closed}/v1/webhooks/resend"));
        stands(&findings, "traces", Standing::Failed, "LEADWRIGHT_OTLP_ENDPOINT");

        let twins = format!("{}/sandbox", app.url);
        let (graph, google, resend, twilio) =
            (format!("{twins}/meta"), format!("{twins}/google-ads"), format!("{twins}/resend"), format!("{twins}/twilio"));
        let refused = with(&app, &[
            ("SANDBOX", "false"),
            ("META_VERIFY_TOKEN", "another-token"),
            ("META_GRAPH_URL", &graph), ("META_ACCESS_TOKEN", "stale"), ("META_APP_SECRET", "sandbox-meta-app-secret"),
            ("GOOGLE_ADS_BASE_URL", &google), ("GOOGLE_ADS_CUSTOMER_ID", "1234567890"), ("GOOGLE_ADS_DEVELOPER_TOKEN", "stale"), ("GOOGLE_ADS_ACCESS_TOKEN", "stale"),
            ("RESEND_BASE_URL", &resend), ("RESEND_API_KEY", "re_stale"),
            ("TWILIO_BASE_URL", &twilio), ("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000001"), ("TWILIO_AUTH_TOKEN", "stale"),
        ]);
        let findings = examine(&refused).await;
        stands(&findings, "meta: verify token", Standing::Failed, "LEADWRIGHT_META_VERIFY_TOKEN");
        stands(&findings, "meta: token", Standing::Failed, "LEADWRIGHT_META_ACCESS_TOKEN");
        stands(&findings, "google_ads: account", Standing::Failed, "LEADWRIGHT_GOOGLE_ADS_DEVELOPER_TOKEN");
        stands(&findings, "resend: domain", Standing::Failed, "LEADWRIGHT_RESEND_API_KEY");
        stands(&findings, "resend: webhook", Standing::Warning, "LEADWRIGHT_RESEND_WEBHOOK_SECRET");
        stands(&findings, "twilio: account", Standing::Failed, "LEADWRIGHT_TWILIO_AUTH_TOKEN");
        stands(&findings, "whatsapp", Standing::Warning, "LEADWRIGHT_TWILIO_WHATSAPP_FROM");

        for (frontend, state, words) in [
            (format!("{}/docs/", app.url), Standing::Ok, "which answers"),
            (format!("{}/nowhere", app.url), Standing::Warning, "which answers 404"),
            (closed.clone(), Standing::Failed, "cannot be reached"),
        ] {
            let elsewhere = with(&app, &[("APP_URL", &frontend)]);
            stands(&examine(&elsewhere).await, "app address", state, words);
        }

        let app_secret = with(&app, &[
            ("SANDBOX", "false"), ("META_GRAPH_URL", &graph), ("META_ACCESS_TOKEN", "sandbox-meta-access-token"), ("META_APP_SECRET", "wrong"),
        ]);
        stands(&examine(&app_secret).await, "meta: token", Standing::Failed, "appsecret_proof");
    }

    async fn jobs_that_wait_or_died_are_told(app: TestApp) {
        let app = TestApp::start_live(app.engine).await;
        let enqueue = |at| move |tx: &mut PlatformTx<'_>| store::enqueue(tx, TenantId::new(), NewJob::new(&LOST, &json!({})).at(at));
        let now = app.clock.now();
        app.app.core.db.write(PlatformScope::system(), enqueue(now)).await.expect("enqueued");
        let mut registry = Registry::default();
        registry.handle(&LOST, |_| async { Ok(Outcome::Dead(leadwright::base::Error::internal("gone"))) });
        let worker = Worker::new(app.app.core.clone(), std::sync::Arc::new(registry), WorkerSettings::default());
        worker.run_until_idle().await.expect("runs");
        app.app.core.db.write(PlatformScope::system(), enqueue(now.minus(chrono::Duration::minutes(5)))).await.expect("enqueued");
        let findings = examine(&app.app).await;
        stands(&findings, "jobs", Standing::Failed, "leadwright worker");
        stands(&findings, "dead letters", Standing::Warning, "1 test.lost");
    }

    async fn the_command_fails_when_a_check_does(app: TestApp) {
        let app = TestApp::start_live(app.engine).await;
        let config = &app.app.config;
        let (bind, key) = (config.bind.to_string(), config.master_key.to_base64());
        let run = |key: &str, url: &str, arguments: &[&str]| {
            let settings = [("BIND", bind.as_str()), ("DATABASE_URL", url), ("MASTER_KEY", key), ("SANDBOX", "true")];
            leadwright(arguments, &settings).output().expect("it runs")
        };
        let well = run(&key, &config.database.url, &["doctor"]);
        assert!(well.status.success(), "{}", String::from_utf8_lossy(&well.stdout));
        let ill = run(&MasterKey::random().to_base64(), &config.database.url, &["doctor", "--json"]);
        assert!(!ill.status.success());
        let report: Value = serde_json::from_slice(&ill.stdout).expect("JSON");
        assert_eq!(report["healthy"], false);
        assert!(report["checks"].as_array().is_some_and(|checks| checks.len() > 10));
        let away = run(&key, "postgres://nobody:hush-hush@127.0.0.1:1/x", &["doctor"]);
        let told = format!("{}{}", String::from_utf8_lossy(&away.stdout), String::from_utf8_lossy(&away.stderr));
        assert!(!away.status.success() && told.contains("LEADWRIGHT_DATABASE_URL") && !told.contains("hush"), "{told}");
    }
}

#[test]
fn a_database_that_is_not_there_or_empty_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("empty.db");
    let url = format!("sqlite://{}", file.display());
    let output = leadwright(&["doctor"], &[("DATABASE_URL", &url)]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && told.contains("leadwright serve") && !file.exists(), "{told}");
    std::fs::write(&file, "").expect("an empty file");
    let output = leadwright(&["doctor"], &[("DATABASE_URL", &url)]).output().expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && told.contains("leadwright migrate"), "{told}");
}
