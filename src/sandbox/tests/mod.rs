//! The real adapters against the twins over HTTP, with a receiver that verifies every webhook as the product does.

mod ads;
mod messages;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::*;
use crate::base::crypto::Secret;
use crate::engine::trust;
use crate::providers::google_ads::{LeadFormWebhook, keys_in, matches};
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
        "/v1/webhooks/google-ads" => {
            serde_json::from_slice::<LeadFormWebhook>(&body).is_ok()
                && keys_in(&body).iter().any(|key| matches(&settings.google_ads.webhook_keys, key))
        }
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
        client: reqwest::Client::builder().tls_backend_preconfigured(trust::machine()).no_proxy().build().unwrap(),
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

#[actix_web::test]
async fn time_passes_when_told() {
    let house = house().await;
    let before = house.clock.now();
    let moved = house.post("/sandbox/clock", json!({ "advance_seconds": 86_400 })).await;
    assert_eq!(house.clock.now().since(before), chrono::Duration::days(1));
    assert_eq!(moved, json!({ "now": house.clock.now() }));
    assert_eq!(house.get("/sandbox/clock").await, moved);
    for bad in [
        json!({ "advance_seconds": 0 }),
        json!({ "advance_seconds": -5 }),
        json!({ "advance_seconds": 40_000_000 }),
        json!({}),
    ] {
        let response = house.client.post(format!("{}/sandbox/clock", house.base)).json(&bad).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 400, "{bad}");
    }
    assert_eq!(house.get("/sandbox/clock").await, moved);
}
