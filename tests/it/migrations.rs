//! Paired migrations: the same names, up and down and up again, and the schema the code believes in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use leadwright::each_engine;
use leadwright::engine::db::{Engine, PlatformScope, PlatformTx, migrate};
use serde_json::json;

use crate::both_engines;
use crate::support::TestApp;

fn names(engine: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let entries = std::fs::read_dir(folder).expect("migrations");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn both_engines_have_the_same_migrations() {
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

/// Columns that only processes of the version before read and write, of which some may still run beside ours on PostgreSQL; the
/// release after this one drops them.
const LEAVING: [(&str, &[&str]); 5] = [
    (
        "opt_ins",
        &[
            "tenant_id",
            "channel",
            "address",
            "class",
            "given_at",
            "how",
            "recorded_by",
            "recorded_by_id",
            "recorded_at",
        ],
    ),
    ("lead_counts", &["tenant_id", "status", "source", "validity", "score_from", "is_locked", "total"]),
    ("lead_count_deltas", &["tenant_id", "id", "status", "source", "validity", "score_from", "is_locked", "change"]),
    (
        "leads",
        &[
            "phone_raw",
            "contact_details",
            "industry",
            "location",
            "budget_range",
            "timeline",
            "form_responses",
            "form_submissions",
            "enquiry_count",
            "source_details",
            "behaviour",
            "ai_summary",
            "ai_insights",
        ],
    ),
    (
        "ad_campaigns",
        &[
            "campaign_type",
            "objective",
            "targeting",
            "ad_creative",
            "search_ads",
            "review_state",
            "review_reason",
            "review_decided_at",
            "is_campaign_id_operators",
            "is_page_id_operators",
            "delivery_synced_at",
            "delivery_error",
            "lowered_budget",
        ],
    ),
];

/// Table → column → may be null, as every folder's `schema.rs` says.
fn declared() -> BTreeMap<String, BTreeMap<String, bool>> {
    let text: String = crate::architecture::files()
        .into_iter()
        .filter(|(file, _)| file.ends_with("schema.rs"))
        .map(|(_, text)| text)
        .collect();
    let mut tables = BTreeMap::new();
    for block in text.split("diesel::table!").skip(1) {
        let block = block.split("\n}").next().unwrap_or_default();
        let mut renamed = None;
        let mut table = None;
        let mut columns = BTreeMap::new();
        for line in block.lines().map(str::trim) {
            if let Some(rest) = line.strip_prefix("#[sql_name = \"") {
                renamed = rest.split('"').next().map(str::to_string);
            } else if let Some((name, kind)) = line.split_once(" -> ") {
                let name = renamed.take().unwrap_or_else(|| name.to_string());
                columns.insert(name, kind.starts_with("Nullable"));
            } else if line.ends_with(") {") {
                table = line.split(' ').next().map(str::to_string);
            }
        }
        tables.insert(table.expect("a table"), columns);
    }
    tables
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Bool)]
    is_nullable: bool,
}

/// Without SQLite's text index, which the store alone asks, by hand.
const SQLITE: &str = "SELECT m.name AS table_name, c.name AS column_name, c.\"notnull\" = 0 AS is_nullable \
    FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '__diesel%' AND m.name NOT LIKE 'lead_search%'";
const POSTGRES: &str = "SELECT table_name::text, column_name::text, is_nullable = 'YES' AS is_nullable FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_diesel%'";

/// One half of one migration, by itself.
async fn run(app: &TestApp, name: &'static str, half: &'static str) {
    let engine = if app.app.core.db.engine() == Engine::Sqlite { "sqlite" } else { "postgres" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine).join(name);
    execute(app, std::fs::read_to_string(folder.join(format!("{half}.sql"))).expect("a migration")).await;
}

async fn execute(app: &TestApp, sql: String) {
    let done = app.app.core.db.with_connection(move |conn| Ok(each_engine!(conn, c => c.batch_execute(&sql))?)).await;
    done.expect("it executes");
}

both_engines! {
    async fn the_schema_is_what_the_code_believes(app: TestApp) {
        let columns: Vec<Column> = app.app.core.db.with_connection(|conn| {
            let sql = if matches!(conn, leadwright::engine::db::DbConn::Sqlite(_)) { SQLITE } else { POSTGRES };
            Ok(each_engine!(conn, c => diesel::sql_query(sql).load(c))?)
        }).await.expect("columns");
        let mut real: BTreeMap<String, BTreeMap<String, bool>> = BTreeMap::new();
        for column in columns {
            real.entry(column.table_name).or_default().insert(column.column_name, column.is_nullable);
        }
        if app.app.core.db.engine() == Engine::Postgres {
            assert!(real.remove("lead_identities").is_some(), "how a process of the version before calls contact_identities");
            for (table, columns) in LEAVING {
                let table = real.get_mut(table).expect("a table");
                assert!(columns.iter().all(|column| table.remove(*column).is_some()), "{columns:?}");
            }
            real.retain(|_, columns| !columns.is_empty());
        }
        assert_eq!(real, declared());
    }

    async fn up_down_up(app: TestApp) {
        let db = app.app.core.db.clone();
        let count = names("sqlite").len();
        assert_eq!(db.with_connection(migrate::down).await.expect("down").len(), count);
        assert!(db.with_connection(migrate::is_pending).await.expect("pending"));
        assert_eq!(db.with_connection(migrate::up).await.expect("up").len(), count);
        assert!(db.with_connection(migrate::up).await.expect("again").is_empty());
        app.anonymous().get("/readyz").await.ok();
    }

    async fn what_columns_said_is_in_the_documents_and_back(app: TestApp) {
        let acme = app.growth("Acme").await;
        let lead = acme.owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com", "phone": "098765 43210",
            "industry": "Retail", "location": { "city": "Mumbai", "lat": 19.1 }, "budget_range": "₹80L-1Cr", "timeline": "ASAP",
            "form_responses": { "zebra": "1", "a": ["2", "3"] }, "source": "web_form", "source_details": { "utm": "diwali" } }));
        let lead = lead.await.created();
        let path = format!("/v1/leads/{}", lead["id"].as_str().expect("an id"));
        acme.owner.patch(&path, json!({ "pages_visited": ["/"], "time_on_site_seconds": 7 })).await.ok();
        let campaign = acme.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        app.run_jobs().await;
        let campaign = format!("/v1/ad-campaigns/{}", campaign["id"].as_str().expect("an id"));
        let before = (acme.owner.get(&path).await.ok(), acme.as_operator(&app).get(&campaign).await.ok());
        assert_eq!((&before.1["review"]["state"], &before.1["delivery"]["state"]), (&json!("approved"), &json!("synced")));
        for step in [("0054_ad_campaign_documents", "down"), ("0053_lead_profiles", "down"), ("0053_lead_profiles", "up"), ("0054_ad_campaign_documents", "up")] {
            run(&app, step.0, step.1).await;
        }
        let after = (acme.owner.get(&path).await.ok(), acme.as_operator(&app).get(&campaign).await.ok());
        assert_eq!(after, before);
    }

    async fn whoever_had_enquired_is_a_contact(app: TestApp) {
        let acme = app.growth("Acme").await;
        let body = json!({ "name": "Asha", "email": "asha@example.com", "phone": "+919811122233", "company": "Verma & Co",
            "location": { "city": "Mumbai" }, "opt_in": { "channels": ["email"], "at": app.app.core.clock.now(), "how": "At our stand" } });
        let first = acme.owner.post("/v1/leads", body.clone()).await.created();
        acme.owner.patch(&format!("/v1/leads/{}", first["id"].as_str().unwrap()), json!({ "status": "won" })).await.ok();
        let second = acme.owner.post("/v1/leads", body).await.created();
        let held = app.tenant("Held").await;
        held.lead("Secret Person", "secret@example.com", "+919811122244").await;
        // With what stands on it.
        let later = [
            "0070_contacts",
            "0071_consents",
            "0072_marketing_days",
            "0073_custom_attributes",
            "0074_bookings",
            "0075_notes_and_tasks",
            "0076_contact_keys",
            "0077_segments",
        ];
        for step in later.iter().rev() {
            run(&app, step, "down").await;
        }
        for step in later {
            run(&app, step, "up").await;
        }
        let page = acme.owner.get("/v1/contacts?city=mumbai&q=asha").await.ok();
        let [asha] = page["data"].as_array().expect("a list").as_slice() else { panic!("{page}") };
        assert_eq!((&asha["id"], &asha["id"]), (&first["contact_id"], &second["contact_id"]));
        let told = ["name", "email", "phone", "company", "verification_status", "source"].map(|field| asha[field].as_str().unwrap_or("-"));
        assert_eq!(told, ["Asha", "asha@example.com", "+919811122233", "Verma & Co", "verified", "manual"]);
        assert_eq!((&asha["location"], &asha["converted_at"]), (&json!({ "city": "Mumbai" }), &first["created_at"]));
        // What they agreed to is theirs.
        let said = acme.owner.get(&format!("/v1/contacts/{}/consents", asha["id"].as_str().expect("an id"))).await.ok();
        let [agreed] = said["data"].as_array().expect("a list").as_slice() else { panic!("{said}") };
        let told = ["channel", "address", "class", "state", "source", "wording"].map(|field| agreed[field].as_str().unwrap_or("-"));
        assert_eq!(told, ["email", "asha@example.com", "service", "granted", "lead", "At our stand"]);
        let secret = held.owner.get("/v1/contacts").await;
        assert_eq!(secret.body["data"], json!([]), "who is under lock is none yet");
        acme.owner.post("/v1/contacts", json!({ "phone": "+919811122233" })).await.problem(409, "contact.identity_taken");
    }

    async fn a_process_of_the_version_before_runs_beside_ours(app: TestApp) {
        if app.app.core.db.engine() == Engine::Sqlite {
            // One process has the file, and the columns are gone with the start of ours.
            return;
        }
        let acme = app.growth("Acme").await;
        let lead = acme.owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com", "industry": "Retail",
            "form_responses": { "a": "1" } })).await.created();
        let id = lead["id"].as_str().expect("an id").to_string();
        let path = format!("/v1/leads/{id}");
        execute(&app, format!("UPDATE leads SET timeline = 'ASAP', enquiry_count = enquiry_count + 1, form_responses = '[[\"b\", \"2\"]]' WHERE id = '{id}'")).await;
        execute(&app, format!("UPDATE leads SET enquiry_count = enquiry_count + 1 WHERE id = '{id}'")).await;
        let changed = acme.owner.get(&path).await.ok();
        assert_eq!((&changed["industry"], &changed["timeline"], &changed["enquiry_count"]), (&json!("Retail"), &json!("ASAP"), &json!(3)));
        assert_eq!(changed["form_responses"], json!({ "a": "1", "b": "2" }));
        let other = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11";
        let copied = "name, source, status, validity, score, is_locked, contact_count, total_interactions, last_activity_at, search, \
            received_at, version, created_at, updated_at";
        execute(&app, format!("INSERT INTO leads (tenant_id, id, person_id, {copied}, industry, location, form_responses, source_details, behaviour, enquiry_count) \
            SELECT tenant_id, '{other}', '{other}', {copied}, 'Mining', '{{\"city\": \"Pune\"}}', '[[\"c\", \"3\"]]', '{{}}', '{{}}', 4 FROM leads WHERE id = '{id}'")).await;
        let taken_in = acme.owner.get(&format!("/v1/leads/{other}")).await.ok();
        assert_eq!((&taken_in["industry"], &taken_in["location"], &taken_in["enquiry_count"]), (&json!("Mining"), &json!({ "city": "Pune" }), &json!(4)));

        // It knows people by another name of the table, and no contacts.
        let known = "tenant_id, kind, value, lead_id, created_at";
        execute(&app, format!("INSERT INTO lead_identities ({known}) SELECT tenant_id, 'phone', '+919811122299', id, created_at FROM leads \
            WHERE id = '{other}' ON CONFLICT DO NOTHING")).await;
        execute(&app, format!("UPDATE lead_identities SET lead_id = '{other}' WHERE kind = 'phone' AND value = '+919811122299'")).await;
        let taken = acme.owner.post("/v1/contacts", json!({ "phone": "+919811122299" })).await.problem(409, "contact.identity_taken");
        assert!(taken["detail"].as_str().unwrap().contains(other), "{taken}");
        let again = acme.owner.post("/v1/leads", json!({ "name": "Asha", "phone": "+919811122299" })).await.ok();
        assert_eq!(again["id"], other);
        assert_eq!(acme.owner.get(&format!("/v1/contacts/{other}")).await.ok()["phone"], "+919811122299");

        let campaign = acme.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        app.run_jobs().await;
        execute(&app, "UPDATE ad_campaigns SET review_state = 'rejected', review_reason = 'Too loud', delivery_error = 'unknown'".into()).await;
        let campaign = acme.owner.get(&format!("/v1/ad-campaigns/{}", campaign["id"].as_str().expect("an id"))).await.ok();
        assert_eq!((&campaign["review"]["state"], &campaign["review"]["reason"]), (&json!("rejected"), &json!("Too loud")));
        assert!(campaign["review"]["decided_at"].is_string(), "{campaign}");
        assert_eq!((&campaign["delivery"]["error"], &campaign["delivery"]["state"]), (&json!("unknown"), &json!("failed")));
    }

    async fn readiness_waits_for_no_writer(app: TestApp) {
        app.anonymous().get("/readyz").await.ok();
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let db = app.app.core.db.clone();
        let busy = tokio::spawn(async move {
            let write = move |_: &mut PlatformTx<'_>| {
                let _ = begun.send(());
                let _ = gone.recv();
                Ok(())
            };
            db.write(PlatformScope::system(), write).await
        });
        begins.await.expect("it writes");
        app.anonymous().get("/readyz").await.ok();
        go.send(()).expect("it waits");
        busy.await.expect("joined").expect("written");
    }

    async fn who_is_told_to_stop_is_alive_and_not_ready(app: TestApp) {
        app.app.core.db.wake().stop();
        app.anonymous().get("/readyz").await.problem(503, "process.stopping");
        app.anonymous().get("/healthz").await.ok();
    }
}
