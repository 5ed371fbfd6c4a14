//! Counts are kept and texts are indexed while leads are written: whatever was written, in whatever order, they say what
//! counting and reading the rows would say.

use diesel::prelude::*;
use leadwright::base::id::TenantId;
use leadwright::base::unicode;
use leadwright::engine::db::schema::{kept_count_deltas, kept_counts as counted};
use leadwright::engine::db::{PlatformScope, PlatformTx, kept_counts};
use leadwright::leads::rows;
use leadwright::leads::schema::leads;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Tenant, TestApp};

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound as u64).unwrap_or(0)
    }
    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }
}

/// What counts are kept by, and the text.
type Row = (String, String, String, i32, bool, String);

async fn rows(app: &TestApp, tenant: &Tenant) -> Vec<Row> {
    let id: TenantId = tenant.id.parse().expect("an id");
    let look = move |tx: &mut PlatformTx<'_>| {
        let columns = (leads::status, leads::source, leads::validity, leads::score, leads::is_locked, leads::search);
        Ok(leads::table.filter(leads::tenant_id.eq(id)).select(columns).load(tx.conn())?)
    };
    app.app.core.db.read(PlatformScope::system(), look).await.expect("rows")
}

/// Rows of the counts, and of the deltas.
async fn kept(app: &TestApp) -> (i64, i64) {
    let look = |tx: &mut PlatformTx<'_>| {
        let counts = counted::table.count().get_result(tx.conn())?;
        Ok((counts, kept_count_deltas::table.count().get_result(tx.conn())?))
    };
    app.app.core.db.read(PlatformScope::system(), look).await.expect("counts")
}

/// Whether a filter lets a row through.
type Holds = fn(&Row) -> bool;

async fn agree(app: &TestApp, tenant: &Tenant) {
    let rows = rows(app, tenant).await;
    let filters: [(&str, Holds); 9] = [
        ("", |_| true),
        ("status=new", |row| row.0 == "new"),
        ("status=contacted,won", |row| row.0 == "contacted" || row.0 == "won"),
        ("source=web_form&status=new", |row| row.1 == "web_form" && row.0 == "new"),
        ("validity=invalid", |row| row.2 == "invalid"),
        ("grade=cold", |row| (20..40).contains(&row.3)),
        ("intent=cold&is_locked=false", |row| row.3 < 60 && !row.4),
        ("is_locked=true", |row| row.4),
        // Finer than what is kept, so counted.
        ("score_min=21", |row| row.3 >= 21),
    ];
    for (filter, holds) in filters {
        let expected: Vec<&Row> = rows.iter().filter(|row| holds(row)).collect();
        let counts = tenant.owner.get(&format!("/v1/leads/counts?{filter}")).await.ok();
        assert_eq!(counts["total"], expected.len(), "{filter}");
        let mut sources = json!({});
        for row in expected {
            sources[&row.1] = json!(sources[&row.1].as_i64().unwrap_or(0) + 1);
        }
        assert_eq!(counts["sources"], sources, "{filter}");
    }
}

/// A field, and what an entry says of it.
type Said = (&'static str, fn(&Value) -> Value);

/// What counting each entry of a list says of each of these fields, as its JSON tells them.
fn told(entries: &[Value], fields: &[Said]) -> Value {
    let mut by = json!({});
    for (name, value) in fields {
        by[name] = json!({});
        for entry in entries {
            let value = value(entry);
            let value = value
                .as_str()
                .map_or_else(|| if value.is_null() { "none".into() } else { value.to_string() }, str::to_string);
            by[name][&value] = json!(by[name][&value].as_i64().unwrap_or(0) + 1);
        }
    }
    by
}

/// All entries of a list.
async fn all(tenant: &Tenant, path: &str) -> Vec<Value> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = tenant.owner.get(&format!("{path}{sign}limit=200{cursor}")).await.ok();
        found.extend(page["data"].as_array().expect("entries").iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// Counts by every field are what counting the entries says.
async fn agree_by_field(tenant: &Tenant) {
    let leads: [Said; 7] = [
        ("status", |lead| lead["status"].clone()),
        ("source", |lead| lead["source"].clone()),
        ("validity", |lead| lead["validity"].clone()),
        ("grade", |lead| lead["grade"].clone()),
        ("is_locked", |lead| lead["is_locked"].clone()),
        ("assigned_to", |lead| lead["assigned_to"].clone()),
        ("ad_campaign_id", |lead| lead["ad_campaign_id"].clone()),
    ];
    let conversations: [Said; 4] = [
        ("status", |one| one["status"].clone()),
        ("channel", |one| one["channel"].clone()),
        ("unread", |one| json!(one["unread_count"] != 0)),
        ("archived", |one| json!(!one["archived_at"].is_null())),
    ];
    let campaigns: [Said; 2] = [("status", |one| one["status"].clone()), ("platform", |one| one["platform"].clone())];
    let mut threads = all(tenant, "/v1/conversations").await;
    let shown = threads.len();
    threads.extend(all(tenant, "/v1/conversations?archived=true").await);
    for (path, entries, fields) in [
        ("/v1/leads", all(tenant, "/v1/leads").await, &leads[..]),
        ("/v1/conversations", threads, &conversations[..]),
        ("/v1/ad-campaigns", all(tenant, "/v1/ad-campaigns").await, &campaigns[..]),
    ] {
        let by: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
        let counts = tenant.owner.get(&format!("{path}/counts?by={}", by.join(","))).await.ok();
        assert_eq!((&counts["total"], &counts["by"]), (&json!(entries.len()), &told(&entries, fields)), "{path}");
        // A filter leaves the same that the list does.
        if let Some(first) = entries.first() {
            let status = first["status"].as_str().expect("a status");
            let of_it: Vec<Value> = entries.iter().filter(|entry| entry["status"] == *status).cloned().collect();
            let counts = tenant.owner.get(&format!("{path}/counts?by={}&status={status}", by.join(","))).await.ok();
            assert_eq!(
                (&counts["total"], &counts["by"]),
                (&json!(of_it.len()), &told(&of_it, fields)),
                "{path} {status}"
            );
        }
    }
    assert_eq!(tenant.owner.get("/v1/conversations/counts").await.ok()["total"], shown);
}

const SOURCES: [&str; 4] = ["web_form", "manual", "outreach_response", "referral"];
const NAMES: [&str; 6] =
    ["Asha Verma", "José \"Pepe\" O'Neil", "李小龙", "Ann-Marie 50%_x", "김민수", "Nguyễn Văn Ánh"];

/// One thing that somebody might do.
async fn something(app: &TestApp, tenant: &Tenant, dice: &mut Dice, known: &mut Vec<String>) {
    let new = known.len();
    let client = &tenant.owner;
    let lead = if known.is_empty() { String::new() } else { known[dice.below(known.len())].clone() };
    let path = format!("/v1/leads/{lead}");
    match if known.is_empty() { 0 } else { dice.below(12) } {
        0..=2 => {
            let body =
                json!({ "name": dice.of(&NAMES), "email": format!("p{new}@example.com"), "source": dice.of(&SOURCES) });
            let lead = client.post("/v1/leads", body).await.created();
            known.push(lead["id"].as_str().expect("an id").to_string());
        }
        3 => {
            let known = dice.below(new);
            let body = json!({ "name": dice.of(&NAMES), "email": format!("p{known}@example.com"), "source": dice.of(&SOURCES), "budget_range": "₹80L-1Cr" });
            client.post("/v1/leads", body).await;
        }
        4 => {
            client.patch(&path, json!({ "status": dice.of(&["contacted", "qualified", "won", "lost"]) })).await;
        }
        5 => {
            client.patch(&path, json!({ "validity": dice.of(&["valid", "invalid"]) })).await;
        }
        6 => {
            client
                .patch(
                    &path,
                    json!({ "name": dice.of(&NAMES), "company": dice.of(&["Verma Textiles", "100% Cotton"]) }),
                )
                .await;
        }
        8 => {
            let users = client.get("/v1/users").await.ok();
            let users = users["data"].as_array().expect("users").clone();
            let to = users[dice.below(users.len())]["id"].clone();
            client.post(&format!("{path}/assign"), json!({ "user_id": to })).await;
        }
        9 => {
            let threads = client.get("/v1/conversations?limit=200").await.ok();
            let threads = threads["data"].as_array().expect("conversations").clone();
            if !threads.is_empty() {
                let one =
                    format!("/v1/conversations/{}", threads[dice.below(threads.len())]["id"].as_str().expect("an id"));
                let changes = [
                    json!({ "status": "closed" }),
                    json!({ "archived": true }),
                    json!({ "status": "open", "archived": false }),
                ];
                client.patch(&one, changes[dice.below(3)].clone()).await;
            }
        }
        10 => {
            let threads = client.get("/v1/conversations?channel=whatsapp&limit=200").await.ok();
            let threads = threads["data"].as_array().expect("conversations").clone();
            if !threads.is_empty() {
                let thread = &threads[dice.below(threads.len())];
                let said = json!({ "from": thread["person_address"], "to": "+14155238886", "body": "Hello?" });
                app.anonymous().post("/sandbox/twilio/inbound", said).await;
                app.run_jobs().await;
                if dice.below(2) == 0 {
                    client
                        .post(&format!("/v1/conversations/{}/read", thread["id"].as_str().expect("an id")), json!({}))
                        .await;
                }
            }
        }
        _ => {
            client
                .patch(
                    &path,
                    json!({ "phone": format!("+9198765432{:02}", dice.below(90)), "timeline": "Immediately" }),
                )
                .await;
        }
    }
}

both_engines! {
    async fn counts_are_what_counting_would_find(app: TestApp) {
        let tenant = app.growth("Counts").await;
        tenant.user("agent").await;
        for n in 1..4 {
            tenant.ad_campaign("meta", &format!("12021000000000000{n}"), &format!("61231231231{n}"), "153125381133").await;
        }
        let (mut dice, mut known) = (Dice(7), Vec::new());
        for turn in 0..90 {
            something(&app, &tenant, &mut dice, &mut known).await;
            if turn % 20 == 10 {
                agree(&app, &tenant).await;
                agree_by_field(&tenant).await;
                app.run_jobs().await;
                agree(&app, &tenant).await;
                agree_by_field(&tenant).await;
            }
        }
        // What was somebody's is nobody's when they leave.
        let users = tenant.owner.get("/v1/users").await.ok();
        let agent = users["data"].as_array().expect("users").iter().find(|user| user["role"] == "agent").expect("the agent");
        tenant.owner.delete(&format!("/v1/users/{}", agent["id"].as_str().expect("an id"))).await.expect(204);
        app.run_jobs().await;
        agree_by_field(&tenant).await;
        assert!(kept(&app).await.1 > 0, "deltas wait for the next fold");
        app.advance(chrono::Duration::minutes(2));
        app.run_schedule().await;
        app.run_jobs().await;
        let (counts, deltas) = kept(&app).await;
        assert!(counts > 0 && deltas == 0, "{counts} counts, {deltas} deltas");
        agree(&app, &tenant).await;
        agree_by_field(&tenant).await;
        assert_eq!(app.growth("Others").await.owner.get("/v1/leads/counts").await.ok()["total"], 0);
        // What is not kept is refused, with what is.
        for query in ["by=name", "by=status&q=asha", "by=status&score_min=21", "by=source&created_after=2026-01-01T00:00:00Z"] {
            tenant.owner.get(&format!("/v1/leads/counts?{query}")).await.invalid("by");
        }
        tenant.owner.get("/v1/leads?by=status").await.invalid("by");
        tenant.owner.get("/v1/conversations/counts?by=lead_id").await.invalid("by");
        tenant.owner.get("/v1/conversations/counts?q=asha").await.invalid("q");
    }

    async fn what_was_written_without_counting_is_counted_again(app: TestApp) {
        let tenant = app.growth("Recount").await;
        let (mut dice, mut known) = (Dice(5), Vec::new());
        for _ in 0..20 {
            something(&app, &tenant, &mut dice, &mut known).await;
        }
        let id: TenantId = tenant.id.parse().expect("an id");
        let recount = move |tx: &mut PlatformTx<'_>| rows::recount(&mut tx.for_tenant(id));
        let db = &app.app.core.db;
        assert_eq!(db.write(PlatformScope::system(), recount).await.expect("counted"), 0);
        let by_hand = move |tx: &mut PlatformTx<'_>| {
            let theirs = leads::table.filter(leads::tenant_id.eq(id).and(leads::status.eq("new")));
            Ok(diesel::update(theirs).set((leads::status.eq("won"), leads::score.eq(3))).execute(tx.conn())?)
        };
        assert_ne!(db.write(PlatformScope::system(), by_hand).await.expect("written"), 0);
        assert_ne!(db.write(PlatformScope::system(), recount).await.expect("counted"), 0);
        agree(&app, &tenant).await;
        assert_eq!(db.write(PlatformScope::system(), recount).await.expect("counted"), 0);
    }

    async fn a_transaction_says_what_it_counts_once(app: TestApp) {
        let tenant = app.growth("Once").await;
        let id: TenantId = tenant.id.parse().expect("an id");
        let (_, before) = kept(&app).await;
        let both = move |tx: &mut PlatformTx<'_>| {
            let tx = &mut tx.for_tenant(id);
            let kind = |text: &'static str| kept_counts::kind([text.into()]);
            kept_counts::added(tx, &rows::LEADS, kind("new"));
            kept_counts::changed(tx, &rows::LEADS, kind("new"), kind("won"));
            kept_counts::changed(tx, &rows::LEADS, kind("won"), kind("lost"));
            Ok(())
        };
        let db = &app.app.core.db;
        db.write(PlatformScope::system(), both).await.expect("written");
        assert_eq!(kept(&app).await.1, before + 1, "what cancels out is not written");
        let fails = move |tx: &mut PlatformTx<'_>| {
            kept_counts::added(&mut tx.for_tenant(id), &rows::LEADS, kept_counts::kind(["new".into()]));
            Err::<(), _>(leadwright::base::Error::conflict("test.refused", "No."))
        };
        assert!(db.write(PlatformScope::system(), fails).await.is_err());
        assert_eq!(kept(&app).await.1, before + 1, "and what is undone is not counted");
    }

    async fn what_is_unlocked_is_counted_as_such(app: TestApp) {
        let tenant = app.growth("Locks").await;
        tenant.owner.delete("/v1/subscriptions/current").await.ok();
        app.run_jobs().await;
        let (mut dice, mut known) = (Dice(11), Vec::new());
        for _ in 0..12 {
            something(&app, &tenant, &mut dice, &mut known).await;
        }
        agree(&app, &tenant).await;
        assert!(rows(&app, &tenant).await.iter().any(|row| row.4), "some are locked");
        tenant.try_by_operators("growth").await;
        app.run_jobs().await;
        agree(&app, &tenant).await;
    }

    async fn a_search_finds_what_reading_would_find(app: TestApp) {
        let tenant = app.growth("Reads").await;
        let others = app.growth("Others").await;
        others.lead("Asha Verma", "p1@example.com", "+919876500001").await;
        let (mut dice, mut known) = (Dice(3), Vec::new());
        for _ in 0..60 {
            something(&app, &tenant, &mut dice, &mut known).await;
        }
        let rows = rows(&app, &tenant).await;
        let texts = [
            "asha", "ASHA VERMA", "ver", "\"pepe\"", "o'n", "pe\" o'", "李小龙", "小龙", "李", "김민수", "수", "50%_x", "50%", "-ma", "n-m",
            "nguyen van", "example", "@example.com", "p1@", "p2", "a", "zzz", "zq", "verma textiles", "+91", "98765 432", "0% c",
            "\\", "%%%", "___", "asha AND verma", "* OR", "()", "a b c d e f",
        ];
        for text in texts {
            let query = serde_urlencoded::to_string([("q", text)]).expect("a query");
            let folded = unicode::folded(text);
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let is_number = digits.len() >= 4 && text.chars().all(|c| c.is_ascii_digit() || " +".contains(c));
            let holds = |row: &&Row| !row.4 && (row.5.contains(&folded) || is_number && row.5.contains(&digits));
            let expected = rows.iter().filter(holds).count();
            for sort in ["-created_at", "score"] {
                let page = tenant.owner.get(&format!("/v1/leads?{query}&limit=200&sort={sort}")).await.ok();
                assert_eq!(page["data"].as_array().map(Vec::len), Some(expected), "{text} by {sort}");
            }
            assert_eq!(tenant.owner.get(&format!("/v1/leads/counts?{query}")).await.ok()["total"], expected, "{text}");
            let first = tenant.owner.get(&format!("/v1/leads?{query}&status=new&limit=1")).await.ok();
            let of_new = rows.iter().filter(|row| row.0 == "new").filter(holds).count();
            assert_eq!(first["data"].as_array().map(Vec::len), Some(of_new.min(1)), "{text}");
            if let Some(cursor) = first["next_cursor"].as_str() {
                let rest = tenant.owner.get(&format!("/v1/leads?{query}&status=new&limit=200&cursor={cursor}")).await.ok();
                assert_eq!(rest["data"].as_array().map(Vec::len), Some(of_new - 1), "{text}, the second page");
            }
        }
        assert_ne!(rows.iter().filter(|row| row.5.contains("asha")).count(), 0);

    }
}
