//! Who may do what, for every operation of the document: a new operation is covered by being there, once [`resources`] has one
//! of what its path names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use leadwright::tenants::access::{Permission, Role};
use serde_json::{Value, json};

use crate::both_engines;
use crate::contract::{body_example, operations};
use crate::described::{conditional_permissions, permissions, schemes};
use crate::support::{Client, Tenant, TestApp};

/// Operations that anybody may call, by design.
const PUBLIC: &[&str] = &[
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/auth/",
    "/v1/invitations/accept",
    "/v1/notification-recipients/confirm",
    "/v1/webhooks/",
    "/api/webhooks/",
    "/v1/plans",
    "/v1/labels",
    "/problems",
];

pub fn is_public(path: &str) -> bool {
    let own = ["/v1/auth/logout", "/v1/auth/password", "/v1/auth/verification-email"];
    !own.contains(&path) && PUBLIC.iter().any(|prefix| path.starts_with(prefix))
}

const NOBODY: &str = "019a0000-0000-7000-8000-000000000000";

/// The path with every parameter filled, from `known` or by an id that nothing has.
pub fn filled(path: &str, known: &BTreeMap<&str, String>) -> String {
    let mut out = String::new();
    let mut collection = "";
    for part in path.split('/').skip(1) {
        out.push('/');
        if part.starts_with('{') {
            out.push_str(known.get(collection).map_or(NOBODY, String::as_str));
        } else {
            // Those of operators are others.
            collection = if part == "tasks" && !path.contains("/ops/") { "own tasks" } else { part };
            out.push_str(part);
        }
    }
    out
}

/// The collections whose members a path names: `leads` of `/v1/leads/{id}/notes`.
fn collections(path: &str) -> Vec<&str> {
    let parts: Vec<&str> = path.split('/').collect();
    parts.windows(2).filter(|pair| pair[1].starts_with('{')).map(|pair| pair[0]).collect()
}

async fn status(client: &Client, method: &str, path: &str, operation: &Value) -> (u16, Value) {
    let mut call = client.call(method, path);
    if let Some(example) = body_example(operation) {
        call = call.json(example);
    } else if method != "get" && method != "delete" {
        call = call.json(json!({}));
    }
    let answer = call.await;
    (answer.status, answer.body)
}

/// What the caller is told: may, may not, or who are you.
fn verdict(status: u16, body: &Value) -> &'static str {
    match (status, body["code"].as_str()) {
        (401, _) => "-",
        (403, Some("auth.forbidden" | "auth.operator_required" | "auth.user_required")) => "no",
        (400, Some("auth.tenant_required")) => "tenant?",
        _ => "yes",
    }
}

both_engines! {
    /// The role × operation matrix. Absent resources answer 404 after the permission was checked.
    async fn the_matrix(app: TestApp) {
        let tenant = app.growth("Matrix").await;
        let scopes_none = tenant.api_key(&["events:read"]).await;
        let mut callers: Vec<(&str, Client)> = vec![("owner", tenant.owner.clone())];
        for role in ["admin", "agent", "viewer"] {
            callers.push((role, tenant.user(role).await));
        }
        callers.push(("key events:read", scopes_none));
        callers.push(("operator", app.operator()));
        callers.push(("anonymous", app.anonymous()));
        let mut table = String::from("operation | owner | admin | agent | viewer | key events:read | operator | anonymous\n");
        for (method, path, operation) in operations() {
            // It ends the session it is called with; its permission is to have one.
            if is_public(&path) || path == "/v1/auth/logout" || path == "/v1/auth/password" {
                continue;
            }
            // An attachment's place is a number: another word is refused before or after the caller, as it happens.
            let target = filled(&path, &BTreeMap::from([("attachments", "0".to_string())]));
            write!(table, "{} {path}", method.to_uppercase()).unwrap();
            let needed = permissions(&operation);
            let by = schemes(&operation);
            let lists = |scheme: &str| by.iter().any(|one| one == scheme);
            for (name, client) in &callers {
                let (mut status, body) = status(client, &method, &target, &operation).await;
                assert!(status < 500, "{method} {target} as {name}: {status} {body}");
                let verdict = verdict(status, &body);
                write!(table, " | {verdict}").unwrap();
                // And what the document says of them.
                let expected = match *name {
                    "operator" => Some(lists("operator")),
                    name => name.parse::<Role>().ok().map(|role| {
                        let own: Vec<String> = role.permissions().iter().map(ToString::to_string).collect();
                        lists("bearer") && needed.iter().all(|permission| own.contains(permission))
                    }),
                };
                if let Some(expected) = expected {
                    let mut may = verdict == "yes";
                    if verdict == "tenant?" {
                        let inside = client.with_header("x-tenant-id", &tenant.id);
                        let (told, body) = self::status(&inside, &method, &target, &operation).await;
                        may = self::verdict(told, &body) == "yes";
                        status = told;
                    }
                    assert_eq!(may, expected, "{method} {path} as {name}: the document says {:?}", operation["security"]);
                }
                if operation["operationId"] == "cancel_current_subscription" && status == 200 {
                    // The features of the plan ended with it, and keys are one of them.
                    tenant.subscribe("growth").await;
                    tenant.activate(&app).await;
                }
            }
            table.push('\n');
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_suffix => "" }, {
            insta::assert_snapshot!("permission_matrix", table);
        });
    }

    /// A key with what an operation says it needs may call it, and one with everything else may not.
    async fn the_permission_that_is_described_is_the_one_that_counts(app: TestApp) {
        let tenant = app.growth("Scopes").await;
        let mut keys: BTreeMap<Vec<String>, (Client, Client)> = BTreeMap::new();
        for (method, path, operation) in operations() {
            let mut needed = permissions(&operation);
            // The example may ask for all that the operation does.
            needed.extend(conditional_permissions(&operation));
            // What is for people alone takes no key; the matrix holds their roles to it.
            if needed.is_empty() || schemes(&operation) == ["bearer"] {
                continue;
            }
            if !keys.contains_key(&needed) {
                let all: Vec<String> = Permission::ALL.iter().map(ToString::to_string).collect();
                let exactly: Vec<&str> = needed.iter().map(String::as_str).collect();
                let but: Vec<&str> = all.iter().map(String::as_str).filter(|name| *name != exactly[0]).collect();
                let pair = (tenant.api_key(&exactly).await, tenant.api_key(&but).await);
                keys.insert(needed.clone(), pair);
            }
            let (exactly, but) = &keys[&needed];
            let target = filled(&path, &BTreeMap::from([("attachments", "0".to_string())]));
            let (refused, body) = status(but, &method, &target, &operation).await;
            assert_eq!(verdict(refused, &body), "no", "{method} {path} with all but {needed:?}: {refused} {body}");
            assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(&needed[0])), "{method} {path}: {body}");
            if operation["operationId"] == "cancel_current_subscription" {
                // It would end what the keys are for.
                continue;
            }
            let (allowed, body) = status(exactly, &method, &target, &operation).await;
            // Whom it may invite, and what it may hand on, is another question.
            let lacks = body["detail"].as_str().is_some_and(|detail| detail.starts_with("This needs the permission"));
            assert!(!lacks && allowed != 401, "{method} {path} with {needed:?}: {allowed} {body}");
        }
        assert!(keys.len() > 10, "{:?}", keys.keys());
    }

    /// What an operation needs for some of what it does is needed for that alone.
    async fn a_permission_under_a_condition_counts_under_it_alone(app: TestApp) {
        let tenant = app.growth("Conditions").await;
        let key = tenant.api_key(&["tenant:read", "tenant:write"]).await;
        let alerts = json!({ "settings": { "notification_recipients": { "whatsapp": ["98765 43210"] } } });
        let holidays = json!({ "settings": { "holidays": ["2026-12-25"] } });
        key.patch("/v1/tenants/current", holidays).await.ok();
        key.patch("/v1/tenants/current", alerts.clone()).await.problem(403, "auth.forbidden");
        key.put("/v1/tenants/current/profile", json!({ "industry": "Retail" })).await.ok();
        key.put("/v1/tenants/current/profile", json!({ "phone": "98765 43210" })).await.problem(403, "auth.forbidden");
        tenant.api_key(&["tenant:write", "leads:read"]).await.patch("/v1/tenants/current", alerts).await.ok();
    }

    /// Every operation on a resource, called by another tenant: as if it were not there.
    async fn strangers_see_nothing(app: TestApp) {
        let tenant = app.growth("Private").await;
        let stranger = app.growth("Stranger").await;
        let known = resources(&app, &tenant).await;
        let everything = secrets(&tenant).await;
        for (method, path, operation) in operations() {
            if is_public(&path) || path == "/v1/auth/logout" || path == "/v1/auth/password" {
                continue;
            }
            for collection in collections(&path) {
                assert!(known.contains_key(collection), "{method} {path}: give the test one of the first tenant's {collection}");
            }
            let target = filled(&path, &known);
            let (status, body) = status(&stranger.owner, &method, &target, &operation).await;
            if path.contains('{') {
                assert!([403, 404].contains(&status), "{method} {target}: a stranger got {status} {body}");
            }
            let text = body.to_string();
            for secret in &everything {
                assert!(!text.contains(secret.as_str()), "{method} {target} tells a stranger {secret}");
            }
            // And without credentials nothing at all.
            let (status, _) = self::status(&app.anonymous(), &method, &target, &operation).await;
            assert_eq!(status, 401, "{method} {target} without credentials");
        }
        // An operator's words in a tenant's mouth.
        let forged = stranger.owner.with_header("x-tenant-id", &tenant.id);
        assert_eq!(forged.get("/v1/leads").await.ok()["data"], stranger.owner.get("/v1/leads").await.ok()["data"]);
    }
}

/// One resource of each kind, by its collection.
pub async fn resources(app: &TestApp, tenant: &Tenant) -> BTreeMap<&'static str, String> {
    #[track_caller]
    fn text(value: &Value) -> String {
        value.as_str().unwrap_or_else(|| panic!("no id in {value}")).to_string()
    }
    let owner = &tenant.owner;
    let lead = tenant.lead("Sensitive Person", "sensitive@example.com", "+919811122233").await;
    let campaign = tenant.ad_campaign("meta", "120210000000000009", "612312312319", "153125381139").await;
    app.run_jobs().await;
    let conversation = owner.get("/v1/conversations").await.ok()["data"][0].clone();
    let path = format!("/v1/conversations/{}/messages", text(&conversation["id"]));
    let template =
        json!({ "code": "first_contact", "variables": { "name": "Asha", "business": "ABC", "about": "2 BHK" } });
    let message = owner.post(&path, json!({ "template": template })).await.expect(202);
    let rule = json!({ "name": "Sensitive", "kind": "dynamic", "rule": { "all": [] } });
    let segment = owner.post("/v1/segments", rule).await.created();
    let key = owner.post("/v1/api-keys", json!({ "name": "x", "scopes": ["leads:read"] })).await.created();
    let invitation =
        owner.post("/v1/invitations", json!({ "email": "later@private.example.com", "role": "agent" })).await.created();
    let me = owner.get("/v1/me").await.ok();
    let subscription = owner.get("/v1/subscriptions/current").await.ok();
    // Of an admin: the owner goes on logging in by the password alone.
    let passkey = crate::accounts::device(app, &tenant.user("admin").await).await.1;
    let first_session = text(&owner.get("/v1/me/sessions").await.ok()["data"][0]["id"]);
    let operator = app.operator();
    let task = operator.get("/v1/ops/tasks").await.ok()["data"][0].clone();
    let notification = owner.get("/v1/notifications").await.ok()["data"][0].clone();
    let job = operator.get("/v1/ops/jobs").await.ok()["data"][0].clone();
    let hook = json!({ "url": "http://127.0.0.1:9/hook", "event_types": ["*"] });
    let endpoint = owner.post("/v1/webhook-endpoints", hook).await.created();
    let attribute = json!({ "key": "package", "label": "Package", "type": "text" });
    let attribute = owner.post("/v1/custom-attributes", attribute).await.created();
    let booking = json!({ "contact_id": lead["contact_id"], "title": "Wedding" });
    let booking = owner.post("/v1/bookings", booking).await.created();
    let notes = format!("/v1/contacts/{}/notes", text(&lead["contact_id"]));
    let note = owner.post(&notes, json!({ "body": "A note" })).await.created();
    let own_task = owner.post("/v1/tasks", json!({ "title": "Call" })).await.created();
    let ping = format!("/v1/webhook-endpoints/{}/ping", text(&endpoint["id"]));
    let delivery = owner.post(&ping, json!({})).await.expect(202);
    let invited =
        invitation["id"].as_str().or(invitation["invitation"]["id"].as_str()).expect("an invitation").to_string();
    let key_id = key["id"].as_str().or(key["api_key"]["id"].as_str()).expect("a key").to_string();
    let words = json!({ "name": "Private", "channel": "sms", "message_class": "service", "body": "Hi {{ name }}" });
    let words = owner.post("/v1/templates", words).await.created();
    let offer = json!({ "name": "Offer", "channel": "email", "message_class": "marketing", "status": "active", "subject": "Offer", "body": "Hello" });
    let template = owner.post("/v1/templates", offer).await.created();
    let outreach =
        json!({ "name": "Offer", "template_id": template["id"], "audience": { "contact_ids": [lead["contact_id"]] } });
    let outreach = owner.post("/v1/outreach-campaigns", outreach).await.created();
    BTreeMap::from([
        ("outreach-campaigns", text(&outreach["id"])),
        ("leads", text(&lead["id"])),
        ("templates", text(&words["id"])),
        ("contacts", text(&lead["contact_id"])),
        ("segments", text(&segment["id"])),
        ("members", text(&lead["contact_id"])),
        ("bookings", text(&booking["id"])),
        ("own tasks", text(&own_task["id"])),
        ("notes", text(&note["id"])),
        ("custom-attributes", text(&attribute["id"])),
        ("ad-campaigns", text(&campaign["id"])),
        ("conversations", text(&conversation["id"])),
        ("api-keys", key_id),
        ("invitations", invited),
        ("users", text(&me["user"]["id"])),
        ("tenants", tenant.id.clone()),
        ("subscriptions", text(&subscription["id"])),
        ("notifications", text(&notification["id"])),
        ("messages", text(&message["id"])),
        ("attachments", "0".into()),
        ("suppressions", NOBODY.into()),
        ("passkeys", text(&passkey["id"])),
        ("sessions", first_session),
        ("memberships", tenant.id.clone()),
        ("tasks", text(&task["id"])),
        ("jobs", text(&job["id"])),
        ("webhook-endpoints", text(&endpoint["id"])),
        ("webhook-deliveries", text(&delivery["id"])),
        // Platform-wide ones that no tenant may even ask for.
        ("operators", NOBODY.into()),
        ("keys", NOBODY.into()),
        ("webhook-events", NOBODY.into()),
    ])
}

/// What must never be read by another tenant.
async fn secrets(tenant: &Tenant) -> Vec<String> {
    vec![
        "Sensitive Person".into(),
        "sensitive@example.com".into(),
        "+919811122233".into(),
        "owner@private.example.com".into(),
        tenant.id.clone(),
    ]
}
