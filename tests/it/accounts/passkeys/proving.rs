//! What takes the password takes a passkey instead: another address, another password, another owner. A session alone does none of it.

use serde_json::{Value, json};

use super::{add, begin, device, enter, enter_by, options, page, path_of, user_events, why};
use crate::accounts::{NEW_PASSWORD, client_of, log_in, mails_to, token_for};
use crate::both_engines;
use crate::support::{Authenticator, Call, Client, PASSWORD, Tenant, TestApp};

/// What a proof is asked for, without one.
struct Asked<'a> {
    by: &'a Client,
    path: &'static str,
    body: Value,
    /// Told once it happened.
    event: &'static str,
}

impl Asked<'_> {
    fn with(&self, proof: &Value) -> Call {
        let mut body = self.body.clone();
        for (name, value) in proof.as_object().expect("a proof") {
            body[name] = value.clone();
        }
        self.by.post(self.path, body)
    }
}

async fn asked<'a>(owner: &'a Client, heir: &Client) -> [Asked<'a>; 3] {
    let heir = heir.get("/v1/me").await.ok()["user"]["id"].clone();
    let email = json!({ "email": "new@acme.example.com" });
    [
        Asked { by: owner, path: "/v1/me/email", body: email, event: "user.email_change_requested" },
        Asked {
            by: owner,
            path: "/v1/auth/password",
            body: json!({ "new_password": NEW_PASSWORD }),
            event: "user.password_changed",
        },
        Asked {
            by: owner,
            path: "/v1/tenants/current/transfer",
            body: json!({ "user_id": heir }),
            event: "user.updated",
        },
    ]
}

/// With a passkey, of which the codes are told.
async fn guarded(app: &TestApp) -> (Tenant, Client, Authenticator, Vec<Value>) {
    let tenant = app.tenant("Acme").await;
    let heir = tenant.user("agent").await;
    let (own, added) = device(app, &tenant.owner).await;
    let codes = added["recovery_codes"].as_array().expect("codes").clone();
    (tenant, heir, own, codes)
}

both_engines! {
    async fn a_passkey_proves_who_changes_an_address_or_a_password_and_who_hands_a_tenant_over(app: TestApp) {
        let (tenant, heir, mut own, _) = guarded(&app).await;
        let other = client_of(&app, &enter_by(&app, &mut own).await.ok());
        let [email, password, owner] = asked(&tenant.owner, &heir).await;

        let wish = email.with(&json!({ "credential": own.get(&options(&app).await) })).await.expect(202);
        assert_eq!(wish["email"], tenant.email(), "nothing is changed yet");
        app.run_jobs().await;
        let token = token_for(&app, "new@acme.example.com", "change-email").await.expect("a link");
        app.anonymous().post("/v1/auth/email-change", json!({ "token": token })).await.ok();

        // Whoever knows no password sets one: nothing here ever says the old one.
        let said = own.get(&options(&app).await);
        let once = |body: &Value| password.with(body).header("idempotency-key", "password-1");
        let changed = once(&json!({ "credential": said })).await.ok();
        assert_eq!(changed["email"], "new@acme.example.com");
        assert_eq!(once(&json!({ "credential": said })).await.ok(), changed, "repeated, and not done again");
        assert_eq!(why(&password.with(&json!({ "credential": said })).await.invalid("/credential")), "challenge");
        other.get("/v1/me").await.problem(401, "auth.session_ended");
        tenant.owner.get("/v1/me").await.ok();
        log_in(&app, "new@acme.example.com", PASSWORD).await.problem(401, "auth.invalid_credentials");
        assert_eq!(log_in(&app, "new@acme.example.com", NEW_PASSWORD).await.expect(202)["methods"], json!(["passkey", "code"]));
        assert_eq!(user_events(&tenant.owner, password.event).await.len(), 1);
        app.run_jobs().await;
        let mails = mails_to(&app, "new@acme.example.com").await;
        assert!(mails.iter().any(|mail| mail.contains("The password of your account was changed")), "{mails:?}");

        assert_eq!(owner.with(&json!({ "credential": own.get(&options(&app).await) })).await.ok()["role"], "owner");
        assert_eq!((&heir.get("/v1/me").await.ok()["role"], &tenant.owner.get("/v1/me").await.ok()["role"]), (&json!("owner"), &json!("admin")));
        enter_by(&app, &mut own).await.ok();
    }

    async fn each_of_them_takes_a_proof_and_a_right_one(app: TestApp) {
        let (tenant, heir, mut own, codes) = guarded(&app).await;
        let (mut foreign, _) = device(&app, &app.tenant("Other").await.owner).await;
        // One of the same person's that was removed, and one that was never added.
        let begun = tenant.owner.post("/v1/me/passkeys/options", json!({ "credential": own.get(&options(&app).await) })).await.ok();
        let mut gone = Authenticator::synced(&page(&app));
        let added = add(&tenant.owner, &gone.create(&begun["public_key"])).await.created();
        tenant.owner.delete(&path_of(&added)).await.expect(204);
        for one in asked(&tenant.owner, &heir).await {
            let refused = async |proof: Value, at: &str| one.with(&proof).await.invalid(at);
            // The session alone, and a code alone.
            let problem = refused(json!({}), "/current_password").await;
            assert_eq!(why(&problem), "required");
            assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("credential"), "{problem}");
            refused(json!({ "current_password": null, "credential": null }), "/current_password").await;
            refused(json!({ "code": codes[0] }), "/current_password").await;
            refused(json!({ "current_password": "not it at all" }), "/current_password").await;
            refused(json!({ "current_password": "not it at all", "code": codes[0] }), "/current_password").await;
            assert_eq!(why(&refused(json!({ "current_password": PASSWORD, "code": "abcd-efgh-jkmn-pqrs" }), "/code").await), "wrong_code");
            let said = own.get(&options(&app).await);
            assert_eq!(why(&refused(json!({ "current_password": PASSWORD, "credential": said }), "/credential").await), "not_both");

            let judged = async |credential: Value| {
                let problem = one.with(&json!({ "credential": credential })).await.invalid("/credential");
                why(&problem).to_string()
            };
            assert_eq!(judged(json!({})).await, "malformed");
            assert_eq!(judged(foreign.get(&options(&app).await)).await, "other_holder");
            assert_eq!(judged(gone.get(&options(&app).await)).await, "unknown_passkey");
            own.is_verified = false;
            assert_eq!(judged(own.get(&options(&app).await)).await, "not_verified");
            own.is_verified = true;
            own.origin = "https://evil.example".into();
            assert_eq!(judged(own.get(&options(&app).await)).await, "foreign_origin");
            own.origin = page(&app);
            // A challenge for something else: to add one, and to answer a password.
            let mut wanted = options(&app).await;
            let proof = json!({ "credential": own.get(&options(&app).await) });
            let adding = tenant.owner.post("/v1/me/passkeys/options", proof).await.ok();
            wanted["challenge"] = adding["public_key"]["challenge"].clone();
            assert_eq!(judged(own.get(&wanted)).await, "challenge");
            let known = log_in(&app, &tenant.email(), PASSWORD).await.expect(202);
            let second = app.anonymous().post("/v1/auth/passkey/options", json!({ "challenge": known["challenge"] })).await.ok();
            assert_eq!(judged(own.get(&second["public_key"])).await, "challenge");
            wanted["challenge"] = json!("bWFkZSB1cA");
            assert_eq!(judged(own.get(&wanted)).await, "challenge");
            // One that logged somebody in.
            let said = own.get(&options(&app).await);
            enter(&app, &said).await.ok();
            assert_eq!(judged(said).await, "challenge");
        }
        for kind in ["user.email_change_requested", "user.password_changed", "user.updated", "user.recovery_code_used"] {
            assert!(user_events(&tenant.owner, kind).await.is_empty(), "{kind}");
        }
        log_in(&app, &tenant.email(), PASSWORD).await.expect(202);
        assert_eq!(tenant.owner.get("/v1/me/second-factor").await.ok()["recovery_codes_left"], 10, "none was used up");
    }

    async fn a_proof_is_good_for_one_use_within_five_minutes_and_is_kept_where_something_else_is_wrong(app: TestApp) {
        let (mut tenant, heir, mut own, _) = guarded(&app).await;
        let late = own.get(&options(&app).await);
        app.advance(chrono::Duration::minutes(5));
        tenant.owner = client_of(&app, &enter_by(&app, &mut own).await.ok());
        for one in asked(&tenant.owner, &heir).await {
            assert_eq!(why(&one.with(&json!({ "credential": late })).await.invalid("/credential")), "challenge");
            let mut said = own.get(&options(&app).await);
            for (name, wrong) in [("email", json!(tenant.email())), ("new_password", json!("short")), ("user_id", tenant.owner.get("/v1/me").await.ok()["user"]["id"].clone())] {
                if one.body[name].is_string() {
                    one.with(&json!({ "credential": said, (name): wrong })).await.invalid(&format!("/{name}"));
                }
            }
            // Of three at once one is believed.
            let calls: Vec<_> = (0..3).map(|_| {
                let call = one.with(&json!({ "credential": said }));
                tokio::spawn(async move { call.await.status })
            }).collect();
            let mut statuses = Vec::new();
            for call in calls {
                statuses.push(call.await.expect("answered"));
            }
            statuses.sort_unstable();
            assert!(statuses[0] < 300 && statuses[1..].iter().all(|status| [403, 422].contains(status)), "{}: {statuses:?}", one.path);
            // And it logs nobody in any more.
            enter(&app, &said).await.problem(401, "auth.invalid_challenge");
            said = own.get(&options(&app).await);
            enter(&app, &said).await.ok();
        }
    }

    async fn the_password_alone_is_enough_as_before_and_a_code_that_is_sent_must_be_right(app: TestApp) {
        let (tenant, heir, _, codes) = guarded(&app).await;
        let [email, password, owner] = asked(&tenant.owner, &heir).await;
        email.with(&json!({ "current_password": PASSWORD })).await.expect(202);
        password.with(&json!({ "current_password": PASSWORD })).await.ok();
        let proof = json!({ "current_password": NEW_PASSWORD, "code": codes[0] });
        email.with(&proof).await.expect(202);
        email.with(&proof).await.invalid("/code");
        assert_eq!(tenant.owner.get("/v1/me/second-factor").await.ok()["recovery_codes_left"], 9);
        // Tries are counted as everywhere, ten an hour: two were.
        for _ in 0..8 {
            owner.with(&json!({ "current_password": NEW_PASSWORD, "code": "000000" })).await.invalid("/code");
        }
        for one in [&email, &password, &owner] {
            let refused = one.with(&json!({ "current_password": NEW_PASSWORD, "code": codes[1] })).await;
            assert!(refused.header("retry-after").is_some());
            refused.problem(429, "second_factor.too_many_tries");
        }
        owner.with(&json!({ "current_password": NEW_PASSWORD })).await.ok();
        // Without a second factor a code says nothing, and is not held against anybody.
        let plain = app.tenant("Plain").await;
        plain.owner.post("/v1/me/email", json!({ "email": "new@plain.example.com", "current_password": PASSWORD, "code": "000000" })).await.expect(202);
        begin(&plain.owner).await;
    }

    async fn guesses_at_the_password_are_slowed_down(app: TestApp) {
        let app = TestApp::start(app.engine, &[("RATE_LIMIT", "on")]).await;
        let (tenant, heir, mut own, _) = guarded(&app).await;
        let [email, password, owner] = asked(&tenant.owner, &heir).await;
        for n in 0..12 {
            let one = [&email, &password, &owner][n % 3];
            let answer = one.with(&json!({ "current_password": "not it at all" })).await;
            assert!(if n < 10 { answer.status == 422 } else { answer.status == 429 }, "{n}: {}", answer.status);
        }
        // Who proves it otherwise is not kept out by them.
        password.with(&json!({ "current_password": PASSWORD })).await.problem(429, "request.rate_limited");
        password.with(&json!({ "credential": own.get(&options(&app).await) })).await.ok();
    }
}
