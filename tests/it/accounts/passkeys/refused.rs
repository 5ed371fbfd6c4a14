//! What is no passkey of ours: another site's, another domain's, and what is none at all.

use serde_json::{Value, json};

use super::{add, begin, device, enter, enter_by, list, options, page, path_of, user_events, why};
use crate::accounts::{client_of, log_in};
use crate::both_engines;
use crate::support::{Authenticator, PASSWORD, TestApp};

both_engines! {
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
        for (name, value, code) in [
            ("signature", json!("AA"), "signature"),
            ("signature", json!(""), "signature"),
            ("userHandle", json!("AA"), "other_holder"),
            ("userHandle", json!(""), "no_user_handle"),
            ("userHandle", Value::Null, "no_user_handle"),
        ] {
            let mut broken = said.clone();
            broken["response"][name] = value;
            assert_eq!(why(&enter(&app, &broken).await.problem(401, "auth.invalid_passkey")), code);
        }
        app.anonymous().post("/v1/auth/passkey", json!({ "credential": "x" })).await.invalid("/credential");
        enter(&app, &said).await.ok();

        let other = app.tenant("Other").await;
        let mut repeating = Authenticator::synced(&page(&app)).create(&begin(&other.owner).await);
        repeating["response"]["transports"] = json!(["usb", "usb", "carrier-pigeon", "nfc", "usb"]);
        let added = add(&other.owner, &repeating).await.created();
        assert_eq!(added["transports"], json!(["usb", "nfc"]), "each once");
        let off = json!({ "current_password": PASSWORD, "code": added["recovery_codes"][0] });
        other.owner.post("/v1/me/second-factor/removal", off).await.expect(204);
        let made = Authenticator::synced(&page(&app)).create(&begin(&other.owner).await);
        for cbor in ["", "oA", "gA", "_w", "gYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgQ", "W3______", "o2NmbXRkbm9uZQ"] {
            let mut broken = made.clone();
            broken["response"]["attestationObject"] = json!(cbor);
            assert_eq!(why(&add(&other.owner, &broken).await.invalid("/credential")), "malformed", "{cbor}");
        }
        add(&other.owner, &made).await.created();
    }

    async fn after_a_change_of_the_domain_passkeys_of_before_are_not_asked_for(app: TestApp) {
        let (acme, other) = (app.tenant("Acme").await, app.tenant("Other").await);
        let (_, added) = device(&app, &acme.owner).await;
        moved_to_another_domain(&app).await;
        // The password alone is no way in for all that, and the only one left is a recovery code.
        let asked = log_in(&app, &acme.email(), PASSWORD).await.expect(202);
        assert_eq!(asked["methods"], json!(["code"]));
        let body = json!({ "challenge": asked["challenge"] });
        let problem = app.anonymous().post("/v1/auth/passkey/options", body).await.invalid("/challenge");
        assert_eq!(why(&problem), "no_passkeys");
        let answer = json!({ "challenge": asked["challenge"], "code": added["recovery_codes"][0] });
        let owner = client_of(&app, &app.anonymous().post("/v1/auth/second-factor", answer).await.ok());
        assert_eq!(owner.get(&path_of(&added)).await.ok()["domain"], "before.example");
        // The same device takes another one; then the former may go, and the new one is the last that lets in.
        let body = json!({ "current_password": PASSWORD, "code": added["recovery_codes"][1] });
        let begun = owner.post("/v1/me/passkeys/options", body).await.ok();
        assert_eq!(begun["public_key"]["excludeCredentials"], json!([]));
        let mut device = Authenticator::security_key(&page(&app));
        let new = add(&owner, &device.create(&begun["public_key"])).await.created();
        owner.delete(&path_of(&new)).await.problem(409, "passkey.last_second_factor");
        owner.delete(&path_of(&added)).await.expect(204);
        enter_by(&app, &mut device).await.ok();
        log_in(&app, &other.email(), PASSWORD).await.ok();
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

/// As if every passkey had been added when the platform was elsewhere.
async fn moved_to_another_domain(app: &TestApp) {
    use diesel::prelude::*;
    use leadwright::engine::db::{PlatformScope, PlatformTx};
    use leadwright::tenants::schema::passkeys;
    let write = |tx: &mut PlatformTx<'_>| -> leadwright::base::Result<()> {
        diesel::update(passkeys::table).set(passkeys::domain.eq("before.example")).execute(tx.conn())?;
        Ok(())
    };
    app.app.core.db.write(PlatformScope::system(), write).await.expect("written");
}
