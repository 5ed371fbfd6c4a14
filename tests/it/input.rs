//! Bad input: a clear problem that points at the value, and nothing is written.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::both_engines;

both_engines! {
    async fn wrong_values_are_pointed_at(app: TestApp) {
        let tenant = app.growth("Input").await;
        let owner = &tenant.owner;
        let good = json!({ "name": "Asha", "email": "asha@example.com" });
        let with = |name: &str, value: Value| {
            let mut body = good.clone();
            body[name] = value;
            body
        };
        let cases = [
            (json!({ "email": "asha@example.com" }), "/name"),
            (with("name", json!(7)), "/name"),
            (with("name", json!("")), "/name"),
            (with("name", json!("x".repeat(201))), "/name"),
            (with("name", json!("A\u{0}sha")), "/name"),
            (with("email", json!("nobody")), "/email"),
            (with("phone", json!("999999999999999999999999")), "/phone"),
            (with("phone", json!("12")), "/phone"),
            (with("nickname", json!("A")), "/nickname"),
            (with("source", json!("billboard")), "/source"),
            (with("location", json!({ "lat": 91 })), "/location/lat"),
            (with("location", json!({ "planet": "Mars" })), "/location/planet"),
            (with("received_at", json!("yesterday")), "/received_at"),
            (with("received_at", json!("2030-01-01T00:00:00Z")), "/received_at"),
            (with("ad_campaign_id", json!("019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11")), "/ad_campaign_id"),
            (with("assigned_to", json!("019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11")), "/assigned_to"),
            (with("form_responses", json!({ "x": "y".repeat(20_000) })), "/form_responses"),
            (json!({ "name": "Asha" }), "/email"),
        ];
        for (body, pointer) in cases {
            owner.post("/v1/leads", body).await.invalid(pointer);
        }
        let campaign = json!({ "name": "X", "platform": "meta", "daily_budget": { "amount": -1, "currency": "INR" } });
        owner.post("/v1/ad-campaigns", campaign).await.invalid("/daily_budget/amount");
        assert!(tenant.leads().await.is_empty(), "nothing was written");
    }

    async fn all_that_is_wrong_is_told_at_once(app: TestApp) {
        let tenant = app.growth("Once").await;
        let owner = &tenant.owner;
        let nobody = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11";
        let told = |answer: &crate::support::Answer| -> Vec<String> {
            assert_eq!(answer.status, 422, "{}", answer.text);
            let errors = answer.body["errors"].as_array().unwrap().iter();
            let mut told: Vec<String> = errors.map(|error| error["pointer"].as_str().unwrap().into()).collect();
            told.sort();
            told
        };
        // What the body says of itself.
        let body = json!({ "name": "", "email": "nobody", "phone": "call me", "location": { "lat": 91 }, "nickname": 1 });
        let answer = owner.post("/v1/leads", body).await;
        assert_eq!(told(&answer), ["/email", "/location/lat", "/name", "/nickname", "/phone"]);
        // And what only the tenant knows.
        let body = json!({ "name": "Asha", "phone": "98765", "assigned_to": nobody, "ad_campaign_id": nobody,
            "received_at": "2030-01-01T00:00:00Z", "form_responses": { "x": "y".repeat(20_000) } });
        let answer = owner.post("/v1/leads", body).await;
        assert_eq!(told(&answer), ["/ad_campaign_id", "/assigned_to", "/form_responses", "/phone", "/received_at"]);
        let lead = owner.post("/v1/leads", json!({ "name": "Asha", "email": "asha@example.com" })).await.created();
        let patch = json!({ "email": "nobody", "phone": "n/a", "status": "sold", "time_on_site_seconds": -1 });
        let answer = owner.patch(&format!("/v1/leads/{}", lead["id"].as_str().unwrap()), patch).await;
        assert_eq!(told(&answer), ["/email", "/phone", "/status", "/time_on_site_seconds"]);
        let patch = json!({ "phone": "12", "avatar_url": "javascript:alert(1)", "language": "?", "name": "" });
        assert_eq!(told(&owner.patch("/v1/me", patch).await), ["/avatar_url", "/language", "/name", "/phone"]);
        let endpoint = json!({ "url": "ftp://hooks.example.com/x", "event_types": [], "description": "x".repeat(501) });
        assert_eq!(told(&owner.post("/v1/webhook-endpoints", endpoint).await), ["/description", "/event_types", "/url"]);
    }

    async fn unreadable_bodies_are_refused(app: TestApp) {
        let tenant = app.growth("Bodies").await;
        let owner = &tenant.owner;
        let raw = |kind: &str, body: Vec<u8>| owner.call("POST", "/v1/leads").raw(kind, body);
        raw("application/json", b"{\"name\":".to_vec()).await.problem(400, "request.malformed_json");
        raw("application/json", b"".to_vec()).await.problem(400, "request.malformed_json");
        raw("application/json", vec![0xff, 0xfe, 0x00]).await.problem(400, "request.malformed_json");
        raw("text/plain", b"{}".to_vec()).await.problem(415, "request.unsupported_media_type");
        let deep = format!("{{\"name\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        raw("application/json", deep.into_bytes()).await.problem(400, "request.too_deep");
        let bottomless = "[".repeat(100_000);
        raw("application/json", bottomless.into_bytes()).await.problem(400, "request.malformed_json");
        let large = format!("{{\"name\":\"{}\"}}", "x".repeat(1_100_000));
        raw("application/json", large.into_bytes()).await.problem(413, "request.too_large");
        assert!(tenant.leads().await.is_empty());
    }

    async fn a_place_no_list_gave_out_is_refused(app: TestApp) {
        let owner = app.growth("Places").await.owner;
        for (sort, value) in [("-created_at", -5_000_000_000_000_000_000_i64), ("received_at", i64::MAX), ("-score", 101), ("score", i64::MIN)] {
            let place = json!({ "sort": sort, "value": value, "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10" });
            let cursor = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(place.to_string());
            owner.get(&format!("/v1/leads?sort={sort}&cursor={cursor}")).await.invalid("cursor");
        }
    }

    async fn wrong_parameters_are_named(app: TestApp) {
        let owner = app.growth("Parameters").await.owner;
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=x", "limit"),
            ("cursor=nonsense", "cursor"),
            ("status=new,unheard", "status"),
            ("sort=colour", "sort"),
            ("score_min=101", "score_min"),
            ("assigned_to=me", "assigned_to"),
            ("created_after=today", "created_after"),
            ("q=%20", "q"),
            ("colour=red", "colour"),
            ("limit=1&limit=2", "limit"),
            ("q=ab%00cd", "q"),
        ] {
            owner.get(&format!("/v1/leads?{query}")).await.invalid(name);
        }
        owner.get("/v1/leads/not-an-id").await.problem(404, "resource.not_found");
        owner.get("/v1/leads/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11").await.problem(404, "lead.not_found");
        let headers = owner.get("/v1/leads").header("x-filler", &"x".repeat(20_000)).await;
        assert!([400, 431].contains(&headers.status), "{}", headers.status);
    }

    async fn refusals_speak_of_the_contract(app: TestApp) {
        let owner = app.growth("Words").await.owner;
        let detail = |body: &Value| body["errors"][0]["detail"].as_str().unwrap_or_default().to_string();
        owner.post("/v1/leads", json!({ "name": "A", "a/b~c": 1 })).await.invalid("/a~1b~0c");
        let cases = [
            owner.get("/v1/leads?score_min=abc").await.invalid("score_min"),
            owner.get("/v1/leads?is_locked=perhaps").await.invalid("is_locked"),
            owner.patch("/v1/tenants/current", json!([])).await.invalid(""),
            owner.patch("/v1/tenants/current", json!({ "settings": { "holidays": ["2026-13-25"] } })).await.expect(422),
        ];
        let details: Vec<String> = cases.iter().map(detail).collect();
        assert_eq!(
            details,
            ["expected a whole number", "expected true or false", "expected an object", "expected a date such as 2026-11-20"]
        );
    }

    async fn head_is_asked_where_get_is(app: TestApp) {
        let tenant = app.growth("Head").await;
        for (client, path) in [(app.anonymous(), "/healthz"), (app.anonymous(), "/v1/plans"), (tenant.owner.clone(), "/v1/leads")] {
            let head = client.call("HEAD", path).await;
            assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        }
        app.anonymous().call("HEAD", "/v1/leads").await.expect(401);
    }

    async fn a_preflight_of_a_stranger_is_refused_as_a_problem(app: TestApp) {
        let asked = app
            .anonymous()
            .call("OPTIONS", "/v1/leads")
            .header("origin", "https://stranger.example.com")
            .header("access-control-request-method", "GET");
        asked.await.problem(403, "request.origin_not_allowed");
    }

    async fn a_key_is_rotated_without_a_body(app: TestApp) {
        let owner = app.growth("Rotate").await.owner;
        let key = owner.post("/v1/api-keys", json!({ "name": "k", "scopes": ["leads:read"] })).await.created();
        let path = format!("/v1/api-keys/{}/rotate", key["id"].as_str().unwrap());
        owner.call("POST", &path).await.created();
        owner.call("POST", &path).raw("text/plain", b"{}".to_vec()).await.problem(415, "request.unsupported_media_type");
    }
}
