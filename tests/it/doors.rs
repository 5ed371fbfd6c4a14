//! Doors that close behind those who go: keys, invitations and repeated answers.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, PASSWORD, Tenant, TestApp};

async fn mint(by: &Client, body: Value) -> Value {
    by.post("/v1/api-keys", body).await.created()
}

fn bearer(app: &TestApp, key: &Value) -> Client {
    app.anonymous().with_token(key["key"].as_str().expect("a key"))
}

async fn id_of(client: &Client) -> String {
    client.get("/v1/me").await.ok()["user"]["id"].as_str().expect("a user").to_string()
}

fn log_in(app: &TestApp, tenant: &Tenant, password: &str, key: &str) -> crate::support::Call {
    let body = json!({ "email": tenant.email(), "password": password });
    app.anonymous().post("/v1/auth/login", body).header("idempotency-key", key)
}

both_engines! {
    async fn what_a_removed_member_left_open_is_shut(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let admin = tenant.user("admin").await;
        let all = admin.get("/v1/me").await.ok()["permissions"].clone();
        let key = bearer(&app, &mint(&admin, json!({ "name": "kept", "scopes": all })).await);
        // A key's key and a key's invitation are the member's too.
        let second = bearer(&app, &mint(&key, json!({ "name": "kept too", "scopes": ["leads:read"] })).await);
        let invite = |email: &str| json!({ "email": email, "role": "viewer" });
        let back = admin.post("/v1/invitations", invite("back@acme.example.com")).await.created();
        let also = key.post("/v1/invitations", invite("also@acme.example.com")).await.created();
        let kept = tenant.owner.post("/v1/invitations", invite("kept@acme.example.com")).await.created();
        second.get("/v1/leads").await.ok();
        tenant.owner.delete(&format!("/v1/users/{}", id_of(&admin).await)).await.expect(204);
        for key in [key, second] {
            key.get("/v1/leads").await.problem(401, "auth.invalid_key");
        }
        let accept = |offered: &Value| app.anonymous().post("/v1/invitations/accept", json!({ "token": offered["token"], "password": PASSWORD }));
        accept(&back).await.problem(409, "invitation.not_pending");
        accept(&also).await.problem(409, "invitation.not_pending");
        accept(&kept).await.created();
        let events = tenant.owner.get("/v1/events?type=api_key.revoked").await.ok();
        assert_eq!(events["data"].as_array().unwrap().len(), 2, "and it is told: {events}");
    }

    async fn a_key_does_no_more_than_its_maker_may(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let admin = tenant.user("admin").await;
        let user = format!("/v1/users/{}", id_of(&admin).await);
        let key = bearer(&app, &mint(&admin, json!({ "name": "k", "scopes": ["leads:read", "leads:write", "users:write"] })).await);
        let back = admin.post("/v1/invitations", json!({ "email": "back@acme.example.com", "role": "viewer" })).await.created();
        let lead = json!({ "name": "Asha", "email": "asha@example.com" });
        key.post("/v1/leads", lead.clone()).await.created();
        tenant.owner.patch(&user, json!({ "role": "viewer" })).await.ok();
        key.get("/v1/leads").await.ok();
        key.post("/v1/leads", lead.clone()).await.problem(403, "auth.forbidden");
        let accept = json!({ "token": back["token"], "password": PASSWORD });
        app.anonymous().post("/v1/invitations/accept", accept).await.problem(409, "invitation.not_pending");
        tenant.owner.patch(&user, json!({ "status": "disabled" })).await.ok();
        key.get("/v1/leads").await.problem(401, "auth.invalid_key");
        tenant.owner.patch(&user, json!({ "status": "active", "role": "agent" })).await.ok();
        key.post("/v1/leads", lead).await.ok();
    }

    async fn a_key_gives_no_life_longer_than_its_own(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let soon = "2026-12-05T00:00:00Z";
        let made = mint(&tenant.owner, json!({ "name": "k", "scopes": ["api_keys:write", "leads:read"], "expires_at": soon })).await;
        let key = bearer(&app, &made);
        let path = |key: &Value| format!("/v1/api-keys/{}", key["id"].as_str().unwrap());
        for until in [json!(null), json!("2027-12-05T00:00:00Z")] {
            key.patch(&path(&made), json!({ "expires_at": until })).await.problem(403, "auth.forbidden");
        }
        key.patch(&path(&made), json!({ "expires_at": "2026-12-01T00:00:00Z" })).await.ok();
        let own_end = json!("2026-12-01T00:00:00Z");
        let child = mint(&key, json!({ "name": "child", "scopes": ["leads:read"] })).await;
        assert_eq!(child["expires_at"], own_end, "without a wish it ends with its maker");
        key.post("/v1/api-keys", json!({ "name": "x", "scopes": ["leads:read"], "expires_at": soon })).await.invalid("/expires_at");
        let lasting = mint(&tenant.owner, json!({ "name": "l", "scopes": ["leads:read"] })).await;
        key.post(&format!("{}/rotate", path(&lasting)), json!({})).await.problem(403, "auth.forbidden");
        let strong = mint(&tenant.owner, json!({ "name": "s", "scopes": ["billing:read"], "expires_at": soon })).await;
        key.patch(&path(&strong), json!({ "expires_at": null })).await.problem(403, "auth.forbidden");
        key.patch(&path(&strong), json!({ "name": "mine" })).await.problem(403, "auth.forbidden");
        let rotated = key.post(&format!("{}/rotate", path(&made)), json!({})).await.created();
        assert_eq!(rotated["expires_at"], own_end);
        tenant.owner.patch(&path(&lasting), json!({ "expires_at": soon })).await.ok();
        tenant.owner.patch(&path(&lasting), json!({ "expires_at": null })).await.ok();
    }

    async fn an_answer_is_not_repeated_to_who_may_do_less(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let invited = json!({ "email": "second@acme.example.com", "role": "owner" });
        let invited = tenant.owner.post("/v1/invitations", invited).await.created();
        let joined = json!({ "token": invited["token"], "password": PASSWORD });
        let joined = app.anonymous().post("/v1/invitations/accept", joined).await.created();
        let second = app.anonymous().with_token(joined["access_token"].as_str().unwrap());
        let ask = || second.post("/v1/api-keys", json!({ "name": "billing", "scopes": ["billing:write"] })).header("idempotency-key", "k1");
        let first = ask().await.created();
        assert_eq!(ask().await.created()["key"], first["key"]);
        tenant.owner.patch(&format!("/v1/users/{}", id_of(&second).await), json!({ "role": "admin" })).await.ok();
        let again = ask().await;
        assert!(!again.text.contains(first["key"].as_str().unwrap()), "{}", again.text);
        again.problem(403, "auth.forbidden");
    }

    async fn a_repeated_log_in_hands_out_no_tokens_that_are_worth_nothing_or_not_due(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let first = log_in(&app, &tenant, PASSWORD, "l1").await.ok();
        assert_eq!(log_in(&app, &tenant, PASSWORD, "l1").await.ok()["refresh_token"], first["refresh_token"], "a lost answer is found again");
        let session = app.anonymous().with_token(first["access_token"].as_str().unwrap());
        session.call("POST", "/v1/auth/logout").await.expect(204);
        let again = log_in(&app, &tenant, PASSWORD, "l1").await.ok();
        assert_ne!(again["access_token"], first["access_token"]);
        let session = app.anonymous().with_token(again["access_token"].as_str().unwrap());
        session.get("/v1/me").await.ok();
        let change = json!({ "current_password": PASSWORD, "new_password": "a whole other one 77" });
        session.post("/v1/auth/password", change).await.ok();
        log_in(&app, &tenant, PASSWORD, "l1").await.problem(401, "auth.invalid_credentials");
    }

    async fn signing_up_again_by_its_key_ends_with_the_password(app: TestApp) {
        let body = json!({ "email": "owner@acme.example.com", "password": PASSWORD, "business_name": "Acme" });
        let sign_up = || app.anonymous().post("/v1/auth/signup", body.clone()).header("idempotency-key", "s1");
        let first = sign_up().await.created();
        assert_eq!(sign_up().await.created()["access_token"], first["access_token"]);
        app.advance(chrono::Duration::seconds(1));
        let owner = app.anonymous().with_token(first["access_token"].as_str().unwrap());
        owner.post("/v1/auth/password", json!({ "current_password": PASSWORD, "new_password": "a whole other one 77" })).await.ok();
        sign_up().await.problem(409, "user.email_taken");
    }

    async fn a_failed_log_in_leaves_its_trace_five_times_an_hour(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let failures = async || {
            let page = tenant.owner.get("/v1/events?type=user.login_failed").await.ok();
            page["data"].as_array().unwrap().len()
        };
        for n in 1..=7 {
            log_in(&app, &tenant, "not the password 1", "x").await.expect(401);
            crate::support::until("the failure is noted", async || failures().await == std::cmp::min(n, 5)).await;
        }
        let metrics = app.anonymous().get("/metrics").await.text;
        assert!(metrics.contains("leadwright_log_in_failures_total 7"), "{metrics}");
    }

    async fn a_version_holds_behind_a_proxy_that_compresses(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let lead = tenant.lead("Asha", "asha@example.com", "+919811122233").await;
        let path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let tag = async || tenant.owner.get(&path).await.header("etag").unwrap().to_string();
        for spoiled in ["W/{}", "{-gzip}"] {
            let tag = tag().await;
            let sent = if spoiled.starts_with('W') { format!("W/{tag}") } else { format!("{}-gzip\"", tag.trim_end_matches('"')) };
            let change = json!({ "company": spoiled });
            tenant.owner.patch(&path, change).header("if-match", &sent).await.ok();
        }
        let change = || tenant.owner.patch(&path, json!({ "company": "C" }));
        change().header("if-match", "\"v999\"").await.problem(412, "request.precondition_failed");
        change().header("if-match", "v3").await.problem(412, "request.if_match");
        let known = tag().await;
        let same = tenant.owner.get(&path).header("if-none-match", &format!("W/{known}")).await;
        assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", Some(known.as_str())));
        assert_eq!(tenant.owner.get(&path).header("if-none-match", "\"v1\"").await.status, 200);
    }

    async fn operators_are_told_of_a_trial_once_its_owner_is_known(app: TestApp) {
        let fresh = app.unverified_tenant("Fresh").await;
        fresh.try_by_operators("growth").await;
        app.run_jobs().await;
        let ours = async || {
            let tasks = app.operator().get("/v1/ops/tasks?limit=200").await.ok();
            tasks["data"].as_array().unwrap().iter().filter(|task| task["tenant_id"] == fresh.id).count()
        };
        assert_eq!(ours().await, 0);
        let token = app.mailed_token(&fresh.email()).await;
        app.anonymous().post("/v1/auth/verify-email", json!({ "token": token })).await.ok();
        app.run_jobs().await;
        assert_eq!(ours().await, 3);
    }
}
