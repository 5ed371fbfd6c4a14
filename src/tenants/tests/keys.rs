use super::*;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::db::{Origin, TenantScope, TenantTx};
use crate::tenants::{ensure_operator, store};

on_both_engines! {
    async fn a_key_is_shown_once_and_does_what_its_scopes_say(office: Office) {
        let acme = office.sign_up_with_api("acme").await;
        let owner = text(&acme["access_token"]);
        let body = json!({"name": "Website", "scopes": ["leads:read", "tenant:read", "leads:read"]});
        let made = office.post("/api-keys", owner, body).await.expect(201);
        let key = text(&made["key"]);
        assert!(key.starts_with("lw_") && key.len() == 46);
        assert_eq!(made["scopes"].as_array().unwrap().len(), 2);
        let me = office.get("/me", key).await.expect(200);
        assert_eq!((&me["user"], &me["role"]), (&Value::Null, &Value::Null));
        office.get("/tenants/current", key).await.expect(200);
        office.get("/users", key).await.refused(403, "auth.forbidden");
        office.patch("/me", key, json!({"name": "x"})).await.refused(403, "auth.user_required");
        office.send("POST /auth/logout", key, None, &[]).await.refused(403, "auth.user_required");
        let path = format!("/api-keys/{}", text(&made["id"]));
        let seen = office.get(&path, owner).await.expect(200);
        assert!(!seen.to_string().contains(key) && seen["last_used_at"].is_string());
        office.delete(&path, owner).await.expect(204);
        office.delete(&path, owner).await.expect(204);
        office.get("/me", key).await.refused(401, "auth.invalid_key");
        let events = office.events(owner).await;
        assert_eq!(events.iter().filter(|kind| kind.starts_with("api_key.")).count(), 2, "{events:?}");
    }

    async fn nobody_hands_out_more_than_they_hold(office: Office) {
        let acme = office.sign_up_with_api("acme").await;
        let owner = text(&acme["access_token"]);
        let admin = office.join(owner, "admin@acme.example.com", "admin").await;
        let admin = text(&admin["access_token"]);
        let billing = json!({"name": "Books", "scopes": ["leads:read", "billing:write"]});
        let refused = office.post("/api-keys", admin, billing.clone()).await.expect(422);
        assert_eq!(
            (text(&refused["errors"][0]["pointer"]), text(&refused["errors"][0]["code"])),
            ("/scopes/1", "not_held")
        );
        let made = office.post("/api-keys", owner, billing).await.expect(201);
        let rotate = format!("/api-keys/{}/rotate", text(&made["id"]));
        office.post(&rotate, admin, json!({})).await.refused(403, "auth.forbidden");
        let small = json!({"name": "Keys", "scopes": ["api_keys:write"]});
        let small = office.post("/api-keys", owner, small).await.expect(201);
        let wider = json!({"name": "More", "scopes": ["leads:read"]});
        office.post("/api-keys", text(&small["key"]), wider).await.refused(422, "request.invalid");
        let unknown = json!({"name": "x", "scopes": ["leads:fly"]});
        let refused = office.post("/api-keys", owner, unknown).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], "/scopes/0");
    }

    async fn a_rotated_key_overlaps_with_the_old_one(office: Office) {
        let acme = office.sign_up_with_api("acme").await;
        let owner = text(&acme["access_token"]);
        let old = office.post("/api-keys", owner, json!({"name": "A", "scopes": ["tenant:read"]})).await.expect(201);
        let path = format!("/api-keys/{}/rotate", text(&old["id"]));
        let new = office.post(&path, owner, json!({"overlap_seconds": 60})).await.expect(201);
        office.post(&path, owner, json!({})).await.refused(409, "api_key.already_rotated");
        office.get("/me", text(&old["key"])).await.expect(200);
        office.core.clock.advance(chrono::Duration::seconds(60));
        office.get("/me", text(&old["key"])).await.refused(401, "auth.invalid_key");
        office.get("/me", text(&new["key"])).await.expect(200);
        office.post(&path, owner, json!({})).await.refused(409, "api_key.ended");
    }

    async fn keys_expire_and_strangers_do_not_see_them(office: Office) {
        let (acme, zenith) = (office.sign_up_with_api("acme").await, office.sign_up_with_api("zenith").await);
        let owner = text(&acme["access_token"]);
        let new = json!({"name": "A", "scopes": ["tenant:read"], "expires_at": "2026-11-20T09:05:00Z"});
        let made = office.post("/api-keys", owner, new).await.expect(201);
        let path = format!("/api-keys/{}", text(&made["id"]));
        let stranger = text(&zenith["access_token"]);
        office.get(&path, stranger).await.refused(404, "api_key.not_found");
        office.delete(&path, stranger).await.refused(404, "api_key.not_found");
        office.patch(&path, stranger, json!({"name": "x"})).await.refused(404, "api_key.not_found");
        let past = json!({"expires_at": "2026-11-20T08:00:00Z"});
        office.patch(&path, owner, past).await.refused(422, "request.invalid");
        office.get("/me", text(&made["key"])).await.expect(200);
        office.core.clock.advance(chrono::Duration::minutes(5));
        office.get("/me", text(&made["key"])).await.refused(401, "auth.invalid_key");
        office.patch(&path, owner, json!({"expires_at": null})).await.refused(409, "api_key.ended");
    }

    async fn a_plan_without_api_access_gives_no_keys(office: Office) {
        let acme = office.sign_up("acme").await;
        let owner = text(&acme["access_token"]);
        let tenant: TenantId = text(&acme["tenant"]["id"]).parse().unwrap();
        let plan = |tx: &mut TenantTx<'_>| store::set_entitlements(tx, Some(&["whatsapp_integration".to_string()]));
        office.core.db.write(TenantScope::mint(tenant, Origin::system()), plan).await.unwrap();
        let body = json!({"name": "A", "scopes": ["tenant:read"]});
        office.post("/api-keys", owner, body).await.refused(403, "feature_not_in_plan");
        let me = office.get("/me", owner).await.expect(200);
        assert_eq!(me["features"], json!(["whatsapp_integration"]));
        let onboarding = office.get("/tenants/current/onboarding", owner).await.expect(200);
        assert_eq!(onboarding["subscription"], true);
    }

    async fn the_use_of_an_operators_key_is_noted_at_most_once_a_minute(office: Office) {
        let key = &office.operator().await;
        let acme = office.sign_up("acme").await;
        let tenant = text(&acme["tenant"]["id"]);
        let noted = async || {
            let look = |tx: &mut PlatformTx<'_>| {
                use crate::tenants::schema::operator_keys;
                use diesel::prelude::*;
                Ok(operator_keys::table.select(operator_keys::last_used_at).first::<Option<Timestamp>>(tx.conn())?)
            };
            office.core.db.read(PlatformScope::system(), look).await.unwrap()
        };
        assert_eq!(noted().await, None);
        office.get("/tenants", key).await.expect(200);
        let first = office.core.clock.now();
        assert_eq!(noted().await, Some(first));
        office.core.clock.advance(chrono::Duration::seconds(60));
        office.get("/tenants", key).await.expect(200);
        assert_eq!(noted().await, Some(first), "not twice within a minute");
        office.core.clock.advance(chrono::Duration::seconds(1));
        office.send("GET /me", key, None, &[("X-Tenant-Id", tenant)]).await.expect(200);
        assert_eq!(noted().await, Some(office.core.clock.now()), "acting in a tenant is a use as well");
    }

    async fn the_configured_operator_is_made_once(office: Office) {
        let ensure = |key: &'static str| {
            office.core.db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| ensure_operator(tx, "Root", key))
        };
        let key = "lw_0123456789012345678901234567890123";
        let first = ensure(key).await.unwrap();
        assert_eq!(ensure(key).await.unwrap(), first);
        for weak in ["", "lw_short", "xx_0123456789012345678901234567890123"] {
            assert_eq!(ensure(weak).await.unwrap_err().code(), "config.operator_key");
        }
        let listed = office.get("/ops/operators", key).await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 1);
        let key_path = |operator: &Value| format!("/ops/operators/{}/keys", text(&operator["id"]));
        let only = &listed["data"][0];
        let revoke = format!("{}/{}", key_path(only), text(&only["keys"][0]["id"]));
        office.delete(&revoke, key).await.refused(409, "operator.last_key");
        let second = office.post(&key_path(only), key, json!({"name": "Laptop"})).await.expect(201);
        office.delete(&revoke, text(&second["key"])).await.expect(204);
        office.get("/ops/operators", key).await.refused(401, "auth.invalid_key");
        assert_eq!(ensure(key).await.unwrap_err().code(), "config.operator_key");
        let meera = office.post("/ops/operators", text(&second["key"]), json!({"name": "Meera"})).await.expect(201);
        office.get("/tenants", text(&meera["key"])).await.expect(200);
    }
}
