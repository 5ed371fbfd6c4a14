use super::*;

on_both_engines! {
    async fn an_invitation_works_once_and_for_a_week(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let invite = json!({"email": "asha@acme.example.com", "role": "agent"});
        let first = office.post("/invitations", owner, invite.clone()).await.expect(201);
        let url = text(&first["accept_url"]);
        assert_eq!(url, format!("https://leads.example.com/invitations/accept?token={}", text(&first["token"])));
        let second = office.post("/invitations", owner, invite.clone()).await.expect(201);
        let accept = |token: &Value| json!({"token": token, "name": "Asha", "password": PASSWORD});
        let withdrawn = office.post("/invitations/accept", "", accept(&first["token"])).await;
        withdrawn.refused(409, "invitation.not_pending");
        let asha = office.post("/invitations/accept", "", accept(&second["token"])).await.expect(201);
        assert_eq!(asha["tenant"]["id"], acme["tenant"]["id"]);
        office.post("/invitations/accept", "", accept(&second["token"])).await.refused(409, "invitation.not_pending");
        office.post("/invitations/accept", "", accept(&json!("inv_x"))).await.refused(404, "invitation.not_found");
        office.post("/invitations", owner, invite).await.refused(409, "user.already_member");
        let listed = office.get("/invitations", owner).await.expect(200);
        let status: Vec<_> = listed["data"].as_array().unwrap().iter().map(|one| text(&one["status"])).collect();
        assert_eq!(status, ["accepted", "revoked"]);
        assert!(!listed.to_string().contains("token"));

        let late = json!({"email": "late@acme.example.com", "role": "viewer"});
        let late = office.post("/invitations", owner, late).await.expect(201);
        office.core.clock.advance(chrono::Duration::days(7));
        office.post("/invitations/accept", "", accept(&late["token"])).await.refused(409, "invitation.not_pending");
    }

    async fn one_account_may_belong_to_two_tenants(office: Office) {
        let (acme, zenith) = (office.sign_up("acme").await, office.sign_up("zenith").await);
        office.core.clock.advance(chrono::Duration::seconds(1));
        let invite = json!({"email": "owner@zenith.example.com", "role": "viewer"});
        let offered = office.post("/invitations", text(&acme["access_token"]), invite).await.expect(201);
        let accept = |password: &str| json!({"token": offered["token"], "password": password});
        let wrong = office.post("/invitations/accept", "", accept("some-other-password")).await;
        wrong.refused(401, "auth.invalid_credentials");
        let joined = office.post("/invitations/accept", "", accept(PASSWORD)).await.expect(201);
        let me = office.get("/me", text(&joined["access_token"])).await.expect(200);
        assert_eq!((text(&me["role"]), me["memberships"].as_array().unwrap().len()), ("viewer", 2));
        let log_in =
            |tenant: Value| json!({"email": "owner@zenith.example.com", "password": PASSWORD, "tenant_id": tenant});
        let into = office.post("/auth/login", "", log_in(acme["tenant"]["id"].clone())).await.expect(200);
        assert_eq!(into["tenant"]["id"], acme["tenant"]["id"]);
        let first = office.post("/auth/login", "", log_in(Value::Null)).await.expect(200);
        assert_eq!(first["tenant"]["id"], zenith["tenant"]["id"]);
        let strange = json!("019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10");
        office.post("/auth/login", "", log_in(strange)).await.refused(403, "auth.no_membership");
    }

    async fn a_tenant_keeps_an_owner(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let path = format!("/users/{}", text(&acme["user"]["id"]));
        office.patch(&path, owner, json!({"role": "admin"})).await.refused(409, "user.last_owner");
        office.patch(&path, owner, json!({"status": "disabled"})).await.refused(409, "user.last_owner");
        office.delete(&path, owner).await.refused(409, "user.last_owner");
        let second = office.join(owner, "second@acme.example.com", "owner").await;
        office.delete(&path, owner).await.expect(204);
        office.get("/me", owner).await.refused(401, "auth.session_ended");
        let second_owner = text(&second["access_token"]);
        office.get(&path, second_owner).await.refused(404, "user.not_found");
        let removed = office.get("/users?status=removed", second_owner).await.expect(200);
        assert_eq!(removed["data"].as_array().unwrap().len(), 1);
        let back = json!({"email": "owner@acme.example.com", "role": "agent"});
        let offered = office.post("/invitations", second_owner, back).await.expect(201);
        let accept = json!({"token": offered["token"], "password": PASSWORD});
        office.post("/invitations/accept", "", accept).await.expect(201);
        assert_eq!(office.get(&path, second_owner).await.expect(200)["role"], "agent");
    }

    async fn nobody_raises_anybody_above_themselves(office: Office) {
        let acme = office.sign_up_with_api("acme").await;
        let owner = text(&acme["access_token"]);
        let admin = office.join(owner, "admin@acme.example.com", "admin").await;
        let agent = office.join(owner, "agent@acme.example.com", "agent").await;
        let (admin_token, agent_token) = (text(&admin["access_token"]), text(&agent["access_token"]));
        let owner_path = format!("/users/{}", text(&acme["user"]["id"]));
        let agent_path = format!("/users/{}", text(&agent["user"]["id"]));
        office.patch(&owner_path, admin_token, json!({"role": "agent"})).await.refused(403, "user.owner_required");
        office.delete(&owner_path, admin_token).await.refused(403, "user.owner_required");
        office.patch(&agent_path, admin_token, json!({"role": "owner"})).await.refused(403, "user.owner_required");
        let invite = json!({"email": "x@acme.example.com", "role": "owner"});
        office.post("/invitations", admin_token, invite).await.refused(403, "user.owner_required");
        office.patch(&agent_path, agent_token, json!({"role": "admin"})).await.refused(403, "auth.forbidden");
        let raised = office.patch(&agent_path, admin_token, json!({"role": "admin"})).await;
        assert_eq!((raised.status, raised.etag.as_deref()), (200, Some("\"v2\"")));
        let stale = [("If-Match", "\"v1\"")];
        let lower = Some(json!({"role": "viewer"}));
        let refused = office.send(&format!("PATCH {agent_path}"), admin_token, lower, &stale).await;
        refused.refused(412, "request.precondition_failed");
        office.patch(&agent_path, admin_token, json!({"status": "disabled"})).await.expect(200);
        office.get("/me", agent_token).await.refused(401, "auth.session_ended");

        let scopes = json!({"name": "People", "scopes": ["users:read", "users:write"]});
        let key = office.post("/api-keys", owner, scopes).await.expect(201);
        let invite = json!({"email": "x@acme.example.com", "role": "admin"});
        office.post("/invitations", text(&key["key"]), invite).await.refused(403, "auth.forbidden");
    }

    async fn strangers_see_nobody(office: Office) {
        let (acme, zenith) = (office.sign_up("acme").await, office.sign_up("zenith").await);
        let stranger = text(&zenith["access_token"]);
        let path = format!("/users/{}", text(&acme["user"]["id"]));
        office.get(&path, stranger).await.refused(404, "user.not_found");
        office.patch(&path, stranger, json!({"role": "viewer"})).await.refused(404, "user.not_found");
        office.delete(&path, stranger).await.refused(404, "user.not_found");
        let invite = json!({"email": "asha@acme.example.com", "role": "agent"});
        let offered = office.post("/invitations", text(&acme["access_token"]), invite).await.expect(201);
        let path = format!("/invitations/{}", text(&offered["id"]));
        office.delete(&path, stranger).await.refused(404, "invitation.not_found");
        let users = office.get("/users", stranger).await.expect(200);
        assert_eq!(users["data"].as_array().unwrap().len(), 1);
    }

    async fn users_are_listed_page_by_page(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        for name in ["a", "b"] {
            office.core.clock.advance(chrono::Duration::microseconds(1));
            office.join(owner, &format!("{name}@acme.example.com"), "viewer").await;
        }
        let mut path = "/users?limit=1".to_string();
        let mut seen = Vec::new();
        loop {
            let page = office.get(&path, owner).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(|user| text(&user["email"]).to_string()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/users?limit=1&cursor={cursor}");
        }
        assert_eq!(seen, ["owner@acme.example.com", "a@acme.example.com", "b@acme.example.com"]);
        office.get("/users?cursor=x", owner).await.refused(422, "request.invalid");
    }

    async fn users_change_their_name_and_preferences(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let change = json!({"name": "Rajesh", "preferences": {"lead.created": {"email": false}, "quiet": true}});
        office.patch("/me", owner, change).await.expect(200);
        let me = office.patch("/me", owner, json!({"preferences": {"quiet": null}})).await.expect(200);
        assert_eq!((text(&me["user"]["name"]), &me["preferences"]), ("Rajesh", &json!({"lead.created": {"email": false}})));
    }
}
