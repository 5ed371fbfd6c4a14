//! Twilio and Resend: what is sent, what is refused, what they call back.

use super::*;

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
