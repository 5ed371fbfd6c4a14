//! What is no passkey of ours: another site's, another domain's, and what is none at all.

use serde_json::{Value, json};

use super::{add, begin, device, enter, enter_by, list, options, page, user_events, why};
use crate::both_engines;
use crate::support::Authenticator;

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
