//! Webhooks to integrators, continued: managing endpoints, saying it again, and the endpoint that hangs.

use leadwright::engine::jobs::{Worker, WorkerSettings};
use serde_json::{Value, json};

use crate::both_engines;
use crate::outbound::{deliveries, details, endpoint, path, types};
use crate::support::{PASSWORD, Receiver};

both_engines! {
    async fn endpoints_are_made_changed_and_deleted(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Managed").await;
        let body = json!({ "url": receiver.url("/hook"), "event_types": ["lead.*", "message.received"], "description": "CRM" });
        let made = tenant.owner.post("/v1/webhook-endpoints", body.clone()).header("idempotency-key", "e-1").await;
        let again = tenant.owner.post("/v1/webhook-endpoints", body).header("idempotency-key", "e-1").await;
        assert_eq!((made.header("etag"), again.header("idempotency-replayed")), (Some("\"v1\""), Some("true")));
        let (made, location) = (made.body.clone(), made.header("location").map(str::to_string));
        assert_eq!((&made, location), (&again.created(), Some(path(&made))));
        let first = tenant.owner.get(&path(&made)).await.ok();
        assert_eq!((&first["event_types"], &first["description"], &first["status"]), (&json!(["lead.*", "message.received"]), &json!("CRM"), &json!("enabled")));

        let patch = json!({ "event_types": ["*"], "description": null });
        tenant.owner.patch(&path(&made), patch.clone()).header("if-match", "\"v9\"").await.problem(412, "request.precondition_failed");
        let changed = tenant.owner.patch(&path(&made), patch).header("if-match", "\"v1\"").await;
        assert_eq!(changed.header("etag"), Some("\"v2\""));
        assert_eq!((&changed.body["event_types"], &changed.body["description"]), (&json!(["*"]), &Value::Null));
        for (wrong, pointer) in [
            (json!({ "event_types": [] }), "/event_types"),
            (json!({ "event_types": null }), "/event_types"),
            (json!({ "event_types": ["lead.exploded"] }), "/event_types/0"),
            (json!({ "url": "http://hooks.example.com/" }), "/url"),
            (json!({ "url": "https://10.0.0.1/" }), "/url"),
            (json!({ "status": "sleeping" }), "/status"),
        ] {
            tenant.owner.patch(&path(&made), wrong).await.invalid(pointer);
        }
        for url in ["https://169.254.169.254/latest", "https://user:pw@hooks.example.com/", "https://2130706433.nip.internal/", "https://[::ffff:10.0.0.1]/", "gopher://x/"] {
            tenant.owner.post("/v1/webhook-endpoints", json!({ "url": url, "event_types": ["*"] })).await.invalid("/url");
        }
        for n in 1..10 {
            endpoint(&tenant.owner, &receiver.url(&format!("/{n}")), &["lead.created"]).await;
        }
        tenant.owner.post("/v1/webhook-endpoints", json!({ "url": receiver.url("/11"), "event_types": ["*"] })).await.problem(409, "webhook_endpoint.too_many");
        let page = tenant.owner.get("/v1/webhook-endpoints?limit=4").await.ok();
        assert_eq!(page["data"].as_array().unwrap().len(), 4);
        tenant.owner.get(&format!("/v1/webhook-endpoints?limit=4&cursor={}", page["next_cursor"].as_str().unwrap())).await.ok();

        assert_eq!(tenant.owner.delete(&path(&made)).await.status, 204);
        tenant.owner.get(&path(&made)).await.problem(404, "webhook_endpoint.not_found");
        tenant.owner.delete(&path(&made)).await.problem(404, "webhook_endpoint.not_found");
        let trail = tenant.owner.get("/v1/events?limit=200").await.ok();
        for kind in ["webhook_endpoint.created", "webhook_endpoint.updated", "webhook_endpoint.deleted"] {
            assert!(trail["data"].as_array().unwrap().iter().any(|event| event["type"] == kind), "{kind}");
        }
        // Who may not.
        let reader = tenant.api_key(&["webhooks:read"]).await;
        reader.get("/v1/webhook-endpoints").await.ok();
        reader.post("/v1/webhook-endpoints", json!({ "url": receiver.url("/x"), "event_types": ["*"] })).await.problem(403, "auth.forbidden");
        tenant.user("agent").await.get("/v1/webhook-endpoints").await.problem(403, "auth.forbidden");
        receiver.stop().await;
    }

    async fn this_machine_is_refused_unless_the_configuration_allows_it(app: TestApp) {
        let engine = app.engine;
        let app = TestApp::start(engine, &[("WEBHOOKS_TO_LOOPBACK", "false")]).await;
        let tenant = app.growth("Strict").await;
        for url in ["http://127.0.0.1:9000/", "https://127.0.0.1:9000/", "https://localhost:9000/", "http://[::1]:9000/"] {
            tenant.owner.post("/v1/webhook-endpoints", json!({ "url": url, "event_types": ["*"] })).await.invalid("/url");
        }
        tenant.owner.post("/v1/webhook-endpoints", json!({ "url": "https://hooks.example.com/leads", "event_types": ["*"] })).await.created();
    }

    async fn a_plan_without_api_access_has_no_webhooks(app: TestApp) {
        let receiver = Receiver::start().await;
        let sign_up = json!({ "email": "owner@small.example.com", "password": PASSWORD, "business_name": "Small" });
        let answer = app.anonymous().post("/v1/auth/signup", sign_up).await.created();
        let owner = app.anonymous().with_token(answer["access_token"].as_str().unwrap());
        app.run_jobs().await;
        owner.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created();
        let hook = endpoint(&owner, &receiver.url("/hook"), &["*"]).await;
        app.run_jobs().await;
        owner.delete("/v1/subscriptions/current").await.ok();
        app.run_jobs().await;
        let before = receiver.arrivals("/hook").len();
        assert!(before > 0);
        owner.patch("/v1/tenants/current", json!({ "country": "US", "currency": "USD" })).await.ok();
        owner.post("/v1/subscriptions", json!({ "plan_code": "us_starter" })).await.created();
        app.run_jobs().await;
        assert_eq!(receiver.arrivals("/hook").len(), before, "the endpoint is kept, and silent");
        owner.get(&path(&hook)).await.ok();
        owner.post(&format!("{}/ping", path(&hook)), json!({})).await.problem(403, "feature_not_in_plan");
        let second = json!({ "url": receiver.url("/x"), "event_types": ["*"] });
        owner.post("/v1/webhook-endpoints", second).await.problem(403, "feature_not_in_plan");
        receiver.stop().await;
    }

    async fn both_secrets_sign_while_a_rotation_overlaps(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Rotated").await;
        let client = tenant.as_operator(&app);
        let hook = endpoint(&client, &receiver.url("/hook"), &["lead.created"]).await;
        let old = hook["secret"].as_str().unwrap();
        let rotated = client.post(&format!("{}/rotate", path(&hook)), json!({ "overlap_seconds": 3600 })).await.ok();
        let new = rotated["secret"].as_str().unwrap();
        assert!(old != new && rotated["previous_secret_expires_at"].is_string());
        client.post(&format!("{}/ping", path(&hook)), json!({})).await.expect(202);
        app.run_jobs().await;
        let during = receiver.arrivals("/hook").remove(0);
        assert_eq!((during.signed_by(new), during.signed_by(old)), (Some(0), Some(1)));
        app.advance(chrono::Duration::hours(1));
        client.post(&format!("{}/ping", path(&hook)), json!({})).await.expect(202);
        app.run_jobs().await;
        let after = receiver.arrivals("/hook").remove(1);
        assert_eq!((after.signed_by(new), after.signed_by(old)), (Some(0), None));
        client.post(&format!("{}/rotate", path(&hook)), json!({ "overlap_seconds": 700_000 })).await.invalid("/overlap_seconds");
        receiver.stop().await;
    }

    async fn a_ping_goes_to_one_endpoint_and_a_delivery_can_be_repeated(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Pinged").await;
        let hook = endpoint(&tenant.owner, &receiver.url("/hook"), &["ad_campaign.created"]).await;
        endpoint(&tenant.owner, &receiver.url("/other"), &["*"]).await;
        app.run_jobs().await;
        let pinged = tenant.owner.post(&format!("{}/ping", path(&hook)), json!({})).await;
        assert_eq!(pinged.header("location"), Some(format!("/v1/webhook-deliveries/{}", pinged.body["id"].as_str().unwrap()).as_str()));
        let pinged = pinged.expect(202);
        app.run_jobs().await;
        let arrived = receiver.arrivals("/hook");
        assert_eq!((types(&arrived), arrived[0].signed_by(hook["secret"].as_str().unwrap())), (vec!["webhook.ping".to_string()], Some(0)));
        assert!(!types(&receiver.arrivals("/other")).contains(&"webhook.ping".to_string()));
        let shown = details(&tenant.owner, &pinged).await;
        assert_eq!((&shown["state"], &shown["event_id"]), (&json!("delivered"), &json!(arrived[0].id)));
        // Again, although it arrived: the same event.
        let retry = format!("/v1/webhook-deliveries/{}/retry", pinged["id"].as_str().unwrap());
        tenant.owner.post(&retry, json!({})).await.expect(202);
        app.run_jobs().await;
        let arrived = receiver.arrivals("/hook");
        assert_eq!((arrived.len(), &arrived[0].id), (2, &arrived[1].id));
        assert_eq!(details(&tenant.owner, &pinged).await["attempt_count"], 2);
        // One that failed for good begins its schedule anew.
        receiver.answer("/hook", 410, &[], "");
        tenant.owner.post(&retry, json!({})).await.expect(202);
        app.run_jobs().await;
        assert_eq!(details(&tenant.owner, &pinged).await["state"], "failed");
        tenant.owner.post(&retry, json!({})).await.problem(409, "webhook_endpoint.disabled");
        receiver.stop().await;
    }

    async fn a_stretch_of_time_is_replayed(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Replayed").await;
        let client = tenant.as_operator(&app);
        let enter = async |n: usize| {
            client.post("/v1/leads", json!({ "name": format!("P{n}"), "email": format!("p{n}@example.com") })).await.created();
            app.run_jobs().await;
            app.advance(chrono::Duration::minutes(1));
        };
        let start = app.clock.now();
        enter(0).await;
        let hook = endpoint(&client, &receiver.url("/hook"), &["lead.created"]).await;
        enter(1).await;
        client.patch(&path(&hook), json!({ "status": "disabled" })).await.ok();
        enter(2).await;
        let replay = format!("{}/replay", path(&hook));
        client.post(&replay, json!({ "occurred_after": start })).await.problem(409, "webhook_endpoint.disabled");
        client.patch(&path(&hook), json!({ "status": "enabled" })).await.ok();
        let end = app.clock.now();
        enter(3).await;
        assert_eq!(receiver.arrivals("/hook").len(), 2, "what happened meanwhile was not kept for it");
        client.post(&replay, json!({ "occurred_after": start, "occurred_before": end })).await.expect(202);
        app.run_jobs().await;
        let arrived = receiver.arrivals("/hook");
        assert_eq!(arrived.len(), 4, "the two it never had, and not those it had");
        let ids: std::collections::BTreeSet<&String> = arrived.iter().map(|arrival| &arrival.id).collect();
        assert_eq!(ids.len(), 4);
        client.post(&replay, json!({ "occurred_after": start, "include_delivered": true })).await.expect(202);
        app.run_jobs().await;
        let all = receiver.arrivals("/hook");
        assert_eq!(all.len(), 8, "all four once more");
        assert!(all[4..].iter().all(|arrival| all[..4].iter().any(|before| before.id == arrival.id && before.body == arrival.body)));
        client.post(&replay, json!({ "occurred_after": "2026-01-01T00:00:00Z" })).await.invalid("/occurred_after");
        client.post(&replay, json!({ "occurred_after": end, "occurred_before": start })).await.invalid("/occurred_before");
        // After thirty days the log is forgotten.
        assert_eq!(deliveries(&client, "limit=200").await.len(), 4);
        app.advance(chrono::Duration::days(31));
        app.run_schedule().await;
        assert!(deliveries(&client, "limit=200&event_type=lead.created").await.is_empty());
        receiver.stop().await;
    }

    async fn what_a_lost_worker_left_is_found_by_the_sweep(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Swept").await;
        let client = tenant.as_operator(&app);
        let hook = endpoint(&client, &receiver.url("/hook"), &["lead.created"]).await;
        client.post(&format!("{}/ping", path(&hook)), json!({})).await.expect(202);
        // The job goes, as if it had died for good.
        let delete = |tx: &mut leadwright::engine::db::PlatformTx<'_>| {
            leadwright::each_engine!(tx.conn(), c => diesel::RunQueryDsl::execute(diesel::sql_query("DELETE FROM jobs WHERE kind = 'webhook.deliver'"), c))?;
            Ok(())
        };
        app.app.core.db.write(leadwright::engine::db::PlatformScope::system(), delete).await.expect("deleted");
        app.run_jobs().await;
        assert!(receiver.arrivals("/hook").is_empty());
        app.advance(chrono::Duration::minutes(2));
        app.run_schedule().await;
        assert_eq!(receiver.arrivals("/hook").len(), 1);
        receiver.stop().await;
    }

    async fn an_endpoint_that_hangs_holds_up_nobody_else(app: TestApp) {
        let receiver = Receiver::start().await;
        let (slow, quick) = (app.growth("Slow").await, app.growth("Quick").await);
        let mut hanging = Vec::new();
        for n in 0..3 {
            hanging.push(endpoint(&slow.owner, &receiver.url(&format!("/hang/{n}")), &["lead.created"]).await);
        }
        endpoint(&slow.owner, &receiver.url("/fine"), &["lead.created"]).await;
        endpoint(&quick.owner, &receiver.url("/quick"), &["lead.created"]).await;
        app.run_jobs().await;
        quick.ad_campaign("meta", "120210000000000009", "612312312319", "153125381139").await;
        // A process with fewer slots than there are endpoints that hang.
        let settings = WorkerSettings { concurrency: 2, ..Default::default() };
        let worker = Worker::new(app.app.core.clone(), app.app.registry.clone(), settings);
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let running = tokio::spawn(worker.run(stopping));
        for n in 0..5 {
            slow.enter_leads(&format!("asha{n}-"), 1).await;
        }
        for n in 0..3 {
            receiver.until(&format!("/hang/{n}"), 1).await;
        }
        receiver.until("/fine", 5).await;
        quick.enter_leads("ravi", 1).await;
        receiver.until("/quick", 1).await;
        // And a lead finds its way in by the ad platform, its webhook, its job and its fetch.
        let fields = json!([{ "name": "full_name", "values": ["Meera"] }, { "name": "email", "values": ["meera@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381139", "form_id": "612312312319", "field_data": fields })).await;
        receiver.until("/quick", 2).await;
        // All that while they hung: none of them has answered or was given up.
        for hook in &hanging {
            let waiting = deliveries(&slow.owner, &format!("endpoint_id={}", hook["id"].as_str().unwrap())).await;
            assert_eq!(waiting.len(), 5);
            assert!(waiting.iter().all(|one| one["state"] == "pending" && one["attempt_count"] == 0), "{waiting:?}");
        }
        receiver.release();
        for n in 0..3 {
            receiver.until(&format!("/hang/{n}"), 5).await;
        }
        stop.send(true).expect("it listens");
        running.await.expect("it stopped");
        receiver.stop().await;
    }
}
