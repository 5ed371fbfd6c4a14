//! Inbound webhooks: accepted and refused exactly as the providers' recorded vectors say, stored once, processed once.

use diesel::prelude::*;
use leadwright::engine::db::schema::jobs;
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::jobs::JobState;
use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{TestApp, TestEngine};

const META_SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
const GOOGLE_KEY: &str = "fixture-google-key-17";
const RESEND_SECRET: &str = "whsec_Zml4dHVyZS1yZXNlbmQtc2VjcmV0LTI0";

async fn with_fixture_secrets(engine: TestEngine) -> TestApp {
    TestApp::start(
        engine,
        &[
            ("META_APP_SECRET", META_SECRET),
            ("META_VERIFY_TOKEN", "fixture-verify-token"),
            ("GOOGLE_ADS_KEY", GOOGLE_KEY),
            ("RESEND_WEBHOOK_SECRET", RESEND_SECRET),
        ],
    )
    .await
}

/// Every sidecar of a vendor with its body.
fn vectors(vendor: &str) -> Vec<(String, Value, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(vendor);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !name.ends_with(".meta.json") {
            continue;
        }
        let meta: Value = serde_json::from_slice(&std::fs::read(&path).expect("a sidecar")).expect("JSON");
        let body = std::fs::read(folder.join(meta["body_file"].as_str().expect("a body file"))).expect("a body");
        found.push((name, meta, body));
    }
    assert!(found.len() >= 6, "fixtures of {vendor}");
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

async fn play(app: &TestApp, vendor: &str, path: &str) {
    for (name, meta, body) in vectors(vendor) {
        let url = meta["url"].as_str().expect("a URL");
        let query = url.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let mut call = app.anonymous().call(meta["method"].as_str().expect("a method"), &format!("{path}{query}"));
        if meta["method"] == "POST" {
            let kind = meta["headers"]["Content-Type"].as_str().unwrap_or("application/json").to_string();
            call = call.raw(&kind, body);
        }
        for (header, value) in meta["headers"].as_object().expect("headers") {
            if header != "Content-Type" {
                call = call.header(header, value.as_str().expect("text"));
            }
        }
        let answer = call.await;
        match meta["expect"].as_str() {
            Some("accept") => {
                assert!((200..300).contains(&answer.status), "{vendor}/{name}: {} {}", answer.status, answer.text)
            }
            Some("reject") => {
                assert!([400, 401, 403].contains(&answer.status), "{vendor}/{name}: {} {}", answer.status, answer.text)
            }
            _ => assert!(answer.status < 500, "{vendor}/{name}: {}", answer.status),
        }
        if let Some(expected) = meta["expect_response_body"].as_str() {
            assert_eq!(answer.text, expected, "{name}");
        }
    }
}

/// Twilio signs the URL it was given, so its messages are signed here for ours.
fn twilio_signature(url: &str, pairs: &[(&str, &str)]) -> String {
    use base64::Engine as _;
    use hmac::Mac;
    let mut sorted = pairs.to_vec();
    sorted.sort();
    let text = sorted.iter().fold(url.to_string(), |text, (name, value)| text + name + value);
    let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(b"sandbox-twilio-auth-token").expect("a key");
    mac.update(text.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

fn meta_signature(body: &[u8]) -> String {
    use hmac::Mac;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"sandbox-meta-app-secret").expect("a key");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn events(app: &TestApp, query: &str) -> Vec<Value> {
    let page = app.operator().get(&format!("/v1/ops/webhook-events?limit=200{query}")).await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

both_engines! {
    async fn every_recorded_vector(app: TestApp) {
        let app = with_fixture_secrets(app.engine).await;
        play(&app, "meta", "/v1/webhooks/meta").await;
        play(&app, "google_ads", "/v1/webhooks/google-ads").await;
        play(&app, "resend", "/v1/webhooks/resend").await;
        app.run_jobs().await;
    }

    async fn nothing_is_accepted_without_configuration(app: TestApp) {
        let app = TestApp::start(app.engine, &[("SANDBOX", "false")]).await;
        let body = json!({ "object": "page", "entry": [] });
        let refused = app.anonymous().post("/v1/webhooks/meta", body).header("x-hub-signature-256", "sha256=00").await;
        assert!([401, 403].contains(&refused.status), "{}", refused.text);
        let empty = app.anonymous().get("/v1/webhooks/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=").await;
        assert_eq!(empty.status, 403);
        let google = app.anonymous().post("/v1/webhooks/google-ads", json!({ "lead_id": "x", "google_key": "" })).await;
        assert!([401, 403].contains(&google.status));
        let twilio = app.anonymous().call("POST", "/v1/webhooks/twilio/messages").raw("application/x-www-form-urlencoded", "Body=x").await;
        assert!([401, 403].contains(&twilio.status));
        let resend = app.anonymous().post("/v1/webhooks/resend", json!({})).await;
        assert!([400, 401, 403].contains(&resend.status));
    }

    async fn twilio_is_verified_over_our_own_url(app: TestApp) {
        let url = format!("{}/v1/webhooks/twilio/messages", app.url);
        let pairs = [("From", "whatsapp:+919876543210"), ("To", "whatsapp:+14155238886"), ("Body", "hey & ünïcode"), ("MessageSid", "SM1"), ("AccountSid", "AC1"), ("NumMedia", "0")];
        let signature = twilio_signature(&url, &pairs);
        let send = |signature: String, body: String| {
            app.anonymous().call("POST", "/v1/webhooks/twilio/messages").raw("application/x-www-form-urlencoded", body).header("x-twilio-signature", &signature)
        };
        let accepted = send(signature.clone(), encoded(&pairs)).await;
        assert!((200..300).contains(&accepted.status), "{}", accepted.text);
        let tampered = send(signature, encoded(&[("From", "whatsapp:+919876543211")])).await;
        assert!([401, 403].contains(&tampered.status));
    }

    async fn a_thousand_changes_over_several_pages_in_one_post(app: TestApp) {
        let (one, two) = (app.growth("Page one").await, app.growth("Page two").await);
        for (tenant, n) in [(&one, 1), (&two, 2)] {
            tenant.owner.patch("/v1/subscriptions/current", json!({ "overage_policy": "bill" })).await.ok();
            tenant.ad_campaign("meta", &format!("12000000000000{n}"), &format!("61230000000{n}"), &format!("15310000000{n}")).await;
        }
        let lead = |n: usize| {
            let which = 1 + n % 2;
            json!({ "page_id": format!("15310000000{which}"), "form_id": format!("61230000000{which}"), "leadgen_id": format!("88{n:08}"),
                "field_data": [{ "name": "full_name", "values": [format!("Lead {n}")] }, { "name": "email", "values": [format!("lead{n}@example.com")] }] })
        };
        let leads: Vec<Value> = (0..1000).map(lead).collect();
        let sent = app.anonymous().post("/sandbox/meta/leads/batch", json!({ "leads": leads })).await;
        assert!(sent.status < 300, "{}", sent.text);
        app.run_jobs().await;
        for tenant in [&one, &two] {
            assert_eq!(tenant.owner.get("/v1/leads/counts").await.ok()["total"], 500);
        }
    }

    async fn a_failing_fetch_is_retried_dies_visibly_and_is_replayed(app: TestApp) {
        let tenant = app.growth("Faults").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        let broken = json!({ "faults": [{ "provider": "meta", "operation": "fetch_lead", "mode": "fail", "status": 500 }] });
        app.anonymous().put("/sandbox/faults", broken).await.ok();
        let fields = json!([{ "name": "full_name", "values": ["Asha"] }, { "name": "email", "values": ["asha@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381133", "form_id": "612312312312", "field_data": fields, "leadgen_id": "4711" })).await;
        for _ in 0..40 {
            app.run_jobs().await;
            app.advance(chrono::Duration::hours(2));
        }
        assert!(tenant.leads_as_operator(&app).await.is_empty());
        let dead = app.operator().get("/v1/ops/jobs?state=dead&kind=webhook.process").await.ok();
        assert_eq!(dead["data"].as_array().map(Vec::len), Some(1), "{dead}");
        assert!(dead["data"][0]["last_error"].as_str().is_some_and(|reason| !reason.is_empty()));
        let stored = events(&app, "&provider=meta").await;
        assert_eq!(stored.len(), 1);
        app.anonymous().call("DELETE", "/sandbox/faults").await;
        let path = format!("/v1/ops/webhook-events/{}/replay", stored[0]["id"].as_str().unwrap());
        let replay = app.operator().post(&path, json!({})).await;
        assert!(replay.status < 300, "{}", replay.text);
        app.run_jobs().await;
        assert_eq!(tenant.leads_as_operator(&app).await.len(), 1);
        app.operator().post(&path, json!({})).await.expect(409);
    }

    async fn a_permission_that_was_taken_away_is_waited_for_and_goes_on_by_itself(app: TestApp) {
        let tenant = app.growth("Withdrawn").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        for (code, status, id) in [(190, 400, "4711"), (200, 403, "4712")] {
            let fault = json!({ "provider": "meta", "operation": "fetch_lead", "mode": "fail", "status": status, "code": code });
            app.anonymous().put("/sandbox/faults", json!({ "faults": [fault] })).await.ok();
            let fields = json!([{ "name": "email", "values": [format!("{id}@example.com")] }]);
            app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381133", "form_id": "612312312312", "leadgen_id": id, "field_data": fields })).await;
            for _ in 0..4 {
                app.run_jobs().await;
                app.advance(chrono::Duration::hours(1));
            }
            let dead = app.operator().get("/v1/ops/jobs?state=dead&kind=webhook.process").await.ok();
            assert_eq!(dead["data"], json!([]), "hours later it still waits: {code}");
            app.anonymous().call("DELETE", "/sandbox/faults").await;
            for _ in 0..4 {
                app.run_jobs().await;
                app.advance(chrono::Duration::hours(2));
            }
            let leads = tenant.leads_as_operator(&app).await;
            assert!(leads.iter().any(|lead| lead["email"] == format!("{id}@example.com").as_str()), "{code}: {leads:?}");
        }
        // A permission that nobody gives back is told after a day.
        let fault = json!({ "provider": "meta", "operation": "fetch_lead", "mode": "fail", "status": 400, "code": 190 });
        app.anonymous().put("/sandbox/faults", json!({ "faults": [fault] })).await.ok();
        let fields = json!([{ "name": "email", "values": ["late@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381133", "form_id": "612312312312", "leadgen_id": "4713", "field_data": fields })).await;
        for _ in 0..14 {
            app.run_jobs().await;
            app.advance(chrono::Duration::hours(3));
        }
        let stored = events(&app, "&state=failed").await;
        assert_eq!((stored.len(), &stored[0]["outcome"]), (1, &json!("auth")), "{stored:?}");
        let summary = app.operator().get("/v1/ops/summary").await.ok();
        let reasons = summary["dead_job_reasons"].as_array().expect("reasons");
        let reason = reasons.iter().find(|one| one["kind"] == "webhook.process").and_then(|one| one["reason"].as_str()).expect("a reason");
        assert!(reason.starts_with("meta answered 190") && reason.ends_with("(auth)"), "{summary}");
    }

    async fn a_throttled_fetch_waits_as_told(app: TestApp) {
        let tenant = app.growth("Throttle").await;
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "153125381133").await;
        let throttle = json!({ "faults": [{ "provider": "meta", "operation": "fetch_lead", "mode": "throttle", "times": 1, "retry_after_seconds": 60 }] });
        app.anonymous().put("/sandbox/faults", throttle).await.ok();
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "153125381133", "form_id": "612312312312", "field_data": fields })).await;
        app.run_jobs().await;
        assert!(tenant.leads().await.is_empty(), "not before the provider allows it");
        app.advance(chrono::Duration::minutes(10));
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 1);
    }

    async fn a_lead_nobody_claims_is_kept_for_the_operator(app: TestApp) {
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "1", "form_id": "2", "field_data": fields })).await;
        app.run_jobs().await;
        let stored = events(&app, "&state=failed").await;
        assert_eq!((stored.len(), &stored[0]["outcome"]), (1, &json!("unrouted")));
        let tenant = app.growth("Latecomer").await;
        tenant.ad_campaign("meta", "120210000000000001", "2", "1").await;
        let path = format!("/v1/ops/webhook-events/{}/replay", stored[0]["id"].as_str().unwrap());
        assert!(app.operator().post(&path, json!({})).await.status < 300);
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 1);
    }

    async fn a_lead_told_twice_is_found_by_the_copy_that_says_whose_it_is(app: TestApp) {
        let tenant = app.growth("Twofold").await;
        // The page is its own; the form is not known yet, and a page alone settles nothing.
        tenant.ad_campaign("meta", "120210000000000001", "612312312312", "1").await;
        app.run_jobs().await;
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        let told = json!({ "page_id": "1", "form_id": "2", "leadgen_id": "4711", "field_data": fields });
        app.anonymous().post("/sandbox/meta/leads", told).await;
        app.run_jobs().await;
        assert_eq!(events(&app, "&state=failed").await[0]["outcome"], "unrouted");
        let change = json!({ "field": "leadgen", "value": { "leadgen_id": "4711", "page_id": "1", "form_id": "2", "created_time": 1_795_165_190 } });
        let body = json!({ "object": "page", "entry": [{ "id": "1", "time": 1_795_165_190, "changes": [change] }] }).to_string();
        for _ in 0..2 {
            let call = app.anonymous().call("POST", &format!("/api/webhooks/facebook/leads/{}", tenant.id)).raw("application/json", body.clone());
            assert_eq!(call.header("x-hub-signature-256", &meta_signature(body.as_bytes())).await.status, 200);
        }
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 1);
        let outcomes: Vec<Value> = events(&app, "&provider=meta").await.into_iter().map(|event| event["outcome"].clone()).collect();
        assert_eq!(outcomes, [json!("lead_created"), json!("unrouted")]);
    }

    async fn operators_are_told_of_what_failed(app: TestApp) {
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "1", "form_id": "2", "leadgen_id": "4711", "field_data": fields })).await;
        app.run_jobs().await;
        let notes = app.operator().get("/v1/ops/notifications").await.ok();
        let (note, stored) = (&notes["data"][0], &events(&app, "").await[0]);
        assert_eq!((&note["kind"], &note["tenant_id"]), (&json!("webhook_event.failed"), &Value::Null), "{notes}");
        assert_eq!((&note["data"]["webhook_event_id"], &note["data"]["outcome"]), (&stored["id"], &json!("unrouted")));
        assert_eq!(notes["data"].as_array().map(Vec::len), Some(1));
    }

    async fn a_webhook_whose_worker_vanishes_for_good_is_shown(app: TestApp) {
        let fields = json!([{ "name": "email", "values": ["asha@example.com"] }]);
        app.anonymous().post("/sandbox/meta/leads", json!({ "page_id": "1", "form_id": "2", "leadgen_id": "4711", "field_data": fields })).await;
        app.app.sandbox.as_ref().expect("twins").idle().await;
        let vanish = |tx: &mut PlatformTx<'_>| {
            let gone = (jobs::state.eq(JobState::Running), jobs::attempt.eq(jobs::max_attempts), jobs::worker.eq("w_gone"), jobs::lease_until.eq(tx.now()));
            Ok(diesel::update(jobs::table.filter(jobs::kind.eq("webhook.process"))).set(gone).execute(tx.conn())?)
        };
        assert_eq!(app.app.core.db.write(PlatformScope::system(), vanish).await.unwrap(), 1);
        app.advance(chrono::Duration::minutes(5));
        app.run_jobs().await;
        let stored = events(&app, "").await;
        assert_eq!((&stored[0]["state"], &stored[0]["outcome"]), (&json!("failed"), &json!("gave_up")), "{stored:?}");
        let dead = app.operator().get("/v1/ops/jobs?state=dead&kind=webhook.process").await.ok();
        assert!(dead["data"][0]["last_error"].as_str().is_some_and(|error| error.starts_with("job.lease_expired")), "{dead}");
        assert_eq!(app.operator().get("/v1/ops/notifications").await.ok()["data"][0]["kind"], "webhook_event.failed");
    }

    async fn google_leads_come_in_and_tests_are_not_billed(app: TestApp) {
        let tenant = app.growth("Google").await;
        tenant.ad_campaign("google", "20000000017", "40000000017", "0").await;
        let lead = json!({ "campaign_id": "20000000017", "form_id": "40000000017", "lead_id": "CAES-1", "fields": { "FULL_NAME": "Asha Verma", "EMAIL": "asha@example.com", "PHONE_NUMBER": "+919876543210", "CITY": "Pune" } });
        assert!(app.anonymous().post("/sandbox/google-ads/leads", lead.clone()).await.status < 300);
        assert!(app.anonymous().post("/sandbox/google-ads/leads", lead.clone()).await.status < 300);
        let mut test = lead.clone();
        (test["is_test"], test["lead_id"]) = (json!(true), json!("TeSter-1"));
        assert!(app.anonymous().post("/sandbox/google-ads/leads", test).await.status < 300);
        app.run_jobs().await;
        let leads = tenant.leads().await;
        assert_eq!((leads.len(), &leads[0]["source"], &leads[0]["location"]["city"]), (1, &json!("google_ads"), &json!("Pune")));
        assert_eq!(tenant.usage().await["leads"]["used"], 1);
    }

    async fn a_google_lead_without_an_id_is_one_lead_however_often_it_is_told(app: TestApp) {
        let tenant = app.growth("Nameless").await;
        tenant.ad_campaign("google", "20000000017", "40000000017", "0").await;
        let lead = |name: &str, phone: &str, id: Value, is_test: bool| {
            let answers = json!([{ "column_id": "FULL_NAME", "string_value": name }, { "column_id": "PHONE_NUMBER", "string_value": phone }]);
            json!({ "lead_id": id, "user_column_data": answers, "api_version": "1.0", "form_id": 40000000017_u64,
                "campaign_id": 20000000017_u64, "google_key": "sandbox-google-key", "is_test": is_test })
        };
        let mut without = lead("Asha Verma", "+919876543210", json!(null), false);
        without.as_object_mut().unwrap().remove("lead_id");
        for told in [
            without,
            lead("Asha Verma", "+919876543210", json!(""), false),
            lead("Asha Verma", "+919876543210", json!(null), false),
            lead("Uwe Grün", "+919876500000", json!(" "), false),
            lead("Test Lead", "+919876511111", json!(""), true),
        ] {
            app.anonymous().post("/v1/webhooks/google-ads", told).await.ok();
        }
        app.run_jobs().await;
        let mut names: Vec<String> = tenant.leads().await.iter().map(|lead| lead["name"].as_str().unwrap().into()).collect();
        names.sort();
        assert_eq!(names, ["Asha Verma", "Uwe Grün"]);
        assert_eq!(tenant.usage().await["leads"]["used"], 2);
        let outcomes = events(&app, "&provider=google_ads").await;
        let of = |outcome: &str| outcomes.iter().filter(|event| event["outcome"] == outcome).count();
        assert_eq!((outcomes.len(), of("lead_created"), of("test_lead")), (3, 2, 1), "{outcomes:?}");
    }

    async fn what_a_provider_told_is_forgotten_in_time_unless_somebody_must_look(app: TestApp) {
        let tenant = app.growth("Long Ago").await;
        tenant.ad_campaign("google", "20000000017", "40000000017", "0").await;
        let lead = |id: &str, campaign: &str| json!({ "campaign_id": campaign, "form_id": campaign, "lead_id": id, "fields": { "FULL_NAME": "Asha Verma", "EMAIL": "asha@example.com" } });
        for (id, campaign) in [("CAES-1", "20000000017"), ("CAES-2", "77777")] {
            assert!(app.anonymous().post("/sandbox/google-ads/leads", lead(id, campaign)).await.status < 300);
        }
        app.run_jobs().await;
        let told = events(&app, "").await;
        let receipts: Vec<&Value> = told.iter().filter(|event| event["outcome"] == "applied").collect();
        assert!(!receipts.is_empty(), "{told:?}");
        for receipt in receipts {
            let full = app.operator().get(&format!("/v1/ops/webhook-events/{}", receipt["id"].as_str().unwrap())).await.ok();
            assert_eq!(full["body"], json!({}), "addresses and subjects are not kept: {full}");
        }
        let states = async || events(&app, "&provider=google_ads").await.iter().map(|event| event["state"].as_str().unwrap().to_string()).collect::<Vec<_>>();
        assert!(states().await.iter().any(|state| state == "failed"));
        app.advance(chrono::Duration::days(89));
        app.run_schedule().await;
        assert_eq!(states().await.len(), 2);
        app.advance(chrono::Duration::days(2));
        app.run_schedule().await;
        assert_eq!(states().await, ["failed"], "which an operator may still replay");
        assert_eq!(tenant.leads_as_operator(&app).await.len(), 1);
    }

    async fn the_callback_path_outside_v1_is_an_alias(app: TestApp) {
        let tenant = app.growth("Alias").await;
        let path = format!("/api/webhooks/facebook/leads/{}", tenant.id);
        let answer = app.anonymous().get(&format!("{path}?hub.mode=subscribe&hub.challenge=42&hub.verify_token=sandbox-meta-verify-token")).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, "42"));
        let refused = app.anonymous().post(&path, json!({ "object": "page", "entry": [] })).await;
        assert!([401, 403].contains(&refused.status));
    }
}
