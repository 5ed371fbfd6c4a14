//! Who is slowed down, and who never is. Limits are on; each test is a server behind one proxy of ours.

use serde_json::json;

use crate::support::{Answer, Client, PASSWORD, TestApp, TestEngine};

async fn limited(engine: TestEngine, more: &[(&str, &str)]) -> TestApp {
    let mut settings = vec![("RATE_LIMIT", "on"), ("TRUST_PROXY", "true")];
    settings.extend_from_slice(more);
    TestApp::start(engine, &settings).await
}

/// Somebody at this address, as our proxy saw it.
fn at(app: &TestApp, address: &str) -> Client {
    app.anonymous().with_header("x-forwarded-for", address)
}

async fn log_in(client: &Client, email: &str, password: &str) -> Answer {
    client.post("/v1/auth/login", json!({ "email": email, "password": password })).await
}

async fn sign_up(client: &Client, name: &str) -> (String, Client) {
    let email = format!("owner@{name}.example.com");
    let body = json!({ "email": email, "password": PASSWORD, "business_name": name });
    let made = client.post("/v1/auth/signup", body).await.created();
    (email, client.with_token(made["access_token"].as_str().unwrap()))
}

/// The same test on both engines.
macro_rules! limits {
    ($(async fn $name:ident($engine:ident) $body:block)+) => {$(
        mod $name {
            use super::*;
            async fn body($engine: TestEngine) $body
            #[tokio::test]
            async fn sqlite() {
                body(TestEngine::Sqlite).await;
            }
            #[tokio::test]
            async fn postgres() {
                body(TestEngine::Postgres).await;
            }
        }
    )+};
}

limits! {
    async fn what_comes_by_a_tenants_own_form_key_counts_as_the_tenants(engine) {
        let app = limited(engine, &[("MEGABYTES_PER_DAY", "1")]).await;
        let (_, owner) = sign_up(&at(&app, "192.0.2.55"), "acme").await;
        let draft = json!({ "name": "d", "platform": "google", "account_owner": "tenant", "external_campaign_id": "6601",
            "daily_budget": { "amount": 100_000, "currency": "INR" } });
        let made = owner.post("/v1/ad-campaigns", draft).await.created();
        let key = owner.call("POST", &format!("/v1/ad-campaigns/{}/webhook-key", made["id"].as_str().unwrap())).await.created();
        let mut taken = 0;
        for n in 0..40 {
            let lead = json!({ "lead_id": format!("b{n}"), "google_key": key["key"], "campaign_id": "6601", "is_test": n % 2 == 0,
                "user_column_data": [{ "column_id": "Q", "string_value": "x".repeat(50_000) }] });
            taken += usize::from(at(&app, "198.51.100.9").post("/v1/webhooks/google-ads", lead).await.status == 200);
        }
        assert!((10..=21).contains(&taken), "{taken} of 40 bodies of 50 kB in a megabyte");
    }

    async fn one_customers_ipv6_networks_are_one_guesser(engine) {
        let app = limited(engine, &[]).await;
        let (email, _) = sign_up(&at(&app, "198.51.100.1"), "victim").await;
        let mut tried = 0;
        for n in 0..60 {
            let network = at(&app, &format!("2001:470:abcd:{n:x}::1"));
            tried += usize::from(log_in(&network, &email, "wrong password 11").await.status == 401);
        }
        assert!((30..60).contains(&tried), "{tried} of 60 guesses, each from a network of its own");
        assert_eq!(log_in(&at(&app, "2001:db8::1"), &email, PASSWORD).await.status, 200);
    }

    async fn what_a_client_writes_about_its_address_changes_nothing(engine) {
        let app = limited(engine, &[]).await;
        let mut refused = 0;
        for n in 0..40 {
            let forged = app
                .anonymous()
                .with_header("x-forwarded-for", &format!("10.9.9.{n}, 203.0.113.7"))
                .with_header("forwarded", &format!("for=10.1.2.{n}"))
                .with_header("x-real-ip", &format!("10.2.2.{n}"));
            refused += usize::from(log_in(&forged, &format!("nobody{n}@example.com"), "wrong password 11").await.status == 429);
        }
        assert!(refused >= 10, "{refused} of 40 guesses from one address");
        assert_eq!(log_in(&at(&app, "203.0.113.8"), "nobody@example.com", "wrong password 11").await.status, 401);
    }

    async fn others_guessing_keep_nobody_out(engine) {
        let app = limited(engine, &[]).await;
        let owner = at(&app, "192.0.2.55");
        let (email, _) = sign_up(&owner, "acme").await;
        for n in 0..60 {
            log_in(&at(&app, &format!("198.51.100.{}", n % 12)), &email, "wrong password 11").await;
        }
        assert_eq!(log_in(&at(&app, "198.51.100.3"), &email, "wrong password 11").await.status, 429);
        for address in ["192.0.2.55", "192.0.2.56"] {
            assert_eq!(log_in(&at(&app, address), &email, PASSWORD).await.status, 200, "{address}");
        }
    }

    async fn a_tenant_does_not_multiply_its_limit_by_keys(engine) {
        let app = limited(engine, &[("REQUESTS_PER_MINUTE", "30")]).await;
        let (_, owner) = sign_up(&at(&app, "192.0.2.55"), "acme").await;
        let (_, other) = sign_up(&at(&app, "192.0.2.55"), "zenith").await;
        app.run_jobs().await;
        for client in [&owner, &other] {
            client.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created();
        }
        let mut keys = Vec::new();
        for n in 0..5 {
            let made = owner.post("/v1/api-keys", json!({ "name": format!("k{n}"), "scopes": ["leads:read"] })).await.created();
            keys.push(app.anonymous().with_token(made["key"].as_str().unwrap()));
        }
        let mut answered = 0;
        for key in &keys {
            for _ in 0..30 {
                answered += usize::from(key.get("/v1/leads").await.status == 200);
            }
        }
        assert!((20..=60).contains(&answered), "{answered} of 150");
        other.get("/v1/me").await.ok();
    }

    async fn whoever_tries_keys_is_slowed_down_and_who_has_one_is_not(engine) {
        let app = limited(engine, &[]).await;
        let here = at(&app, "203.0.113.7");
        let (_, owner) = sign_up(&here, "acme").await;
        let mut refused = 0;
        for n in 0..100 {
            refused += usize::from(here.with_token(&format!("lw_guess{n:040}")).get("/v1/me").await.status == 429);
        }
        assert!(refused > 20, "{refused} of 100");
        assert_eq!(owner.get("/v1/me").await.status, 200);
    }

    async fn a_frontends_server_renews_the_sessions_of_all_its_people(engine) {
        let app = limited(engine, &[]).await;
        let mut tokens = Vec::new();
        for n in 0..15 {
            let body = json!({ "email": format!("owner@t{n}.example.com"), "password": PASSWORD, "business_name": "T" });
            let made = at(&app, &format!("192.0.2.{n}")).post("/v1/auth/signup", body).await.created();
            tokens.push(made["refresh_token"].as_str().unwrap().to_string());
        }
        let server = at(&app, "203.0.113.7");
        for round in 0..8 {
            for token in &mut tokens {
                let renewed = server.post("/v1/auth/refresh", json!({ "refresh_token": *token })).await;
                assert_eq!(renewed.status, 200, "round {round}: {}", renewed.text);
                *token = renewed.body["refresh_token"].as_str().unwrap().to_string();
            }
        }
        let mut refused = 0;
        for _ in 0..30 {
            let renewed = server.post("/v1/auth/refresh", json!({ "refresh_token": tokens[0] })).await;
            match renewed.status {
                200 => tokens[0] = renewed.body["refresh_token"].as_str().unwrap().to_string(),
                status => refused += usize::from(status == 429),
            }
        }
        assert!(refused > 10, "one session, thirty times: {refused} refused");
    }

    async fn asking_for_links_to_recover_an_account_is_slowed_down_by_place(engine) {
        let app = limited(engine, &[]).await;
        let ask = |place: &str, n: usize| at(&app, place).post("/v1/auth/password-reset-email", json!({ "email": format!("n{n}@acme.example.com") }));
        let mut refused = 0;
        for n in 0..30 {
            refused += usize::from(ask("203.0.113.7", n).await.status == 429);
        }
        assert!(refused >= 15, "{refused} of 30");
        ask("203.0.113.8", 0).await.expect(202);
    }

    async fn reading_prices_does_not_count_as_logging_in_or_signing_up(engine) {
        let app = limited(engine, &[]).await;
        let here = at(&app, "203.0.113.7");
        let mut refused = 0;
        for _ in 0..140 {
            refused += usize::from(here.get("/v1/plans").await.status == 429);
        }
        assert!(refused > 0);
        let (email, _) = sign_up(&here, "acme").await;
        assert_eq!(log_in(&here, &email, PASSWORD).await.status, 200);
    }
}
