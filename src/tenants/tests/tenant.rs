use super::*;
use crate::engine::http::once;
use crate::tenants::prune;

on_both_engines! {
    async fn settings_merge_and_are_checked(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let change = json!({"time_zone": "Europe/Berlin", "settings": {"service_areas": ["Andheri"],
            "notification_recipients": {"whatsapp": ["98765 43210"]}}});
        let changed = office.patch("/tenants/current", owner, change).await;
        assert_eq!(changed.etag.as_deref(), Some("\"v3\""));
        assert_eq!(changed.body["settings"]["notification_recipients"]["whatsapp"], json!(["+919876543210"]));
        assert_eq!(changed.body["settings"]["billing_dedupe_days"], 30);
        let kept =
            office.patch("/tenants/current", owner, json!({"settings": {"scoring_model": "default_b2b"}})).await.expect(200);
        assert_eq!(kept["settings"]["service_areas"], json!(["Andheri"]));
        assert_eq!(kept["time_zone"], "Europe/Berlin");
        for (wrong, pointer) in [
            (json!({"time_zone": "Mars/Olympus"}), "/time_zone"),
            (json!({"country": "XX"}), "/country"),
            (json!({"settings": {"colour": "red"}}), "/settings/colour"),
            (json!({"settings": {"billing_dedupe_days": 366}}), "/settings/billing_dedupe_days"),
            (json!({"settings": {"branding": {"primary_color": "#zzzzzz"}}}), "/settings/branding/primary_color"),
            (json!({"settings": {"branding": {"logo_url": "x"}}}), "/settings/branding/logo_url"),
            (
                json!({"settings": {"business_hours": {"monday": {"opens": "18:00", "closes": "09:00"}}}}),
                "/settings/business_hours/monday/closes",
            ),
            (
                json!({"settings": {"business_hours": {"someday": {"opens": "09:00", "closes": "18:00"}}}}),
                "/settings/business_hours",
            ),
        ] {
            let refused = office.patch("/tenants/current", owner, wrong).await.expect(422);
            assert!(text(&refused["errors"][0]["pointer"]).starts_with(pointer), "{refused}");
        }
        let stale =
            office.send("PATCH /tenants/current", owner, Some(json!({"name": "B"})), &[("If-Match", "\"v1\"")]).await;
        stale.refused(412, "request.precondition_failed");
    }

    async fn onboarding_completes_once(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let profile =
            json!({"industry": "Real estate", "description": "Flats", "locations": ["Mumbai"], "phone": "98765 00000"});
        let audience = json!({"description": "First-time buyers", "locations": ["Andheri"]});
        let stored = office.put("/tenants/current/profile", owner, profile.clone()).await.expect(200);
        assert_eq!(stored["phone"], "+919876500000");
        let progress = office.get("/tenants/current/onboarding", owner).await.expect(200);
        assert_eq!((&progress["business_profile"], &progress["completed"]), (&json!(true), &json!(false)));
        let wrong = json!({"age_min": 40, "age_max": 30});
        office.put("/tenants/current/audience", owner, wrong).await.refused(422, "request.invalid");
        office.put("/tenants/current/audience", owner, audience.clone()).await.expect(200);
        office.put("/tenants/current/audience", owner, audience).await.expect(200);
        let progress = office.get("/tenants/current/onboarding", owner).await.expect(200);
        assert_eq!((&progress["completed"], &progress["onboarded_at"]), (&json!(true), &json!("2026-11-20T09:00:00Z")));
        let events = office.events(owner).await;
        assert_eq!(events.iter().filter(|kind| *kind == "tenant.onboarded").count(), 1);
        let page = office.get("/events?type=tenant.onboarded&limit=1", owner).await.expect(200);
        assert_eq!(page["data"][0]["subject_id"], acme["tenant"]["id"]);
        let half = office.get("/events?subject_type=tenant", owner).await.expect(422);
        assert_eq!(half["errors"][0]["pointer"], "subject_id");
        assert_eq!(office.get("/tenants/current/profile", owner).await.expect(200)["industry"], "Real estate");
    }

    async fn operators_create_find_and_suspend_tenants(office: Office) {
        let operator = &office.operator().await;
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        office.get("/tenants", owner).await.refused(403, "auth.operator_required");
        office.core.clock.advance(chrono::Duration::seconds(1));
        let new = json!({"business_name": "Zenith_Homes", "owner_email": "z@example.com"});
        let made = office.post("/tenants", operator, new).await.expect(201);
        let accept = json!({"token": made["invitation"]["token"], "password": PASSWORD});
        let joined = office.post("/invitations/accept", "", accept).await.expect(201);
        assert_eq!(office.get("/me", text(&joined["access_token"])).await.expect(200)["role"], "owner");

        let names = |page: Value| -> Vec<String> {
            page["data"].as_array().unwrap().iter().map(|tenant| text(&tenant["name"]).to_string()).collect()
        };
        let first = office.get("/tenants?limit=1", operator).await.expect(200);
        let rest = format!("/tenants?limit=1&cursor={}", text(&first["next_cursor"]));
        assert_eq!(names(first), ["Zenith_Homes"]);
        assert_eq!(names(office.get(&rest, operator).await.expect(200)), ["acme"]);
        assert_eq!(names(office.get("/tenants?q=H_HO", operator).await.expect(200)), ["Zenith_Homes"]);
        assert_eq!(names(office.get("/tenants?q=ac_e", operator).await.expect(200)), Vec::<String>::new());

        let path = format!("/tenants/{}", text(&acme["tenant"]["id"]));
        office.patch(&path, operator, json!({"status": "suspended"})).await.expect(200);
        office.get("/me", owner).await.refused(401, "auth.session_ended");
        let refresh = json!({"refresh_token": acme["refresh_token"]});
        office.post("/auth/refresh", "", refresh.clone()).await.refused(401, "auth.session_ended");
        let login = json!({"email": "owner@acme.example.com", "password": PASSWORD});
        office.post("/auth/login", "", login).await.refused(403, "tenant.suspended");
        assert_eq!(names(office.get("/tenants?status=suspended", operator).await.expect(200)), ["acme"]);
        office.patch(&path, operator, json!({"status": "active"})).await.expect(200);
        office.post("/auth/refresh", "", refresh).await.expect(200);
        office.get("/me", operator).await.refused(400, "auth.tenant_required");
        let tenant = text(&acme["tenant"]["id"]);
        let me = office.send("GET /me", operator, None, &[("X-Tenant-Id", tenant)]).await.expect(200);
        assert_eq!((&me["user"], &me["tenant"]["id"]), (&Value::Null, &acme["tenant"]["id"]));
        let absent = "/tenants/019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10";
        office.get(absent, operator).await.refused(404, "tenant.not_found");
    }

    async fn what_expired_is_forgotten_and_nothing_else(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let prune = || office.core.db.write(PlatformScope::system(), prune::forget);
        assert_eq!(prune().await.unwrap(), 0);
        office.get("/me", owner).await.expect(200);
        office.post("/invitations", owner, json!({"email": "a@example.com", "role": "agent"})).await.expect(201);
        office.core.clock.advance(chrono::Duration::days(31));
        assert_eq!(prune().await.unwrap(), 1, "the session, and with it its token");
        office.core.clock.advance(chrono::Duration::days(7));
        assert_eq!(prune().await.unwrap(), 2, "the invitation, and the link of verification");
    }

    async fn stored_answers_are_forgotten_when_they_expired_and_page_by_page(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        for key in ["first", "second", "third"] {
            let invited = json!({"email": format!("{key}@example.com"), "role": "agent"});
            office.send("POST /invitations", owner, Some(invited), &[("Idempotency-Key", key)]).await.expect(201);
        }
        let prune = || office.core.db.write(PlatformScope::system(), |tx| once::prune(tx, 2));
        assert_eq!(prune().await.unwrap(), 0, "none has expired");
        office.core.clock.advance(chrono::Duration::days(2));
        assert_eq!(prune().await.unwrap(), 2);
        assert_eq!(prune().await.unwrap(), 1);
        assert_eq!(prune().await.unwrap(), 0);
    }
}
