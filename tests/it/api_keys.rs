//! API keys: what their scopes let them do, how they end, and what ends with them.

use diesel::prelude::*;
use leadwright::base::id::ApiKeyId;
use leadwright::engine::db::PlatformTx;
use leadwright::engine::db::dialect::lock_platform;
use serde_json::{Value, json};

use crate::auth::events;
use crate::both_engines;
use crate::support::{Client, PASSWORD};

both_engines! {
    async fn api_keys_do_what_their_scopes_say(app: TestApp) {
        let tenant = app.growth("Scopes").await;
        let reader = tenant.api_key(&["leads:read"]).await;
        reader.get("/v1/leads").await.ok();
        reader.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.problem(403, "auth.forbidden");
        reader.get("/v1/notifications").await.expect(403);
        reader.post("/v1/api-keys", json!({ "name": "more", "scopes": ["leads:write"] })).await.problem(403, "auth.forbidden");
        let keeper = tenant.api_key(&["api_keys:write", "leads:read"]).await;
        keeper.post("/v1/api-keys", json!({ "name": "more", "scopes": ["leads:read", "leads:write"] })).await.invalid("/scopes/1");
        tenant.owner.post("/v1/api-keys", json!({ "name": "none", "scopes": [] })).await.invalid("/scopes");
        tenant.owner.post("/v1/api-keys", json!({ "name": "odd", "scopes": ["leads:fly"] })).await.expect(422);
        app.anonymous().with_token("lw_nobody").get("/v1/leads").await.problem(401, "auth.invalid_key");
        reader.get("/v1/ops/tasks").await.problem(403, "auth.operator_required");
    }

    async fn api_keys_expire_rotate_and_are_revoked(app: TestApp) {
        let mut tenant = app.growth("Keys").await;
        let client = |key: &Value| app.anonymous().with_token(key["key"].as_str().expect("a key"));
        let now = app.clock.now();
        let past = json!({ "name": "late", "scopes": ["leads:read"], "expires_at": now });
        tenant.owner.post("/v1/api-keys", past).await.invalid("/expires_at");
        let expires_at = now.plus(chrono::Duration::hours(1));
        let short = tenant.owner.post("/v1/api-keys", json!({ "name": "short", "scopes": ["leads:read"], "expires_at": expires_at })).await.created();
        let lasting = tenant.owner.post("/v1/api-keys", json!({ "name": "lasting", "scopes": ["leads:read"] })).await.created();
        let path = format!("/v1/api-keys/{}", lasting["id"].as_str().unwrap());
        assert!(tenant.owner.get(&path).await.ok().get("key").is_none(), "shown once");

        let rotated = tenant.owner.post(&format!("{path}/rotate"), json!({ "overlap_seconds": 600 })).await.created();
        assert_ne!(rotated["key"], lasting["key"]);
        assert_eq!(tenant.owner.get(&path).await.ok()["replaced_by"], rotated["id"]);
        tenant.owner.post(&format!("{path}/rotate"), json!({})).await.problem(409, "api_key.already_rotated");
        for key in [&short, &lasting, &rotated] {
            client(key).get("/v1/leads").await.ok();
        }
        app.advance(chrono::Duration::seconds(601));
        client(&lasting).get("/v1/leads").await.problem(401, "auth.invalid_key");
        client(&rotated).get("/v1/leads").await.ok();
        app.advance(chrono::Duration::hours(1));
        client(&short).get("/v1/leads").await.problem(401, "auth.invalid_key");
        tenant.log_in_again().await;
        tenant.owner.delete(&format!("/v1/api-keys/{}", rotated["id"].as_str().unwrap())).await.expect(204);
        client(&rotated).get("/v1/leads").await.problem(401, "auth.invalid_key");
        for (kind, count) in [("api_key.created", 2), ("api_key.rotated", 1), ("api_key.revoked", 1)] {
            assert_eq!(events(&app, &tenant, kind).await.len(), count, "{kind}");
        }
    }

    async fn what_a_key_made_ends_with_it(app: TestApp) {
        let tenant = app.growth("Made").await;
        let client = |key: &Value| app.anonymous().with_token(key["key"].as_str().expect("a key"));
        let mut scopes = tenant.owner.get("/v1/me").await.ok()["permissions"].clone();
        scopes.as_array_mut().unwrap().retain(|scope| scope != "billing:write");
        let make = async |by: &Client| {
            by.post("/v1/api-keys", json!({ "name": "made", "scopes": scopes })).await.created()
        };
        let mut invited = 0;
        let mut invite = async |by: &Client| {
            invited += 1;
            let email = format!("new{invited}@made.example.com");
            let made = by.post("/v1/invitations", json!({ "email": email, "role": "viewer" })).await.created();
            json!({ "token": made["token"], "password": PASSWORD })
        };
        let path = |key: &Value| format!("/v1/api-keys/{}", key["id"].as_str().unwrap());

        let leaked = make(&tenant.owner).await;
        let child = make(&client(&leaked)).await;
        let grandchild = make(&client(&child)).await;
        let apart = make(&tenant.owner).await;
        let offer = invite(&client(&child)).await;
        // A rotation hands over what the key made; a key that rotates itself leaves it where it was.
        let rotated = client(&leaked).post(&format!("{}/rotate", path(&leaked)), json!({ "overlap_seconds": 0 })).await.created();
        client(&grandchild).get("/v1/leads").await.ok();
        tenant.owner.delete(&path(&leaked)).await.expect(204);
        for ended in [&leaked, &child, &grandchild, &rotated] {
            client(ended).get("/v1/leads").await.problem(401, "auth.invalid_key");
        }
        app.anonymous().post("/v1/invitations/accept", offer).await.problem(409, "invitation.not_pending");
        client(&apart).get("/v1/leads").await.ok();

        let child = make(&client(&apart)).await;
        let new = tenant.owner.post(&format!("{}/rotate", path(&apart)), json!({ "overlap_seconds": 0 })).await.created();
        client(&child).get("/v1/leads").await.ok();
        let soon = app.clock.now().plus(chrono::Duration::seconds(5));
        tenant.owner.patch(&path(&new), json!({ "expires_at": soon })).await.ok();
        let offer = invite(&client(&new)).await;
        app.advance(chrono::Duration::seconds(6));
        client(&child).get("/v1/leads").await.problem(401, "auth.invalid_key");
        app.anonymous().post("/v1/invitations/accept", offer).await.problem(409, "invitation.not_pending");
    }

    async fn a_plan_without_api_access_refuses_keys(app: TestApp) {
        let tenant = app.growth("Starter").await;
        let key = tenant.api_key(&["leads:read"]).await;
        key.get("/v1/leads").await.ok();
        tenant.owner.delete("/v1/subscriptions/current").await.ok();
        tenant.subscribe("us_starter").await;
        let refused = key.get("/v1/leads").await.problem(403, "feature_not_in_plan");
        assert!(refused["detail"].as_str().unwrap().contains("api_access"));
        tenant.owner.post("/v1/api-keys", json!({ "name": "x", "scopes": ["leads:read"] })).await.problem(403, "feature_not_in_plan");
        let features = tenant.owner.get("/v1/me").await.ok()["features"].clone();
        assert!(!features.as_array().unwrap().contains(&json!("api_access")), "{features}");
    }

    async fn two_revocations_at_once_leave_a_key(app: TestApp) {
        let operators = app.operator().get("/v1/ops/operators").await.ok();
        let operator = operators["data"][0].clone();
        let keys = format!("/v1/ops/operators/{}/keys", operator["id"].as_str().unwrap());
        let second = app.operator().post(&keys, json!({ "name": "Laptop" })).await.created();
        let first: ApiKeyId = operator["keys"][0]["id"].as_str().unwrap().parse().unwrap();
        let meanwhile = move |tx: &mut PlatformTx<'_>| {
            use leadwright::tenants::schema::operator_keys;
            lock_platform(tx, "operator_keys")?;
            let now = tx.now();
            diesel::update(operator_keys::table.find(first)).set(operator_keys::revoked_at.eq(now)).execute(tx.conn())?;
            Ok(())
        };
        let remaining = app.anonymous().with_token(second["key"].as_str().unwrap());
        let revoke = format!("{keys}/{}", second["id"].as_str().unwrap_or_default());
        app.overtaken(meanwhile, async { remaining.delete(&revoke).await.problem(409, "operator.last_key") }).await;
    }
}
