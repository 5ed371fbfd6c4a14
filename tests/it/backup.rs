//! Backup under load, and back again; and what is refused on the way.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use leadwright::engine::db::backup;
use serde_json::{Value, json};

use crate::support::{Client, OPERATOR_KEY, PASSWORD, Process, free_port, leadwright, until};

/// A place for a database, and the settings of a server on it.
struct Place {
    folder: tempfile::TempDir,
    url: String,
    bind: String,
    database: String,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bind = format!("127.0.0.1:{}", free_port());
        let database = format!("sqlite://{}", folder.path().join("data/leadwright.db").display());
        Self { folder, url: format!("http://{bind}"), bind, database }
    }
    fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("BIND", &self.bind),
            ("DATABASE_URL", &self.database),
            ("OPERATOR_KEY", OPERATOR_KEY),
            ("RATE_LIMIT", "off"),
            ("SANDBOX", "true"),
        ]
    }
    async fn serve(&self) -> Process {
        Process::start(&["serve"], &self.settings()).ready(&self.url).await
    }
    fn run(&self, arguments: &[&str]) -> Output {
        leadwright(arguments, &self.settings()).output().expect("it runs")
    }
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[track_caller]
fn succeeded(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && err.contains(why), "expected a refusal with {why:?}: {err}");
}

fn word(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

async fn all_leads(client: &Client) -> Vec<Value> {
    let mut leads = Vec::new();
    let mut path = "/v1/leads?limit=200".to_string();
    loop {
        let page = client.get(&path).await.ok();
        leads.extend(page["data"].as_array().cloned().unwrap_or_default());
        let Some(cursor) = page["next_cursor"].as_str() else { return leads };
        path = format!("/v1/leads?limit=200&cursor={cursor}");
    }
}

fn ids(leads: &[Value]) -> Vec<String> {
    leads.iter().map(|lead| lead["id"].as_str().expect("an id").to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_the_backup_comes_back() {
    let place = Place::new();
    let server = place.serve().await;
    let anonymous = Client::new(&place.url);
    let person = json!({ "email": "owner@backup.example.com", "password": PASSWORD, "business_name": "Backup" });
    let signed_up = anonymous.post("/v1/auth/signup", person).await.created();
    let owner = anonymous.with_token(signed_up["access_token"].as_str().expect("a token"));
    let tenant = signed_up["tenant"]["id"].as_str().expect("a tenant");
    let operator = anonymous.with_token(OPERATOR_KEY).with_header("x-tenant-id", tenant);
    operator.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created();
    let scopes = json!({ "name": "kept", "scopes": ["leads:read", "leads:write"] });
    let key = owner.post("/v1/api-keys", scopes).await.created()["key"].as_str().expect("a key").to_string();

    let (acknowledged, done) = (Arc::new(Mutex::new(Vec::<String>::new())), Arc::new(AtomicBool::new(false)));
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (client, acknowledged, done) = (anonymous.with_token(&key), acknowledged.clone(), done.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    if done.load(Ordering::SeqCst) {
                        return;
                    }
                    let body = json!({ "name": format!("Person {n}"), "email": format!("p{writer}-{n}@example.com") });
                    let lead = client.post("/v1/leads", body).await.created();
                    acknowledged.lock().expect("unpoisoned").push(lead["id"].as_str().expect("an id").into());
                }
            })
        })
        .collect();
    let count = || acknowledged.lock().expect("unpoisoned").len();
    until("some leads", async || count() >= 20).await;
    let before = acknowledged.lock().expect("unpoisoned").clone();
    let backup = place.path("backup.db");
    let told = succeeded(&place.run(&["backup", word(&backup)]));
    assert!(told.contains("proved") && told.contains("not included"), "{told}");
    let then = count();
    until("more leads", async || count() > then + 5).await;
    done.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("a writer");
    }
    let all = acknowledged.lock().expect("unpoisoned").clone();
    let sample = owner.get(&format!("/v1/leads/{}", before[3])).await.ok();

    refused(&place.run(&["backup", word(&backup)]), "exists already");
    refused(&place.run(&["restore", word(&backup)]), "--force");
    refused(&place.run(&["restore", word(&backup), "--force"]), "in use");
    server.stop();

    // On a new machine: the key is needed.
    let next = Place::new();
    refused(&next.run(&["restore", word(&backup)]), "master key");
    assert!(!next.path("data/leadwright.db").exists() && !next.path("data/master.key").exists());
    let wrong = next.path("wrong.key");
    std::fs::write(&wrong, leadwright::base::crypto::MasterKey::random().to_base64()).expect("a file");
    refused(&next.run(&["restore", word(&backup), "--key-file", word(&wrong)]), "not the key");
    let right = place.path("data/master.key");
    succeeded(&next.run(&["restore", word(&backup), "--key-file", word(&right)]));
    let restored = next.serve().await;
    let client = Client::new(&next.url).with_token(&key);
    let leads = all_leads(&client).await;
    let found = ids(&leads);
    assert!(before.iter().all(|id| found.contains(id)), "all that was acknowledged before is there");
    assert!(found.iter().all(|id| all.contains(id)), "and nothing else");
    let log_in = json!({ "email": "owner@backup.example.com", "password": PASSWORD });
    let token = Client::new(&next.url).post("/v1/auth/login", log_in).await.ok();
    let owner = Client::new(&next.url).with_token(token["access_token"].as_str().expect("a token"));
    assert_eq!(owner.get(&format!("/v1/leads/{}", before[3])).await.ok()["email"], sample["email"]);
    let report = next.run(&["doctor", "--json"]);
    let report: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    let checks = report["checks"].as_array().expect("checks");
    assert!(checks.iter().any(|check| check["name"] == "master key" && check["detail"] == "opens the stored data"));
    restored.stop();

    // Over an existing database: what was there stays beside it.
    let told = succeeded(&place.run(&["restore", word(&backup), "--force"]));
    let kept = told.lines().find_map(|line| line.strip_prefix("before")).expect("it says where");
    let kept = kept.trim().strip_prefix("kept as ").expect("a path");
    assert!(Path::new(kept).exists(), "{kept}");
    let again = place.serve().await;
    assert_eq!(ids(&all_leads(&Client::new(&place.url).with_token(&key)).await).len(), found.len());
    again.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_travels_only_when_asked_and_a_damaged_backup_is_refused() {
    let place = Place::new();
    place.serve().await.stop();
    let backup = place.path("with.db");
    succeeded(&place.run(&["backup", word(&backup), "--with-key"]));
    let key = std::fs::read_to_string(place.path("with.db.key")).expect("the key");
    assert_eq!(key, std::fs::read_to_string(place.path("data/master.key")).expect("the key"));
    let mode = |path: &Path| {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).expect("it").permissions()) & 0o777
    };
    assert_eq!((mode(&backup), mode(&place.path("with.db.key"))), (0o600, 0o600));
    let next = Place::new();
    succeeded(&next.run(&["restore", word(&backup)]));
    assert!(next.path("data/master.key").exists());

    let database = place.path("elsewhere/leadwright.db");
    let stage = |path: &Path| backup::stage(path, &database).err().map(|error| error.code().to_string());
    assert_eq!(stage(&backup), None);
    let mut bytes = std::fs::read(&backup).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(&backup, &bytes).expect("altered");
    assert_eq!(stage(&backup).as_deref(), Some("backup.altered"));
    let cut = place.path("cut.db");
    std::fs::write(&cut, &bytes[..bytes.len() / 3]).expect("cut");
    assert_eq!(stage(&cut).as_deref(), Some("backup.broken"));
    let text = place.path("text.db");
    std::fs::write(&text, "not a database at all, but long enough to have a header of some kind").expect("text");
    assert_eq!(stage(&text).as_deref(), Some("backup.broken"));
    let foreign = place.path("foreign.db");
    let mut conn = SqliteConnection::establish(word(&foreign)).expect("a database");
    conn.batch_execute("CREATE TABLE things (id INTEGER)").expect("a table");
    assert_eq!(stage(&foreign).as_deref(), Some("storage.foreign"));
    let newer = next.path("data/leadwright.db");
    let mut conn = SqliteConnection::establish(word(&newer)).expect("a database");
    conn.batch_execute(
        "PRAGMA journal_mode = DELETE; INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')",
    )
    .expect("a version");
    drop(conn);
    assert_eq!(stage(&newer).as_deref(), Some("backup.newer"));
    assert_eq!(stage(&place.path("absent.db")).as_deref(), Some("backup.not_found"));
    let left: Vec<_> = std::fs::read_dir(database.parent().expect("a folder")).expect("readable").collect();
    assert!(left.is_empty(), "nothing unfinished stays: {left:?}");
}

#[test]
fn postgres_is_told_its_own_tools() {
    let key = leadwright::base::crypto::MasterKey::random().to_base64();
    let settings = [("DATABASE_URL", "postgres://localhost/x"), ("MASTER_KEY", key.as_str())];
    refused(&leadwright(&["backup", "/tmp/x"], &settings).output().expect("it runs"), "pg_dump");
    refused(&leadwright(&["restore", "/tmp/x"], &settings).output().expect("it runs"), "pg_restore");
}
