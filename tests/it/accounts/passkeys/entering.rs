//! Logging in with a passkey: each challenge once, by whoever may come in.

use serde_json::{Value, json};

use super::{add, begin, device, enter, enter_by, options, page, user_events, why};
use crate::accounts::log_in;
use crate::both_engines;
use crate::support::{Authenticator, Client, PASSWORD, TestApp};

both_engines! {
    async fn after_a_password_it_is_enough_that_somebody_is_there(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let (mut own, _) = device(&app, &acme.owner).await;
        let (mut foreign, _) = device(&app, &other.owner).await;
        let asked = log_in(&app, &acme.email(), PASSWORD).await.expect(202);
        let second = async || {
            let body = json!({ "challenge": asked["challenge"] });
            app.anonymous().post("/v1/auth/passkey/options", body).await
        };
        let begun = second().await.ok()["public_key"].clone();
        assert_eq!(begun["allowCredentials"].as_array().unwrap().len(), 1);
        assert_eq!(begun["userVerification"], "preferred");
        foreign.sign_count += 1;
        enter(&app, &foreign.assert(&begun)).await.problem(401, "auth.invalid_passkey");
        own.is_verified = false;
        own.handle = None;
        let said = own.get(&begun);
        let again = own.get(&second().await.ok()["public_key"]);
        let signed_in = enter(&app, &said).await.ok();
        assert_eq!(signed_in["user"]["email"], json!(acme.email()));
        enter(&app, &said).await.problem(401, "auth.invalid_challenge");
        enter(&app, &again).await.problem(401, "auth.invalid_challenge");
        second().await.problem(401, "auth.invalid_challenge");
        let nobody = json!({ "challenge": "chl_made_up" });
        app.anonymous().post("/v1/auth/passkey/options", nobody).await.problem(401, "auth.invalid_challenge");
        // By itself it takes more.
        own.handle = foreign.handle.clone();
        enter_by(&app, &mut own).await.problem(401, "auth.invalid_passkey");
    }

    async fn a_challenge_is_for_one_answer_of_one_person_within_five_minutes(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let refused = async |by: &Client, credential: &Value| {
            let problem = add(by, credential).await.invalid("/credential");
            assert_eq!(why(&problem), "challenge");
        };
        // Somebody else's, one for logging in, and none of ours.
        let mut device = Authenticator::security_key(&page(&app));
        refused(&other.owner, &device.create(&begin(&acme.owner).await)).await;
        let mut asked = begin(&acme.owner).await;
        asked["challenge"] = options(&app).await["challenge"].clone();
        refused(&acme.owner, &device.create(&asked)).await;
        asked["challenge"] = json!("bWFkZSB1cA");
        refused(&acme.owner, &device.create(&asked)).await;
        // Too late.
        let asked = begin(&acme.owner).await;
        app.advance(chrono::Duration::minutes(5));
        refused(&acme.owner, &device.create(&asked)).await;
        // Twice.
        let asked = begin(&acme.owner).await;
        add(&acme.owner, &device.create(&asked)).await.created();
        refused(&acme.owner, &Authenticator::synced(&page(&app)).create(&asked)).await;

        let said = device.get(&options(&app).await);
        enter(&app, &said).await.ok();
        // Of a device that counts, too: what is sent twice is no copy, and nobody is told of it as one.
        enter(&app, &said).await.problem(401, "auth.invalid_challenge");
        let problem = acme.owner.post("/v1/me/passkeys/options", json!({ "credential": said })).await.invalid("/credential");
        assert_eq!(why(&problem), "challenge");
        app.advance(chrono::Duration::seconds(1));
        assert!(user_events(&acme.owner, "user.login_failed").await.is_empty());
        let mut device_again = device;
        let late = options(&app).await;
        app.advance(chrono::Duration::minutes(5));
        enter(&app, &device_again.get(&late)).await.problem(401, "auth.invalid_challenge");
        // A passkey that does not count may answer as often as it likes, and each challenge once.
        let mut synced = Authenticator::synced(&page(&app));
        let proof = device_again.get(&options(&app).await);
        let begun = acme.owner.post("/v1/me/passkeys/options", json!({ "credential": proof })).await.ok();
        add(&acme.owner, &synced.create(&begun["public_key"])).await.created();
        let asked = options(&app).await;
        let said = synced.get(&asked);
        enter(&app, &said).await.ok();
        enter(&app, &said).await.problem(401, "auth.invalid_challenge");
        let mut for_another_purpose = options(&app).await;
        for_another_purpose["challenge"] = asked_for_adding(&app, &acme.owner, &mut device_again).await;
        let problem = enter(&app, &synced.get(&for_another_purpose)).await.problem(401, "auth.invalid_challenge");
        assert!(problem["detail"].as_str().unwrap().contains("five minutes"), "{problem}");
    }

    async fn a_passkey_that_counts_backwards_was_copied(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut device, _) = device(&app, &tenant.owner).await;
        device.sign_count = 7;
        enter_by(&app, &mut device).await.ok();
        for count in [8, 3, 0] {
            device.sign_count = count;
            let problem = enter(&app, &device.assert(&options(&app).await)).await.problem(401, "auth.invalid_passkey");
            assert!(problem["detail"].as_str().unwrap().contains("counts backwards"), "{problem}");
            assert_eq!((why(&problem), &problem["errors"][0]["pointer"]), ("counter", &json!("/credential")));
        }
        device.sign_count = 8;
        enter_by(&app, &mut device).await.ok();
    }

    async fn whoever_may_not_come_in_does_not_by_a_passkey(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let agent = tenant.user("agent").await;
        let (mut owners, _) = device(&app, &tenant.owner).await;
        let (mut agents, _) = device(&app, &agent).await;
        let id = agent.get("/v1/me").await.ok()["user"]["id"].as_str().unwrap().to_string();
        let path = format!("/v1/users/{id}");
        tenant.owner.patch(&path, json!({ "status": "disabled" })).await.ok();
        enter_by(&app, &mut agents).await.problem(403, "auth.no_membership");
        tenant.owner.patch(&path, json!({ "status": "active" })).await.ok();
        enter_by(&app, &mut agents).await.ok();
        let suspend = json!({ "status": "suspended" });
        app.operator().patch(&format!("/v1/tenants/{}", tenant.id), suspend).await.ok();
        enter_by(&app, &mut owners).await.problem(403, "tenant.suspended");
        enter_by(&app, &mut agents).await.problem(403, "tenant.suspended");
    }

    async fn strangers_who_ask_leave_nothing_behind(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut device, _) = device(&app, &tenant.owner).await;
        for _ in 0..20 {
            options(&app).await;
            enter(&app, &Authenticator::synced(&page(&app)).assert(&options(&app).await)).await.problem(401, "auth.unknown_passkey");
        }
        assert_eq!(noted(&app).await, 1, "the one by which the passkey was added");
        enter_by(&app, &mut device).await.ok();
        assert_eq!(noted(&app).await, 2);
        app.advance(chrono::Duration::hours(1));
        app.run_schedule().await;
        assert_eq!(noted(&app).await, 0);
    }

    async fn a_repeated_request_is_answered_alike_and_a_page_keeps_its_session_in_cookies(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut device, _) = device(&app, &tenant.owner).await;
        let said = device.get(&options(&app).await);
        let once = || enter(&app, &said).header("idempotency-key", "one-and-only");
        let first = once().await.ok();
        assert_eq!(once().await.ok(), first);
        enter(&app, &said).await.problem(401, "auth.invalid_challenge");
        let body = json!({ "credential": device.get(&options(&app).await), "cookies": true });
        let by = |origin: &str| app.anonymous().post("/v1/auth/passkey", body.clone()).header("origin", origin);
        by("https://evil.example").await.problem(403, "auth.foreign_page");
        let entered = by(&app.app.core.settings.app_url).await;
        assert_eq!(entered.headers("set-cookie").len(), 2);
        assert_eq!(entered.created()["access_token"], Value::Null);
    }
}

/// The challenge of options for adding a passkey.
async fn asked_for_adding(app: &TestApp, by: &Client, device: &mut Authenticator) -> Value {
    let proof = json!({ "credential": device.get(&options(app).await) });
    by.post("/v1/me/passkeys/options", proof).await.ok()["public_key"]["challenge"].clone()
}

/// How many answered challenges are noted.
async fn noted(app: &TestApp) -> i64 {
    use diesel::prelude::*;
    use leadwright::engine::db::{PlatformScope, PlatformTx};
    use leadwright::tenants::schema::passkey_challenges_used;
    let count = |tx: &mut PlatformTx<'_>| -> leadwright::base::Result<i64> {
        Ok(passkey_challenges_used::table.count().get_result(tx.conn())?)
    };
    app.app.core.db.read(PlatformScope::system(), count).await.expect("a count")
}
