//! An account that somebody else put a device before.

use serde_json::json;

use super::{add, device, enter_by, options, page, user_events};
use crate::accounts::{NEW_PASSWORD, client_of, log_in, mails_to, token_for};
use crate::both_engines;
use crate::support::{Authenticator, Call, Client, PASSWORD, Tenant, TestApp};

fn reject(app: &TestApp, token: &str) -> Call {
    let body = json!({ "token": token, "new_password": "second rain in july" });
    app.anonymous().post("/v1/auth/second-factor-rejection", body)
}

/// A thief, who knows the password and no more, is in.
async fn thief(app: &TestApp, tenant: &Tenant) -> Client {
    client_of(app, &log_in(app, &tenant.email(), PASSWORD).await.ok())
}

async fn mailed(app: &TestApp, tenant: &Tenant) -> Option<String> {
    app.run_jobs().await;
    token_for(app, &tenant.email(), "reject-second-factor").await
}

both_engines! {
    async fn a_passkey_that_somebody_else_added_is_rejected_by_the_mail_that_tells_of_it(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let thief = thief(&app, &tenant).await;
        let (mut theirs, _) = device(&app, &thief).await;
        let token = mailed(&app, &tenant).await.expect("a link");
        // A new password alone leaves the thief in, and the holder out.
        app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": tenant.email() })).await.expect(202);
        app.run_jobs().await;
        let reset = token_for(&app, &tenant.email(), "reset-password").await.expect("a link");
        app.anonymous().post("/v1/auth/password-reset", json!({ "token": reset, "new_password": NEW_PASSWORD })).await.expect(204);
        let still = client_of(&app, &enter_by(&app, &mut theirs).await.ok());
        log_in(&app, &tenant.email(), NEW_PASSWORD).await.expect(202);
        let proof = json!({ "credential": theirs.get(&options(&app).await) });
        let begun = still.post("/v1/me/passkeys/options", proof).await.ok();
        let mut another = Authenticator::synced(&page(&app));
        app.advance(chrono::Duration::seconds(1));
        add(&still, &another.create(&begun["public_key"])).await.created();

        for kept in [still.get("/v1/notifications/deliveries").await.ok(), still.get("/v1/events?limit=200").await.ok(), app.operator().get("/v1/ops/jobs?limit=200").await.ok()] {
            assert!(!kept.to_string().contains(&token), "{kept}");
        }
        reject(&app, "rej_made_up").await.problem(404, "second_factor.rejection_not_found");
        let weak = json!({ "token": token, "new_password": "short" });
        app.anonymous().post("/v1/auth/second-factor-rejection", weak).await.invalid("/new_password");
        app.advance(chrono::Duration::minutes(10));
        let left = reject(&app, &token).await.ok();
        assert_eq!(left, json!({ "enabled_at": null, "passkeys": 0, "recovery_codes_left": 0 }), "what came later goes with it");
        reject(&app, &token).await.problem(404, "second_factor.rejection_not_found");
        for gone in [&mut theirs, &mut another] {
            enter_by(&app, gone).await.problem(401, "auth.unknown_passkey");
        }
        still.get("/v1/me").await.problem(401, "auth.session_ended");
        for known in [PASSWORD, NEW_PASSWORD] {
            log_in(&app, &tenant.email(), known).await.problem(401, "auth.invalid_credentials");
        }
        let owner = client_of(&app, &log_in(&app, &tenant.email(), "second rain in july").await.ok());
        assert_eq!(user_events(&owner, "user.second_factor_rejected").await.len(), 1);
        app.run_jobs().await;
        let mails = mails_to(&app, &tenant.email()).await;
        assert!(mails.iter().any(|mail| mail.contains("What was added to your account was taken away")), "{mails:?}");
    }

    async fn an_app_that_somebody_else_put_there_is_rejected_and_what_is_older_stays(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut own, added) = device(&app, &tenant.owner).await;
        let first = mailed(&app, &tenant).await.expect("a link");
        app.advance(chrono::Duration::days(1));
        // Whoever has a session and a recovery code of the holder.
        let asked = log_in(&app, &tenant.email(), PASSWORD).await.expect(202);
        let answer = json!({ "challenge": asked["challenge"], "code": added["recovery_codes"][0] });
        let thief = client_of(&app, &app.anonymous().post("/v1/auth/second-factor", answer).await.ok());
        let begin = json!({ "current_password": PASSWORD, "code": added["recovery_codes"][1] });
        let begun = thief.post("/v1/me/second-factor", begin).await.created();
        let code = crate::accounts::code(begun["secret"].as_str().unwrap(), app.clock.now().seconds());
        thief.post("/v1/me/second-factor/confirmation", json!({ "code": code })).await.ok();
        let second = mailed(&app, &tenant).await.expect("a link");
        assert_ne!(first, second);
        let left = reject(&app, &second).await.ok();
        assert_eq!(left, json!({ "enabled_at": null, "passkeys": 1, "recovery_codes_left": 0 }));
        app.advance(chrono::Duration::seconds(1));
        let asked = log_in(&app, &tenant.email(), "second rain in july").await.expect(202);
        assert_eq!(asked["methods"], json!(["passkey", "code"]));
        let answer = json!({ "challenge": asked["challenge"], "code": added["recovery_codes"][2] });
        app.anonymous().post("/v1/auth/second-factor", answer).await.invalid("/code");
        let owner = client_of(&app, &enter_by(&app, &mut own).await.ok());
        let proof = json!({ "credential": own.get(&options(&app).await) });
        assert_eq!(owner.post("/v1/me/second-factor/recovery-codes", proof).await.ok()["recovery_codes"].as_array().map(Vec::len), Some(10));
        // The earlier mail's link is good until its own week is over.
        app.advance(chrono::Duration::days(6));
        reject(&app, &first).await.problem(404, "second_factor.rejection_not_found");
        app.run_schedule().await;
        enter_by(&app, &mut own).await.ok();
    }

    async fn of_two_who_open_the_link_at_once_one_is_answered(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        device(&app, &tenant.owner).await;
        let token = mailed(&app, &tenant).await.expect("a link");
        app.advance(chrono::Duration::days(6));
        let calls: Vec<_> = (0..3).map(|_| {
            let call = reject(&app, &token);
            tokio::spawn(async move { call.await.status })
        }).collect();
        let mut statuses = Vec::new();
        for call in calls {
            statuses.push(call.await.expect("answered"));
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 404, 404]);
    }

    async fn a_mailbox_that_nobody_has_shown_to_be_theirs_gets_no_such_link(app: TestApp) {
        let tenant = app.unverified_tenant("Acme").await;
        device(&app, &tenant.owner).await;
        assert_eq!(mailed(&app, &tenant).await, None);
        let mails = mails_to(&app, &tenant.email()).await;
        assert!(mails.iter().any(|mail| mail.contains("The passkey “Phone” was added to your account")), "{mails:?}");
    }

    async fn operators_take_a_second_factor_away_and_leave_nothing_but_the_mailbox(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let ask = |email: &str| json!({ "email": email, "reason": "Called back at the business' number." });
        let path = "/v1/ops/second-factor-resets";
        app.operator().post(path, ask(&tenant.email())).await.problem(409, "second_factor.not_enabled");
        app.operator().post(path, ask("nobody@acme.example.com")).await.problem(404, "user.not_found");
        app.operator().post(path, json!({ "email": tenant.email(), "reason": "" })).await.invalid("/reason");
        let thief = thief(&app, &tenant).await;
        let (mut theirs, added) = device(&app, &thief).await;
        let token = mailed(&app, &tenant).await.expect("a link");
        tenant.owner.post(path, ask(&tenant.email())).await.problem(403, "auth.operator_required");
        app.operator().post(path, ask(&tenant.email())).await.expect(204);
        enter_by(&app, &mut theirs).await.problem(401, "auth.unknown_passkey");
        thief.get("/v1/me").await.problem(401, "auth.session_ended");
        log_in(&app, &tenant.email(), PASSWORD).await.problem(401, "auth.invalid_credentials");
        reject(&app, &token).await.problem(404, "second_factor.rejection_not_found");
        app.run_jobs().await;
        let mails = mails_to(&app, &tenant.email()).await;
        assert!(mails.iter().any(|mail| mail.contains("took the second factors of your account away") && mail.contains("/forgot-password")), "{mails:?}");
        app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": tenant.email() })).await.expect(202);
        app.run_jobs().await;
        let reset = token_for(&app, &tenant.email(), "reset-password").await.expect("a link");
        app.anonymous().post("/v1/auth/password-reset", json!({ "token": reset, "new_password": NEW_PASSWORD })).await.expect(204);
        let owner = client_of(&app, &log_in(&app, &tenant.email(), NEW_PASSWORD).await.ok());
        assert_eq!(owner.get("/v1/me/second-factor").await.ok(), json!({ "enabled_at": null, "passkeys": 0, "recovery_codes_left": 0 }));
        assert_eq!(added["recovery_codes"].as_array().map(Vec::len), Some(10));
        let events = user_events(&owner, "user.second_factor_reset").await;
        assert_eq!((events.len(), &events[0]["data"]["reason"]), (1, &json!("Called back at the business' number.")));
        assert_eq!(events[0]["actor_type"], "operator", "{events:?}");
    }

    async fn a_new_password_leaves_them_and_an_address_taken_back_does_not(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut own, _) = device(&app, &tenant.owner).await;
        app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": tenant.email() })).await.expect(202);
        app.run_jobs().await;
        let token = token_for(&app, &tenant.email(), "reset-password").await.expect("a link");
        app.anonymous().post("/v1/auth/password-reset", json!({ "token": token, "new_password": NEW_PASSWORD })).await.expect(204);
        let owner = client_of(&app, &enter_by(&app, &mut own).await.ok());
        app.advance(chrono::Duration::seconds(1));
        // Whoever took the account over gave it an address and a passkey of their own.
        let wish = json!({ "email": "mallory@evil.example.com", "current_password": NEW_PASSWORD });
        owner.post("/v1/me/email", wish).await.expect(202);
        app.run_jobs().await;
        let token = app.mailed_token("mallory@evil.example.com").await;
        app.anonymous().post("/v1/auth/email-change", json!({ "token": token })).await.ok();
        app.advance(chrono::Duration::seconds(1));
        let proof = json!({ "credential": own.get(&options(&app).await) });
        let begun = owner.post("/v1/me/passkeys/options", proof).await.ok();
        let mut theirs = Authenticator::synced(&page(&app));
        add(&owner, &theirs.create(&begun["public_key"])).await.created();
        enter_by(&app, &mut theirs).await.ok();
        app.run_jobs().await;
        let token = app.mailed_token(&tenant.email()).await;
        let restoration = json!({ "token": token, "new_password": "second rain in july" });
        app.anonymous().post("/v1/auth/email-restoration", restoration).await.ok();
        enter_by(&app, &mut theirs).await.problem(401, "auth.unknown_passkey");
        enter_by(&app, &mut own).await.ok();
    }
}
