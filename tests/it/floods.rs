//! Work that one tenant, or many together, could multiply: for a host that never asked, for the providers, for everybody else.

use serde_json::{Value, json};

use crate::both_engines;
use crate::outbound::{deliveries, endpoint, path};
use crate::support::{Client, Receiver};

/// Two hundred deliveries a minute of one tenant to one destination, thirty-three at once; of those that nobody wants, four.
const LIMITS: [(&str, &str); 2] = [("RATE_LIMIT", "on"), ("WEBHOOKS_PER_MINUTE", "600")];

async fn enter(client: &Client, prefix: &str, count: usize) {
    for n in 0..count {
        let lead = json!({ "name": format!("{prefix} {n}"), "email": format!("{prefix}{n}@example.com") });
        client.post("/v1/leads", lead).await.created();
    }
}

async fn waiting(client: &Client) -> Vec<Value> {
    deliveries(client, "state=pending&limit=200").await
}

both_engines! {
    async fn who_never_answered_is_asked_now_and_then_until_it_does(app: TestApp) {
        let app = TestApp::start(app.engine, &LIMITS).await;
        let receiver = Receiver::start().await;
        receiver.answer("/hook", 404, &[], "");
        let client = app.growth("Cannon").await.as_operator(&app);
        let hook = endpoint(&client, &receiver.url("/hook"), &["lead.created"]).await;
        assert_eq!(hook["verified_at"], Value::Null);
        enter(&client, "first", 20).await;
        app.run_jobs().await;
        assert_eq!(receiver.arrivals("/hook").len(), 1, "one by one, and few of them");
        let untouched = waiting(&client).await.iter().filter(|row| row["attempt_count"] == 0).count();
        assert_eq!(untouched, 19, "what waits for room counts as no attempt");
        for _ in 0..4 {
            app.advance(chrono::Duration::seconds(15));
            app.run_jobs().await;
        }
        let asked = receiver.arrivals("/hook").len();
        assert!((2..=5).contains(&asked), "four a minute: {asked}");

        receiver.answer("/hook", 204, &[], "");
        app.advance(chrono::Duration::seconds(30));
        app.run_jobs().await;
        let shown = client.get(&path(&hook)).await.ok();
        assert!(shown["verified_at"].is_string() && shown["failing_since"].is_null(), "{shown}");
        app.advance(chrono::Duration::minutes(10));
        app.run_jobs().await;
        assert!(waiting(&client).await.is_empty(), "nothing is lost");
        // Another address has to show it anew.
        let moved = client.patch(&path(&hook), json!({ "url": receiver.url("/other") })).await.ok();
        assert_eq!(moved["verified_at"], Value::Null);
        receiver.stop().await;
    }

    async fn many_endpoints_of_many_tenants_are_one_destination(app: TestApp) {
        let app = TestApp::start(app.engine, &[("RATE_LIMIT", "on"), ("WEBHOOKS_PER_MINUTE", "60")]).await;
        let receiver = Receiver::start().await;
        let mut clients = Vec::new();
        for name in ["One", "Two", "Three", "Four", "Five"] {
            let client = app.growth(name).await.as_operator(&app);
            for at in ["/a", "/b"] {
                let hook = endpoint(&client, &receiver.url(at), &["lead.created"]).await;
                client.post(&format!("{}/ping", path(&hook)), json!({})).await.expect(202);
                app.run_jobs().await;
                app.advance(chrono::Duration::minutes(3));
                app.run_jobs().await;
                assert!(client.get(&path(&hook)).await.ok()["verified_at"].is_string());
            }
            clients.push(client);
        }
        let arrived = || receiver.arrivals("/a").len() + receiver.arrivals("/b").len();
        let before = arrived();
        for client in &clients {
            enter(client, "lead", 4).await;
        }
        app.run_jobs().await;
        let at_once = arrived() - before;
        assert!((3..=10).contains(&at_once), "forty wait for the ten that one destination gets in ten seconds: {at_once}");
        for _ in 0..40 {
            app.advance(chrono::Duration::seconds(6));
            app.run_jobs().await;
        }
        assert_eq!(arrived() - before, 40, "all of them arrive, each once");
        receiver.stop().await;
    }

    async fn an_endpoint_is_pinged_thirty_times_an_hour(app: TestApp) {
        let client = app.growth("Pings").await.as_operator(&app);
        let hook = endpoint(&client, "http://127.0.0.1:9/hook", &["lead.created"]).await;
        let ping = format!("{}/ping", path(&hook));
        for _ in 0..30 {
            client.post(&ping, json!({})).await.expect(202);
        }
        let refused = client.post(&ping, json!({})).await;
        assert!(refused.header("retry-after").is_some());
        refused.problem(429, "webhook_endpoint.ping_limit");
        app.advance(chrono::Duration::hours(1));
        client.post(&ping, json!({})).await.expect(202);
    }

    async fn a_tenant_replays_one_stretch_of_time_at_a_time(app: TestApp) {
        let (one, two) = (app.growth("One").await.as_operator(&app), app.growth("Two").await.as_operator(&app));
        let start = app.clock.now().minus(chrono::Duration::minutes(1));
        let mut replays = Vec::new();
        for client in [&one, &one, &two] {
            let hook = endpoint(client, "http://127.0.0.1:9/hook", &["lead.created"]).await;
            replays.push(format!("{}/replay", path(&hook)));
        }
        let wanted = json!({ "occurred_after": start });
        one.post(&replays[0], wanted.clone()).await.expect(202);
        for busy in &replays[..2] {
            let refused = one.post(busy, wanted.clone()).await;
            assert!(refused.header("retry-after").is_some());
            refused.problem(409, "webhook_endpoint.replaying");
        }
        two.post(&replays[2], wanted.clone()).await.expect(202);
        app.run_jobs().await;
        one.post(&replays[1], wanted).await.expect(202);
    }

    async fn an_ad_platform_is_told_so_often_a_minute_and_of_the_last_word(app: TestApp) {
        let tenant = app.growth("Fickle").await;
        let campaign = tenant.ad_campaign("meta", "6601", "7701", "8801").await;
        let path = |step: &str| format!("/v1/ad-campaigns/{}/{step}", campaign["id"].as_str().unwrap());
        for _ in 0..40 {
            for step in ["pause", "resume"] {
                tenant.owner.call("POST", &path(step)).await.ok();
                app.run_jobs().await;
            }
        }
        tenant.owner.call("POST", &path("pause")).await.ok();
        app.run_jobs().await;
        let told = app.operator().get("/v1/ops/jobs?kind=ad_campaign.sync_delivery&limit=200").await.ok();
        let told = told["data"].as_array().unwrap().len();
        assert!(told <= 61, "eighty changes: {told}");
        app.advance(chrono::Duration::minutes(2));
        app.run_jobs().await;
        let shown = tenant.owner.get(path("").trim_end_matches('/')).await.ok();
        let delivery = (&shown["delivery"]["desired"], &shown["delivery"]["state"]);
        assert_eq!(delivery, (&json!("paused"), &json!("synced")), "{shown}");
    }

    async fn a_forms_own_key_brings_so_many_leads_a_minute_and_loses_none(app: TestApp) {
        let app = TestApp::start(app.engine, &[("RATE_LIMIT", "on")]).await;
        let tenant = app.growth("Forms").await;
        let form = json!({ "name": "Own", "platform": "google", "account_owner": "tenant",
            "daily_budget": { "amount": 100, "currency": "INR" }, "external_campaign_id": "6601", "external_form_id": "7701" });
        let made = tenant.owner.post("/v1/ad-campaigns", form).await.created();
        let key = format!("/v1/ad-campaigns/{}/webhook-key", made["id"].as_str().unwrap());
        let key = tenant.owner.call("POST", &key).await.created()["key"].clone();
        for n in 0..65 {
            let lead = json!({ "lead_id": format!("CAES-{n}"), "google_key": key, "campaign_id": "6601", "form_id": "7701",
                "user_column_data": [{ "column_id": "FULL_NAME", "string_value": format!("Person {n}") }] });
            app.anonymous().post("/v1/webhooks/google-ads", lead).await.ok();
        }
        app.run_jobs().await;
        let count = async || tenant.as_operator(&app).get("/v1/leads/counts").await.ok()["total"].clone();
        assert_eq!(count().await, 60, "the others have their turn later");
        app.advance(chrono::Duration::seconds(3));
        app.run_jobs().await;
        assert_eq!(count().await, 63);
        app.advance(chrono::Duration::seconds(3));
        app.run_jobs().await;
        assert_eq!(count().await, 65);
    }
}
