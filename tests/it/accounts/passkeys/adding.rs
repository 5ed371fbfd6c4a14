//! Adding passkeys: the first one is a second factor, and whose each is.

use serde_json::{Value, json};

use super::{add, begin, device, enter_by, list, off, options, page, path_of, user_events, why};
use crate::accounts::{client_of, log_in, mails_to};
use crate::both_engines;
use crate::support::{Authenticator, PASSWORD};

both_engines! {
    async fn a_passkey_is_added_and_logs_in_without_an_address(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let asked = begin(&tenant.owner).await;
        assert_eq!(asked["rp"], json!({ "id": "localhost", "name": app.app.core.settings.platform_name }));
        assert_eq!((&asked["user"]["name"], &asked["attestation"]), (&json!(tenant.email()), &json!("none")));
        let algorithms: Vec<i64> = asked["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].as_i64().unwrap()).collect();
        assert_eq!(algorithms, [-7, -8, -257]);
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");

        let devices = [Authenticator::security_key(&page(&app)), Authenticator::synced(&page(&app))];
        for (name, mut device) in ["Counting", "Synced"].into_iter().zip(devices) {
            let tenant = app.tenant(name).await;
            let made = device.create(&begin(&tenant.owner).await);
            let answer = add(&tenant.owner, &made).await;
            let location = answer.header("location").expect("where it is").to_string();
            let added = answer.created();
            assert_eq!(tenant.owner.get(&location).await.ok()["id"], added["id"]);
            assert_eq!((&added["last_used_at"], &added["transports"]), (&Value::Null, &json!(["internal", "hybrid"])));
            // What a page tells the browser of which passkeys there are.
            assert_eq!((&added["credential_id"], &added["domain"]), (&made["id"], &json!("localhost")));
            assert_eq!(added["user_handle"], json!(device.handle));
            app.advance(chrono::Duration::seconds(5));
            let signed_in = enter_by(&app, &mut device).await.ok();
            assert_eq!(signed_in["user"]["email"], json!(tenant.email()));
            client_of(&app, &signed_in).get("/v1/me").await.ok();
            let seen = tenant.owner.get(&location).await.ok();
            assert_eq!(seen["last_used_at"], json!(app.clock.now()));
            assert_eq!((&seen["can_be_backed_up"], &seen["is_backed_up"]), (&json!(device.can_be_backed_up), &json!(device.is_backed_up)));
            device.is_backed_up = false;
            enter_by(&app, &mut device).await.ok();
            assert_eq!(tenant.owner.get(&location).await.ok()["is_backed_up"], false);
            assert_eq!(list(&tenant.owner).await.len(), 1);
            app.run_jobs().await;
            let mails = mails_to(&app, &tenant.email()).await;
            assert!(mails.iter().any(|mail| mail.contains("The passkey “Phone” was added to your account")), "{mails:?}");
            assert_eq!(user_events(&tenant.owner, "user.passkey_added").await.len(), 1);
        }
    }

    async fn the_first_one_is_a_second_factor_with_recovery_codes(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        log_in(&app, &tenant.email(), PASSWORD).await.ok();
        let (_, added) = device(&app, &tenant.owner).await;
        let codes = added["recovery_codes"].as_array().expect("codes").clone();
        assert_eq!(codes.len(), 10);
        assert_eq!(tenant.owner.get("/v1/me/second-factor").await.ok(), json!({ "enabled_at": null, "passkeys": 1, "recovery_codes_left": 10 }));
        let asked = log_in(&app, &tenant.email(), PASSWORD).await.expect(202);
        assert_eq!(asked["methods"], json!(["passkey", "code"]));
        let answer = json!({ "challenge": asked["challenge"], "code": codes[0] });
        app.anonymous().post("/v1/auth/second-factor", answer).await.ok();
        // Another one takes more than the password now: a recovery code, or a passkey.
        let body = json!({ "current_password": PASSWORD });
        tenant.owner.post("/v1/me/passkeys/options", body).await.invalid("/code");
        let body = json!({ "current_password": PASSWORD, "code": codes[1] });
        let begun = tenant.owner.post("/v1/me/passkeys/options", body).await.ok();
        assert_eq!(begun["public_key"]["excludeCredentials"].as_array().unwrap().len(), 1);
        let made = Authenticator::synced(&page(&app)).create(&begun["public_key"]);
        assert_eq!(add(&tenant.owner, &made).await.created()["recovery_codes"], Value::Null);
    }

    async fn an_app_may_go_and_passkeys_stay(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let begun = tenant.owner.post("/v1/me/second-factor", json!({ "current_password": PASSWORD })).await.created();
        let code = crate::accounts::code(begun["secret"].as_str().unwrap(), app.clock.now().seconds());
        let confirmed = tenant.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code })).await.ok();
        let codes = confirmed["recovery_codes"].clone();
        tenant.owner.post("/v1/me/passkeys/options", json!({ "current_password": PASSWORD, "code": "000000" })).await.invalid("/code");
        let body = json!({ "current_password": PASSWORD, "code": codes[0] });
        let asked = tenant.owner.post("/v1/me/passkeys/options", body).await.ok();
        let mut device = Authenticator::security_key(&page(&app));
        let added = add(&tenant.owner, &device.create(&asked["public_key"])).await.created();
        assert_eq!(added["recovery_codes"], Value::Null, "there are some");
        off(&tenant.owner, json!({ "current_password": PASSWORD, "code": codes[1], "keeps_passkeys": true })).await.expect(204);
        assert_eq!(tenant.owner.get("/v1/me/second-factor").await.ok(), json!({ "enabled_at": null, "passkeys": 1, "recovery_codes_left": 8 }));
        let nothing = json!({ "current_password": PASSWORD, "code": codes[2], "keeps_passkeys": true });
        off(&tenant.owner, nothing).await.problem(409, "second_factor.not_enabled");
        // The app may come back, beside the passkey, and takes more than a password.
        tenant.owner.post("/v1/me/second-factor", json!({ "current_password": PASSWORD })).await.invalid("/code");
        let proof = device.get(&options(&app).await);
        tenant.owner.post("/v1/me/second-factor", json!({ "credential": proof })).await.created();
        assert_eq!(tenant.owner.get("/v1/me/second-factor").await.ok()["recovery_codes_left"], 8);
        enter_by(&app, &mut device).await.ok();
        app.run_jobs().await;
        let mails = mails_to(&app, &tenant.email()).await;
        assert!(mails.iter().any(|mail| mail.contains("authenticator app of your account was removed; its passkeys stay")), "{mails:?}");
    }

    async fn recovery_codes_stay_when_an_app_follows_and_a_passkey_renews_them(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut device, added) = device(&app, &tenant.owner).await;
        let proof = json!({ "credential": device.get(&options(&app).await) });
        let begun = tenant.owner.post("/v1/me/second-factor", proof).await.created();
        let code = crate::accounts::code(begun["secret"].as_str().unwrap(), app.clock.now().seconds());
        let confirmed = tenant.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code })).await.ok();
        assert_eq!(confirmed, json!({ "recovery_codes": null }));
        let enter_with = async |code: &Value| {
            let asked = log_in(&app, &tenant.email(), PASSWORD).await.expect(202);
            app.anonymous().post("/v1/auth/second-factor", json!({ "challenge": asked["challenge"], "code": code })).await
        };
        enter_with(&added["recovery_codes"][0]).await.ok();
        let renew = |body: Value| tenant.owner.post("/v1/me/second-factor/recovery-codes", body);
        renew(json!({})).await.invalid("/code");
        let proof = device.get(&options(&app).await);
        renew(json!({ "code": added["recovery_codes"][1], "credential": proof })).await.invalid("/credential");
        let renewed = renew(json!({ "credential": proof })).await.ok();
        assert_eq!(why(&renew(json!({ "credential": proof })).await.invalid("/credential")), "challenge");
        enter_with(&added["recovery_codes"][1]).await.invalid("/code");
        enter_with(&renewed["recovery_codes"][1]).await.ok();
    }

    async fn a_passkey_proves_who_closes_a_tenant_and_who_accepts_an_invitation(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let (mut own, _) = device(&app, &acme.owner).await;
        let (mut foreign, _) = device(&app, &other.owner).await;
        let invited = other.owner.post("/v1/invitations", json!({ "email": acme.email(), "role": "agent" })).await.created();
        let accept = |mut body: Value| {
            body["token"] = invited["token"].clone();
            app.anonymous().post("/v1/invitations/accept", body)
        };
        accept(json!({})).await.invalid("/password");
        let problem = accept(json!({ "password": PASSWORD })).await.invalid("/code");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("credential"), "{problem}");
        let said = foreign.get(&options(&app).await);
        assert_eq!(why(&accept(json!({ "credential": said })).await.invalid("/credential")), "other_holder");
        let said = own.get(&options(&app).await);
        accept(json!({ "password": PASSWORD, "credential": said })).await.invalid("/credential");
        accept(json!({ "credential": said })).await.created();
        let stranger = acme.owner.post("/v1/invitations", json!({ "email": "new@acme.example.com", "role": "agent" })).await.created();
        let said = own.get(&options(&app).await);
        let body = json!({ "token": stranger["token"], "credential": said });
        app.anonymous().post("/v1/invitations/accept", body).await.invalid("/credential");

        let close = |body: Value| acme.owner.post("/v1/tenants/current/closure", body);
        close(json!({})).await.invalid("/current_password");
        close(json!({ "current_password": PASSWORD })).await.invalid("/code");
        let said = foreign.get(&options(&app).await);
        assert_eq!(why(&close(json!({ "credential": said })).await.invalid("/credential")), "other_holder");
        close(json!({ "credential": own.get(&options(&app).await) })).await.ok();
    }

    async fn a_credential_is_one_accounts_and_there_are_twenty_at_most(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let (mut device, _) = device(&app, &acme.owner).await;
        let own = device.handle.clone();
        let copied = device.create(&begin(&other.owner).await);
        add(&other.owner, &copied).await.problem(409, "passkey.already_registered");
        device.handle = own;
        for _ in 1..20 {
            let proof = json!({ "credential": device.get(&options(&app).await) });
            let begun = acme.owner.post("/v1/me/passkeys/options", proof).await.ok();
            add(&acme.owner, &Authenticator::synced(&page(&app)).create(&begun["public_key"])).await.created();
        }
        let proof = json!({ "credential": device.get(&options(&app).await) });
        acme.owner.post("/v1/me/passkeys/options", proof).await.problem(409, "passkey.limit_reached");
        assert_eq!(list(&acme.owner).await.len(), 20);
    }

    async fn passkeys_are_named_and_are_their_holders_alone(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let agent = tenant.user("agent").await;
        let (_, added) = device(&app, &agent).await;
        let path = path_of(&added);
        for stranger in [&tenant.owner, &app.tenant("Other").await.owner] {
            stranger.get(&path).await.problem(404, "passkey.not_found");
            stranger.patch(&path, json!({ "name": "Mine" })).await.problem(404, "passkey.not_found");
            assert!(list(stranger).await.is_empty());
        }
        let tag = agent.get(&path).await.header("etag").expect("a version").to_string();
        let renamed = agent.patch(&path, json!({ "name": "Old phone" })).header("if-match", &tag).await.ok();
        assert_eq!(renamed["name"], "Old phone");
        agent.patch(&path, json!({ "name": "Newer" })).header("if-match", &tag).await.problem(412, "request.precondition_failed");
        agent.patch(&path, json!({ "name": null })).await.invalid("/name");
        tenant.api_key(&["users:read"]).await.get("/v1/me/passkeys").await.problem(403, "auth.user_required");
    }

    async fn a_removed_one_lets_nobody_in_and_the_last_one_takes_a_proof(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let (mut first, added) = device(&app, &acme.owner).await;
        acme.owner.delete(&path_of(&added)).await.problem(409, "passkey.last_second_factor");
        other.owner.delete(&path_of(&added)).await.problem(404, "passkey.not_found");
        let proof = first.get(&options(&app).await);
        let begun = acme.owner.post("/v1/me/passkeys/options", json!({ "credential": proof })).await.ok();
        let mut second = Authenticator::synced(&page(&app));
        add(&acme.owner, &second.create(&begun["public_key"])).await.created();
        acme.owner.delete(&path_of(&added)).await.expect(204);
        acme.owner.delete(&path_of(&added)).await.problem(404, "passkey.not_found");
        let problem = enter_by(&app, &mut first).await.problem(401, "auth.unknown_passkey");
        assert_eq!(why(&problem), "unknown_passkey");
        let (mut foreign, _) = device(&app, &other.owner).await;
        for (body, at) in [
            (json!({}), "/current_password"),
            (json!({ "current_password": PASSWORD }), "/code"),
            (json!({ "current_password": "not it at all", "code": "000000" }), "/current_password"),
            (json!({ "current_password": PASSWORD, "credential": {} }), "/credential"),
            (json!({ "credential": foreign.get(&options(&app).await) }), "/credential"),
            (json!({ "credential": first.get(&options(&app).await) }), "/credential"),
        ] {
            off(&acme.owner, body).await.invalid(at);
        }
        off(&acme.owner, json!({ "credential": second.get(&options(&app).await) })).await.expect(204);
        assert_eq!(acme.owner.get("/v1/me/second-factor").await.ok(), json!({ "enabled_at": null, "passkeys": 0, "recovery_codes_left": 0 }));
        enter_by(&app, &mut second).await.problem(401, "auth.unknown_passkey");
        log_in(&app, &acme.email(), PASSWORD).await.ok();
        enter_by(&app, &mut foreign).await.ok();
        app.run_jobs().await;
        let mails = mails_to(&app, &acme.email()).await;
        assert!(mails.iter().any(|mail| mail.contains("The passkey “Phone” of your account was removed")), "{mails:?}");
    }

    async fn a_tenant_that_asks_for_a_second_factor_takes_a_passkey(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let agent = tenant.user("agent").await;
        let (_, _) = device(&app, &tenant.owner).await;
        let wish = json!({ "settings": { "requires_second_factor": true } });
        tenant.owner.patch("/v1/tenants/current", wish).await.ok();
        agent.get("/v1/leads").await.problem(403, "auth.second_factor_needed");
        let (_, added) = device(&app, &agent).await;
        agent.get("/v1/leads").await.ok();
        off(&agent, json!({ "current_password": PASSWORD, "code": added["recovery_codes"][0] })).await.expect(204);
        agent.get("/v1/leads").await.problem(403, "auth.second_factor_needed");
    }
}
