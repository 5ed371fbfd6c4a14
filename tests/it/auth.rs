//! Who may come in: sign-up, sessions, roles, keys, operators; and the trail each of them leaves.

use diesel::prelude::*;
use leadwright::base::id::{TenantId, UserId};
use leadwright::base::json::Json;
use leadwright::engine::db::PlatformTx;
use leadwright::engine::db::dialect::lock_tenant;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, PASSWORD, Tenant, TestApp};

pub async fn events(app: &TestApp, tenant: &Tenant, kind: &str) -> Vec<Value> {
    let page = tenant.as_operator(app).get(&format!("/v1/events?type={kind}&limit=200")).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

async fn id_of(client: &Client) -> String {
    client.get("/v1/me").await.ok()["user"]["id"].as_str().expect("a user").into()
}

fn refresh(app: &TestApp, token: &str) -> crate::support::Call {
    app.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token }))
}

both_engines! {
    async fn signing_up_answers_who_is_in_and_the_tokens(app: TestApp) {
        let body = json!({ "email": "Owner@ABC.example.com", "password": PASSWORD, "business_name": "ABC Real Estate" });
        let answer = app.anonymous().post("/v1/auth/signup", body.clone()).await.created();
        assert_eq!((&answer["tenant"]["name"], &answer["tenant"]["slug"]), (&json!("ABC Real Estate"), &json!("abc-real-estate")));
        assert_eq!((&answer["tenant"]["time_zone"], &answer["tenant"]["currency"]), (&json!("Asia/Kolkata"), &json!("INR")));
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
        let token = answer["access_token"].as_str().expect("an access token");
        let me = app.anonymous().with_token(token).get("/v1/me").await.ok();
        assert_eq!((&me["role"], &me["user"]["id"], &me["tenant"]["id"]), (&json!("owner"), &answer["user"]["id"], &answer["tenant"]["id"]));
        assert!(!answer.to_string().contains("password"), "nothing of the password comes back");

        let mut again = body;
        (again["email"], again["business_name"]) = (json!("owner@abc.example.com"), json!("Another"));
        app.anonymous().post("/v1/auth/signup", again).await.problem(409, "user.email_taken");
        let short = json!({ "email": "x@example.com", "password": "short", "business_name": "X" });
        app.anonymous().post("/v1/auth/signup", short).await.invalid("/password");
        app.anonymous().post("/v1/auth/signup", json!({ "email": "nobody", "password": PASSWORD, "business_name": "X" })).await.invalid("/email");
    }

    async fn logging_in_does_not_tell_which_half_was_wrong(app: TestApp) {
        let tenant = app.tenant("Login").await;
        let log_in = |email: &str, password: &str| app.anonymous().post("/v1/auth/login", json!({ "email": email, "password": password }));
        let answer = log_in(&tenant.email().to_uppercase(), PASSWORD).await.ok();
        assert_eq!(answer["tenant"]["id"], json!(tenant.id));
        let mut wrong = log_in(&tenant.email(), "not the password 1").await.expect(401);
        let mut unknown = log_in("nobody@example.com", PASSWORD).await.expect(401);
        for answer in [&mut wrong, &mut unknown] {
            answer["request_id"] = json!(null);
        }
        assert_eq!(wrong, unknown);
    }

    async fn a_password_is_one_however_a_keyboard_spells_it(app: TestApp) {
        let (composed, apart) = ("r\u{e9}sum\u{e9} \u{fc}ber Andheri", "re\u{301}sume\u{301}\u{a0}u\u{308}ber Andheri");
        let body = json!({ "email": "jose@example.com", "password": apart, "business_name": "José" });
        app.anonymous().post("/v1/auth/signup", body).await.created();
        let log_in = |password: &str| app.anonymous().post("/v1/auth/login", json!({ "email": "jose@example.com", "password": password }));
        log_in(composed).await.ok();
        log_in(apart).await.ok();
        log_in("resume uber Andheri").await.problem(401, "auth.invalid_credentials");
        let change = json!({ "current_password": composed, "new_password": "premi\u{e8}re pluie de juin" });
        let owner = log_in(apart).await.ok();
        let client = app.anonymous().with_token(owner["access_token"].as_str().unwrap());
        client.post("/v1/auth/password", change).await.ok();
        log_in("premie\u{300}re pluie de juin").await.ok();
    }

    async fn an_access_token_lives_for_fifteen_minutes(app: TestApp) {
        let tenant = app.tenant("Expiry").await;
        app.advance(chrono::Duration::seconds(899));
        tenant.owner.get("/v1/me").await.ok();
        app.advance(chrono::Duration::seconds(1));
        tenant.owner.get("/v1/me").await.problem(401, "auth.token_expired");
        let renewed = refresh(&app, &tenant.refresh_token).await.ok();
        assert_ne!(renewed["refresh_token"], json!(tenant.refresh_token));
        app.anonymous().with_token(renewed["access_token"].as_str().unwrap()).get("/v1/me").await.ok();
        app.advance(chrono::Duration::days(31));
        refresh(&app, renewed["refresh_token"].as_str().unwrap()).await.expect(401);
    }

    async fn a_refresh_token_used_twice_ends_the_session(app: TestApp) {
        let tenant = app.tenant("Reuse").await;
        let first = refresh(&app, &tenant.refresh_token).await.ok();
        let (access, second) = (first["access_token"].as_str().unwrap(), first["refresh_token"].as_str().unwrap());
        app.advance(chrono::Duration::seconds(21));
        refresh(&app, &tenant.refresh_token).await.problem(401, "auth.refresh_reused");
        refresh(&app, second).await.problem(401, "auth.session_ended");
        app.anonymous().with_token(access).get("/v1/me").await.problem(401, "auth.session_ended");
        tenant.owner.get("/v1/me").await.problem(401, "auth.session_ended");
        refresh(&app, &tenant.refresh_token).await.expect(401);
        let seen = events(&app, &tenant, "session.reuse_detected").await;
        assert_eq!(seen.len(), 1, "{seen:?}");
        assert_eq!(seen[0]["data"]["user_id"], first["user"]["id"]);
        refresh(&app, "rt_unknown").await.problem(401, "auth.invalid_refresh_token");
    }

    async fn a_refresh_repeated_with_its_idempotency_key_is_the_same_refresh(app: TestApp) {
        let tenant = app.tenant("Replay").await;
        let first = refresh(&app, &tenant.refresh_token).header("idempotency-key", "refresh-1").await.ok();
        let again = refresh(&app, &tenant.refresh_token).header("idempotency-key", "refresh-1").await.ok();
        assert_eq!(first, again);
        refresh(&app, first["refresh_token"].as_str().unwrap()).await.ok();
        assert!(events(&app, &tenant, "session.reuse_detected").await.is_empty());
    }

    async fn logging_out_ends_all_tokens_of_the_session(app: TestApp) {
        let tenant = app.tenant("Logout").await;
        let other = app.anonymous().post("/v1/auth/login", json!({ "email": tenant.email(), "password": PASSWORD })).await.ok();
        tenant.owner.call("POST", "/v1/auth/logout").await.expect(204);
        tenant.owner.get("/v1/me").await.problem(401, "auth.session_ended");
        refresh(&app, &tenant.refresh_token).await.problem(401, "auth.session_ended");
        app.anonymous().with_token(other["access_token"].as_str().unwrap()).get("/v1/me").await.ok();
        assert_eq!(events(&app, &tenant, "session.ended").await.len(), 1);
    }

    async fn a_changed_password_ends_the_other_sessions(app: TestApp) {
        let tenant = app.tenant("Password").await;
        let other = app.anonymous().post("/v1/auth/login", json!({ "email": tenant.email(), "password": PASSWORD })).await.ok();
        let other = app.anonymous().with_token(other["access_token"].as_str().unwrap());
        let change = |current: &str| json!({ "current_password": current, "new_password": "first-rain-in-june" });
        tenant.owner.post("/v1/auth/password", change("wrong")).await.invalid("/current_password");
        tenant.owner.post("/v1/auth/password", change(PASSWORD)).await.ok();
        tenant.owner.get("/v1/me").await.ok();
        other.get("/v1/me").await.expect(401);
        app.anonymous().post("/v1/auth/login", json!({ "email": tenant.email(), "password": PASSWORD })).await.expect(401);
    }

    async fn people_come_by_invitation_and_with_a_role(app: TestApp) {
        let tenant = app.tenant("Roles").await;
        let (admin, agent, viewer) = (tenant.user("admin").await, tenant.user("agent").await, tenant.user("viewer").await);
        for (client, role) in [(&admin, "admin"), (&agent, "agent"), (&viewer, "viewer")] {
            assert_eq!(client.get("/v1/me").await.ok()["role"], role);
        }
        agent.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        viewer.get("/v1/leads").await.ok();
        viewer.post("/v1/leads", json!({ "name": "Ravi", "email": "ravi@example.com" })).await.problem(403, "auth.forbidden");
        agent.post("/v1/invitations", json!({ "email": "new@example.com", "role": "viewer" })).await.problem(403, "auth.forbidden");
        admin.post("/v1/invitations", json!({ "email": "new@example.com", "role": "owner" })).await.expect(403);
        admin.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.problem(403, "auth.forbidden");

        let invited = tenant.owner.post("/v1/invitations", json!({ "email": "late@example.com", "role": "agent" })).await.created();
        let accept = json!({ "token": invited["token"], "name": "Late", "password": PASSWORD });
        app.advance(chrono::Duration::days(30));
        let late = app.anonymous().post("/v1/invitations/accept", accept).await;
        assert!((400..500).contains(&late.status), "{}", late.text);
    }

    async fn a_used_or_revoked_invitation_lets_nobody_in(app: TestApp) {
        let tenant = app.tenant("Invitations").await;
        let invite = |email: &str| tenant.owner.post("/v1/invitations", json!({ "email": email, "role": "agent" }));
        let accept = |invited: &Value| app.anonymous().post("/v1/invitations/accept", json!({ "token": invited["token"], "name": "X", "password": PASSWORD }));
        let first = invite("first@invitations.example.com").await.created();
        assert!(accept(&first).await.status < 300);
        let again = accept(&first).await;
        assert!((400..500).contains(&again.status), "{}", again.text);
        let second = invite("second@invitations.example.com").await.created();
        tenant.owner.delete(&format!("/v1/invitations/{}", second["id"].as_str().unwrap())).await.expect(204);
        let revoked = accept(&second).await;
        assert!((400..500).contains(&revoked.status), "{}", revoked.text);
    }

    async fn signing_up_tells_everything_that_is_wrong(app: TestApp) {
        let pointers = async |body: Value| {
            let refused = app.anonymous().post("/v1/auth/signup", body).await.problem(422, "request.invalid");
            let errors = refused["errors"].as_array().unwrap().clone();
            errors.iter().map(|e| (e["pointer"].as_str().unwrap().to_string(), e["code"].as_str().unwrap().to_string())).collect::<Vec<_>>()
        };
        let told = |list: &[(&str, &str)]| list.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect::<Vec<_>>();
        let body = json!({ "email": "nobody", "password": "short", "business_name": " ", "country": "TD", "currency": "XXZ", "nick": "X" });
        assert_eq!(pointers(body).await, told(&[("/email", "invalid_value"), ("/business_name", "invalid_value"),
            ("/password", "length"), ("/currency", "invalid_value"), ("/nick", "unknown_field")]));
        assert_eq!(pointers(json!({})).await, told(&[("/email", "required"), ("/password", "required"), ("/business_name", "required")]));
        let body = json!({ "email": "owner@chad.example", "password": "owner@chad.example", "business_name": "X", "country": "TD" });
        assert_eq!(pointers(body).await, told(&[("/password", "too_obvious"), ("/time_zone", "required"), ("/currency", "required")]));
    }

    async fn a_members_role_and_status_are_never_null(app: TestApp) {
        let tenant = app.tenant("Nulls").await;
        let path = format!("/v1/users/{}", id_of(&tenant.user("agent").await).await);
        tenant.owner.patch(&path, json!({ "role": null })).await.invalid("/role");
        tenant.owner.patch(&path, json!({ "role": "viewer", "status": null })).await.invalid("/status");
        assert_eq!(tenant.owner.get(&path).await.ok()["role"], "agent", "nothing of it happened");
        assert_eq!(tenant.owner.patch(&path, json!({})).await.ok()["role"], "agent");
    }

    async fn a_tenant_keeps_its_last_owner(app: TestApp) {
        let tenant = app.tenant("Last owner").await;
        let admin = tenant.user("admin").await;
        let path = format!("/v1/users/{}", id_of(&tenant.owner).await);
        tenant.owner.patch(&path, json!({ "role": "admin" })).await.problem(409, "user.last_owner");
        tenant.owner.patch(&path, json!({ "status": "disabled" })).await.problem(409, "user.last_owner");
        tenant.owner.delete(&path).await.problem(409, "user.last_owner");
        admin.patch(&path, json!({ "role": "viewer" })).await.problem(403, "user.owner_required");
        let heir = format!("/v1/users/{}", id_of(&admin).await);
        admin.patch(&heir, json!({ "role": "owner" })).await.problem(403, "user.owner_required");
        tenant.owner.patch(&heir, json!({ "role": "owner" })).await.ok();
        tenant.owner.patch(&path, json!({ "role": "viewer" })).await.ok();
        assert_eq!(tenant.owner.get("/v1/me").await.ok()["role"], "viewer", "at once, without a new token");
        admin.delete(&path).await.expect(204);
        tenant.owner.get("/v1/me").await.problem(401, "auth.session_ended");
    }

    async fn alerts_stop_going_where_somebody_who_is_removed_had_them_go(app: TestApp) {
        let tenant = app.growth("Alerts").await;
        let recipients = |emails: &[&str]| json!({ "settings": { "notification_recipients": { "emails": emails } } });
        tenant.owner.patch("/v1/tenants/current", recipients(&["sales@alerts.example.com"])).await.ok();
        app.run_jobs().await;
        let admin = tenant.user("admin").await;
        let id = admin.get("/v1/me").await.ok()["user"]["id"].as_str().unwrap().to_string();
        let mine = "private@elsewhere.example";
        admin.patch("/v1/tenants/current", recipients(&["sales@alerts.example.com", mine])).await.ok();
        app.run_jobs().await;
        let agree = json!({ "token": app.mailed_token(mine).await });
        app.anonymous().post("/v1/notification-recipients/confirm", agree.clone()).await.ok();
        // One that is not even noted yet when its author is removed.
        admin.patch("/v1/tenants/current", recipients(&["sales@alerts.example.com", mine, "later@elsewhere.example"])).await.ok();

        tenant.owner.delete(&format!("/v1/users/{id}")).await.expect(204);
        app.run_jobs().await;
        let settings = tenant.owner.get("/v1/tenants/current").await.ok()["settings"].clone();
        assert_eq!(settings["notification_recipients"]["emails"], json!(["sales@alerts.example.com"]));
        app.anonymous().post("/v1/notification-recipients/confirm", agree).await.problem(404, "notification_recipient.not_found");
        let told = events(&app, &tenant, "tenant.updated").await;
        assert!(told.iter().any(|event| event["data"]["previous"].to_string().contains(mine)), "{told:?}");
        tenant.lead("Priya Sharma", "priya@example.com", "+919876512398").await;
        app.run_jobs().await;
        let heard = app.outbox().await.iter().filter(|mail| mail["to"] == mine && mail["body"].as_str().unwrap().contains("Priya")).count();
        assert_eq!(heard, 0);
    }

    async fn operators_name_the_tenant_they_act_in(app: TestApp) {
        let tenant = app.tenant("Named").await;
        app.operator().get("/v1/leads").await.problem(400, "auth.tenant_required");
        app.operator().with_header("x-tenant-id", "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11").get("/v1/leads").await.problem(404, "tenant.not_found");
        app.operator().with_header("x-tenant-id", "nonsense").get("/v1/leads").await.problem(404, "tenant.not_found");
        tenant.as_operator(&app).post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        let made = events(&app, &tenant, "lead.created").await;
        assert_eq!(made[0]["actor_type"], "operator");
        tenant.owner.get("/v1/ops/tasks").await.problem(403, "auth.operator_required");
        let elsewhere = app.tenant("Elsewhere").await;
        let sneaky = tenant.owner.with_header("x-tenant-id", &elsewhere.id);
        assert_eq!(sneaky.get("/v1/me").await.ok()["tenant"]["id"], json!(tenant.id), "the header is for operators only");
    }

    async fn a_suspended_tenant_is_out_at_once_and_back_by_the_operators(app: TestApp) {
        let tenant = app.growth("Suspended").await;
        let key = tenant.api_key(&["leads:read"]).await;
        let path = format!("/v1/tenants/{}", tenant.id);
        app.operator().patch(&path, json!({ "status": "suspended" })).await.ok();
        tenant.owner.get("/v1/me").await.expect(401);
        key.get("/v1/leads").await.expect(401);
        refresh(&app, &tenant.refresh_token).await.expect(401);
        app.anonymous().post("/v1/auth/login", json!({ "email": tenant.email(), "password": PASSWORD })).await.expect(403);
        app.operator().patch(&path, json!({ "status": "active" })).await.ok();
        tenant.owner.get("/v1/me").await.ok();
        key.get("/v1/leads").await.ok();
    }

    async fn every_mutation_leaves_an_event_with_its_actor_and_request(app: TestApp) {
        let tenant = app.growth("Audit").await;
        let me = json!(id_of(&tenant.owner).await);
        let lead = tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        let lead_path = format!("/v1/leads/{}", lead["id"].as_str().unwrap());
        let campaign = tenant.owner.post("/v1/ad-campaigns", crate::support::growth_campaign("meta", "1201", "6101", "1501")).await.created();
        let campaign_path = format!("/v1/ad-campaigns/{}", campaign["id"].as_str().unwrap());
        let audience = json!({ "description": "Buyers", "locations": ["Andheri"] });
        let mutations = [
            ("PATCH", "/v1/tenants/current".to_string(), json!({ "name": "Audited" }), "tenant.updated"),
            ("PUT", "/v1/tenants/current/audience".into(), audience, "tenant.updated"),
            ("PATCH", "/v1/me".into(), json!({ "name": "Rajesh" }), "user.updated"),
            ("POST", "/v1/invitations".into(), json!({ "email": "a@example.com", "role": "agent" }), "user.invited"),
            ("POST", "/v1/api-keys".into(), json!({ "name": "k", "scopes": ["leads:read"] }), "api_key.created"),
            ("POST", "/v1/leads".into(), json!({ "name": "Ravi", "email": "ravi@example.com" }), "lead.created"),
            ("PATCH", lead_path.clone(), json!({ "company": "Verma" }), "lead.updated"),
            ("PATCH", lead_path.clone(), json!({ "status": "contacted" }), "lead.status_changed"),
            ("POST", format!("{lead_path}/assign"), json!({ "user_id": me }), "lead.assigned"),
            ("POST", format!("{lead_path}/notes"), json!({ "body": "Call her." }), "lead.note_added"),
            ("PATCH", "/v1/subscriptions/current".into(), json!({ "overage_policy": "bill" }), "subscription.updated"),
            ("PATCH", campaign_path.clone(), json!({ "name": "Renamed" }), "ad_campaign.updated"),
            ("POST", format!("{campaign_path}/activate"), json!({}), "ad_campaign.submitted"),
            ("POST", format!("{campaign_path}/complete"), json!({}), "ad_campaign.completed"),
            ("PATCH", "/v1/notifications/preferences".into(), json!({ "lead_created": { "email": false } }), "user.updated"),
            ("POST", "/v1/auth/logout".into(), json!({}), "session.ended"),
        ];
        for (n, (method, path, body, kind)) in mutations.into_iter().enumerate() {
            let request = format!("audit-request-{n}");
            let answer = tenant.owner.call(method, &path).json(body).header("x-request-id", &request).await;
            assert!(answer.status < 300, "{method} {path}: {}", answer.text);
            let found = events(&app, &tenant, kind).await;
            let event = found.iter().find(|event| event["request_id"] == json!(request));
            let event = event.unwrap_or_else(|| panic!("{method} {path} left no {kind} of its request: {found:?}"));
            assert_eq!((&event["actor_type"], &event["actor_id"]), (&json!("user"), &me), "{method} {path}");
        }
    }

    async fn preferences_changed_at_two_doors_are_both_kept(app: TestApp) {
        let tenant = app.tenant("Two doors").await;
        let choices = "/v1/notifications/preferences";
        let before = tenant.owner.get(choices).await;
        tenant.owner.patch("/v1/me", json!({ "preferences": { "theme": "dark" } })).await.ok();
        assert_ne!(tenant.owner.get(choices).await.header("etag"), before.header("etag"), "the same document");
        let (of, user): (TenantId, UserId) = (tenant.id.parse().unwrap(), id_of(&tenant.owner).await.parse().unwrap());
        let meanwhile = move |tx: &mut PlatformTx<'_>| {
            use leadwright::tenants::schema::memberships;
            let tx = &mut tx.for_tenant(of);
            lock_tenant(tx, "members")?;
            let row = memberships::table.find((of, user));
            let light = memberships::preferences.eq(Json::of(&json!({ "theme": "light" })));
            diesel::update(row).set((light, memberships::version.eq(memberships::version + 1))).execute(tx.conn())?;
            Ok(())
        };
        let quiet = json!({ "lead_created": { "email": false } });
        app.overtaken(meanwhile, async { tenant.owner.patch(choices, quiet).await.ok() }).await;
        let me = tenant.owner.get("/v1/me").await.ok();
        assert_eq!(me["preferences"]["theme"], "light");
        assert_eq!(tenant.owner.get(choices).await.ok()["lead_created"]["email"], false);
    }

    async fn two_changes_of_one_task_are_not_both_right(app: TestApp) {
        app.growth("Tasks").await;
        app.run_jobs().await;
        let task = app.operator().get("/v1/ops/tasks").await.ok()["data"][0].clone();
        let path = format!("/v1/ops/tasks/{}", task["id"].as_str().unwrap());
        let meanwhile = move |tx: &mut PlatformTx<'_>| {
            use leadwright::ops::schema::ops_tasks;
            let done = (ops_tasks::status.eq("done"), ops_tasks::version.eq(ops_tasks::version + 1));
            diesel::update(ops_tasks::table).set(done).execute(tx.conn())?;
            Ok(())
        };
        let read = app.operator().get(&path).await;
        let operator = app.operator().with_header("if-match", read.header("etag").expect("an etag"));
        let late = app.overtaken(meanwhile, async { operator.patch(&path, json!({ "status": "in_progress" })).await.status }).await;
        assert!([409, 412].contains(&late), "{late}");
        assert_eq!(app.operator().get(&path).await.ok()["status"], "done");
    }
}
