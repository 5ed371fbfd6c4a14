//! A code besides the password.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use super::{NEW_PASSWORD, client_of, log_in, mails_to, token_for};
use crate::both_engines;
use crate::support::{Call, Client, PASSWORD, Tenant, TestApp};

/// The authenticator app of the tests, which knows nothing of ours: RFC 6238 by hand.
pub fn code(secret: &str, seconds: i64) -> String {
    let mut bits = String::new();
    for c in secret.chars() {
        let value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("base32");
        bits.push_str(&format!("{value:05b}"));
    }
    let bytes =
        bits.as_bytes().chunks_exact(8).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
    let mut mac = Hmac::<Sha1>::new_from_slice(&bytes.collect::<Vec<u8>>()).unwrap();
    mac.update(&u64::try_from(seconds / 30).unwrap().to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let at = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes([hash[at] & 127, hash[at + 1], hash[at + 2], hash[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

fn code_now(app: &TestApp, secret: &str) -> String {
    code(secret, app.clock.now().seconds())
}

fn answer(app: &TestApp, challenge: &Value, code: &str) -> Call {
    app.anonymous().post("/v1/auth/second-factor", json!({ "challenge": challenge["challenge"], "code": code }))
}

fn begin(owner: &Client) -> Call {
    owner.post("/v1/me/second-factor", json!({ "current_password": PASSWORD }))
}

fn confirm(owner: &Client, code: &str) -> Call {
    owner.post("/v1/me/second-factor/confirmation", json!({ "code": code }))
}

/// Turned on; the secret and the recovery codes.
async fn turn_on(app: &TestApp, owner: &Client) -> (String, Vec<String>) {
    let secret = begin(owner).await.created()["secret"].as_str().expect("a secret").to_string();
    let confirmed = confirm(owner, &code_now(app, &secret)).await.ok();
    let codes = confirmed["recovery_codes"].as_array().expect("codes").iter().map(|code| code.as_str().unwrap().into());
    (secret, codes.collect())
}

async fn challenge(app: &TestApp, tenant: &Tenant) -> Value {
    log_in(app, &tenant.email(), PASSWORD).await.expect(202)
}

both_engines! {
    async fn a_second_factor_is_on_once_a_code_was_given_and_log_in_asks_for_one(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let standing = async |owner: &Client| owner.get("/v1/me/second-factor").await.ok();
        assert_eq!(standing(&tenant.owner).await, json!({ "enabled_at": null, "passkeys": 0, "recovery_codes_left": 0 }));
        tenant.owner.post("/v1/me/second-factor", json!({ "current_password": "not it at all" })).await.invalid("/current_password");
        confirm(&tenant.owner, "000000").await.problem(409, "second_factor.not_begun");
        let begun = begin(&tenant.owner).await.created();
        let (secret, uri) = (begun["secret"].as_str().unwrap(), begun["uri"].as_str().unwrap());
        assert!(uri.starts_with("otpauth://totp/") && uri.contains(&format!("secret={secret}")) && uri.contains("owner%40acme"), "{uri}");
        log_in(&app, &tenant.email(), PASSWORD).await.ok();
        let wrong = if code_now(&app, secret) == "000000" { "000001" } else { "000000" };
        confirm(&tenant.owner, wrong).await.invalid("/code");
        let confirmed = confirm(&tenant.owner, &code_now(&app, secret)).await.ok();
        assert_eq!(confirmed["recovery_codes"].as_array().map(Vec::len), Some(10));
        assert_eq!(standing(&tenant.owner).await["recovery_codes_left"], 10);
        begin(&tenant.owner).await.problem(409, "second_factor.enabled");

        app.advance(chrono::Duration::seconds(30));
        let asked = challenge(&app, &tenant).await;
        assert!(asked["access_token"].is_null() && asked["refresh_token"].is_null(), "{asked}");
        answer(&app, &asked, wrong).await.invalid("/code");
        let signed_in = answer(&app, &asked, &code_now(&app, secret)).await.ok();
        client_of(&app, &signed_in).get("/v1/me").await.ok();
        app.advance(chrono::Duration::seconds(30));
        answer(&app, &asked, &code_now(&app, secret)).await.problem(401, "auth.invalid_challenge");
        app.run_jobs().await;
        let told = mails_to(&app, &tenant.email()).await;
        assert!(told.iter().any(|text| text.contains("A second factor was turned on")), "{told:?}");
        for kept in [tenant.owner.get("/v1/events?limit=200").await.ok(), app.operator().get("/v1/ops/jobs?limit=200").await.ok()] {
            assert!(!kept.to_string().contains(secret), "{kept}");
        }
        let failed = crate::auth::events(&app, &tenant, "user.login_failed").await;
        assert_eq!(failed.len(), 1, "who knows the password and not the code is told of");
    }

    async fn a_code_works_once_and_so_does_a_recovery_code(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (secret, codes) = turn_on(&app, &tenant.owner).await;
        // The code that turned it on, and one that let somebody in.
        answer(&app, &challenge(&app, &tenant).await, &code_now(&app, &secret)).await.invalid("/code");
        app.advance(chrono::Duration::seconds(60));
        let now = code_now(&app, &secret);
        answer(&app, &challenge(&app, &tenant).await, &now).await.ok();
        answer(&app, &challenge(&app, &tenant).await, &now).await.invalid("/code");
        let before = code(&secret, app.clock.now().seconds() - 30);
        answer(&app, &challenge(&app, &tenant).await, &before).await.invalid("/code");
        let typed = codes[3].to_uppercase().replace('-', " ");
        let signed_in = answer(&app, &challenge(&app, &tenant).await, &typed).await.ok();
        answer(&app, &challenge(&app, &tenant).await, &codes[3]).await.invalid("/code");
        let owner = client_of(&app, &signed_in);
        assert_eq!(owner.get("/v1/me/second-factor").await.ok()["recovery_codes_left"], 9);
        app.advance(chrono::Duration::hours(1));
        let signed_in = answer(&app, &challenge(&app, &tenant).await, &code_now(&app, &secret)).await.ok();
        let owner = client_of(&app, &signed_in);
        let renew = |code: &str| owner.post("/v1/me/second-factor/recovery-codes", json!({ "code": code }));
        renew("000 000").await.invalid("/code");
        app.advance(chrono::Duration::seconds(30));
        let new = renew(&code_now(&app, &secret)).await.ok();
        answer(&app, &challenge(&app, &tenant).await, &codes[4]).await.invalid("/code");
        answer(&app, &challenge(&app, &tenant).await, new["recovery_codes"][0].as_str().unwrap()).await.ok();
    }

    async fn of_many_who_give_one_code_at_once_one_gets_in(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (secret, _) = turn_on(&app, &tenant.owner).await;
        app.advance(chrono::Duration::seconds(60));
        let mut calls = Vec::new();
        for _ in 0..6 {
            let call = answer(&app, &challenge(&app, &tenant).await, &code_now(&app, &secret));
            calls.push(tokio::spawn(async move { call.await.status }));
        }
        let mut statuses = Vec::new();
        for call in calls {
            statuses.push(call.await.expect("answered"));
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422, 422, 422, 422, 422]);
    }

    async fn codes_are_tried_ten_times_an_hour(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (secret, codes) = turn_on(&app, &tenant.owner).await;
        app.advance(chrono::Duration::hours(2));
        // New challenges do not help, and neither does asking many at a time.
        let mut calls = Vec::new();
        for n in 0..40 {
            let call = answer(&app, &challenge(&app, &tenant).await, &format!("wrong-{n}"));
            calls.push(tokio::spawn(async move { call.await.status }));
        }
        let mut statuses = Vec::new();
        for call in calls {
            statuses.push(call.await.expect("answered"));
        }
        assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 10, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 30, "{statuses:?}");
        let asked = challenge(&app, &tenant).await;
        let refused = answer(&app, &asked, &codes[0]).await;
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "second_factor.too_many_tries");
        app.advance(chrono::Duration::hours(1));
        answer(&app, &challenge(&app, &tenant).await, &code_now(&app, &secret)).await.ok();
    }

    async fn a_challenge_lasts_ten_minutes_and_ends_with_the_password(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let (_, codes) = turn_on(&app, &tenant.owner).await;
        let asked = challenge(&app, &tenant).await;
        app.advance(chrono::Duration::minutes(10));
        answer(&app, &asked, &codes[0]).await.problem(401, "auth.invalid_challenge");
        answer(&app, &json!({ "challenge": "chl_made_up" }), &codes[0]).await.problem(401, "auth.invalid_challenge");
        let asked = challenge(&app, &tenant).await;
        app.anonymous().post("/v1/auth/password-reset-email", json!({ "email": tenant.email() })).await.expect(202);
        app.run_jobs().await;
        let token = token_for(&app, &tenant.email(), "reset-password").await.expect("a link");
        app.anonymous().post("/v1/auth/password-reset", json!({ "token": token, "new_password": NEW_PASSWORD })).await.expect(204);
        answer(&app, &asked, &codes[0]).await.problem(401, "auth.invalid_challenge");
        // A new password is no way around the second factor.
        app.advance(chrono::Duration::seconds(1));
        let asked = log_in(&app, &tenant.email(), NEW_PASSWORD).await.expect(202);
        answer(&app, &asked, &codes[0]).await.ok();
        log_in(&app, &tenant.email(), PASSWORD).await.problem(401, "auth.invalid_credentials");
    }

    async fn turning_it_off_takes_the_password_and_a_code(app: TestApp) {
        let tenant = app.tenant("Acme").await;
        let off = |password: &str, code: &str| tenant.owner.post("/v1/me/second-factor/removal", json!({ "current_password": password, "code": code }));
        off(PASSWORD, "000000").await.problem(409, "second_factor.not_enabled");
        let (_, codes) = turn_on(&app, &tenant.owner).await;
        off("not it at all", &codes[0]).await.invalid("/current_password");
        off(PASSWORD, "abcd-efgh-jkmn-pqrs").await.invalid("/code");
        log_in(&app, &tenant.email(), PASSWORD).await.expect(202);
        off(PASSWORD, &codes[0]).await.expect(204);
        log_in(&app, &tenant.email(), PASSWORD).await.ok();
        let (_, new) = turn_on(&app, &tenant.owner).await;
        answer(&app, &challenge(&app, &tenant).await, &codes[1]).await.invalid("/code");
        answer(&app, &challenge(&app, &tenant).await, &new[1]).await.ok();
    }

    async fn an_invitation_is_no_way_around_it(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let (_, codes) = turn_on(&app, &acme.owner).await;
        let invited = other.owner.post("/v1/invitations", json!({ "email": acme.email(), "role": "agent" })).await.created();
        let accept = |body: Value| app.anonymous().post("/v1/invitations/accept", body);
        accept(json!({ "token": invited["token"], "password": PASSWORD })).await.invalid("/code");
        accept(json!({ "token": invited["token"], "password": PASSWORD, "code": "000000" })).await.invalid("/code");
        accept(json!({ "token": invited["token"], "password": PASSWORD, "code": codes[0] })).await.created();
    }

    async fn a_tenant_may_ask_its_members_for_one(app: TestApp) {
        let tenant = app.growth("Acme").await;
        let (admin, agent) = (tenant.user("admin").await, tenant.user("agent").await);
        let key = tenant.api_key(&["leads:read"]).await;
        let ask = |by: &Client, wanted: Value| by.patch("/v1/tenants/current", json!({ "settings": { "requires_second_factor": wanted } }));
        ask(&admin, json!(true)).await.problem(403, "user.owner_required");
        ask(&tenant.owner, json!(true)).await.invalid("/settings/requires_second_factor");
        agent.get("/v1/leads").await.ok();
        turn_on(&app, &tenant.owner).await;
        assert_eq!(ask(&tenant.owner, json!(true)).await.ok()["settings"]["requires_second_factor"], true);
        tenant.owner.get("/v1/leads").await.ok();
        key.get("/v1/leads").await.ok();
        for refused in [agent.get("/v1/leads"), admin.get("/v1/tenants/current"), agent.post("/v1/leads", json!({ "name": "X" }))] {
            refused.await.problem(403, "auth.second_factor_needed");
        }
        agent.get("/v1/me").await.ok();
        let (_, codes) = turn_on(&app, &agent).await;
        agent.get("/v1/leads").await.ok();
        let off = json!({ "current_password": PASSWORD, "code": codes[0] });
        agent.post("/v1/me/second-factor/removal", off).await.expect(204);
        agent.get("/v1/leads").await.problem(403, "auth.second_factor_needed");
        ask(&tenant.owner, Value::Null).await.ok();
        agent.get("/v1/leads").await.ok();
        admin.get("/v1/tenants/current").await.ok();
    }
}
