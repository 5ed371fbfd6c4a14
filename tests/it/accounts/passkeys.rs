//! Passkeys: adding them, logging in with one, and everything that is not one.

use serde_json::{Value, json};

use super::{NEW_PASSWORD, client_of, log_in, mails_to, token_for};
use crate::both_engines;
use crate::support::{Authenticator, Call, Client, PASSWORD, TestApp};

/// Where the platform's pages are, for a browser on the machine of the tests.
pub fn page(app: &TestApp) -> String {
    app.url.replace("127.0.0.1", "localhost")
}

async fn begin(by: &Client) -> Value {
    by.post("/v1/me/passkeys/options", json!({ "current_password": PASSWORD })).await.ok()["public_key"].clone()
}

fn add(by: &Client, credential: &Value) -> Call {
    by.post("/v1/me/passkeys", json!({ "name": "Phone", "credential": credential }))
}

/// A security key that lets this person in, with what was answered when it was added.
pub async fn device(app: &TestApp, by: &Client) -> (Authenticator, Value) {
    let mut device = Authenticator::security_key(&page(app));
    let made = device.create(&begin(by).await);
    let added = add(by, &made).await.created();
    (device, added)
}

async fn options(app: &TestApp) -> Value {
    app.anonymous().call("POST", "/v1/auth/passkey/options").await.ok()["public_key"].clone()
}

fn enter(app: &TestApp, credential: &Value) -> Call {
    app.anonymous().post("/v1/auth/passkey", json!({ "credential": credential }))
}

/// Logs in with what the device says to new options.
async fn enter_by(app: &TestApp, device: &mut Authenticator) -> crate::support::Answer {
    let said = device.get(&options(app).await);
    enter(app, &said).await
}

async fn list(by: &Client) -> Vec<Value> {
    by.get("/v1/me/passkeys").await.ok()["data"].as_array().expect("passkeys").clone()
}

/// The code with which a credential was refused.
fn why(problem: &Value) -> &str {
    problem["errors"][0]["code"].as_str().expect("a code")
}

fn off(by: &Client, body: Value) -> Call {
    by.post("/v1/me/second-factor/removal", body)
}

fn path_of(added: &Value) -> String {
    format!("/v1/me/passkeys/{}", added["id"].as_str().expect("an id"))
}

async fn user_events(by: &Client, kind: &str) -> Vec<Value> {
    by.get(&format!("/v1/events?type={kind}")).await.ok()["data"].as_array().expect("events").clone()
}

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
        enter(&app, &said).await.problem(401, "auth.invalid_passkey");
        enter(&app, &again).await.problem(401, "auth.invalid_challenge");
        second().await.problem(401, "auth.invalid_challenge");
        let nobody = json!({ "challenge": "chl_made_up" });
        app.anonymous().post("/v1/auth/passkey/options", nobody).await.problem(401, "auth.invalid_challenge");
        // By itself it takes more.
        own.handle = foreign.handle.clone();
        enter_by(&app, &mut own).await.problem(401, "auth.invalid_passkey");
    }

    async fn another_sites_passkey_is_none_of_ours(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let refused = async |change: &dyn Fn(&mut Authenticator), code: &str| {
            let mut device = Authenticator::security_key(&page(&app));
            change(&mut device);
            let made = device.create(&begin(&tenant.owner).await);
            let problem = add(&tenant.owner, &made).await.invalid("/credential");
            assert_eq!(why(&problem), code);
        };
        refused(&|device| device.origin = "https://evil.example".into(), "foreign_origin").await;
        refused(&|device| device.origin = device.origin.replace("http:", "https:"), "foreign_origin").await;
        refused(&|device| device.is_framed = true, "foreign_origin").await;
        refused(&|device| device.domain = Some("evil.example".into()), "foreign_domain").await;
        refused(&|device| device.is_verified = false, "not_verified").await;
        refused(&|device| device.is_present = false, "not_present").await;
        refused(&|device| device.is_backed_up = true, "malformed").await;
        refused(&|device| device.algorithm = -35, "algorithm").await;
        refused(&|device| device.id = vec![7; 1024], "malformed").await;
        assert!(list(&tenant.owner).await.is_empty());

        let (mut device, _) = device(&app, &tenant.owner).await;
        let mut door = async |change: &dyn Fn(&mut Authenticator), back: &dyn Fn(&mut Authenticator)| {
            change(&mut device);
            let answer = enter_by(&app, &mut device).await;
            back(&mut device);
            answer.problem(401, "auth.invalid_passkey");
        };
        let own = page(&app);
        door(&|device| device.origin = "https://evil.example".into(), &|device| device.origin = own.clone()).await;
        door(&|device| device.is_framed = true, &|device| device.is_framed = false).await;
        door(&|device| device.domain = Some("evil.example".into()), &|device| device.domain = None).await;
        door(&|device| device.is_verified = false, &|device| device.is_verified = true).await;
        door(&|device| device.is_present = false, &|device| device.is_present = true).await;
        door(&|device| device.can_be_backed_up = true, &|device| device.can_be_backed_up = false).await;
        enter_by(&app, &mut device).await.ok();
        // Failures of a known passkey stand in the trail, five an hour at most; they are written after the answer.
        crate::support::until("they stand there", async || user_events(&tenant.owner, "user.login_failed").await.len() >= 5).await;
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
        enter(&app, &synced.get(&for_another_purpose)).await.problem(401, "auth.invalid_challenge");
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
        }
        device.sign_count = 8;
        enter_by(&app, &mut device).await.ok();
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
        enter_by(&app, &mut first).await.problem(401, "auth.invalid_passkey");
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
        enter_by(&app, &mut second).await.problem(401, "auth.invalid_passkey");
        log_in(&app, &acme.email(), PASSWORD).await.ok();
        enter_by(&app, &mut foreign).await.ok();
        app.run_jobs().await;
        let mails = mails_to(&app, &acme.email()).await;
        assert!(mails.iter().any(|mail| mail.contains("The passkey “Phone” of your account was removed")), "{mails:?}");
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

    async fn garbage_is_refused_where_it_stands(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut device, _) = device(&app, &tenant.owner).await;
        let said = device.get(&options(&app).await);
        for (name, value) in [("id", json!("")), ("id", json!("%%%")), ("type", json!("password")), ("response", json!([])), ("response", json!({}))] {
            let mut broken = said.clone();
            broken[name] = value;
            assert_eq!(why(&enter(&app, &broken).await.invalid("/credential")), "malformed");
        }
        for name in ["clientDataJSON", "authenticatorData"] {
            for value in ["", "AA", "%", "bm90IGpzb24"] {
                let mut broken = said.clone();
                broken["response"][name] = json!(value);
                assert_eq!(why(&enter(&app, &broken).await.invalid("/credential")), "malformed", "{name} {value}");
            }
        }
        for (name, value) in [("signature", json!("AA")), ("signature", json!("")), ("userHandle", json!("AA")), ("userHandle", Value::Null)] {
            let mut broken = said.clone();
            broken["response"][name] = value;
            enter(&app, &broken).await.problem(401, "auth.invalid_passkey");
        }
        app.anonymous().post("/v1/auth/passkey", json!({ "credential": "x" })).await.invalid("/credential");
        enter(&app, &said).await.ok();

        let other = app.tenant("Other").await;
        let made = Authenticator::synced(&page(&app)).create(&begin(&other.owner).await);
        for cbor in ["", "oA", "gA", "_w", "gYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgQ", "W3______", "o2NmbXRkbm9uZQ"] {
            let mut broken = made.clone();
            broken["response"]["attestationObject"] = json!(cbor);
            assert_eq!(why(&add(&other.owner, &broken).await.invalid("/credential")), "malformed", "{cbor}");
        }
        add(&other.owner, &made).await.created();
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
        enter_by(&app, &mut theirs).await.problem(401, "auth.invalid_passkey");
        enter_by(&app, &mut own).await.ok();
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

    async fn strangers_who_ask_leave_nothing_behind(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (mut device, _) = device(&app, &tenant.owner).await;
        for _ in 0..20 {
            options(&app).await;
            enter(&app, &Authenticator::synced(&page(&app)).assert(&options(&app).await)).await.problem(401, "auth.invalid_passkey");
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
        enter(&app, &said).await.problem(401, "auth.invalid_passkey");
        let body = json!({ "credential": device.get(&options(&app).await), "cookies": true });
        let by = |origin: &str| app.anonymous().post("/v1/auth/passkey", body.clone()).header("origin", origin);
        by("https://evil.example").await.problem(403, "auth.foreign_page");
        let entered = by(&app.app.core.settings.app_url).await;
        assert_eq!(entered.headers("set-cookie").len(), 2);
        assert_eq!(entered.created()["access_token"], Value::Null);
    }

    async fn a_domain_above_the_frontends_takes_in_its_other_hosts(app: TestApp) {
        let settings = [("APP_URL", "https://app.example.com"), ("PASSKEY_DOMAIN", "example.com"), ("PASSKEY_ORIGINS", "https://admin.example.com")];
        let app = TestApp::start(app.engine, &settings).await;
        let tenant = app.tenant("Acme").await;
        let mut device = Authenticator::security_key("https://admin.example.com");
        add(&tenant.owner, &device.create(&begin(&tenant.owner).await)).await.created();
        for origin in ["https://app.example.com", "https://admin.example.com"] {
            device.origin = origin.into();
            enter_by(&app, &mut device).await.ok();
        }
        device.origin = "https://example.com".into();
        enter_by(&app, &mut device).await.problem(401, "auth.invalid_passkey");
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
