//! Whoever keeps a copy of a tenant's lists reads on and on: nothing is missed and nothing comes twice, whenever it was committed; and
//! what is gone is told.

use std::collections::BTreeSet;

use chrono::Duration;
use diesel::prelude::*;
use leadwright::base::id::TenantId;
use leadwright::base::time::Clock;
use leadwright::contacts::id::LeadId;
use leadwright::engine::db::{PlatformScope, PlatformTx, tombstones};
use leadwright::engine::events::SoleFact as _;
use leadwright::leads::facts::LeadNoteAdded;
use leadwright::leads::schema::leads;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp};

/// Lists by change, and the noun of what is gone from them; `None` where nothing is ever deleted.
const COPIED: &[(&str, Option<&str>)] = &[
    ("/v1/ad-campaigns", None),
    ("/v1/api-keys", None),
    ("/v1/bookings", Some("booking")),
    ("/v1/contacts", Some("contact")),
    ("/v1/conversations", None),
    ("/v1/custom-attributes", Some("custom_attribute")),
    ("/v1/leads", None),
    ("/v1/messages", None),
    ("/v1/templates", Some("template")),
    ("/v1/outreach-campaigns", Some("outreach_campaign")),
    ("/v1/tasks", Some("task")),
    ("/v1/users", Some("user")),
    ("/v1/webhook-endpoints", Some("webhook_endpoint")),
];

/// Lists of a tenant that are not, and why.
const NOT_COPIED: &[(&str, &str)] = &[
    ("/v1/contacts/{id}/consents", "each is told by an event, and none changes but that another takes its place"),
    ("/v1/contacts/{id}/notes", "each is told by an event, and none changes"),
    ("/v1/contacts/{id}/timeline", "they are events"),
    ("/v1/conversations/{id}/messages", "/v1/messages has them"),
    ("/v1/events", "nothing changes: read forwards by sort=occurred_at"),
    ("/v1/invitations", "what comes of one is a user"),
    ("/v1/leads/{id}/activities", "they are events"),
    ("/v1/leads/{id}/notes", "each is told by an event, and none changes"),
    ("/v1/me/passkeys", "a person's own"),
    ("/v1/me/sessions", "a person's own"),
    ("/v1/notifications", "a person's own"),
    ("/v1/notifications/deliveries", "a log of what the platform sent"),
    ("/v1/segments", "their counts change with every person; each change of one is an event"),
    ("/v1/segments/{id}/members", "each coming and leaving is an event"),
    ("/v1/outreach-campaigns/{id}/recipients", "the counts say how they are, and a page of a status who"),
    ("/v1/outreach-campaigns/{id}/responses", "the same people, by what they answered"),
    ("/v1/suppressions", "they end by time; each beginning and end is an event"),
    ("/v1/tombstones", "it is the other half"),
    ("/v1/usage/entries", "a ledger: nothing changes"),
    ("/v1/webhook-deliveries", "a log of what the platform sent"),
];

#[test]
fn every_list_is_copied_or_says_why_not() {
    let document = serde_json::to_value(leadwright::app::document()).expect("a document");
    let (mut copied, mut others) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        let text = item["get"].to_string();
        if !text.contains("Page\"") || path.starts_with("/v1/ops/") || path == "/v1/tenants" {
            continue;
        }
        if text.contains("\"updated_after\"") {
            copied.insert(path.as_str())
        } else {
            others.insert(path.as_str())
        };
    }
    assert_eq!(copied, COPIED.iter().map(|(path, _)| *path).collect());
    assert_eq!(others, NOT_COPIED.iter().map(|(path, _)| *path).collect());
}

/// Somebody's place in a list that is read on and on.
struct Reader {
    client: Client,
    query: String,
    cursor: Option<String>,
}

impl Reader {
    fn of(client: &Client, query: &str) -> Self {
        Self { client: client.clone(), query: query.into(), cursor: None }
    }

    /// Everything up to an empty page.
    async fn read(&mut self) -> Vec<Value> {
        let mut found = Vec::new();
        loop {
            let sign = if self.query.contains('?') { '&' } else { '?' };
            let cursor = self.cursor.as_ref().map(|cursor| format!("{sign}cursor={cursor}")).unwrap_or_default();
            let page = self.client.get(&format!("{}{cursor}", self.query)).await.ok();
            let next = page["next_cursor"].as_str().expect("there is always a next page").to_string();
            let data = page["data"].as_array().expect("entries").clone();
            if data.is_empty() {
                assert!(self.cursor.as_ref().is_none_or(|cursor| *cursor == next), "an empty page stays where it is");
                self.cursor = Some(next);
                return found;
            }
            self.cursor = Some(next);
            found.extend(data);
        }
    }

    async fn ids(&mut self) -> Vec<String> {
        self.read().await.iter().map(id).collect()
    }
}

fn id(of: &Value) -> String {
    of["id"].as_str().expect("an id").into()
}

/// Until ids are made of another millisecond: those of this one may still grow in number.
async fn next_millisecond() {
    let millis = || Clock::system().now().micros().div_euclid(1000);
    let now = millis();
    while millis() == now {
        tokio::task::yield_now().await;
    }
}

fn by_change(client: &Client, path: &str) -> Reader {
    Reader::of(client, &format!("{path}?sort=updated_at&limit=2"))
}

/// A tenant with some of everything, written at one moment.
async fn tenant_with_everything(app: &TestApp, name: &str, number: usize) -> Tenant {
    let tenant = app.growth(name).await;
    tenant.enter_leads("person", 5).await;
    for role in ["agent", "viewer"] {
        tenant.user(role).await;
    }
    for n in 1..4 {
        let (campaign, form) = (format!("1202100000000{number}000{n}"), format!("6123123123{number}{n}"));
        tenant.ad_campaign("meta", &campaign, &form, &format!("15312538113{number}")).await;
        tenant.api_key(&["leads:read"]).await;
        let endpoint = json!({ "url": format!("http://127.0.0.1:9/{n}"), "event_types": ["lead.note_added"] });
        tenant.owner.post("/v1/webhook-endpoints", endpoint).await.created();
    }
    for n in 1..4 {
        let words = json!({ "name": format!("Words {n}"), "channel": "sms", "message_class": "service", "body": "Hi" });
        tenant.owner.post("/v1/templates", words).await.created();
        let attribute = json!({ "key": format!("a{n}"), "label": "A", "type": "text" });
        tenant.owner.post("/v1/custom-attributes", attribute).await.created();
    }
    let buyer = tenant.owner.post("/v1/contacts", json!({ "name": "Buyer" })).await.created();
    for n in 1..4 {
        let booking = json!({ "contact_id": buyer["id"], "title": format!("Booking {n}") });
        tenant.owner.post("/v1/bookings", booking).await.created();
        tenant.owner.post("/v1/tasks", json!({ "title": format!("Task {n}") })).await.created();
    }
    // The last to come, so the first of those that can be deleted.
    for n in 1..4 {
        let contact = json!({ "name": format!("Guest {n}"), "email": format!("guest{n}@example.com") });
        tenant.owner.post("/v1/contacts", contact).await.created();
    }
    let words = json!({ "name": "Offer", "channel": "email", "message_class": "marketing", "status": "active", "subject": "Offer", "body": "Hello" });
    let template = tenant.owner.post("/v1/templates", words).await.created();
    for n in 1..4 {
        let draft = json!({ "name": format!("Draft {n}"), "template_id": template["id"], "audience": { "tag": "x" } });
        tenant.owner.post("/v1/outreach-campaigns", draft).await.created();
    }
    let threads = tenant.owner.get("/v1/conversations").await.ok();
    for thread in threads["data"].as_array().expect("conversations").iter().take(3) {
        let path = format!("/v1/conversations/{}/messages", id(thread));
        let text = json!({ "subject": "Hello", "content": "We have what you look for." });
        tenant.owner.post(&path, text).await;
    }
    tenant
}

/// Changes the entry in some way.
async fn change(tenant: &Tenant, path: &str, entry: &Value) {
    let one = format!("{path}/{}", id(entry));
    let change = match path {
        "/v1/ad-campaigns" | "/v1/api-keys" => json!({ "name": "Another" }),
        "/v1/bookings" | "/v1/tasks" => json!({ "title": "Another" }),
        "/v1/conversations" => json!({ "archived": true }),
        "/v1/custom-attributes" => json!({ "label": "Another" }),
        "/v1/contacts" => json!({ "tags": ["changed"] }),
        "/v1/leads" => json!({ "company": "Another" }),
        "/v1/templates" => json!({ "body": "Hello" }),
        "/v1/outreach-campaigns" => json!({ "name": "Another" }),
        "/v1/users" => json!({ "role": "admin" }),
        "/v1/webhook-endpoints" => json!({ "description": "Another" }),
        other => panic!("nobody changes {other}"),
    };
    tenant.owner.patch(&one, change).await.ok();
}

both_engines! {
    async fn each_list_is_read_on_and_on(app: TestApp) {
        let tenant = tenant_with_everything(&app, "Copies", 1).await;
        let others = tenant_with_everything(&app, "Others", 2).await;
        // Of what is still this moment more may come.
        for (path, _) in COPIED {
            assert_eq!(by_change(&tenant.owner, path).ids().await, [""; 0], "{path}");
        }
        app.advance(Duration::seconds(1));
        app.run_jobs().await;
        app.advance(Duration::seconds(1));
        for (path, _) in COPIED {
            let mut reader = by_change(&tenant.owner, path);
            let all = reader.read().await;
            let whole = tenant.owner.get(&format!("{path}?limit=200")).await.ok();
            let whole: BTreeSet<String> = whole["data"].as_array().expect("entries").iter().map(id).collect();
            assert!(all.len() > 2, "{path}: more than a page");
            assert_eq!((all.len(), all.iter().map(id).collect()), (whole.len(), whole), "{path}: each once");
            let times: Vec<&str> = all.iter().map(|entry| entry["updated_at"].as_str().expect("a time")).collect();
            assert!(times.is_sorted(), "{path}: {times:?}");
            assert_eq!(reader.ids().await, [""; 0], "{path}: nothing comes again");

            // From a moment on, with whatever else was changed at that moment.
            let last = times.last().expect("a time");
            let since = format!("{path}?sort=updated_at&limit=1&updated_after={last}");
            let of_then: Vec<String> =
                all.iter().filter(|entry| entry["updated_at"] == *last).map(id).collect();
            assert_eq!(Reader::of(&tenant.owner, &since).ids().await, of_then, "{path}");
            if *path == "/v1/messages" {
                continue;
            }
            // Those of the first page change once they were read: they come again, once.
            let first = all.iter().find(|entry| entry["role"] != "owner").expect("one to change");
            change(&tenant, path, first).await;
            assert_eq!(reader.ids().await, [""; 0], "{path}: at this moment more may change");
            app.advance(Duration::seconds(1));
            assert_eq!(reader.ids().await, [id(first)], "{path}");
            assert_eq!(reader.ids().await, [""; 0], "{path}");
        }
        // The cursor of another order is none of this one, and the other way round.
        let newest = tenant.owner.get("/v1/leads?limit=1").await.ok();
        let cursor = newest["next_cursor"].as_str().expect("a cursor");
        tenant.owner.get(&format!("/v1/leads?sort=updated_at&cursor={cursor}")).await.invalid("cursor");
        let mut reader = by_change(&tenant.owner, "/v1/ad-campaigns");
        reader.read().await;
        let cursor = reader.cursor.expect("a cursor");
        tenant.owner.get(&format!("/v1/ad-campaigns?cursor={cursor}")).await.invalid("cursor");
        assert!(by_change(&others.owner, "/v1/leads").read().await.len() > 2, "and others have their own");
    }

    async fn what_commits_late_is_not_missed(app: TestApp) {
        let tenant = app.growth("Late").await;
        let entered: Vec<String> = tenant.enter_leads("person", 3).await.iter().map(id).collect();
        app.advance(Duration::seconds(1));
        let mut reader = by_change(&tenant.owner, "/v1/leads");
        assert_eq!(reader.read().await.len(), 3);
        let of_tenant: TenantId = tenant.id.parse().expect("an id");
        let slow: LeadId = entered[0].parse().expect("an id");
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go, may_go) = std::sync::mpsc::channel::<()>();
        // It takes its moment now, and is committed when others have gone on for long.
        let hold = move |tx: &mut PlatformTx<'_>| {
            let now = tx.now();
            diesel::update(leads::table.find((of_tenant, slow))).set(leads::updated_at.eq(now)).execute(tx.conn())?;
            let event = LeadNoteAdded::default().about(slow.uuid()).on(slow.uuid());
            tx.for_tenant(of_tenant).record(event)?;
            let _ = begun.send(());
            let _ = may_go.recv();
            Ok(())
        };
        // On PostgreSQL it is another process that is late.
        let second = app.second().await;
        let is_server = app.app.core.db.engine().is_server();
        let db = if is_server { second.app.core.db.clone() } else { app.app.core.db.clone() };
        let holding = tokio::spawn(async move { db.write(PlatformScope::system(), hold).await });
        has_begun.await.expect("it has begun");
        let mut events = Reader::of(&tenant.owner, "/v1/events?sort=occurred_at&limit=3");
        let mut told = events.ids().await;
        let quick = format!("/v1/leads/{}", entered[1]);
        if is_server {
            // The writer of SQLite has one transaction at a time.
            tenant.owner.patch(&quick, json!({ "company": "Quick" })).await.ok();
        }
        app.advance(Duration::microseconds(1));
        assert_eq!(reader.ids().await, [""; 0], "what is newer waits for what is older");
        told.extend(events.ids().await);
        go.send(()).expect("it holds");
        holding.await.expect("joined").expect("committed");
        if !is_server {
            tenant.owner.patch(&quick, json!({ "company": "Quick" })).await.ok();
        }
        app.advance(Duration::seconds(1));
        next_millisecond().await;
        let mut late = reader.ids().await;
        late.sort();
        let mut expected = vec![entered[0].clone(), entered[1].clone()];
        expected.sort();
        assert_eq!(late, expected, "each once");
        told.extend(events.ids().await);
        let mut all: Vec<String> = tenant.owner.get("/v1/events?limit=200").await.ok()["data"].as_array().expect("events").iter().map(id).collect();
        all.reverse();
        assert_eq!(told, all, "every event in its order, once");
    }

    async fn events_are_read_forwards_from_one_of_them(app: TestApp) {
        let tenant = app.growth("Forwards").await;
        tenant.lead("Asha", "asha@example.com", "+919811122277").await;
        next_millisecond().await;
        let forwards = tenant.owner.get("/v1/events?sort=occurred_at&limit=200").await.ok();
        let types: Vec<&str> = forwards["data"].as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
        let place = |kind: &str| types.iter().position(|one| *one == kind).expect("it was told");
        assert!(place("lead.created") < place("conversation.opened"), "the lead before what is about it: {types:?}");
        tenant.enter_leads("person", 3).await;
        next_millisecond().await;
        let newest = tenant.owner.get("/v1/events?limit=200").await.ok();
        let mut all: Vec<String> = newest["data"].as_array().expect("events").iter().map(id).collect();
        all.reverse();
        assert!(all.len() > 5, "{all:?}");
        let mut reader = Reader::of(&tenant.owner, "/v1/events?sort=occurred_at&limit=2");
        assert_eq!(reader.ids().await, all);
        let after = format!("/v1/events?sort=occurred_at&limit=2&after={}", all[2]);
        assert_eq!(Reader::of(&tenant.owner, &after).ids().await, all[3..]);
        let end = format!("/v1/events?sort=occurred_at&after={}", all[all.len() - 1]);
        let mut end = Reader::of(&tenant.owner, &end);
        assert_eq!(end.ids().await, [""; 0]);
        let back = tenant.owner.get(&format!("/v1/events?limit=200&after={}", all[2])).await.ok();
        let back: Vec<String> = back["data"].as_array().expect("events").iter().map(id).collect();
        assert_eq!(back, [all[1].clone(), all[0].clone()]);
        // What comes now comes to both who wait at the end.
        tenant.owner.patch(&format!("/v1/leads/{}", id(&tenant.leads().await[0])), json!({ "company": "News" })).await.ok();
        next_millisecond().await;
        // A page ends before whatever is still being written, be it a job's.
        let mut news = (reader.ids().await, end.ids().await);
        for _ in 0..200 {
            if news.0.len() == news.1.len() && !news.0.is_empty() {
                break;
            }
            next_millisecond().await;
            news.0.extend(reader.ids().await);
            news.1.extend(end.ids().await);
        }
        assert!(!news.0.is_empty());
        assert_eq!(news.0, news.1);
        // Another tenant's event is none.
        let foreign = app.growth("Others").await.owner.get("/v1/events?limit=1").await.ok();
        for unknown in [id(&foreign["data"][0]), "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10".into()] {
            tenant.owner.get(&format!("/v1/events?after={unknown}")).await.invalid("after");
        }
    }

    async fn what_is_gone_is_told(app: TestApp) {
        let mut tenant = tenant_with_everything(&app, "Gone", 1).await;
        let hooks = tenant.api_key(&["webhooks:read"]).await;
        app.advance(Duration::seconds(1));
        let began = app.app.core.clock.now();
        let mut reader = Reader::of(&tenant.owner, "/v1/tombstones?limit=1");
        assert_eq!(reader.ids().await, [""; 0]);
        let mut gone = Vec::new();
        for (path, noun) in COPIED {
            let Some(noun) = noun else {
                tenant.owner.delete(&format!("{path}/019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10")).await;
                continue;
            };
            let entries = tenant.owner.get(&format!("{path}?limit=200")).await.ok();
            let entry = entries["data"].as_array().expect("entries").iter().find(|entry| entry["role"] != "owner");
            let entry = entry.expect("one to delete").clone();
            tenant.owner.delete(&format!("{path}/{}", id(&entry))).await.expect(204);
            app.advance(Duration::seconds(1));
            gone.push((*noun, id(&entry)));
            assert!(by_change(&tenant.owner, path).ids().await.iter().all(|left| *left != id(&entry)), "{path}");
        }
        let told = reader.read().await;
        let ids: Vec<(&str, String)> = told.iter().map(|one| (one["noun"].as_str().expect("a noun"), id(one))).collect();
        assert_eq!(ids, gone);
        assert_eq!(told[0].as_object().expect("an object").len(), 3, "nothing of what it was: {told:?}");
        assert_eq!(reader.ids().await, [""; 0]);
        let one = |noun: &str| gone.iter().find(|(of, _)| *of == noun).expect("one was deleted").1.clone();
        let of_noun = Reader::of(&tenant.owner, "/v1/tombstones?noun=user").ids().await;
        assert_eq!(of_noun, [one("user")]);
        // Who may not read the people is not told who left.
        assert_eq!(Reader::of(&hooks, "/v1/tombstones").ids().await, [one("webhook_endpoint")]);
        let of = |noun: &str| gone.iter().find(|(of, _)| *of == noun).expect("it was deleted").1.clone();
        let of_noun = Reader::of(&tenant.owner, "/v1/tombstones?noun=user").ids().await;
        assert_eq!(of_noun, [of("user")]);
        // Who may not read the people is not told who left.
        assert_eq!(Reader::of(&hooks, "/v1/tombstones").ids().await, [of("webhook_endpoint")]);
        assert_eq!(Reader::of(&app.growth("Others").await.owner, "/v1/tombstones").ids().await, [""; 0]);

        // They are kept for a time; whoever comes back later than that is told so.
        app.advance(Duration::days(tombstones::KEPT_DAYS + 1));
        tenant.log_in_again().await;
        app.run_schedule().await;
        reader.client = tenant.owner.clone();
        assert_eq!(reader.ids().await, [""; 0], "whoever has read all of them misses none");
        let old = format!("/v1/tombstones?deleted_after={began}");
        tenant.owner.get(&old).await.problem(410, "tombstone.forgotten");
        let mut early = Reader::of(&tenant.owner, "/v1/tombstones");
        let left = early.ids().await;
        assert_eq!(left, [one("webhook_endpoint")], "the last one stays, as a mark");
        assert_eq!(left, [gone.last().expect("the last").1.clone()], "the last one stays, as a mark");
    }

    async fn an_unlocked_lead_brings_its_conversations_and_messages(app: TestApp) {
        let mut tenant = app.growth("Locks").await;
        app.advance(Duration::days(7));
        app.run_schedule().await;
        tenant.log_in_again().await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        assert_eq!(lead["is_locked"], true);
        app.run_jobs().await;
        app.advance(Duration::seconds(1));
        let mut threads = by_change(&tenant.owner, "/v1/conversations");
        let mut messages = by_change(&tenant.owner, "/v1/messages");
        let before = threads.read().await;
        assert!(before.iter().all(|thread| thread["person_address"].is_null()), "{before:?}");
        assert_eq!(messages.ids().await, [""; 0]);
        app.advance(Duration::seconds(1));
        tenant.activate(&app).await;
        app.run_jobs().await;
        app.advance(Duration::seconds(1));
        let after = threads.read().await;
        assert!(!after.is_empty() && after.iter().any(|thread| !thread["person_address"].is_null()), "{after:?}");
    }
}

/// Tables that nobody keeps a copy of, or whose rows' end is told otherwise.
const DELETED_UNTOLD: &[&str] = &[
    "tombstones",
    "email_verifications",
    "email_changes",
    "recovery_codes",
    "second_factors",
    "second_factor_rejections",
    "log_in_challenges",
    "sessions",
    "invitations",
    "operators",
    "marketing_days",
    "identities",
    "recipients",
    "senders",
    "threads",
    "held",
    "members",
    "turns",
    "places",
    "platform_facts",
    "deliveries",
    "webhook_events",
    "outreach_estimates",
];

/// Where rows were chosen a line before: none of them is of a list that is copied, but for those of a tenant that is erased.
const CHOSEN_BEFORE: &[&str] = &[
    // It was buried when it began to go.
    "contacts/attributes/store.rs: attributes",
    "contacts/attributes/store.rs: gone).execute(tx.conn())?;",
    "contacts/attributes/store/respell.rs: entries",
    "contacts/bookings/store.rs: row).execute(tx.conn())?;",
    "contacts/notes/store.rs: row).execute(tx.conn())? {",
    "contacts/people/store/identities.rs: rows).execute(tx.conn())?;",
    "contacts/people/store/identities.rs: rows).execute(tx.conn())?;",
    "contacts/people/store/mod.rs: gone).execute(tx.conn())?;",
    "engine/db/kept_counts/deltas.rs: nothing).execute(tx.conn())?;",
    "engine/http/once/store.rs: gone).execute(tx.conn())?)",
    "engine/tally.rs: gone).execute(tx.conn())?)",
    "integrations/outbound/store/deliveries.rs: gone).execute(tx.conn())?)",
    "outreach/store/estimates.rs: over).execute(tx.conn())?;",
    "tenants/store/email_changes.rs: open).execute(tx.conn())?;",
    "tenants/store/email_changes.rs: over).execute(tx.conn())?)",
    "tenants/store/erasing.rs: own.filter(memberships",
    "tenants/store/passkeys.rs: newer).execute(tx.conn())?;",
    "tenants/store/passkeys.rs: over).execute(tx.conn())?)",
    "tenants/store/passkeys.rs: passkeys",
    "tenants/store/passkeys.rs: passkeys",
    "tenants/store/resets.rs: over).execute(tx.conn())?)",
    "tenants/store/sessions.rs: expired).execute(tx.conn())?)",
    "tenants/store/verifications.rs: over).execute(tx.conn())?)",
];

#[test]
fn whatever_is_deleted_from_a_list_leaves_a_tombstone() {
    let (mut told, mut untold) = (0, Vec::new());
    for (file, code) in crate::architecture::files() {
        for part in code.split("diesel::delete(").skip(1) {
            let table = part.split("::").next().unwrap_or_default();
            match table {
                // In `rows!`, whatever the table.
                "$table" => told += usize::from(part.contains("tombstones::bury(")),
                table if DELETED_UNTOLD.contains(&table) => {}
                // Rows that were chosen a line before, and those of a tenant that is erased.
                table => untold.push(format!("{file}: {}", table.lines().next().unwrap_or_default())),
            }
        }
    }
    assert!(told > 0, "`rows!` buries what it deletes");
    untold.sort();
    assert_eq!(untold, CHOSEN_BEFORE, "bury what is deleted of a list that is copied, or say here of what table it is");
}
