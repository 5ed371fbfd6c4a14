//! The document is true: committed, complete, and its examples are requests that work.

use serde_json::{Value, json};

use crate::both_engines;

/// The document, made once: it takes a while in an unoptimised build.
pub fn document() -> &'static Value {
    static DOCUMENT: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    DOCUMENT.get_or_init(leadwright::app::document)
}

/// Every operation: (method, path, operation).
pub fn operations() -> Vec<(String, String, Value)> {
    let paths = document()["paths"].as_object().expect("paths").clone();
    let methods = |(path, item): (String, Value)| {
        let item = item.as_object().cloned().unwrap_or_default();
        item.into_iter()
            .filter(|(method, _)| ["get", "post", "put", "patch", "delete"].contains(&method.as_str()))
            .map(move |(method, operation)| (method, path.clone(), operation))
    };
    paths.into_iter().flat_map(methods).collect()
}

/// The schema an operation's JSON body refers to.
pub fn body_schema(operation: &Value) -> Option<Value> {
    let schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
    resolve(&schema)
}

pub fn resolve(schema: &Value) -> Option<Value> {
    let Some(reference) = schema["$ref"].as_str() else {
        return (!schema.is_null()).then(|| schema.clone());
    };
    let name = reference.rsplit('/').next().expect("a name");
    Some(document()["components"]["schemas"][name].clone())
}

/// The schema of a property, through the wrapping in which it is described and the choice with null.
pub fn unwrapped(schema: &Value) -> Value {
    let schema = resolve(schema).unwrap_or_default();
    let choices = ["allOf", "oneOf"].iter().find_map(|of| schema[of].as_array());
    let real: Vec<&Value> = choices.into_iter().flatten().filter(|one| one["type"] != "null").collect();
    match real.as_slice() {
        [one] => unwrapped(one),
        _ => schema,
    }
}

pub fn body_example(operation: &Value) -> Option<Value> {
    let content = &operation["requestBody"]["content"]["application/json"];
    if !content["example"].is_null() {
        return Some(content["example"].clone());
    }
    let schema = body_schema(operation)?;
    [&schema["example"], &schema["examples"][0]].into_iter().find(|example| !example.is_null()).cloned()
}

#[test]
fn the_committed_document_is_current() {
    let mut text = serde_json::to_string_pretty(document()).expect("a document");
    text.push('\n');
    let committed = include_str!("../../openapi/leadwright.json");
    assert!(
        text == committed,
        "openapi/leadwright.json is not what the code describes: run `cargo run -- openapi` and commit it"
    );
}

/// A document that was released is what clients were built from: what changes afterwards belongs to the next version.
#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_string));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let place = reference.strip_prefix('#').unwrap_or_default();
        assert!(document.pointer(place).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn released_documents_stay_as_they_were() {
    let released = [("0.1.0.json", "0f52e14c3c45e1430e5b9964b5c1a3377d097d406e355bb7357cd8d309b1a0c3")];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/released");
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("released documents")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = std::fs::read_to_string(entry.path()).expect("a document");
            (entry.file_name().to_string_lossy().into_owned(), leadwright::base::crypto::sha256_hex(text.as_bytes()))
        })
        .collect();
    found.sort();
    let released: Vec<(String, String)> = released.map(|(name, sum)| (name.into(), sum.into())).to_vec();
    assert_eq!(found, released, "a released document changed; one that is new belongs into this list");
}

/// Integrators read these texts in Swagger UI and in generated clients: they hold no link of rustdoc and no reference that only
/// we could look up.
#[test]
fn descriptions_are_for_integrators() {
    fn walk(value: &Value, wrong: &mut Vec<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, inner)| match inner {
                Value::String(text) if ["description", "summary"].contains(&name.as_str()) => {
                    let is_ours = |word: &str| {
                        let (kind, number) = word.split_once('-').unwrap_or_default();
                        let is_kind = kind.len() <= 2 && kind.starts_with(['S', 'C', 'X']);
                        is_kind && number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit())
                    };
                    let is_known = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(is_ours);
                    if is_known || text.contains("[`") {
                        wrong.push(text.clone());
                    }
                }
                inner => walk(inner, wrong),
            }),
            Value::Array(items) => items.iter().for_each(|item| walk(item, wrong)),
            _ => {}
        }
    }
    let mut wrong = Vec::new();
    walk(document(), &mut wrong);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_operation_is_described_whole() {
    let mut ids = std::collections::BTreeSet::new();
    let mut wrong = Vec::new();
    for (method, path, operation) in operations() {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default().to_string();
        if !id.contains('_') || !ids.insert(id.clone()) {
            wrong.push(format!("{name}: operationId {id:?} is not a unique verb_noun"));
        }
        if operation["tags"].as_array().is_none_or(|tags| tags.len() != 1) {
            wrong.push(format!("{name}: needs exactly one tag"));
        }
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            wrong.push(format!("{name}: needs a summary"));
        }
        let responses = operation["responses"].as_object().cloned().unwrap_or_default();
        if !responses.keys().any(|status| status.starts_with('2')) || !responses.contains_key("500") {
            wrong.push(format!("{name}: needs its success and its problems"));
        }
        let is_public = [
            "/healthz",
            "/readyz",
            "/metrics",
            "/v1/auth/",
            "/v1/webhooks/",
            "/api/webhooks/",
            "/v1/invitations/accept",
            "/v1/notification-recipients/confirm",
            "/v1/plans",
            "/v1/labels",
            "/problems",
        ]
        .iter()
        .any(|prefix| path.starts_with(prefix));
        let secured = operation["security"]
            .as_array()
            .is_some_and(|list| list.iter().any(|s| s.as_object().is_some_and(|o| !o.is_empty())));
        if !is_public && !secured {
            wrong.push(format!("{name}: needs security"));
        }
        let has_json = !operation["requestBody"]["content"]["application/json"].is_null();
        if has_json && body_example(&operation).is_none() {
            wrong.push(format!("{name}: its request body has no example"));
        }
        for (status, response) in &responses {
            let schema = resolve(&response["content"]["application/json"]["schema"]);
            let is_page = schema.as_ref().is_some_and(|schema| !schema["properties"]["next_cursor"].is_null());
            if let Some(schema) = schema
                && status.starts_with('2')
                && !is_page
                && response["content"]["application/json"]["example"].is_null()
                && schema["example"].is_null()
                && schema["examples"].is_null()
                && schema["type"] != json!("array")
            {
                wrong.push(format!("{name}: its {status} response has no example"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_event_a_tenant_may_hear_of_has_its_webhook() {
    let webhooks = document()["webhooks"].as_object().expect("webhooks");
    let offered = &document()["components"]["schemas"]["EventPattern"]["enum"];
    let offered: Vec<&str> = offered.as_array().expect("an enum").iter().filter_map(Value::as_str).collect();
    for kind in offered.iter().filter(|pattern| !pattern.ends_with('*')) {
        let operation = &webhooks.get(*kind).unwrap_or_else(|| panic!("{kind} has no webhook"))["post"];
        let content = &operation["requestBody"]["content"]["application/json"];
        assert_eq!(content["example"]["type"], *kind);
        let own = resolve(&content["schema"]).expect("a schema");
        assert_eq!(own["properties"]["type"]["const"], *kind);
        assert!(own["description"].as_str().is_some_and(|when| when.ends_with('.')), "{kind} says when it happens");
        for name in content["example"]["data"].as_object().expect("data").keys() {
            assert!(own["properties"]["data"]["properties"][name].is_object(), "{kind}: {name} is not described");
        }
    }
    // Each of them, the ping, and nothing that nobody is told.
    assert_eq!(webhooks.len(), offered.iter().filter(|pattern| !pattern.ends_with('*')).count() + 1);
    assert!(webhooks.contains_key("webhook.ping") && !webhooks.contains_key("operator.created"));
}

both_engines! {
    async fn unknown_paths_and_methods_are_problems(app: TestApp) {
        let anyone = app.anonymous();
        anyone.get("/v1/nothing-here").await.problem(404, "resource.not_found");
        let answer = anyone.call("DELETE", "/v1/leads").await;
        assert_eq!(answer.header("allow"), Some("GET, POST"));
        answer.problem(405, "request.method_not_allowed");
    }

    async fn swagger_ui_and_the_document_are_served(app: TestApp) {
        let anyone = app.anonymous();
        let page = anyone.get("/docs/").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("swagger-ui") && page.text.contains("href=\"/docs/reference\""));
        let opening = anyone.get("/docs/swagger-initializer.js").await;
        assert!(opening.text.contains("persistAuthorization: true"), "with the twins on nothing is worth a credential");
        let real = app.second_with(|config| config.sandbox = false).await;
        let opening = anyone.at(&real.url).get("/docs/swagger-initializer.js").await;
        assert!(opening.text.contains("persistAuthorization: false"), "{}", opening.text);
        assert_eq!(anyone.get("/docs").await.header("location"), Some("/docs/"));
        let served = anyone.get("/openapi.json").await.ok();
        assert_eq!(&served, document());
    }

    async fn health_readiness_and_metrics(app: TestApp) {
        let anyone = app.anonymous();
        anyone.get("/healthz").await.ok();
        anyone.get("/readyz").await.ok();
        app.growth("Metrics").await.lead("Asha", "asha@example.com", "+919876543210").await;
        app.run_jobs().await;
        let text = anyone.get("/metrics").await.text;
        for name in ["leadwright_http_request_seconds_bucket", "leadwright_job_runs_total", "route=\"/v1/leads\""] {
            assert!(text.contains(name), "{name} is missing");
        }
    }

    async fn request_ids_travel(app: TestApp) {
        let given = app.anonymous().get("/healthz").header("x-request-id", "abc-123").await;
        assert_eq!(given.header("x-request-id"), Some("abc-123"));
        let made = app.anonymous().get("/healthz").header("x-request-id", "not valid!").await;
        assert!(made.header("x-request-id").is_some_and(|id| id != "not valid!" && id.len() > 20));
        let tenant = app.growth("Trace").await;
        tenant.owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).header("x-request-id", "trace-7").await.created();
        let events = tenant.owner.get("/v1/events?type=lead.created").await.ok();
        assert_eq!(events["data"][0]["request_id"], "trace-7");
    }

    async fn a_post_happens_once_per_idempotency_key(app: TestApp) {
        let tenant = app.growth("Once").await;
        let body = json!({ "name": "Asha", "email": "asha@example.com" });
        let first = tenant.owner.post("/v1/leads", body.clone()).header("idempotency-key", "k-1").await;
        let again = tenant.owner.post("/v1/leads", body.clone()).header("idempotency-key", "k-1").await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(first.header("etag"), again.header("etag"));
        assert_eq!(first.created(), again.created());
        let other = json!({ "name": "Ravi", "email": "ravi@example.com" });
        tenant.owner.post("/v1/leads", other.clone()).header("idempotency-key", "k-1").await.problem(422, "idempotency.key_reused");
        tenant.owner.post("/v1/leads", other).header("idempotency-key", "").await.problem(400, "request.idempotency_key");
        assert_eq!(tenant.leads().await.len(), 1);
        // Another tenant's key is another key.
        let neighbour = app.growth("Neighbour").await;
        neighbour.owner.post("/v1/leads", body.clone()).header("idempotency-key", "k-1").await.created();
        // A refusal is not stored.
        let wrong = json!({ "name": "", "email": "x@example.com" });
        assert_eq!(tenant.owner.post("/v1/leads", wrong).header("idempotency-key", "k-2").await.status, 422);
        tenant.owner.post("/v1/leads", json!({ "name": "Meera", "email": "meera@example.com" })).header("idempotency-key", "k-2").await.created();
        // After a day the key is free again.
        app.advance(chrono::Duration::hours(25));
        let login = app.anonymous().post("/v1/auth/login", json!({ "email": "owner@once.example.com", "password": crate::support::PASSWORD })).await.ok();
        let owner = app.anonymous().with_token(login["access_token"].as_str().expect("a token"));
        owner.post("/v1/leads", body).header("idempotency-key", "k-1").await.ok();
    }

    async fn strangers_may_choose_the_same_idempotency_key(app: TestApp) {
        let sign_up = async |name: &str| {
            let email = format!("owner@{name}.example.com");
            let body = json!({ "email": email, "password": crate::support::PASSWORD, "business_name": name });
            app.anonymous().post("/v1/auth/signup", body).header("idempotency-key", "1").await
        };
        let first = sign_up("first").await;
        let other = sign_up("other").await;
        assert_eq!(other.header("idempotency-replayed"), None);
        let (first, other) = (first.created(), other.created());
        assert_eq!(other["tenant"]["name"], "other");
        // Each is answered its own again, and nobody signed up twice.
        for (name, answer) in [("first", first), ("other", other)] {
            let again = sign_up(name).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"));
            assert_eq!(again.created(), answer);
        }
    }

    async fn concurrent_posts_with_one_key_make_one_lead(app: TestApp) {
        let tenant = app.growth("Race").await;
        let calls = (0..20).map(|_| {
            let body = json!({ "name": "Asha", "email": "asha@example.com" });
            let call = tenant.owner.post("/v1/leads", body).header("idempotency-key", "same");
            tokio::spawn(async move { call.await })
        });
        let mut statuses = Vec::new();
        for call in calls.collect::<Vec<_>>() {
            statuses.push(call.await.expect("answered").status);
        }
        assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
        assert!(statuses.contains(&201));
        assert_eq!(tenant.leads().await.len(), 1);
    }

    async fn cors_answers_configured_origins_only(app: TestApp) {
        let engine = app.engine;
        let app = TestApp::start(engine, &[("CORS_ORIGINS", "https://app.example.com")]).await;
        let ask = |origin: &'static str| {
            app.anonymous().call("OPTIONS", "/v1/leads").header("origin", origin).header("access-control-request-method", "GET")
        };
        assert_eq!(ask("https://app.example.com").await.header("access-control-allow-origin"), Some("https://app.example.com"));
        assert_eq!(ask("https://evil.example.com").await.header("access-control-allow-origin"), None);
    }
}
