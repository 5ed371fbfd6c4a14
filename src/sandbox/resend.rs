//! The Resend twin: one e-mail endpoint with idempotency keys, and Svix-signed events.
//!
//! The provider's test recipients behave as they do there, with or without a label: `bounced@resend.dev` bounces, and so does
//! `bounced+friday@resend.dev`; `complained@resend.dev` complains.

use std::sync::Mutex;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::callbacks::Webhook;
use super::faults::{Fault, FaultMode, around};
use super::state::{Ring, hex_id, lock};
use super::{OutboxEntry, Sandbox};
use crate::base::crypto::{constant_time_eq, sha256_hex};
use crate::base::email::Email;

pub(super) struct ResendTwin {
    /// Idempotency key → hash of the body and the id answered.
    keys: Mutex<Ring<String, (String, String)>>,
}

impl ResendTwin {
    pub fn new() -> Self {
        Self { keys: Mutex::new(Ring::new(200_000)) }
    }
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/resend/emails", web::post().to(send));
    cfg.route("/resend/domains", web::get().to(domains));
    cfg.route("/resend/webhooks", web::get().to(webhooks));
}

fn failure(status: StatusCode, name: &str, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({ "statusCode": status.as_u16(), "message": message, "name": name }))
}

fn refuse(fault: &Fault) -> HttpResponse {
    if fault.mode == FaultMode::Throttle {
        let message = "Too many requests. You can only make 2 requests per second.";
        let mut response = failure(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message);
        let seconds = fault.retry_after_seconds.unwrap_or(1);
        response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, seconds.into());
        return response;
    }
    let name = fault.code_text().unwrap_or_else(|| "internal_server_error".into());
    failure(fault.http_status(500), &name, "Failed as told")
}

/// One verified domain: the platform's own by default.
async fn domains(sandbox: web::Data<Sandbox>, request: HttpRequest) -> HttpResponse {
    let domain = json!({ "id": hex_id(), "name": "leadwright.example", "status": "verified", "region": "eu-west-1" });
    list(sandbox, request, domain).await
}

/// One webhook, which leads to the product.
async fn webhooks(sandbox: web::Data<Sandbox>, request: HttpRequest) -> HttpResponse {
    let endpoint = format!("{}/v1/webhooks/resend", sandbox.0.settings.public_url);
    let events =
        ["email.sent", "email.delivered", "email.opened", "email.clicked", "email.bounced", "email.complained"];
    let webhook = json!({ "id": hex_id(), "endpoint": endpoint, "status": "enabled", "events": events });
    list(sandbox, request, webhook).await
}

/// A list of one, for whoever has the key.
async fn list(sandbox: web::Data<Sandbox>, request: HttpRequest, entry: Value) -> HttpResponse {
    around(&sandbox, "resend", "check", refuse, || async {
        let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let key = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if !constant_time_eq(key.as_bytes(), sandbox.credentials().resend_api_key.expose().as_bytes()) {
            return failure(StatusCode::UNAUTHORIZED, "invalid_api_key", "API key is invalid");
        }
        HttpResponse::Ok().json(json!({ "object": "list", "has_more": false, "data": [entry] }))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEmail {
    from: String,
    to: Recipients,
    subject: String,
    #[serde(default)]
    html: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    reply_to: Option<Recipients>,
    #[serde(default)]
    #[allow(dead_code)] // its shape is checked, nothing is done with it
    headers: Map<String, Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Recipients {
    One(String),
    Many(Vec<String>),
}

impl Recipients {
    fn list(&self) -> &[String] {
        match self {
            Recipients::One(one) => std::slice::from_ref(one),
            Recipients::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tag {
    name: String,
    value: String,
}

/// The bare address of `Name <address>` or `address`.
fn address(mailbox: &str) -> Option<String> {
    let bare = match mailbox.trim().rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?,
        None => mailbox,
    };
    bare.parse::<Email>().ok().map(Email::into_string)
}

/// The sender and recipients, or Resend's error name and sentence.
fn check(email: &NewEmail) -> Result<(String, Vec<String>), (&'static str, &'static str)> {
    let invalid = |what| Err(("validation_error", what));
    let Some(from) = address(&email.from) else { return invalid("Invalid `from` field.") };
    let to: Option<Vec<String>> = email.to.list().iter().map(|mailbox| address(mailbox)).collect();
    let Some(to) = to.filter(|to| (1..=50).contains(&to.len())) else { return invalid("Invalid `to` field.") };
    if email.reply_to.as_ref().is_some_and(|reply| reply.list().iter().any(|mailbox| address(mailbox).is_none())) {
        return invalid("Invalid `reply_to` field.");
    }
    if email.subject.is_empty() {
        return Err(("missing_required_field", "Missing `subject` field."));
    }
    if email.html.as_deref().unwrap_or("").is_empty() && email.text.as_deref().unwrap_or("").is_empty() {
        return Err(("missing_required_field", "Missing `html` or `text` field."));
    }
    let plain = |text: &str| {
        (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    if email.tags.iter().any(|tag| !plain(&tag.name) || !plain(&tag.value)) {
        return invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes.");
    }
    Ok((from, to))
}

async fn send(sandbox: web::Data<Sandbox>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    around(&sandbox, "resend", "send", refuse, || async { accept(&sandbox, &request, &body) }).await
}

fn accept(sandbox: &Sandbox, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let expected = sandbox.credentials().resend_api_key.expose().as_bytes();
    match header("authorization").and_then(|value| value.strip_prefix("Bearer ")) {
        None => return failure(StatusCode::UNAUTHORIZED, "missing_api_key", "Missing API Key"),
        Some(key) if !constant_time_eq(key.as_bytes(), expected) => {
            return failure(StatusCode::FORBIDDEN, "invalid_api_key", "API key is invalid");
        }
        Some(_) => {}
    }
    let email: NewEmail = match serde_json::from_slice(body) {
        Ok(email) => email,
        Err(error) => return failure(StatusCode::UNPROCESSABLE_ENTITY, "validation_error", &error.to_string()),
    };
    let (from, to) = match check(&email) {
        Ok(checked) => checked,
        Err((name, message)) => return failure(StatusCode::UNPROCESSABLE_ENTITY, name, message),
    };
    #[allow(clippy::disallowed_methods)] // a provider's id, which is no id of ours
    let id = uuid::Uuid::new_v4().to_string();
    if let Some(key) = header("idempotency-key") {
        if !(1..=256).contains(&key.len()) {
            let message = "The idempotency key must be between 1 and 256 characters.";
            return failure(StatusCode::BAD_REQUEST, "invalid_idempotency_key", message);
        }
        let fingerprint = sha256_hex(body);
        let mut keys = lock(&sandbox.0.resend.keys);
        match keys.get(key) {
            Some((same, id)) if *same == fingerprint => return HttpResponse::Ok().json(json!({ "id": id })),
            Some(_) => {
                let message = "Same idempotency key used with a different payload.";
                return failure(StatusCode::CONFLICT, "invalid_idempotent_request", message);
            }
            None => keys.insert(key.to_string(), (fingerprint, id.clone())),
        }
    }
    record(sandbox, &id, &email, from, &to);
    HttpResponse::Ok().json(json!({ "id": id }))
}

fn record(sandbox: &Sandbox, id: &str, email: &NewEmail, from: String, to: &[String]) {
    sandbox.0.outbox.record(OutboxEntry {
        id: id.to_string(),
        provider: "resend",
        channel: "email",
        from,
        to: to.join(", "),
        subject: Some(email.subject.clone()),
        body: email.text.clone().or(email.html.clone()).unwrap_or_default(),
        html: email.html.clone(),
        template: None,
        status: "queued",
        at: sandbox.now(),
    });
    let course: &'static [&'static str] = match to.first().and_then(|to| to.strip_suffix("@resend.dev")) {
        Some(test) if is_called(test, "bounced") => &["sent", "bounced"],
        Some(test) if is_called(test, "complained") => &["sent", "delivered", "complained"],
        _ => &["sent", "delivered"],
    };
    let webhooks = course.iter().map(|status| event(sandbox, id, email, status)).collect();
    let id = id.to_string();
    sandbox.call_back(webhooks, move |sandbox, index| sandbox.0.outbox.advance(&id, course[index]));
    if course.last() == Some(&"delivered") {
        sandbox.reads_mail(email.text.as_deref().or(email.html.as_deref()).unwrap_or_default());
    }
}

/// A test recipient, with or without a label: `bounced`, `bounced+friday`.
fn is_called(mailbox: &str, name: &str) -> bool {
    mailbox.split('+').next() == Some(name)
}

fn event(sandbox: &Sandbox, id: &str, email: &NewEmail, status: &str) -> Webhook {
    let now = sandbox.now();
    let tags: Map<String, Value> = email.tags.iter().map(|tag| (tag.name.clone(), tag.value.clone().into())).collect();
    let mut data = json!({
        "created_at": now, "email_id": id, "from": email.from, "to": email.to.list(), "subject": email.subject, "tags": tags,
    });
    if status == "bounced" {
        data["bounce"] =
            json!({"message": "The recipient's mailbox does not exist.", "subType": "General", "type": "Permanent"});
    }
    Webhook {
        provider: "resend",
        url: sandbox.webhook_url("/v1/webhooks/resend"),
        content_type: "application/json",
        headers: Vec::new(),
        svix: Some((format!("msg_{}", hex_id()), sandbox.credentials().resend_webhook_secret.clone())),
        body: json!({ "type": format!("email.{status}"), "created_at": now, "data": data }).to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn mailboxes_are_read_with_and_without_a_name() {
        assert_eq!(address("Acme <a@example.com>").as_deref(), Some("a@example.com"));
        assert_eq!(address("\"A, B\" <a@example.com>").as_deref(), Some("a@example.com"));
        assert_eq!(address("a@example.com").as_deref(), Some("a@example.com"));
        assert_eq!(address("Acme <a@example.com"), None);
        assert_eq!(address("nobody"), None);
    }
}
