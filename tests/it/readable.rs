//! What a caller may not read is in no answer, on any operation of the document.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::both_engines;
use crate::contract::{body_example, operations};
use crate::permissions::{filled, is_public, resources};
use crate::support::{Client, Tenant, TestApp};
use leadwright::engine::events::catalogue;
use leadwright::tenants::access::{Permission, is_covered, is_named};

/// Everything but reading.
fn writes() -> Vec<&'static str> {
    Permission::ALL.iter().map(|permission| permission.as_str()).filter(|name| !name.ends_with(":read")).collect()
}

/// What stands in the rows that a write touches, and in no request of the test.
const PLANTED: &[&str] = &[
    "Sensitive Person",
    "sensitive@example.com",
    "919811122233",
    "owner@private",
    "Secret words",
    "Quiet Street",
    "hush-hush",
];

async fn plant(app: &TestApp, tenant: &Tenant) -> BTreeMap<&'static str, String> {
    let known = resources(app, tenant).await;
    let lead = format!("/v1/leads/{}", known["leads"]);
    let more = json!({ "company": "hush-hush", "location": { "city": "Quiet Street" }, "budget_range": "hush-hush" });
    tenant.owner.patch(&lead, more).await.ok();
    tenant.owner.post(&format!("{lead}/notes"), json!({ "body": "Secret words" })).await.created();
    let conversation = format!("/v1/conversations/{}/messages", known["conversations"]);
    let draft = tenant.owner.get(&format!("{lead}/suggested-message?channel=whatsapp")).await.ok();
    let list = tenant.owner.get("/v1/conversations").await.ok();
    let is_whatsapp = |one: &&Value| one["channel"] == "whatsapp";
    let thread = list["data"].as_array().unwrap().iter().find(is_whatsapp).map(|one| one["id"].clone());
    let thread = thread.map_or(conversation, |id| format!("/v1/conversations/{}/messages", id.as_str().unwrap()));
    tenant.owner.post(&thread, json!({ "template": draft["template"] })).await.expect(202);
    app.run_jobs().await;
    let said = json!({ "from": "+919811122233", "to": "+14155238886", "body": "Secret words" });
    app.anonymous().post("/sandbox/twilio/inbound", said).await;
    let profile = json!({ "industry": "hush-hush", "description": "Secret words", "locations": ["Quiet Street"] });
    tenant.owner.put("/v1/tenants/current/profile", profile).await.ok();
    app.run_jobs().await;
    known
}

fn tells(body: &str) -> Option<&'static &'static str> {
    PLANTED.iter().find(|planted| body.contains(**planted))
}

/// What writing sends: the document's example, and nothing at all.
fn bodies(operation: &Value) -> Vec<Value> {
    let mut bodies = vec![json!({})];
    bodies.extend(body_example(operation));
    bodies
}

async fn ids_of(client: &Client, list: &str) -> Vec<String> {
    let page = client.get(list).await.ok();
    page["data"].as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_string()).collect()
}

#[test]
fn of_every_subject_it_is_said_who_reads_about_it() {
    // Making the document declares all that can happen.
    let _ = leadwright::app::document();
    for declared in catalogue::all().into_iter().filter(|declared| !declared.is_of_platform) {
        let subject = declared.subject;
        assert!(is_named(subject), "{subject}: say in an area of its folder who reads events about it");
    }
}

both_engines! {
    async fn a_key_that_only_writes_learns_nothing_that_was_there(app: TestApp) {
        let tenant = app.growth("Private").await;
        let known = plant(&app, &tenant).await;
        let key = tenant.api_key(&writes()).await;
        let mut succeeded = 0;
        for (method, path, operation) in operations() {
            let takes_bearer = operation["security"].as_array().into_iter().flatten().any(|way| way.get("bearer").is_some());
            if is_public(&path) || !takes_bearer {
                continue;
            }
            if method != "get" {
                assert!(is_covered(&path), "{method} {path}: name its area in its folder: who may read what it answers");
            }
            // What takes a resource away comes last, in a test of its own: its answer is empty.
            if method == "delete" {
                continue;
            }
            for body in bodies(&operation) {
                let target = filled(&path, &known);
                let mut call = key.call(&method, &target);
                if method != "get" {
                    call = call.json(body);
                }
                let answer = call.await;
                succeeded += usize::from(answer.status < 300 && method != "get");
                assert_eq!(tells(&answer.text), None, "{method} {target}: {}", answer.text);
            }
        }
        assert!(succeeded >= 12, "{succeeded} writes succeeded: the test tries too little");
    }

    async fn who_may_read_is_told_everything_as_before(app: TestApp) {
        let tenant = app.growth("Private").await;
        let known = plant(&app, &tenant).await;
        let lead = format!("/v1/leads/{}", known["leads"]);
        let both = tenant.api_key(&["leads:read", "leads:write"]).await;
        assert_eq!(both.patch(&lead, json!({})).await.ok()["name"], "Sensitive Person");
        let one = tenant.api_key(&["leads:write"]).await;
        let changed = one.patch(&lead, json!({})).await;
        assert!(changed.header("etag").is_some(), "so that it can be changed safely");
        assert_eq!(changed.ok(), json!({ "id": known["leads"] }));
    }

    async fn a_key_is_posted_only_what_it_may_read(app: TestApp) {
        let tenant = app.growth("Private").await;
        let hook = |types: &[&str]| json!({ "url": "http://127.0.0.1:9/mine", "event_types": types });
        let hooks = tenant.api_key(&["webhooks:read", "webhooks:write", "ad_campaigns:read"]).await;
        let refused = hooks.post("/v1/webhook-endpoints", hook(&["ad_campaign.*", "lead.*", "*"])).await;
        refused.invalid("/event_types/1");
        hooks.post("/v1/webhook-endpoints", hook(&["ad_campaign.*"])).await.created();
        let all = tenant.owner.post("/v1/webhook-endpoints", hook(&["*"])).await.created();
        let path = format!("/v1/webhook-endpoints/{}", all["id"].as_str().unwrap());
        hooks.patch(&path, json!({ "url": "http://127.0.0.1:9/other" })).await.problem(403, "auth.forbidden");
        hooks.post(&format!("{path}/rotate"), json!({})).await.problem(403, "auth.forbidden");
    }

    async fn events_are_read_as_far_as_what_they_are_about(app: TestApp) {
        let tenant = app.growth("Private").await;
        let known = plant(&app, &tenant).await;
        let some = tenant.api_key(&["events:read", "ad_campaigns:read"]).await;
        let told = ids_of(&some, "/v1/events?limit=200").await;
        assert!(!told.is_empty() && told.iter().all(|kind| kind.starts_with("ad_campaign.")), "{told:?}");
        let leads = tenant.api_key(&["leads:read"]).await;
        let timeline = format!("/v1/leads/{}/activities?limit=200", known["leads"]);
        let told = ids_of(&leads, &timeline).await;
        assert!(told.iter().any(|kind| kind == "lead.created") && !told.iter().any(|kind| kind.starts_with("message.")), "{told:?}");
        assert!(ids_of(&tenant.owner, &timeline).await.iter().any(|kind| kind == "message.received"));
        let nothing = tenant.api_key(&["leads:write"]).await.get("/v1/me").await.ok();
        assert_eq!(nothing["tenant"].as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "name", "slug"]);
    }
}
