//! Nothing that a tenant can make is without a bound: the bounds that are declared, and that they hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::both_engines;

const SECURITY: &str = include_str!("../../docs/security.md");

/// The first cells of the table that begins with this mark: operations, each in back-quotes.
fn declared(mark: &str) -> BTreeSet<String> {
    let start = SECURITY.find(&format!("<!-- {mark}")).expect("the table's beginning is marked");
    let table = &SECURITY[start..];
    let table = &table[..table.find(&format!("<!-- end of {mark}")).expect("and so is its end")];
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| row.split('|').nth(1).unwrap_or_default().split('`').skip(1).step_by(2))
        .map(str::to_string)
        .collect()
}

/// Operations that leave something behind: a POST that says so by its status, and the webhooks.
fn makes_something(path: &str, method: &str, operation: &Value) -> bool {
    let says = |status: &str| operation["responses"].get(status).is_some();
    method == "post" && (says("201") || says("202") || path.contains("/webhooks/"))
}

#[test]
fn everything_that_makes_or_changes_something_has_a_declared_bound() {
    let document = leadwright::app::document();
    let (mut making, mut changing) = (BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            if !["post", "put", "patch", "delete"].contains(&method.as_str()) {
                continue;
            }
            let name = operation["operationId"].as_str().expect("a name").to_string();
            let kind = if makes_something(path, method, operation) { &mut making } else { &mut changing };
            kind.insert(name);
        }
    }
    assert_eq!(declared("bounds"), making, "docs/security.md has a row for each operation that makes something");
    assert_eq!(declared("changes"), changing, "and one for each that changes something");
}

both_engines! {
    async fn a_tenant_has_a_hundred_keys_at_most(app: TestApp) {
        let tenant = app.growth("Keys").await;
        let key = json!({ "name": "Website", "scopes": ["leads:write"] });
        let first = tenant.owner.post("/v1/api-keys", key.clone()).await.created();
        for _ in 1..100 {
            tenant.owner.post("/v1/api-keys", key.clone()).await.created();
        }
        tenant.owner.post("/v1/api-keys", key.clone()).await.problem(409, "api_key.limit_reached");
        // Another tenant has its own, and a revoked key leaves its place.
        app.growth("Other").await.owner.post("/v1/api-keys", key.clone()).await.created();
        let id = first["api_key"]["id"].as_str().or(first["id"].as_str()).expect("its id");
        tenant.owner.delete(&format!("/v1/api-keys/{id}")).await.expect(204);
        tenant.owner.post("/v1/api-keys", key).await.created();
    }

    async fn a_lead_has_five_hundred_notes_at_most(app: TestApp) {
        let tenant = app.growth("Notes").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}/notes", lead["id"].as_str().expect("its id"));
        for n in 0..500 {
            tenant.owner.post(&path, json!({ "body": format!("Note {n}") })).await.created();
        }
        tenant.owner.post(&path, json!({ "body": "One more" })).await.problem(409, "lead_note.limit_reached");
    }

    async fn a_tenant_has_two_hundred_drafts_at_most(app: TestApp) {
        let tenant = app.growth("Drafts").await;
        let draft = json!({ "name": "Draft", "platform": "meta", "daily_budget": { "amount": 100, "currency": "INR" } });
        for _ in 0..200 {
            tenant.owner.post("/v1/ad-campaigns", draft.clone()).await.created();
        }
        tenant.owner.post("/v1/ad-campaigns", draft).await.problem(409, "ad_campaign.limit_reached");
    }

    async fn a_tenant_writes_so_much_a_day_by_however_many_keys(app: TestApp) {
        let limited = TestApp::start(app.engine, &[("RATE_LIMIT", "on"), ("MEGABYTES_PER_DAY", "1")]).await;
        let (tenant, other) = (limited.growth("Much").await, limited.growth("Little").await);
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let path = format!("/v1/leads/{}/notes", lead["id"].as_str().expect("its id"));
        let long = json!({ "body": "x".repeat(4000) });
        let mut last = None;
        for _ in 0..400 {
            let answer = tenant.owner.post(&path, long.clone()).await;
            if answer.status != 201 {
                last = Some(answer);
                break;
            }
        }
        let refused = last.expect("there is an end");
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "request.volume_exceeded");
        // A short one may still fit; several do not.
        let key = || json!({ "name": "Website", "scopes": ["leads:write"] });
        let mut refusals = 0;
        for _ in 0..8 {
            refusals += usize::from(tenant.owner.post("/v1/api-keys", key()).await.status == 429);
        }
        assert!(refusals > 0, "of whatever is written");
        tenant.owner.get("/v1/leads").await.ok();
        other.lead("Ravi", "ravi@example.com", "+919876543211").await;
    }
}
