//! Who was let in is remembered, and forgotten the moment it is no longer true: in this process, and in the others.

use std::time::{Duration, Instant};

use leadwright::app::App;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::tenants::store::set_entitlements;
use serde_json::json;

use crate::both_engines;
use crate::support::statements::Statements;
use crate::support::{Client, Tenant, TestApp, TestEngine};

/// Far below the time for which a process that hears nothing would believe what it remembers.
const HEARSAY: Duration = Duration::from_secs(10);

/// Asks until the answer is this refusal.
async fn until_refused(client: &Client, path: &str, status: u16, code: &str) {
    let start = Instant::now();
    loop {
        let answer = client.get(path).await;
        if answer.status == status {
            answer.problem(status, code);
            return;
        }
        assert!(start.elapsed() < HEARSAY, "still {}: {}", answer.status, answer.text);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The process hears what others change, so it may remember.
async fn until_hearing(app: &App) {
    app.core.db.join_others();
    let start = Instant::now();
    let fresh = app.core.db.freshness();
    while fresh.stamp(fresh.before(), None).is_none() {
        assert!(start.elapsed() < HEARSAY, "it never hears");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn key(tenant: &Tenant) -> (Client, String) {
    let body = json!({ "name": "test", "scopes": ["leads:read", "leads:write"] });
    let created = tenant.owner.post("/v1/api-keys", body).await.created();
    let client = tenant.owner.with_token(created["key"].as_str().expect("a key"));
    (client, format!("/v1/api-keys/{}", created["id"].as_str().expect("an id")))
}

/// The statements of two requests, the second of which needs no look at who is asking.
async fn second_is_remembered(app: &TestApp, client: &Client, table: &str) {
    // On SQLite what is remembered lives for a second: a slow machine may need another attempt.
    for _ in 0..5 {
        client.get("/v1/leads").await.ok();
        let statements = Statements::record(&app.mark());
        client.get("/v1/leads").await.ok();
        if !statements.end().iter().any(|sql| sql.contains(table)) {
            return;
        }
    }
    panic!("every request looks into {table}");
}

/// What billing writes when a plan without API access takes effect.
async fn close_features(app: &TestApp, tenant: &Tenant) {
    let id: leadwright::base::id::TenantId = tenant.id.parse().expect("an id");
    let close = move |tx: &mut PlatformTx<'_>| set_entitlements(&mut tx.for_tenant(id), Some(&[]));
    app.app.core.db.write(PlatformScope::system(), close).await.expect("written");
}

both_engines! {
    async fn what_is_remembered_ends_with_its_cause(app: TestApp) {
        until_hearing(&app.app).await;
        let tenant = app.growth("Forgetful").await;
        let (client, path) = key(&tenant).await;
        second_is_remembered(&app, &client, "api_keys").await;
        second_is_remembered(&app, &tenant.owner, "sessions").await;
        tenant.owner.delete(&path).await.expect(204);
        client.get("/v1/leads").await.problem(401, "auth.invalid_key");

        let agent = tenant.user("agent").await;
        agent.post("/v1/leads", json!({ "name": "One", "email": "one@example.com" })).await.created();
        let user = format!("/v1/users/{}", agent.get("/v1/me").await.ok()["user"]["id"].as_str().expect("an id"));
        tenant.owner.patch(&user, json!({ "role": "viewer" })).await.ok();
        agent.post("/v1/leads", json!({ "name": "Two", "email": "two@example.com" })).await.problem(403, "auth.forbidden");
        tenant.owner.patch(&user, json!({ "status": "disabled" })).await.ok();
        agent.get("/v1/leads").await.problem(401, "auth.session_ended");

        let (client, _) = key(&tenant).await;
        client.get("/v1/leads").await.ok();
        close_features(&app, &tenant).await;
        client.get("/v1/leads").await.problem(403, "feature_not_in_plan");

        tenant.owner.post("/v1/auth/logout", json!({})).await;
        tenant.owner.get("/v1/leads").await.problem(401, "auth.session_ended");
    }

    async fn who_may_not_read_leads_names_nobody_who_is_told_of_them(app: TestApp) {
        let tenant = app.growth("Branding").await;
        let key = tenant.api_key(&["tenant:write", "tenant:read"]).await;
        let recipients = json!({ "settings": { "notification_recipients": { "emails": ["thief@evil.example"] } } });
        key.patch("/v1/tenants/current", recipients.clone()).await.problem(403, "auth.forbidden");
        let profile = |phone: &str| json!({ "description": "We sell flats", "phone": phone });
        key.put("/v1/tenants/current/profile", profile("+919876500009")).await.problem(403, "auth.forbidden");
        tenant.owner.put("/v1/tenants/current/profile", profile("+919876500001")).await.ok();
        key.put("/v1/tenants/current/profile", profile("+919876500001")).await.ok();
        key.patch("/v1/tenants/current", json!({ "time_zone": "Asia/Kolkata" })).await.ok();
        let reader = tenant.api_key(&["tenant:write", "leads:read"]).await;
        reader.patch("/v1/tenants/current", recipients).await.ok();
    }

    async fn a_remembered_key_expires_by_the_clock(app: TestApp) {
        until_hearing(&app.app).await;
        let tenant = app.growth("Expiring").await;
        let expires_at = app.clock.now().plus(chrono::Duration::seconds(60));
        let body = json!({ "name": "short", "scopes": ["leads:read"], "expires_at": expires_at });
        let created = tenant.owner.post("/v1/api-keys", body).await.created();
        let client = tenant.owner.with_token(created["key"].as_str().expect("a key"));
        client.get("/v1/leads").await.ok();
        app.advance(chrono::Duration::seconds(60));
        client.get("/v1/leads").await.problem(401, "auth.invalid_key");
    }
}

#[test]
fn what_one_process_revokes_the_other_forgets() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let other = app.second().await;
        until_hearing(&other.app).await;
        let there = |client: &Client| client.at(&other.url);
        let tenant = app.growth("Two processes").await;

        let (client, path) = key(&tenant).await;
        second_is_remembered(&app, &there(&client), "api_keys").await;
        tenant.owner.delete(&path).await.expect(204);
        until_refused(&there(&client), "/v1/leads", 401, "auth.invalid_key").await;

        let admin = tenant.user("admin").await;
        second_is_remembered(&app, &there(&admin), "sessions").await;
        there(&admin).get("/v1/invitations").await.ok();
        let user = format!("/v1/users/{}", admin.get("/v1/me").await.ok()["user"]["id"].as_str().expect("an id"));
        tenant.owner.patch(&user, json!({ "role": "viewer" })).await.ok();
        until_refused(&there(&admin), "/v1/api-keys", 403, "auth.forbidden").await;

        let (client, _) = key(&tenant).await;
        second_is_remembered(&app, &there(&client), "api_keys").await;
        close_features(&app, &tenant).await;
        until_refused(&there(&client), "/v1/leads", 403, "feature_not_in_plan").await;

        second_is_remembered(&app, &there(&tenant.owner), "sessions").await;
        tenant.owner.post("/v1/auth/logout", json!({})).await;
        until_refused(&there(&tenant.owner), "/v1/leads", 401, "auth.session_ended").await;
    });
}

#[test]
fn a_process_that_hears_nothing_believes_nothing() {
    TestApp::run(TestEngine::Postgres, |app| async move {
        let other = app.second().await;
        let tenant = app.growth("Deaf").await;
        let (client, path) = key(&tenant).await;
        let there = client.at(&other.url);
        there.get("/v1/leads").await.ok();
        tenant.owner.delete(&path).await.expect(204);
        there.get("/v1/leads").await.problem(401, "auth.invalid_key");
    });
}
