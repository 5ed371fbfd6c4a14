//! What providers send is read as far as it can be, kept where it cannot, and refused before it costs anything when nobody
//! vouches for it.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::{Client, Tenant, TestApp};

const FORM: &str = "612312312312";
const PAGE: &str = "153125381133";
const GOOGLE: &str = "/v1/webhooks/google-ads";

fn meta_signature(body: &[u8]) -> String {
    use hmac::Mac;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"sandbox-meta-app-secret").expect("a key");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn tell_meta(client: &Client, path: &str, body: impl Into<Vec<u8>>) -> u16 {
    let body = body.into();
    let signature = meta_signature(&body);
    client.call("POST", path).raw("application/json", body).header("x-hub-signature-256", &signature).await.status
}

async fn tell_google(app: &TestApp, path: &str, body: impl Into<Vec<u8>>) -> u16 {
    app.anonymous().call("POST", path).raw("application/json", body).await.status
}

fn google_lead(name: &str) -> Value {
    json!({ "lead_id": format!("CAES-{name}"), "google_key": "sandbox-google-key", "form_id": 40_000_000_017_u64, "campaign_id": 20_000_000_017_u64,
        "user_column_data": [{ "column_id": "FULL_NAME", "string_value": name }] })
}

async fn running(app: &TestApp) -> Tenant {
    let tenant = app.growth("Bodies").await;
    tenant.ad_campaign("meta", "120210000000000001", FORM, PAGE).await;
    tenant.ad_campaign("google", "20000000017", "40000000017", "0").await;
    tenant
}

/// A lead that Graph knows and nobody was told of.
async fn known_at_meta(app: &TestApp, id: &str, field_data: Value) {
    let lead =
        json!({ "page_id": PAGE, "form_id": FORM, "leadgen_id": id, "webhook": false, "field_data": field_data });
    assert!(app.anonymous().post("/sandbox/meta/leads", lead).await.status < 300);
}

async fn events(app: &TestApp) -> Vec<Value> {
    let page = app.operator().get("/v1/ops/webhook-events?limit=200").await.ok();
    page["data"].as_array().cloned().unwrap_or_default()
}

both_engines! {
    async fn a_notification_of_odd_types_is_a_lead(app: TestApp) {
        let tenant = running(&app).await;
        let odd = [
            json!({ "leadgen_id": "81", "page_id": PAGE, "form_id": FORM, "created_time": "1795165190" }),
            json!({ "leadgen_id": 82, "page_id": PAGE, "form_id": FORM, "created_time": null, "ad_id": "", "adgroup_id": {} }),
            json!({ "leadgen_id": "83", "page_id": null }),
        ];
        for (n, change) in odd.into_iter().enumerate() {
            let answers = json!([{ "name": "full_name", "values": [format!("Person {n}")] }, { "name": "inbox_url" }, { "name": "age", "values": [34, null] },
                { "name": "note", "values": null }, { "name": "email", "values": format!("p{n}@example.com") }]);
            known_at_meta(&app, &format!("8{}", n + 1), answers).await;
            let body = json!({ "object": "page", "entry": [{ "id": PAGE, "time": 1, "changes": [{ "field": "leadgen", "value": change }], "messaging": null }] });
            assert_eq!(tell_meta(&app.anonymous(), "/v1/webhooks/meta", body.to_string()).await, 200);
        }
        app.run_jobs().await;
        let leads = tenant.leads().await;
        assert_eq!(leads.len(), 3, "{:?}", events(&app).await);
        assert!(leads.iter().all(|lead| lead["email"].is_string()), "{leads:?}");
    }

    async fn a_google_lead_of_odd_types_is_a_lead(app: TestApp) {
        let tenant = running(&app).await;
        let mut count = 0;
        for (name, value) in [
            ("lead_id", json!(4711)), ("api_version", json!(1.0)), ("is_test", json!("false")), ("is_test", Value::Null), ("gcl_id", Value::Null),
            ("campaign_id", json!("20000000017")), ("adgroup_id", json!("")), ("creative_id", json!(0)), ("form_id", Value::Null), ("asset_group_id", json!([])),
        ] {
            count += 1;
            let mut lead = google_lead(&format!("{name} {count}"));
            lead[name] = value.clone();
            assert_eq!(tell_google(&app, GOOGLE, lead.to_string()).await, 200, "{name} {value}");
        }
        let columns = json!([{ "column_id": "FULL_NAME", "string_value": "Columns" }, { "column_id": "CITY" }, { "column_name": "Town", "string_value": "Pune" },
            { "column_id": "AGE", "string_value": 42 }, { "column_id": "X", "column_name": null, "string_value": null }, null]);
        let mut lead = google_lead("columns");
        lead["user_column_data"] = columns;
        assert_eq!(tell_google(&app, GOOGLE, [b"\xef\xbb\xbf".as_slice(), lead.to_string().as_bytes()].concat()).await, 200, "after a byte order mark");
        app.run_jobs().await;
        let leads = tenant.leads().await;
        assert_eq!(leads.len(), count + 1, "{:?}", events(&app).await);
        let columns = leads.iter().find(|lead| lead["name"] == "Columns").expect("a lead");
        assert!(columns.to_string().contains("Pune") && columns.to_string().contains("42"), "{columns}");
    }

    async fn half_an_emoji_and_nul_cost_themselves_alone(app: TestApp) {
        let tenant = running(&app).await;
        let lead = google_lead("CUT").to_string().replace("CUT", "Asha \\ud83d\\u0000");
        assert_eq!(tell_google(&app, GOOGLE, lead).await, 200);
        known_at_meta(&app, "91", json!([{ "name": "full\u{0}_name", "values": ["Ravi\u{0} Kumar"] }, { "name": "email", "values": ["r@example.com"] }])).await;
        let change = json!({ "field": "leadgen", "value": { "leadgen_id": "91", "page_id": PAGE, "form_id": FORM } });
        let message = json!({ "sender": { "id": "1" }, "message": { "mid": "m_1", "text": "hi CUT" } });
        let body = json!({ "object": "page", "entry": [{ "id": PAGE, "changes": [change] }, { "id": PAGE, "messaging": [message] }] });
        assert_eq!(tell_meta(&app.anonymous(), "/v1/webhooks/meta", body.to_string().replace("CUT", "\\ude00")).await, 200);
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 2, "{:?}", events(&app).await);
        let kept = events(&app).await.iter().any(|event| event["external_id"] == "m_1");
        assert!(kept, "the message beside it");
        assert!(!json!(tenant.leads().await).to_string().contains("\\u0000"));
        let own = tenant.owner.call("POST", "/v1/leads").raw("application/json", &br#"{"name":"Asha \ud83d","email":"x@example.com"}"#[..]).await;
        own.problem(400, "request.malformed_json");
        let marked = [b"\xef\xbb\xbf".as_slice(), br#"{"name":"Asha","email":"x@example.com"}"#].concat();
        tenant.owner.call("POST", "/v1/leads").raw("application/json", marked).await.created();
    }

    async fn what_is_vouched_for_and_cannot_be_read_is_kept_for_operators(app: TestApp) {
        running(&app).await;
        let nameless = json!({ "google_key": "sandbox-google-key", "lead_id": null, "user_column_data": [] }).to_string();
        let torn = r#"{"google_key":"sandbox-google-key","lead_id":"CAES"#;
        for body in [nameless.as_str(), torn] {
            assert_eq!(tell_google(&app, GOOGLE, body).await, 200);
        }
        for body in ["[1, 2", "[]x", r#"{"object":"page","entry":[{"changes":[{"field":"leadgen","value":{"leadgen_id":1.5}}]}]}"#] {
            assert_eq!(tell_meta(&app.anonymous(), "/v1/webhooks/meta", body).await, 200, "{body}");
        }
        app.run_jobs().await;
        let kept = events(&app).await;
        assert_eq!(kept.len(), 5);
        let of = |outcome: &str| kept.iter().filter(|event| event["outcome"] == outcome).count();
        assert_eq!((of("unreadable"), of("unrouted")), (4, 1), "what has no id and no form is nobody's: {kept:?}");
        for event in &kept {
            assert_eq!(event["state"], "failed", "{event}");
            let full = app.operator().get(&format!("/v1/ops/webhook-events/{}", event["id"].as_str().unwrap())).await;
            assert!(!full.text.contains("sandbox-google-key"), "{}", full.text);
        }
        let notes = app.operator().get("/v1/ops/notifications?limit=50").await.ok();
        let told = notes["data"].as_array().unwrap().iter().filter(|note| note["kind"] == "webhook_event.failed").count();
        assert_eq!(told, 5);
    }

    async fn what_was_unreadable_once_is_a_lead_when_it_is_replayed(app: TestApp) {
        use leadwright::engine::db::{PlatformScope, PlatformTx};
        use leadwright::integrations::model::{WebhookKind, WebhookProvider, WebhookState};
        use leadwright::integrations::store::{self, NewWebhook};
        let tenant = running(&app).await;
        known_at_meta(&app, "95", json!([{ "name": "full_name", "values": ["Asha Verma"] }])).await;
        // As an earlier version left it.
        let body = json!({ "change": { "leadgen_id": "95", "page_id": PAGE, "form_id": FORM, "created_time": "1795165190", "ad_id": "" } });
        let old = NewWebhook::new(WebhookProvider::Meta, WebhookKind::Leadgen, "unreadable:1", body).kept(WebhookState::Failed, "malformed");
        let insert = move |tx: &mut PlatformTx<'_>| store::insert_new(tx, vec![old.clone()]);
        let stored = app.app.core.db.write(PlatformScope::system(), insert).await.unwrap();
        app.operator().post(&format!("/v1/ops/webhook-events/{}/replay", stored[0].id), json!({})).await.expect(202);
        app.run_jobs().await;
        assert_eq!(tenant.leads().await.len(), 1);
    }

    async fn a_slash_at_the_end_of_a_webhooks_address_is_no_matter(app: TestApp) {
        let tenant = running(&app).await;
        assert_eq!(tell_google(&app, "/v1/webhooks/google-ads/", google_lead("Slash").to_string()).await, 200);
        let body = json!({ "object": "page", "entry": [] }).to_string();
        assert_eq!(tell_meta(&app.anonymous(), "/v1/webhooks/meta/", body.clone()).await, 200);
        assert_eq!(tell_meta(&app.anonymous(), &format!("/api/webhooks/facebook/leads/{}/", tenant.id), body).await, 200);
        let challenge = "/v1/webhooks/meta/?hub.mode=subscribe&hub.challenge=42&hub.verify_token=sandbox-meta-verify-token";
        assert_eq!(app.anonymous().get(challenge).await.text, "42");
        // Twilio signs the address that it was given, slash and all.
        let (path, form) = ("/v1/webhooks/twilio/messages/", "From=%2B1&MessageSid=SM1&To=%2B2");
        let token = leadwright::base::crypto::Secret::new("sandbox-twilio-auth-token");
        let pairs = [("From", "+1"), ("MessageSid", "SM1"), ("To", "+2")].map(|(name, value)| (name.to_string(), value.to_string()));
        let signature = leadwright::providers::twilio::sign_form(&format!("{}{path}", app.url), &pairs, &token);
        let call = app.anonymous().call("POST", path).raw("application/x-www-form-urlencoded", form);
        assert_eq!(call.header("x-twilio-signature", &signature).await.status, 200);
        app.anonymous().get("/v1/leads/").await.problem(404, "resource.not_found");
    }

    async fn what_nobody_vouches_for_is_refused_before_it_is_read(app: TestApp) {
        running(&app).await;
        let large = vec![b' '; 4 * 1024 * 1024];
        let post = |path: &str, header: &str, value: &str| app.anonymous().call("POST", path).raw("application/json", large.clone()).header(header, value);
        for (path, header, value) in [
            (GOOGLE, "x", "x"), ("/v1/webhooks/twilio/messages", "x-twilio-signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("/v1/webhooks/meta", "x-hub-signature-256", &format!("sha256={}", "0".repeat(64))),
        ] {
            assert_eq!(post(path, header, value).await.status, 413, "{path}");
        }
        for (path, header, value) in [
            ("/v1/webhooks/meta", "x-hub-signature-256", "sha256=00"), ("/v1/webhooks/meta", "x", "x"),
            ("/v1/webhooks/twilio/status", "x-twilio-signature", "AAAA"), ("/v1/webhooks/resend", "x", "x"),
        ] {
            assert_eq!(post(path, header, value).await.status, 403, "{path}");
        }
    }

    async fn a_guesser_of_keys_is_heard_no_more(app: TestApp) {
        let app = TestApp::start(app.engine, &[("RATE_LIMIT", "on")]).await;
        let send = async |key: &str| {
            let mut lead = google_lead("Guess");
            lead["google_key"] = json!(key);
            tell_google(&app, GOOGLE, lead.to_string()).await
        };
        assert_eq!(send("sandbox-google-key").await, 200);
        let mut refused = Vec::new();
        for n in 0..40 {
            refused.push(send(&format!("guess-{n}")).await);
        }
        assert_eq!((refused[0], refused[39]), (403, 429), "{refused:?}");
        assert_eq!(send("sandbox-google-key").await, 200, "a key that was right from there before");
    }
}
