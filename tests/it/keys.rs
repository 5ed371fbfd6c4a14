//! The master key: a process with another one does not start, and one takes another's place while everything goes on.

use leadwright::app::{self, App};
use leadwright::base::crypto::MasterKey;
use leadwright::config::Config;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::reseal;
use serde_json::{Value, json};

use crate::both_engines;
use crate::engine::relay;
use crate::outbound::{endpoint, path, types};
use crate::support::{Client, OPERATOR_KEY, Process, Receiver, TestApp, TestEngine, free_port, leadwright, until};

/// The same process with another key.
fn with_key(app: &TestApp, key: &MasterKey) -> App {
    let config = Config { master_key: key.clone(), ..(*app.app.config).clone() };
    App::build(config, app.clock.clone()).expect("the parts")
}

fn both(first: &MasterKey, second: &MasterKey) -> MasterKey {
    MasterKey::from_base64(&format!("{},{}", first.to_base64(), second.to_base64())).expect("two keys")
}

async fn refused(app: &App) {
    assert_eq!(app.prepare().await.expect_err("another key").code(), "config.master_key");
}

/// Runs a command of the program beside the application, and answers whether it succeeded and what it said.
fn command(app: &TestApp, key: &MasterKey, arguments: &[&str]) -> (bool, String) {
    let (url, key) = (&app.app.config.database.url, key.to_base64());
    let bind = format!("127.0.0.1:{}", free_port());
    let settings =
        [("DATABASE_URL", url.as_str()), ("MASTER_KEY", &key), ("BIND", &bind), ("SQLITE_SYNCHRONOUS", "OFF")];
    let output = leadwright(arguments, &settings).output().expect("it runs");
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (output.status.success(), said)
}

async fn forget_the_check(app: &TestApp) {
    use diesel::prelude::*;
    use leadwright::engine::db::schema::platform_facts as facts;
    let forget = |tx: &mut PlatformTx<'_>| {
        diesel::delete(facts::table.find("master_key_check")).execute(tx.conn())?;
        Ok(())
    };
    app.app.core.db.write(PlatformScope::system(), forget).await.expect("forgotten");
}

async fn left(app: &App) -> Vec<reseal::Left> {
    let key = app.core.master_key.clone();
    let look = move |tx: &mut PlatformTx<'_>| reseal::left(tx, &key, &app::sealed());
    app.core.db.read(PlatformScope::system(), look).await.expect("counted")
}

both_engines! {
    async fn with_another_key_nothing_starts_and_nothing_is_written(app: TestApp) {
        let other = MasterKey::random();
        for arguments in [
            ["serve"].as_slice(), &["serve", "--no-worker"], &["worker"], &["migrate"], &["admin", "reseal"],
            &["admin", "create-operator", "--name", "Nobody"],
        ] {
            let (is_well, said) = command(&app, &other, arguments);
            assert!(!is_well, "{arguments:?} started");
            for words in ["LEADWRIGHT_MASTER_KEY", "another key", "NEW,OLD", "docs/keys.md"] {
                assert!(said.contains(words), "{arguments:?} does not say {words}: {said}");
            }
            assert!(!said.contains("panicked"), "{said}");
        }
        let operators = app.operator().get("/v1/ops/operators").await.ok();
        assert!(!operators.to_string().contains("Nobody"), "{operators}");
        let (is_well, said) = command(&app, &app.app.config.master_key, &["migrate"]);
        assert!(is_well, "{said}");
    }

    async fn a_database_of_before_there_was_a_check_is_judged_by_what_is_sealed(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Older").await;
        endpoint(&tenant.owner, &receiver.url("/hook"), &["lead.created"]).await;
        forget_the_check(&app).await;
        refused(&with_key(&app, &MasterKey::random())).await;
        with_key(&app, &app.app.config.master_key).prepare().await.expect("its own key");
        refused(&with_key(&app, &MasterKey::random())).await;
        receiver.stop().await;
    }

    async fn the_key_is_changed_while_everything_goes_on(app: TestApp) {
        let app = TestApp::start_today(app.engine).await;
        let (old, new) = (app.app.config.master_key.clone(), MasterKey::random());
        let receiver = Receiver::start().await;
        let tenant = app.growth("Going On").await;
        let told = endpoint(&tenant.owner, &receiver.url("/hook"), &["lead.created"]).await;
        let secret = told["secret"].as_str().expect("a secret").to_string();
        let cautious = app.tenant("Cautious").await;
        let begun = json!({ "current_password": crate::support::PASSWORD });
        let device = cautious.owner.post("/v1/me/second-factor", begun).await.created()["secret"].clone();
        let code = |later: i64| crate::accounts::code(device.as_str().expect("a secret"), app.clock.now().seconds() + later);
        cautious.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code(0) })).await.ok();
        let asha = json!({ "name": "Asha", "email": "asha@example.com" });
        let stranger = json!({ "email": "new@example.com", "password": "correct horse battery 9", "business_name": "New" });
        let once = async |client: &Client, path: &str, body: &Value| client.post(path, body.clone()).header("idempotency-key", "k-1").await;
        let lead = once(&tenant.owner, "/v1/leads", &asha).await.created();
        let signed_up = once(&app.anonymous(), "/v1/auth/signup", &stranger).await.created();

        // Either key opens, the first one seals.
        let rotating = app.second_with(|config| config.master_key = both(&new, &old)).await;
        rotating.app.prepare().await.expect("it knows the former key");
        let at = |client: &Client| client.at(&rotating.url);
        at(&tenant.owner).get("/v1/leads").await.ok();
        for (client, path, body, first) in
            [(&tenant.owner, "/v1/leads", &asha, &lead), (&app.anonymous(), "/v1/auth/signup", &stranger, &signed_up)]
        {
            let again = once(&at(client), path, body).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
            assert_eq!(again.created()["id"], first["id"], "{path}");
        }
        let other = json!({ "name": "Another", "email": "another@example.com" });
        once(&at(&tenant.owner), "/v1/leads", &other).await.problem(422, "idempotency.key_reused");
        rotating.app.worker().run_until_idle().await.expect("jobs run");
        let arrivals = receiver.arrivals("/hook");
        assert_eq!(types(&arrivals), ["lead.created"]);
        assert!(arrivals[0].signed_by(&secret).is_some(), "its secret was sealed with the former key");
        let fresh = endpoint(&at(&tenant.owner), &receiver.url("/fresh"), &["lead.created"]).await;
        endpoint(&tenant.owner, &receiver.url("/late"), &["lead.created"]).await;

        // Killed after the first row: nothing is lost, and the new key alone is refused.
        let all = app::sealed();
        let before = left(&rotating.app).await;
        let batch = reseal::step(&app.app.core.db, &both(&new, &old), all[0], None, 1).await.expect("a step");
        assert_eq!(batch.changed, 1);
        let after = left(&rotating.app).await;
        assert_eq!((before[0].name, before[0].count, after[0].count), (all[0].name, 2, 1));
        refused(&with_key(&app, &new)).await;
        // Nor does the former one, which whoever runs with it alone is told.
        refused(&with_key(&app, &old)).await;
        app.anonymous().get("/readyz").await.problem(503, "storage.other_key");
        app.anonymous().at(&rotating.url).get("/readyz").await.ok();
        at(&tenant.owner).get("/v1/leads").await.ok();
        let (is_well, said) = command(&app, &old, &["doctor"]);
        assert!(!is_well && said.contains("another key"), "{said}");
        let (_, said) = command(&app, &both(&new, &old), &["doctor"]);
        assert!(said.contains("admin reseal") && said.contains("1 of webhook_endpoints"), "{said}");

        let (is_well, said) = command(&app, &both(&new, &old), &["admin", "reseal"]);
        assert!(is_well && said.contains("may be taken out"), "{said}");
        assert!(left(&rotating.app).await.is_empty());
        let (is_well, said) = command(&app, &both(&new, &old), &["admin", "reseal"]);
        assert!(is_well && !said.contains("sealed anew"), "there was nothing left to do: {said}");
        let (_, said) = command(&app, &both(&new, &old), &["doctor"]);
        assert!(said.contains("the former may go from"), "{said}");

        // The former one goes.
        refused(&with_key(&app, &old)).await;
        let alone = app.second_with(|config| config.master_key = new.clone()).await;
        alone.app.prepare().await.expect("the new key alone");
        // Whoever was forgotten sealed something with it meanwhile.
        endpoint(&tenant.owner, &receiver.url("/forgotten"), &["lead.created"]).await;
        let (_, said) = command(&app, &new, &["doctor"]);
        assert!(said.contains("does not open 1 of webhook_endpoints") && said.contains("THIS,OTHER"), "{said}");
        let (is_well, said) = command(&app, &both(&new, &old), &["admin", "reseal"]);
        assert!(is_well, "{said}");
        let (_, said) = command(&app, &new, &["doctor"]);
        assert!(said.contains("opens the stored data"), "{said}");
        let log_in = json!({ "email": tenant.email(), "password": crate::support::PASSWORD });
        let session = app.anonymous().at(&alone.url).post("/v1/auth/login", log_in).await.ok();
        let owner = app.anonymous().at(&alone.url).with_token(session["access_token"].as_str().expect("a token"));
        owner.post("/v1/leads", json!({ "name": "Ravi", "email": "ravi@example.com" })).await.created();
        let log_in = json!({ "email": cautious.email(), "password": crate::support::PASSWORD });
        let asked = app.anonymous().at(&alone.url).post("/v1/auth/login", log_in).await.expect(202);
        let answer = json!({ "challenge": asked["challenge"], "code": code(30) });
        app.anonymous().at(&alone.url).post("/v1/auth/second-factor", answer).await.ok();
        alone.app.worker().run_until_idle().await.expect("jobs run");
        assert!(receiver.arrivals("/hook").last().expect("told").signed_by(&secret).is_some());
        let arrivals = receiver.arrivals("/fresh");
        assert!(arrivals.last().expect("told").signed_by(fresh["secret"].as_str().expect("a secret")).is_some());
        receiver.stop().await;
    }

    async fn links_that_wait_leave_as_they_were_promised(app: TestApp) {
        let new = MasterKey::random();
        let tenant = app.unverified_tenant("Waiting").await;
        let rotating = app.second_with(|config| config.master_key = both(&new, &app.app.config.master_key)).await;
        let there = app.anonymous().at(&rotating.url);
        there.put("/sandbox/mailboxes", json!({ "open_links": false })).await.ok();
        rotating.app.worker().run_until_idle().await.expect("jobs run");
        let sent = there.get("/sandbox/outbox?limit=1000").await.ok();
        let mail = sent["data"].as_array().into_iter().flatten().find(|mail| mail["to"] == tenant.email().as_str());
        let text = mail.and_then(|mail| mail["body"].as_str()).expect("a mail").to_string();
        let token = text.split_once("?token=").expect("a link").1.split_whitespace().next().expect("a token");
        let verified = there.post("/v1/auth/verify-email", json!({ "token": token })).await;
        assert!(verified.status < 300, "{}", verified.text);
    }

    async fn a_trial_is_known_again_under_the_former_key_and_after_the_change(app: TestApp) {
        let old = app.app.config.master_key.clone();
        let new = MasterKey::random();
        app.growth("Twice").await;
        let second = |local: &str| json!({ "email": format!("owner+{local}@twice.example.com"), "password": crate::support::PASSWORD, "business_name": format!("Twice {local}") });
        let begins = async |url: &str, local: &str| {
            let answer = app.anonymous().at(url).post("/v1/auth/signup", second(local)).await.created();
            let owner = app.anonymous().at(url).with_token(answer["access_token"].as_str().expect("a token"));
            owner.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created()["status"].clone()
        };
        let rotating = app.second_with(|config| config.master_key = both(&new, &old)).await;
        assert_eq!(begins(&rotating.url, "a").await, "incomplete");
        reseal::run(&app.app.core.db, &both(&new, &old), &app::sealed(), |_| {}).await.expect("sealed anew");
        let alone = app.second_with(|config| config.master_key = new.clone()).await;
        assert_eq!(begins(&alone.url, "b").await, "incomplete");
    }

    async fn a_key_that_is_lost_is_given_up_by_name(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Lost").await;
        let told = endpoint(&tenant.owner, &receiver.url("/hook"), &["lead.created"]).await;
        let new = MasterKey::random();
        let (is_well, said) = command(&app, &new, &["admin", "adopt-key"]);
        assert!(!is_well && said.contains("--old-is-lost") && said.contains("docs/keys.md"), "{said}");
        refused(&with_key(&app, &new)).await;
        let (is_well, said) = command(&app, &new, &["admin", "adopt-key", "--old-is-lost"]);
        assert!(is_well && said.contains("webhook_endpoints") && said.contains("stay closed"), "{said}");
        let alone = app.second_with(|config| config.master_key = new.clone()).await;
        alone.app.prepare().await.expect("the new key");
        refused(&with_key(&app, &app.app.config.master_key)).await;
        let operator = tenant.as_operator(&app).at(&alone.url);
        let rotated = operator.post(&format!("{}/rotate", path(&told)), json!({ "overlap_seconds": 0 })).await.ok();
        operator.post("/v1/leads", json!({ "name": "Ravi", "email": "ravi@example.com" })).await.created();
        alone.app.worker().run_until_idle().await.expect("jobs run");
        let arrivals = receiver.arrivals("/hook");
        assert!(arrivals[0].signed_by(rotated["secret"].as_str().expect("a secret")).is_some());
        let (is_well, said) = command(&app, &new, &["admin", "adopt-key"]);
        assert!(is_well && said.contains("Nothing was changed"), "{said}");
        receiver.stop().await;
    }
}

/// The database comes when the process is up already.
#[test]
fn a_process_that_meets_a_foreign_database_later_answers_nothing_but_health() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let (bind, database) = (format!("127.0.0.1:{}", free_port()), free_port());
        let url: url::Url = app.app.config.database.url.parse().expect("a URL");
        let mut relayed = url.clone();
        relayed.set_host(Some("127.0.0.1")).expect("a host");
        relayed.set_port(Some(database)).expect("a port");
        let key = MasterKey::random().to_base64();
        let settings = [
            ("BIND", bind.as_str()),
            ("DATABASE_URL", relayed.as_str()),
            ("MASTER_KEY", &key),
            ("OPERATOR_KEY", OPERATOR_KEY),
        ];
        let process = Process::start(&["serve"], &settings);
        let anyone = app.anonymous();
        until("the port", async || std::net::TcpStream::connect(&bind).is_ok()).await;
        let at = |path: &str| format!("http://{bind}{path}");
        anyone.get(&at("/healthz")).await.ok();
        anyone.get(&at("/readyz")).await.problem(503, "storage.unavailable");
        anyone.get(&at("/v1/plans")).await.problem(503, "process.joining");
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", database)).await.expect("the database's port");
        let relaying = tokio::spawn(relay(listener, url));
        let log = process
            .failed(async || {
                // While it lives it is not ready, and takes nothing.
                for path in ["/readyz", "/v1/plans"] {
                    if let Some(status) = anyone.status_of(&at(path)).await {
                        assert_eq!(status, 503, "{path}");
                    }
                }
            })
            .await;
        assert!(log.contains("LEADWRIGHT_MASTER_KEY") && log.contains("another key"), "{log}");
        relaying.abort();
    });
}

/// What nobody seals anew is lost with the former key.
#[test]
fn whatever_is_sealed_comes_under_the_new_key_too() {
    let sealing = crate::architecture::files().into_iter().filter(|(_, code)| code.contains(".seal("));
    let mut sealing: Vec<String> = sealing.map(|(file, _)| file).collect();
    sealing.sort();
    let known = [
        "engine/db/key_check.rs",
        "engine/http/kept_answers.rs",
        "engine/http/once/store.rs",
        "integrations/outbound/secret.rs",
        // In people's mailboxes: they open while their key is there.
        "sending/preferences/link.rs",
        // For five minutes.
        "tenants/passkeys/challenge.rs",
        "tenants/second_factor/mod.rs",
        "tenants/second_factor/reseal.rs",
    ];
    assert_eq!(sealing, known, "a folder that seals something else says so in `app::routes::sealed`, and here");
}
