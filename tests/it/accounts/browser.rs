//! Sessions in cookies: what a page of ours may do with them, and what a foreign one may not.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Answer, Call, PASSWORD, TestApp};

const PAGE: &str = "https://app.example.com";

async fn start(app: &TestApp) -> TestApp {
    TestApp::start(app.engine, &[("CORS_ORIGINS", PAGE)]).await
}

fn log_in(app: &TestApp, email: &str, origin: Option<&str>) -> Call {
    let body = json!({ "email": email, "password": PASSWORD, "cookies": true });
    let call = app.anonymous().post("/v1/auth/login", body);
    origin.into_iter().fold(call, |call, origin| call.header("origin", origin))
}

/// The cookies that an answer sets, as a browser sends them back.
fn jar(answer: &Answer) -> String {
    let pairs = answer.headers("set-cookie").into_iter().map(|cookie| cookie.split(';').next().expect("a pair"));
    pairs.collect::<Vec<_>>().join("; ")
}

fn call(app: &TestApp, method: &str, path: &str, cookies: &str) -> Call {
    app.anonymous().call(method, path).header("cookie", cookies)
}

both_engines! {
    async fn a_page_of_ours_keeps_its_session_in_cookies(app: TestApp) {
        let app = start(&app).await;
        let tenant = app.tenant("Acme").await;
        let answer = log_in(&app, &tenant.email(), Some(PAGE)).await;
        let set = answer.headers("set-cookie");
        assert_eq!(set.len(), 2);
        for cookie in set {
            assert!(cookie.starts_with("__Host-leadwright-"), "{cookie}");
            for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Max-Age="] {
                assert!(cookie.contains(attribute), "{cookie}");
            }
        }
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let cookies = jar(&answer);
        let body = answer.created();
        assert!(body["access_token"].is_null() && body["refresh_token"].is_null(), "no script reads them: {body}");
        assert_eq!(body["user"]["email"], json!(tenant.email()));
        assert_eq!(call(&app, "GET", "/v1/me", &cookies).await.ok()["user"]["email"], json!(tenant.email()));
        let name = |call: Call| call.json(json!({ "name": "Rajesh" }));
        name(call(&app, "PATCH", "/v1/me", &cookies).header("origin", PAGE)).await.ok();

        app.advance(chrono::Duration::minutes(16));
        call(&app, "GET", "/v1/me", &cookies).await.problem(401, "auth.token_expired");
        let renew = |cookies: &str| call(&app, "POST", "/v1/auth/refresh", cookies).header("origin", PAGE);
        let renewed = renew(&cookies).await;
        let next = jar(&renewed);
        renewed.created();
        assert_ne!(cookies, next);
        // Two tabs share the cookies, and refresh together.
        let again = renew(&cookies).await;
        assert_eq!(jar(&again).split("; ").nth(1), next.split("; ").nth(1));
        let out = call(&app, "POST", "/v1/auth/logout", &next).header("origin", PAGE).await;
        assert!(out.headers("set-cookie").iter().all(|cookie| cookie.contains("=; Max-Age=0;")), "{:?}", out.headers("set-cookie"));
        assert_eq!((out.status, out.headers("set-cookie").len()), (204, 2));
        call(&app, "GET", "/v1/me", &next).await.problem(401, "auth.session_ended");
    }

    async fn a_foreign_page_does_nothing_with_them(app: TestApp) {
        let app = start(&app).await;
        let tenant = app.tenant("Acme").await;
        for origin in [None, Some("https://evil.example"), Some("null"), Some("http://app.example.com")] {
            let refused = log_in(&app, &tenant.email(), origin).await;
            assert!(refused.headers("set-cookie").is_empty());
            refused.problem(403, "auth.foreign_page");
        }
        let answer = log_in(&app, &tenant.email(), Some(PAGE)).await;
        let cookies = jar(&answer);
        answer.created();
        let forged = |origin: Option<&str>| {
            let forged = call(&app, "PATCH", "/v1/me", &cookies).json(json!({ "name": "Mallory" }));
            origin.into_iter().fold(forged, |call, origin| call.header("origin", origin))
        };
        for origin in [None, Some("https://evil.example"), Some("null"), Some("https://app.example.com.evil.example")] {
            forged(origin).await.problem(403, "auth.foreign_page");
        }
        // A form needs no preflight, and brings no JSON.
        let form = call(&app, "POST", "/v1/auth/logout", &cookies).header("origin", "https://evil.example").raw("text/plain", "");
        form.await.problem(403, "auth.foreign_page");
        forged(Some(PAGE)).header("sec-fetch-site", "cross-site").await.problem(403, "auth.foreign_page");
        let refresh = call(&app, "POST", "/v1/auth/refresh", &cookies).json(json!({})).header("origin", "https://evil.example");
        refresh.await.problem(403, "auth.foreign_page");
        let me = call(&app, "GET", "/v1/me", &cookies).header("origin", "https://evil.example").await;
        assert_eq!(me.header("access-control-allow-origin"), None, "and reads nothing");
        assert!(me.ok()["user"]["name"].is_null(), "nothing of it happened");
        let preflight = app.anonymous().call("OPTIONS", "/v1/me").header("origin", "https://evil.example").header("access-control-request-method", "PATCH");
        assert_eq!(preflight.await.header("access-control-allow-credentials"), None);
    }

    async fn who_sends_an_authorization_header_speaks_for_themselves(app: TestApp) {
        let app = start(&app).await;
        let (acme, zenith) = (app.tenant("Acme").await, app.tenant("Zenith").await);
        let answer = log_in(&app, &acme.email(), Some(PAGE)).await;
        let cookies = jar(&answer);
        answer.created();
        let me = zenith.owner.get("/v1/me").header("cookie", &cookies).await.ok();
        assert_eq!(me["user"]["email"], json!(zenith.email()));
        for header in ["Bearer nonsense", "Basic eDp5", ""] {
            let refused = call(&app, "GET", "/v1/me", &cookies).header("authorization", header).await;
            assert_eq!(refused.status, 401, "{header}: {}", refused.text);
        }
        let both = call(&app, "POST", "/v1/auth/refresh", &cookies).json(json!({})).header("origin", PAGE).header("authorization", "Bearer x");
        both.await.problem(401, "auth.missing_credentials");
        app.anonymous().post("/v1/auth/refresh", json!({})).await.problem(401, "auth.missing_credentials");
        // A key is no session, wherever it is kept.
        let key = app.growth("Keys").await;
        let made = key.owner.post("/v1/api-keys", json!({ "name": "k", "scopes": ["leads:read"] })).await.created();
        let planted = format!("__Host-leadwright-access={}", made["key"].as_str().unwrap());
        call(&app, "GET", "/v1/leads", &planted).await.problem(401, "auth.invalid_token");
    }

    async fn whoever_lets_every_origin_in_gives_none_of_them_cookies(app: TestApp) {
        let app = TestApp::start(app.engine, &[("CORS_ORIGINS", "*")]).await;
        let tenant = app.tenant("Acme").await;
        log_in(&app, &tenant.email(), Some("https://evil.example")).await.problem(403, "auth.foreign_page");
        let read = tenant.owner.get("/v1/me").header("origin", "https://evil.example").await;
        assert_eq!(read.header("access-control-allow-credentials"), None);
        let own = app.app.core.settings.app_url.clone();
        let signed_in = log_in(&app, &tenant.email(), Some(&own)).await;
        assert_eq!(signed_in.status, 201, "{}", signed_in.text);
    }

    async fn a_second_factor_is_asked_for_before_there_are_cookies(app: TestApp) {
        let app = start(&app).await;
        let tenant = app.tenant("Acme").await;
        let begun = tenant.owner.post("/v1/me/second-factor", json!({ "current_password": PASSWORD })).await.created();
        let code = crate::accounts::code(begun["secret"].as_str().unwrap(), app.clock.now().seconds());
        let confirmed = tenant.owner.post("/v1/me/second-factor/confirmation", json!({ "code": code })).await.ok();
        let asked = log_in(&app, &tenant.email(), Some(PAGE)).await;
        assert!(asked.headers("set-cookie").is_empty());
        let asked = asked.expect(202);
        let answer = |origin: &str| {
            let body = json!({ "challenge": asked["challenge"], "code": confirmed["recovery_codes"][0], "cookies": true });
            app.anonymous().post("/v1/auth/second-factor", body).header("origin", origin)
        };
        answer("https://evil.example").await.problem(403, "auth.foreign_page");
        let entered = answer(PAGE).await;
        let cookies = jar(&entered);
        assert_eq!(entered.created()["access_token"], Value::Null);
        call(&app, "GET", "/v1/me", &cookies).await.ok();
    }
}
