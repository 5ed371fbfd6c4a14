//! Webhooks to integrators: what they are sent, how it is signed, and what becomes of an endpoint that does not answer.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Arrival, Client, Receiver, Tenant, TestApp};

/// An endpoint, with its secret.
pub async fn endpoint(client: &Client, url: &str, event_types: &[&str]) -> Value {
    client.post("/v1/webhook-endpoints", json!({ "url": url, "event_types": event_types })).await.created()
}

pub fn path(endpoint: &Value) -> String {
    format!("/v1/webhook-endpoints/{}", endpoint["id"].as_str().expect("an id"))
}

/// The deliveries this query finds, newest first.
pub async fn deliveries(client: &Client, query: &str) -> Vec<Value> {
    let page = client.get(&format!("/v1/webhook-deliveries?{query}")).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

pub async fn details(client: &Client, delivery: &Value) -> Value {
    client.get(&format!("/v1/webhook-deliveries/{}", delivery["id"].as_str().expect("an id"))).await.ok()
}

pub fn types(arrivals: &[Arrival]) -> Vec<String> {
    arrivals.iter().map(|arrival| arrival.json()["type"].as_str().expect("a type").to_string()).collect()
}

async fn jobs(app: &TestApp, kind: &str) -> usize {
    let page = app.operator().get(&format!("/v1/ops/jobs?kind={kind}&limit=200")).await.ok();
    page["data"].as_array().map_or(0, Vec::len)
}

fn lead(n: usize) -> Value {
    json!({ "name": format!("Person {n}"), "email": format!("person{n}@example.com") })
}

/// A tenant with an endpoint for new leads at `/hook`, as an operator sees it: some of these tests outlive a token.
async fn told_of_leads(app: &TestApp, receiver: &Receiver, name: &str) -> (Tenant, Client, Value) {
    let tenant = app.growth(name).await;
    let client = tenant.as_operator(app);
    let endpoint = endpoint(&client, &receiver.url("/hook"), &["lead.created"]).await;
    (tenant, client, endpoint)
}

#[test]
fn the_tests_own_verifier_agrees_with_recorded_signatures() {
    let read = |name: &str| {
        std::fs::read(format!("{}/tests/fixtures/standard_webhooks/{name}", env!("CARGO_MANIFEST_DIR")))
            .expect("a fixture")
    };
    for (name, accepts) in [
        ("captured_known_vector", true),
        ("outbound_signature", true),
        ("outbound_rotation_two_secrets", true),
        ("outbound_with_v1a", true),
        ("neg_wrong_secret", false),
    ] {
        let meta: Value = serde_json::from_slice(&read(&format!("{name}.meta.json"))).expect("a sidecar");
        let header = |name: &str| meta["headers"][name].as_str().expect("a header").to_string();
        let arrival = Arrival {
            path: String::new(),
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp").parse().expect("seconds"),
            signature: header("webhook-signature"),
            body: read(&format!("{name}.json")),
        };
        assert_eq!(arrival.signed_by(meta["secret"].as_str().expect("a secret")).is_some(), accepts, "{name}");
    }
}

both_engines! {
    async fn an_event_is_posted_signed_and_logged(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Told").await;
        let all_leads = endpoint(&tenant.owner, &receiver.url("/leads"), &["lead.*"]).await;
        endpoint(&tenant.owner, &receiver.url("/everything"), &["*"]).await;
        endpoint(&tenant.owner, &receiver.url("/ads"), &["ad_campaign.*", "lead.assigned"]).await;
        let secret = all_leads["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_"));
        let asha = tenant.lead("Asha Verma", "asha@example.com", "+919876543210").await;
        tenant.owner.patch(&format!("/v1/leads/{}", asha["id"].as_str().unwrap()), json!({ "status": "contacted" })).await.ok();
        app.run_jobs().await;

        let told = receiver.arrivals("/leads");
        let mut kinds = types(&told);
        kinds.sort();
        assert_eq!(kinds, ["lead.created", "lead.status_changed", "lead.updated"]);
        let first = told.iter().find(|arrival| arrival.json()["type"] == "lead.created").unwrap();
        let body = first.json();
        assert_eq!((first.signed_by(secret), first.timestamp), (Some(0), app.clock.now().seconds()));
        assert_eq!((body["id"].as_str(), &body["tenant_id"]), (Some(first.id.as_str()), &json!(tenant.id)));
        assert_eq!((&body["lead_id"], &body["data"]["source"], &body["subject_type"]), (&asha["id"], &json!("manual"), &json!("lead")));
        let events = tenant.owner.get("/v1/events?type=lead.created").await.ok();
        assert_eq!((&events["data"][0]["id"], &events["data"][0]["data"]), (&body["id"], &body["data"]), "straight from the trail");
        assert_eq!(events["data"][0], body, "the trail and the endpoint are told the same");
        assert!(types(&receiver.arrivals("/everything")).contains(&"conversation.opened".to_string()));
        assert!(receiver.arrivals("/ads").is_empty(), "it asked for something else");

        let log = deliveries(&tenant.owner, &format!("endpoint_id={}&event_type=lead.created", all_leads["id"].as_str().unwrap())).await;
        assert_eq!((log.len(), &log[0]["state"], &log[0]["attempt_count"], &log[0]["last_status"]), (1, &json!("delivered"), &json!(1), &json!(200)));
        assert_eq!((&log[0]["event_id"], &log[0]["next_attempt_at"]), (&body["id"], &Value::Null));
        let attempt = details(&tenant.owner, &log[0]).await["attempts"][0].clone();
        assert_eq!((&attempt["number"], &attempt["status"], &attempt["response"], &attempt["error"]), (&json!(1), &json!(200), &json!("thanks"), &Value::Null));
        assert!(attempt["duration_ms"].is_i64());
        assert!(deliveries(&tenant.owner, "state=failed").await.is_empty() && deliveries(&tenant.owner, "created_before=2020-01-01T00:00:00Z").await.is_empty());
        let page = tenant.owner.get("/v1/webhook-deliveries?limit=1").await.ok();
        let rest = tenant.owner.get(&format!("/v1/webhook-deliveries?limit=200&cursor={}", page["next_cursor"].as_str().unwrap())).await.ok();
        assert!(rest["data"].as_array().unwrap().iter().all(|row| row["id"] != page["data"][0]["id"]) && rest["next_cursor"].is_null());
        // The secret was shown once.
        for text in [tenant.owner.get("/v1/webhook-endpoints").await.text, tenant.owner.get(&path(&all_leads)).await.text, tenant.owner.get("/v1/events?limit=200").await.text] {
            assert!(!text.contains("whsec_") && !text.contains(&secret[6..]), "{text}");
        }
        receiver.stop().await;
    }

    async fn nobody_pays_who_asked_for_nothing(app: TestApp) {
        let receiver = Receiver::start().await;
        let (tenant, neighbour) = (app.growth("Silent").await, app.growth("Neighbour").await);
        endpoint(&neighbour.owner, &receiver.url("/neighbour"), &["*"]).await;
        endpoint(&tenant.owner, &receiver.url("/mine"), &["subscription.*"]).await;
        app.run_jobs().await;
        let before = jobs(&app, "webhook.fan_out").await;
        tenant.lead("Asha", "asha@example.com", "+919876543210").await;
        app.run_jobs().await;
        assert_eq!(jobs(&app, "webhook.fan_out").await, before, "no job follows from what nobody wants");
        let arrived = receiver.arrivals("/neighbour");
        assert!(!arrived.is_empty() && arrived.iter().all(|arrival| arrival.json()["tenant_id"] == json!(neighbour.id)), "and nobody hears of another tenant");
        receiver.stop().await;
    }

    async fn a_failing_delivery_is_tried_for_a_day_and_more_then_fails(app: TestApp) {
        let receiver = Receiver::start().await;
        let (_, client, _) = told_of_leads(&app, &receiver, "Retried").await;
        receiver.answer("/hook", 500, &[], "out of order");
        client.post("/v1/leads", lead(1)).await.created();
        app.run_jobs().await;
        for (n, wait) in [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].into_iter().enumerate() {
            assert_eq!(receiver.arrivals("/hook").len(), n + 1);
            app.advance(chrono::Duration::seconds(wait - 1));
            app.run_jobs().await;
            assert_eq!(receiver.arrivals("/hook").len(), n + 1, "not before its time");
            // A fifth later at most.
            app.advance(chrono::Duration::seconds(1 + wait / 5));
            app.run_jobs().await;
        }
        app.advance(chrono::Duration::days(2));
        app.run_jobs().await;
        let tries = receiver.arrivals("/hook");
        assert_eq!(tries.len(), 8);
        assert!(tries.iter().all(|arrival| arrival.id == tries[0].id && arrival.body == tries[0].body), "the same event each time");
        assert!(tries.windows(2).all(|pair| pair[0].timestamp < pair[1].timestamp), "signed anew each time");
        let failed = deliveries(&client, "state=failed").await;
        let log = details(&client, &failed[0]).await;
        assert_eq!((&log["attempt_count"], &log["next_attempt_at"], &log["last_status"]), (&json!(8), &Value::Null, &json!(500)));
        let numbers: Vec<i64> = log["attempts"].as_array().unwrap().iter().map(|attempt| attempt["number"].as_i64().unwrap()).collect();
        assert_eq!((numbers, &log["attempts"][7]["response"]), ((1..=8).collect(), &json!("out of order")));
        receiver.stop().await;
    }

    async fn an_endpoint_may_ask_for_time_and_sends_nobody_elsewhere(app: TestApp) {
        let receiver = Receiver::start().await;
        let (_, client, _) = told_of_leads(&app, &receiver, "Throttled").await;
        receiver.answer("/hook", 429, &[("retry-after", "3600")], "");
        client.post("/v1/leads", lead(1)).await.created();
        app.run_jobs().await;
        app.advance(chrono::Duration::seconds(3_599));
        app.run_jobs().await;
        assert_eq!(receiver.arrivals("/hook").len(), 1);
        receiver.answer("/hook", 307, &[("location", &receiver.url("/elsewhere"))], "");
        app.advance(chrono::Duration::seconds(1));
        app.run_jobs().await;
        assert_eq!((receiver.arrivals("/hook").len(), receiver.arrivals("/elsewhere").len()), (2, 0));
        let log = details(&client, &deliveries(&client, "").await[0]).await;
        assert_eq!((&log["state"], &log["attempts"][1]["status"]), (&json!("pending"), &json!(307)));
        assert_eq!(log["attempts"][1]["error"], "redirect: redirects are not followed");
        // Nobody there at all.
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let dead = endpoint(&client, &format!("http://{gone}/"), &["lead.created"]).await;
        client.post("/v1/leads", lead(2)).await.created();
        app.run_jobs().await;
        let log = deliveries(&client, &format!("endpoint_id={}", dead["id"].as_str().unwrap())).await;
        let attempt = details(&client, &log[0]).await["attempts"][0].clone();
        assert!(attempt["status"].is_null() && attempt["error"].as_str().unwrap().starts_with("connect: "), "{attempt}");
        receiver.stop().await;
    }

    async fn gone_disables_at_once_and_the_tenant_hears_of_it(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Gone").await;
        let hook = endpoint(&tenant.owner, &receiver.url("/hook"), &["lead.created"]).await;
        endpoint(&tenant.owner, &receiver.url("/watch"), &["webhook_endpoint.disabled"]).await;
        receiver.answer("/hook", 410, &[], "");
        tenant.owner.post("/v1/leads", lead(1)).await.created();
        app.run_jobs().await;
        let shown = tenant.owner.get(&path(&hook)).await;
        assert_eq!(shown.header("etag"), Some("\"v2\""));
        let shown = shown.ok();
        assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
        assert_eq!(deliveries(&tenant.owner, "event_type=lead.created").await[0]["state"], "failed");
        let told = tenant.owner.get("/v1/notifications?limit=200").await.ok();
        let notice = told["data"].as_array().unwrap().iter().find(|row| row["kind"] == "webhook_endpoint_disabled").expect("a notification").clone();
        assert!(notice["title"].as_str().unwrap().contains("127.0.0.1"), "{notice}");
        let mails = tenant.owner.get("/v1/notifications/deliveries?kind=webhook_endpoint_disabled").await.ok();
        assert_eq!(mails["data"][0]["address"], tenant.email());
        assert_eq!(receiver.arrivals("/watch")[0].json()["data"]["reason"], "gone");
        // Silent until it is enabled again.
        tenant.owner.post("/v1/leads", lead(2)).await.created();
        app.run_jobs().await;
        assert_eq!(receiver.arrivals("/hook").len(), 1);
        tenant.owner.post(&format!("{}/ping", path(&hook)), json!({})).await.problem(409, "webhook_endpoint.disabled");
        receiver.answer("/hook", 200, &[], "");
        let again = tenant.owner.patch(&path(&hook), json!({ "status": "enabled" })).await.ok();
        assert_eq!((&again["status"], &again["disabled_reason"], &again["disabled_at"]), (&json!("enabled"), &Value::Null, &Value::Null));
        tenant.owner.post("/v1/leads", lead(3)).await.created();
        app.run_jobs().await;
        assert_eq!(receiver.arrivals("/hook").len(), 2);
        receiver.stop().await;
    }

    async fn who_is_removed_leaves_endpoints_behind_and_the_owner_is_told_which(app: TestApp) {
        let tenant = app.growth("Handed over").await;
        let admin = tenant.user("admin").await;
        let me = admin.get("/v1/me").await.ok()["user"]["id"].as_str().unwrap().to_string();
        let own = endpoint(&tenant.owner, "http://127.0.0.1:9/own", &["lead.created"]).await;
        let theirs = endpoint(&admin, "http://127.0.0.1:9/theirs", &["lead.created"]).await;
        assert_eq!(theirs["created_by"], json!(me));
        assert_ne!(own["created_by"], json!(me));
        let key = admin.post("/v1/api-keys", json!({ "name": "CRM", "scopes": ["webhooks:read", "webhooks:write", "leads:read"] })).await.created();
        let program = app.anonymous().with_token(key["key"].as_str().unwrap());
        let made = endpoint(&program, "http://127.0.0.1:9/program", &["lead.created"]).await;
        assert_eq!(made["created_by"], json!(me), "whoever made the key answers for it");
        app.run_jobs().await;
        let wish = json!({ "notification_recipients": { "emails": ["desk@elsewhere.example.com"] } });
        admin.patch("/v1/tenants/current", json!({ "settings": wish })).await.ok();
        app.run_jobs().await;
        tenant.owner.delete(&format!("/v1/users/{me}")).await;
        app.run_jobs().await;
        assert_eq!(tenant.owner.get(&path(&theirs)).await.ok()["status"], "enabled", "deliveries may be leads");
        let told = tenant.owner.get("/v1/notifications?limit=200").await.ok();
        let told: Vec<&Value> = told["data"].as_array().unwrap().iter().filter(|row| row["kind"] == "member_left").collect();
        assert_eq!(told.len(), 1);
        let body = told[0]["body"].as_str().unwrap();
        assert!(body.contains("go on: 127.0.0.1, 127.0.0.1.") && body.contains("have ended: CRM."), "{body}");
        assert!(body.contains("addresses they added: desk@elsewhere.example.com."), "{body}");
        let mails = tenant.owner.get("/v1/notifications/deliveries?kind=member_left").await.ok();
        assert_eq!(mails["data"][0]["address"], tenant.email());
        // Somebody who made nothing leaves nothing.
        let agent = tenant.user("agent").await;
        let agent = agent.get("/v1/me").await.ok()["user"]["id"].as_str().unwrap().to_string();
        tenant.owner.delete(&format!("/v1/users/{agent}")).await;
        app.run_jobs().await;
        let again = tenant.owner.get("/v1/notifications?limit=200").await.ok();
        assert_eq!(again["data"].as_array().unwrap().iter().filter(|row| row["kind"] == "member_left").count(), 1);
    }

    async fn five_days_without_a_success_disable_it(app: TestApp) {
        let receiver = Receiver::start().await;
        let (mut tenant, client, hook) = told_of_leads(&app, &receiver, "Dead").await;
        receiver.answer("/hook", 503, &[], "");
        client.post("/v1/leads", lead(0)).await.created();
        app.run_jobs().await;
        let failing_since = client.get(&path(&hook)).await.ok()["failing_since"].clone();
        assert!(failing_since.is_string());
        for day in 1..=4 {
            app.advance(chrono::Duration::hours(24));
            client.post("/v1/leads", lead(day)).await.created();
            app.run_jobs().await;
        }
        let shown = client.get(&path(&hook)).await.ok();
        assert_eq!((&shown["status"], &shown["failing_since"]), (&json!("enabled"), &failing_since), "not yet");
        app.advance(chrono::Duration::hours(24));
        app.run_jobs().await;
        let shown = client.get(&path(&hook)).await.ok();
        assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("failing")));
        tenant.log_in_again().await;
        let told = tenant.owner.get("/v1/notifications?limit=200").await.ok();
        assert!(told["data"].as_array().unwrap().iter().any(|row| row["kind"] == "webhook_endpoint_disabled"));
        let silence = receiver.arrivals("/hook").len();
        app.advance(chrono::Duration::hours(12));
        app.run_schedule().await;
        assert_eq!(receiver.arrivals("/hook").len(), silence);
        // Enabled again, what waits is delivered.
        receiver.answer("/hook", 204, &[], "");
        client.patch(&path(&hook), json!({ "status": "enabled" })).await.ok();
        app.run_jobs().await;
        assert!(receiver.arrivals("/hook").len() > silence && deliveries(&client, "state=pending").await.is_empty());
        assert_eq!(client.get(&path(&hook)).await.ok()["failing_since"], Value::Null);
        receiver.stop().await;
    }

    async fn what_happens_while_the_tenant_is_suspended_waits_for_the_end_of_it(app: TestApp) {
        let receiver = Receiver::start().await;
        let (tenant, client, hook) = told_of_leads(&app, &receiver, "Suspended").await;
        receiver.answer("/hook", 503, &[], "");
        client.post("/v1/leads", lead(0)).await.created();
        app.run_jobs().await;
        assert_eq!(receiver.arrivals("/hook").len(), 1);
        receiver.answer("/hook", 204, &[], "");
        let standing = format!("/v1/tenants/{}", tenant.id);
        app.operator().patch(&standing, json!({ "status": "suspended" })).await.ok();
        client.post("/v1/leads", lead(1)).await.created();
        // Longer than an endpoint may fail.
        for _ in 0..6 {
            app.advance(chrono::Duration::hours(24));
            app.run_schedule().await;
        }
        assert_eq!(receiver.arrivals("/hook").len(), 1, "nothing is sent");
        let waiting = deliveries(&client, "").await;
        assert_eq!(waiting.len(), 2);
        assert!(waiting.iter().all(|row| row["state"] == "pending" && row["is_held"] == true), "{waiting:?}");
        assert_eq!((&waiting[0]["attempt_count"], &details(&client, &waiting[1]).await["is_held"]), (&json!(0), &json!(true)));
        assert!(jobs(&app, "webhook.deliver").await < 10, "nobody asks again and again");

        receiver.answer("/hook", 503, &[], "");
        app.operator().patch(&standing, json!({ "status": "active" })).await.ok();
        app.run_jobs().await;
        let shown = client.get(&path(&hook)).await.ok();
        assert_eq!((&shown["status"], receiver.arrivals("/hook").len()), (&json!("enabled"), 3), "a week of silence is no failure");
        receiver.answer("/hook", 204, &[], "");
        app.advance(chrono::Duration::hours(1));
        app.run_schedule().await;
        let told = deliveries(&client, "").await;
        assert!(told.iter().all(|row| row["state"] == "delivered" && row["is_held"] == false), "{told:?}");
        receiver.stop().await;
    }

    async fn one_success_forgives_what_failed_before(app: TestApp) {
        let receiver = Receiver::start().await;
        let (_, client, hook) = told_of_leads(&app, &receiver, "Flaky").await;
        receiver.answer("/hook", 500, &[], "");
        client.post("/v1/leads", lead(1)).await.created();
        app.run_jobs().await;
        receiver.answer("/hook", 200, &[], "");
        app.advance(chrono::Duration::seconds(6));
        app.run_jobs().await;
        assert_eq!(client.get(&path(&hook)).await.ok()["failing_since"], Value::Null);
        assert_eq!(deliveries(&client, "state=delivered").await[0]["attempt_count"], 2);
        app.advance(chrono::Duration::days(6));
        receiver.answer("/hook", 500, &[], "");
        client.post("/v1/leads", lead(2)).await.created();
        app.run_jobs().await;
        assert_eq!(client.get(&path(&hook)).await.ok()["status"], "enabled");
        receiver.stop().await;
    }

    async fn what_a_locked_lead_hides_is_not_told(app: TestApp) {
        let receiver = Receiver::start().await;
        let tenant = app.growth("Masked").await;
        tenant.enter_leads("person", 50).await;
        endpoint(&tenant.owner, &receiver.url("/hook"), &["*"]).await;
        let body = json!({ "name": "Hidden Verma", "email": "hidden@example.com", "phone": "+919800000001", "form_responses": { "Full name": "Hidden Verma" } });
        let entered = tenant.owner.post("/v1/leads", body.clone()).await.created();
        assert_eq!(entered["is_locked"], true);
        app.advance(chrono::Duration::minutes(10));
        tenant.owner.post("/v1/leads", body).await.ok();
        app.run_jobs().await;
        let enquired = receiver.arrivals("/hook").into_iter().find(|arrival| arrival.json()["type"] == "lead.enquired").expect("an enquiry").json();
        assert_eq!((&enquired["data"]["form_responses"], &enquired["data"]["enquiry_count"]), (&Value::Null, &json!(2)));
        let activities = tenant.owner.get(&format!("/v1/leads/{}/activities", entered["id"].as_str().unwrap())).await.text;
        let mut said: Vec<String> = receiver.arrivals("/hook").iter().map(|arrival| String::from_utf8_lossy(&arrival.body).into_owned()).collect();
        said.extend([activities, tenant.owner.get("/v1/events?limit=200").await.text]);
        for text in &said {
            for secret in ["Hidden", "Verma", "hidden@", "9800000001"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
        // Told again, it is the same: answers are the lead's, and are read there once it is bought.
        tenant.activate(&app).await;
        app.run_jobs().await;
        let log = deliveries(&tenant.owner, "event_type=lead.enquired").await;
        tenant.owner.post(&format!("/v1/webhook-deliveries/{}/retry", log[0]["id"].as_str().unwrap()), json!({})).await.expect(202);
        app.run_jobs().await;
        let again = receiver.arrivals("/hook").into_iter().rfind(|arrival| arrival.json()["type"] == "lead.enquired").unwrap().json();
        assert_eq!((&again["data"]["questions"], &again["data"]["form_responses"]), (&json!(["Full name"]), &Value::Null));
        let bought = tenant.owner.get(&format!("/v1/leads/{}", entered["id"].as_str().unwrap())).await.ok();
        assert_eq!(bought["form_responses"]["Full name"], "Hidden Verma");
        receiver.stop().await;
    }
}
