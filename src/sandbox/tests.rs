//! The real adapters against the twins over HTTP, with a receiver that verifies every webhook as the product does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::*;
use crate::base::crypto::Secret;
use crate::providers::google_ads::{LeadFormWebhook, key_matches};
use crate::providers::{
    AdPlatform, ErrorClass, Mailbox, OutgoingEmail, OutgoingText, Providers, Running, SentQuery, TextChannel,
    TextContent, meta, resend, twilio,
};

/// A webhook that was believed.
#[derive(Clone)]
struct Received {
    path: String,
    query: String,
    body: Vec<u8>,
}

impl Received {
    fn form(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(&self.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

struct House {
    base: String,
    sandbox: Sandbox,
    providers: Providers,
    received: Arc<Mutex<Vec<Received>>>,
    client: reqwest::Client,
    clock: Clock,
    server: actix_web::dev::ServerHandle,
}

impl Drop for House {
    fn drop(&mut self) {
        // Asked to stop at once; nobody needs to wait for it.
        drop(self.server.stop(false));
    }
}

#[derive(Clone)]
struct Receiver {
    base: String,
    received: Arc<Mutex<Vec<Received>>>,
    clock: Clock,
}

async fn receive(receiver: web::Data<Receiver>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let settings = Sandbox::provider_settings(&receiver.base);
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let url = format!("{}{}", receiver.base, request.uri());
    let believed = match request.path() {
        "/v1/webhooks/meta" => meta::verify_signature(&body, header("x-hub-signature-256"), &settings.meta.app_secrets),
        "/v1/webhooks/google-ads" => serde_json::from_slice::<LeadFormWebhook>(&body)
            .is_ok_and(|lead| key_matches(&settings.google_ads.webhook_keys, &lead.google_key)),
        "/v1/webhooks/resend" => resend::verify(
            header("svix-id"),
            header("svix-timestamp"),
            &body,
            header("svix-signature"),
            &settings.resend.webhook_secrets,
            receiver.clock.now().seconds(),
            300,
        ),
        _ => twilio::verify_request(
            &url,
            header("content-type"),
            &body,
            header("x-twilio-signature"),
            &settings.twilio.auth_tokens,
        ),
    };
    if !believed {
        return HttpResponse::Unauthorized().finish();
    }
    receiver.received.lock().unwrap().push(Received {
        path: request.path().into(),
        query: request.query_string().into(),
        body: body.to_vec(),
    });
    HttpResponse::Ok().finish()
}

async fn house() -> House {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let clock = Clock::manual("2026-11-20T09:00:00Z".parse().unwrap());
    let sandbox = Sandbox::new(SandboxSettings::new(&base, clock.clone()));
    let received = Arc::new(Mutex::new(Vec::new()));
    let receiver = Receiver { base: base.clone(), received: received.clone(), clock: clock.clone() };
    let twins = sandbox.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(twins.clone()))
            .app_data(web::Data::new(receiver.clone()))
            .configure(routes)
            .route("/v1/webhooks/{tail:.*}", web::post().to(receive))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    House {
        providers: Providers::new(Sandbox::provider_settings(&base)).unwrap(),
        #[allow(clippy::disallowed_methods)] // stands for whoever calls the twins
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        base,
        sandbox,
        received,
        clock,
        server: handle,
    }
}

impl House {
    async fn post(&self, path: &str, body: Value) -> Value {
        let response = self.client.post(format!("{}{path}", self.base)).json(&body).send().await.unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        answer
    }
    async fn get(&self, path: &str) -> Value {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap().json().await.unwrap()
    }
    async fn fault(&self, fault: Value) {
        let response = self.client.put(format!("{}/sandbox/faults", self.base)).json(&json!({ "faults": [fault] }));
        assert!(response.send().await.unwrap().status().is_success());
    }
    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
    fn statuses(&self) -> Vec<String> {
        self.received().iter().filter_map(|webhook| webhook.form("MessageStatus")).collect()
    }
    async fn send(
        &self,
        message: &OutgoingText,
    ) -> Result<crate::providers::Accepted, crate::providers::ProviderError> {
        let result = self.providers.text(message.channel).unwrap().send(message).await;
        self.sandbox.idle().await;
        result
    }
    async fn find(&self, message: &OutgoingText) -> Option<crate::providers::Accepted> {
        let query = SentQuery {
            channel: message.channel,
            from: message.from.clone(),
            to: message.to.clone(),
            since: self.clock.now(),
            content: message.content.clone(),
            known: Vec::new(),
        };
        self.providers.text(message.channel).unwrap().find_sent(&query).await.unwrap()
    }
}

const ASHA: &str = "+919876543210";

fn whatsapp(content: TextContent) -> OutgoingText {
    let from = SandboxSettings::default_credentials().whatsapp_from;
    let (id, tenant_id, to) = ("m-9".into(), Some("t-17".into()), ASHA.into());
    OutgoingText { id, tenant_id, channel: TextChannel::Whatsapp, from, to, content }
}

fn sms(body: &str) -> OutgoingText {
    let from = SandboxSettings::default_credentials().sms_from;
    OutgoingText { channel: TextChannel::Sms, from, ..whatsapp(TextContent::Body(body.into())) }
}

fn first_contact() -> TextContent {
    let variables = [("1", "Asha"), ("2", "When shall we call?"), ("3", "ABC Real Estate via Leadwright")];
    TextContent::Template {
        code: "first_contact".into(),
        variables: variables.map(|(name, value)| (name.to_string(), value.to_string())).into(),
        text: "Hi Asha! When shall we call?\n\nABC Real Estate via Leadwright".into(),
    }
}

#[actix_web::test]
async fn a_template_is_delivered_and_its_callbacks_are_signed_and_ordered() {
    let house = house().await;
    let accepted = house.send(&whatsapp(first_contact())).await.unwrap();
    assert_eq!(house.statuses(), ["queued", "sent", "delivered", "read"]);
    for webhook in house.received() {
        assert_eq!(webhook.path, "/v1/webhooks/twilio/status");
        assert_eq!(webhook.query, "message_id=m-9&tenant_id=t-17");
        assert_eq!(webhook.form("MessageSid").as_deref(), Some(accepted.provider_id.as_str()));
    }
    let outbox = house.get("/sandbox/outbox?to=%2B919876543210&provider=twilio").await;
    let entry = &outbox["data"][0];
    assert_eq!((entry["id"].as_str(), entry["status"].as_str()), (Some(accepted.provider_id.as_str()), Some("read")));
    assert_eq!(entry["body"], "Hi Asha! When shall we call?\n\nABC Real Estate via Leadwright");
    assert_eq!(entry["channel"], "whatsapp");
    assert_eq!(house.get("/sandbox/outbox?to=%2B14155550199").await["data"], json!([]));
}

#[actix_web::test]
async fn free_text_needs_an_open_window() {
    let house = house().await;
    let text = whatsapp(TextContent::Body("hello".into()));
    house.send(&text).await.unwrap();
    assert_eq!(house.statuses(), ["queued", "undelivered"]);
    assert_eq!(house.received()[1].form("ErrorCode").as_deref(), Some("63016"));

    let inbound = json!({"from": ASHA, "to": "whatsapp:+14155238886", "body": "Yes please", "profile_name": "Asha"});
    let answer = house.post("/sandbox/twilio/inbound", inbound).await;
    assert_eq!(answer["webhook_status"], 200);
    let inbound = house.received().pop().unwrap();
    assert_eq!(inbound.path, "/v1/webhooks/twilio/messages");
    let message = twilio::InboundText::from_pairs(&twilio::parse_form(&inbound.body)).unwrap();
    assert_eq!(
        (message.channel, message.from.as_str(), message.body.as_str()),
        (TextChannel::Whatsapp, ASHA, "Yes please")
    );

    house.received.lock().unwrap().clear();
    house.send(&text).await.unwrap();
    assert_eq!(house.statuses(), ["queued", "sent", "delivered", "read"]);
    house.clock.advance(chrono::Duration::hours(24));
    house.received.lock().unwrap().clear();
    house.send(&text).await.unwrap();
    assert_eq!(house.statuses(), ["queued", "undelivered"]);
}

#[actix_web::test]
async fn twilio_refuses_what_twilio_refuses() {
    let house = house().await;
    let house = &house;
    let refused = |message: OutgoingText| async move { house.send(&message).await.unwrap_err() };
    let error = refused(OutgoingText { to: "+1555".into(), ..sms("x") }).await;
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Unreachable, "21211"));
    let error = refused(OutgoingText { from: "+15005550006".into(), ..sms("x") }).await;
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Config, "21606"));
    house.post("/sandbox/twilio/senders", json!({"channel": "sms", "number": "+15005550006"})).await;
    house.send(&OutgoingText { from: "+15005550006".into(), ..sms("x") }).await.unwrap();
    assert_eq!(refused(sms("")).await.code, "21602");
    let unknown = TextContent::Template { code: "HXnone".into(), variables: Default::default(), text: String::new() };
    assert_eq!(refused(whatsapp(unknown)).await.code, "21655");

    let stop = json!({"from": ASHA, "to": SandboxSettings::default_credentials().sms_from, "body": "STOP"});
    house.post("/sandbox/twilio/inbound", stop).await;
    assert_eq!(refused(sms("x")).await.class, ErrorClass::OptOut);

    let mut settings = Sandbox::provider_settings(&house.base);
    settings.twilio.auth_tokens = vec![Secret::new("wrong")];
    let stranger = Providers::new(settings).unwrap();
    assert_eq!(stranger.sms().unwrap().send(&sms("x")).await.unwrap_err().class, ErrorClass::Auth);
    assert_eq!(house.sandbox.sent().len(), 1, "only the registered sender's");
}

#[actix_web::test]
async fn a_lost_answer_is_ambiguous_and_can_be_looked_up() {
    let house = house().await;
    for mode in ["drop", "garbage"] {
        let message = sms(&format!("sent before {mode}"));
        assert!(house.find(&message).await.is_none());
        house.fault(json!({"provider": "twilio", "operation": "send", "mode": mode, "times": 1})).await;
        assert_eq!(house.send(&message).await.unwrap_err().class, ErrorClass::Ambiguous, "{mode}");
        let found = house.find(&message).await.expect("the twin took it");
        assert_eq!(found.provider_id, house.sandbox.sent()[0].id);
    }
    let template = whatsapp(first_contact());
    house.fault(json!({"provider": "twilio", "operation": "send", "mode": "drop", "times": 1})).await;
    assert_eq!(house.send(&template).await.unwrap_err().class, ErrorClass::Ambiguous);
    assert!(house.find(&template).await.is_some());
}

#[actix_web::test]
async fn a_refused_request_was_not_done() {
    let house = house().await;
    house.fault(json!({"provider": "twilio", "mode": "throttle", "times": 1, "retry_after_seconds": 7})).await;
    let error = house.send(&sms("x")).await.unwrap_err();
    assert_eq!((error.class, error.retry_after), (ErrorClass::Rate, Some(Duration::from_secs(7))));
    house.fault(json!({"provider": "twilio", "mode": "fail", "times": 1, "status": 503})).await;
    assert_eq!(house.send(&sms("x")).await.unwrap_err().class, ErrorClass::Retry);
    assert!(house.sandbox.sent().is_empty());
    house.send(&sms("x")).await.unwrap();
    assert_eq!(house.sandbox.sent().len(), 1);
}

#[actix_web::test]
async fn callbacks_can_be_duplicated_reordered_and_dropped() {
    let house = house().await;
    for (mode, expected) in [
        ("reorder", vec!["delivered", "sent", "queued"]),
        ("duplicate", vec!["queued", "queued", "sent", "delivered"]),
        ("drop", vec!["sent", "delivered"]),
    ] {
        house.received.lock().unwrap().clear();
        house.fault(json!({"provider": "twilio", "operation": "callback", "mode": mode, "times": 1})).await;
        house.send(&sms(mode)).await.unwrap();
        assert_eq!(house.statuses(), expected, "{mode}");
        assert_eq!(house.sandbox.sent()[0].status, "delivered", "{mode}");
    }
}

fn meta_lead(page: &str) -> Value {
    json!({"page_id": page, "form_id": "612312312312", "campaign_id": "120210000000000001",
        "field_data": [{"name": "full_name", "values": ["Asha Verma"]}, {"name": "email", "values": ["asha@example.com"]}]})
}

#[actix_web::test]
async fn a_meta_lead_is_announced_and_fetched() {
    let house = house().await;
    let answer = house.post("/sandbox/meta/leads", meta_lead("153125381133")).await;
    assert_eq!(answer["webhook_status"], 200);
    let id = answer["leadgen_id"].as_str().unwrap();
    let envelope: meta::Envelope = serde_json::from_slice(&house.received()[0].body).unwrap();
    assert_eq!(envelope.leadgen().leads[0].leadgen_id.as_str(), id);
    let lead = house.providers.meta_leads().unwrap().fetch_lead(id).await.unwrap();
    assert_eq!(lead.field("email"), Some("asha@example.com"));
    assert_eq!(lead.created_time, Some(house.clock.now()));
    assert_eq!(lead.campaign_id.unwrap().as_str(), "120210000000000001");

    let missing = house.providers.meta_leads().unwrap().fetch_lead("444444444444").await.unwrap_err();
    assert_eq!((missing.class, missing.code.as_str()), (ErrorClass::Permanent, "100/33"));

    house.fault(json!({"provider": "meta", "operation": "callback", "mode": "drop", "times": 1})).await;
    let dropped = house.post("/sandbox/meta/resend", json!({ "leadgen_id": id })).await;
    house.sandbox.idle().await;
    assert_eq!((dropped["webhook_status"].clone(), house.received().len()), (Value::Null, 1));

    let again = json!({"leadgen_id": id, "times": 3});
    assert_eq!(house.post("/sandbox/meta/resend", again).await["webhook_statuses"], json!([200, 200, 200]));
    let tampered = json!({"leadgen_id": id, "tamper": true});
    assert_eq!(house.post("/sandbox/meta/resend", tampered).await["webhook_status"], 401);
}

#[actix_web::test]
async fn a_batch_is_one_request_over_several_pages() {
    let house = house().await;
    let leads: Vec<Value> = (0..1000).map(|n| meta_lead(if n % 2 == 0 { "1" } else { "2" })).collect();
    let answer = house.post("/sandbox/meta/leads/batch", json!({ "leads": leads })).await;
    assert_eq!(answer["webhook_status"], 200);
    let received = house.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].json()["entry"].as_array().unwrap().len(), 2);
    let envelope: meta::Envelope = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(envelope.leadgen().leads.len(), 1000);
}

#[actix_web::test]
async fn ad_campaigns_pause_and_resume_on_both_platforms() {
    let house = house().await;
    let id = "120210000000000001";
    let settings = Sandbox::provider_settings(&house.base);
    let token = settings.meta.access_token.unwrap();
    let proof = meta::appsecret_proof(&token, &settings.meta.app_secrets[0]);
    let node =
        format!("/sandbox/meta/v25.0/{id}?fields=status&access_token={}&appsecret_proof={proof}", token.expose());
    for (to, meta_word, google_word) in [(Running::Paused, "PAUSED", "PAUSED"), (Running::Active, "ACTIVE", "ENABLED")]
    {
        for platform in [AdPlatform::Meta, AdPlatform::Google] {
            house.providers.campaign_control(platform).unwrap().set_campaign_status(id, to).await.unwrap();
        }
        assert_eq!(house.get(&node).await, json!({"id": id, "status": meta_word}));
        assert_eq!(house.get(&format!("/sandbox/google-ads/campaigns/{id}")).await["status"], google_word);
    }
    house.fault(json!({"provider": "meta", "mode": "throttle", "times": 1, "retry_after_seconds": 120})).await;
    let error =
        house.providers.campaign_control(AdPlatform::Meta).unwrap().set_campaign_status(id, Running::Paused).await;
    assert_eq!(error.unwrap_err().retry_after, Some(Duration::from_secs(120)));
}

#[actix_web::test]
async fn meta_and_google_refuse_strangers() {
    let house = house().await;
    let mut settings = Sandbox::provider_settings(&house.base);
    settings.meta.access_token = Some(Secret::new("expired"));
    settings.google_ads.developer_token = Some(Secret::new("wrong"));
    let stranger = Providers::new(settings).unwrap();
    for platform in [AdPlatform::Meta, AdPlatform::Google] {
        let result = stranger.campaign_control(platform).unwrap().set_campaign_status("1", Running::Paused).await;
        assert_eq!(result.unwrap_err().class, ErrorClass::Auth, "{platform}");
    }
    let mut settings = Sandbox::provider_settings(&house.base);
    settings.meta.app_secrets.clear();
    let unproved = Providers::new(settings).unwrap().meta_leads().unwrap().fetch_lead("1").await.unwrap_err();
    assert_eq!(unproved.code, "100");
}

#[actix_web::test]
async fn a_google_lead_arrives_with_the_key_it_was_told() {
    let house = house().await;
    let lead = json!({"fields": {"FULL_NAME": "Asha", "EMAIL": "asha@example.com"}, "campaign_id": 20000000017u64, "form_id": "40000000017"});
    let answer = house.post("/sandbox/google-ads/leads", lead.clone()).await;
    assert_eq!(answer["webhook_status"], 200);
    let lead_form: LeadFormWebhook = serde_json::from_slice(&house.received()[0].body).unwrap();
    assert_eq!(lead_form.column("EMAIL"), Some("asha@example.com"));
    assert!(!lead_form.is_test());
    for key in [json!("guess"), Value::Null, json!("")] {
        let mut lead = lead.clone();
        lead["google_key"] = key;
        assert_eq!(house.post("/sandbox/google-ads/leads", lead).await["webhook_status"], 401);
    }
}

#[actix_web::test]
async fn an_email_is_sent_once_per_idempotency_key() {
    let house = house().await;
    let mut email = OutgoingEmail {
        id: "notification-17".into(),
        from: Mailbox::new("Leadwright", "alerts@leadwright.example"),
        to: Mailbox::bare("owner@abc.example"),
        reply_to: None,
        subject: "New lead".into(),
        text: "Asha".into(),
        html: Some("<p>Asha</p>".into()),
        headers: Vec::new(),
        tags: vec![("message_id".into(), "m-9".into())],
    };
    let sender = house.providers.email().unwrap();
    let first = sender.send(&email).await.unwrap();
    house.fault(json!({"provider": "resend", "mode": "drop", "times": 1})).await;
    assert_eq!(sender.send(&email).await.unwrap_err().class, ErrorClass::Retry, "the key makes repeating harmless");
    assert_eq!(sender.send(&email).await.unwrap(), first);
    house.sandbox.idle().await;
    let events: Vec<Value> = house.received().iter().map(Received::json).collect();
    assert_eq!(
        events.iter().map(|event| event["type"].as_str().unwrap()).collect::<Vec<_>>(),
        ["email.sent", "email.delivered"]
    );
    assert_eq!(events[1]["data"]["tags"]["message_id"], "m-9");
    assert_eq!(events[1]["data"]["email_id"].as_str(), Some(first.provider_id.as_str()));

    email.subject = "Another".into();
    assert_eq!(sender.send(&email).await.unwrap_err().code, "invalid_idempotent_request");
    email.id = "notification-18".into();
    email.tags[0].1 = "not a tag".into();
    assert_eq!(sender.send(&email).await.unwrap_err().code, "validation_error");
    assert_eq!(house.sandbox.sent().len(), 1);
}

#[actix_web::test]
async fn fault_lists_are_checked() {
    let house = house().await;
    for bad in [
        json!({"faults": [{"provider": "twilio", "mode": "explode"}]}),
        json!({"faults": [{"provider": "acme", "mode": "fail"}]}),
        json!({"faults": [{"provider": "twilio", "mode": "fail", "typo": 1}]}),
        json!({}),
    ] {
        let response = house.client.put(format!("{}/sandbox/faults", house.base)).json(&bad).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 400, "{bad}");
    }
    house.fault(json!({"provider": "meta", "mode": "fail"})).await;
    assert_eq!(house.get("/sandbox/faults").await["faults"][0]["operation"], "*");
    let cleared = house.client.delete(format!("{}/sandbox/faults", house.base)).send().await.unwrap();
    assert_eq!(cleared.status().as_u16(), 204);
    assert_eq!(house.get("/sandbox/faults").await, json!({"faults": []}));
}
