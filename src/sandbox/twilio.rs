//! The Twilio twin over HTTP: the Messages resource, signed status callbacks, and the person who answers.
//!
//! Free WhatsApp text outside the 24-hour window is accepted and then fails with 63016, as at Twilio: the caller must not rely on
//! the answer. Parameters Twilio does not have are refused, which Twilio itself would not do, so that a misspelt one is noticed.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::callbacks::Webhook;
use super::faults::{Fault, FaultMode, around, bad_request};
use super::state::{hex_id, lock};
use super::twilio_messages::{Message, is_e164, render};
use super::{OutboxEntry, Sandbox};
use crate::base::crypto::constant_time_eq;
use crate::providers::{TextChannel, twilio};

const PARAMETERS: &[&str] = &[
    "To",
    "From",
    "Body",
    "ContentSid",
    "ContentVariables",
    "MediaUrl",
    "StatusCallback",
    "ValidityPeriod",
    "Attempt",
    "ProvideFeedback",
    "SmartEncoded",
    "ShortenUrls",
];

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/twilio/inbound", web::post().to(inbound));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages.json", web::post().to(create));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages.json", web::get().to(list));
    cfg.route("/twilio/2010-04-01/Accounts/{account}/Messages/{sid}.json", web::get().to(show));
}

// ---- the Messages resource ----

fn failure(status: StatusCode, code: u32, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({
        "code": code, "message": message, "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    }))
}

fn bad(code: u32, message: &str) -> HttpResponse {
    failure(StatusCode::BAD_REQUEST, code, message)
}

fn refuse(fault: &Fault) -> HttpResponse {
    if fault.mode == FaultMode::Throttle {
        let mut response = failure(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests");
        if let Some(seconds) = fault.retry_after_seconds {
            response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, seconds.into());
        }
        return response;
    }
    let code = fault.code_number().and_then(|code| u32::try_from(code).ok()).unwrap_or(20500);
    failure(fault.http_status(500), code, "Failed as told")
}

fn unauthorized(sandbox: &Sandbox, request: &HttpRequest, account: &str) -> Option<HttpResponse> {
    let known = sandbox.credentials();
    let expected = format!("{}:{}", known.twilio_account_sid, known.twilio_auth_token.expose());
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Basic ")).and_then(|value| STANDARD.decode(value).ok());
    if !given.is_some_and(|given| constant_time_eq(&given, expected.as_bytes())) {
        return Some(failure(StatusCode::UNAUTHORIZED, 20003, "Authenticate"));
    }
    if account != known.twilio_account_sid {
        return Some(failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found"));
    }
    None
}

async fn create(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    account: web::Path<String>,
    body: web::Bytes,
) -> HttpResponse {
    around(&sandbox, "twilio", "send", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
        match accept(&sandbox, &form) {
            Ok(message) => HttpResponse::Created().json(resource(&sandbox, &message)),
            Err((code, text)) => bad(code, &text),
        }
    })
    .await
}

type Refusal = (u32, String);

/// Checks as Twilio does, keeps the message and starts its callbacks.
fn accept(sandbox: &Sandbox, form: &BTreeMap<String, String>) -> Result<Message, Refusal> {
    let refuse = |code: u32, text: &str| Err((code, text.to_string()));
    if let Some(unknown) = form.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
        return refuse(20001, &format!("Unknown parameter: {unknown}"));
    }
    let get = |name: &str| form.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let Some(to) = get("To") else { return refuse(21604, "A 'To' phone number is required.") };
    let Some(from) = get("From") else { return refuse(21603, "A 'From' phone number is required.") };
    let (Some((channel, person)), Some((from_channel, ours))) =
        (twilio::split_channel(to), twilio::split_channel(from))
    else {
        return refuse(21211, "Invalid 'To' Phone Number");
    };
    if !is_e164(person) {
        return refuse(21211, &format!("The 'To' number {to} is not a valid phone number."));
    }
    let known = sandbox.credentials();
    match channel {
        TextChannel::Whatsapp if from_channel != channel || ours != known.whatsapp_from => {
            return refuse(63007, "Twilio could not find a Channel with the specified From address");
        }
        TextChannel::Sms if from_channel != channel || ours != known.sms_from => {
            return refuse(
                21606,
                &format!("The 'From' phone number provided ({from}) is not a valid message-capable number"),
            );
        }
        _ if ours == person => return refuse(21266, "'To' and 'From' number cannot be the same"),
        _ => {}
    }
    let (body, template) = match (get("Body"), get("ContentSid")) {
        (_, Some(sid)) => (render(&known.templates, sid, get("ContentVariables"))?, Some(sid.to_string())),
        (Some(body), None) if body.chars().count() > 1600 => {
            return refuse(21617, "The concatenated message body exceeds the 1600 character limit.");
        }
        (Some(body), None) => (body.to_string(), None),
        (None, None) => return refuse(21602, "Message body is required."),
    };
    let callback = get("StatusCallback");
    if callback.is_some_and(|url| !url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))) {
        return refuse(21609, "The StatusCallback is not a valid URL");
    }
    if sandbox.0.twilio.has_opted_out(channel, ours, person) {
        return refuse(21610, "Attempt to send to unsubscribed recipient");
    }
    let now = sandbox.now();
    let outside_window =
        channel == TextChannel::Whatsapp && template.is_none() && !sandbox.0.twilio.window_is_open(ours, person, now);
    let message = Message {
        sid: format!("SM{}", hex_id()),
        from: from.into(),
        to: to.into(),
        body,
        status: "queued",
        error_code: None,
        created_at: now,
    };
    sandbox.0.outbox.record(OutboxEntry {
        id: message.sid.clone(),
        provider: "twilio",
        channel: channel.as_str(),
        from: ours.into(),
        to: person.into(),
        subject: None,
        body: message.body.clone(),
        template,
        status: "queued",
        at: now,
    });
    lock(&sandbox.0.twilio.messages).insert(message.sid.clone(), message.clone());
    let course: &'static [&'static str] = match (outside_window, channel) {
        (true, _) => &["queued", "undelivered"],
        (false, TextChannel::Whatsapp) => &["queued", "sent", "delivered", "read"],
        (false, TextChannel::Sms) => &["queued", "sent", "delivered"],
    };
    follow(sandbox, &message, callback, course, outside_window.then_some(63016));
    Ok(message)
}

/// Lets the message run its course, telling the callback address at every step.
fn follow(
    sandbox: &Sandbox,
    message: &Message,
    callback: Option<&str>,
    course: &'static [&'static str],
    error: Option<u32>,
) {
    let sid = message.sid.clone();
    let step = move |sandbox: &Sandbox, index: usize| {
        let status = course[index];
        sandbox.0.outbox.advance(&sid, status);
        sandbox.0.twilio.advance(&sid, status, error.filter(|_| status == "undelivered"));
    };
    match callback {
        None => step(sandbox, course.len() - 1),
        Some(url) => {
            let webhooks = course.iter().map(|status| status_callback(sandbox, message, url, status, error)).collect();
            sandbox.call_back(webhooks, step);
        }
    }
}

fn status_callback(sandbox: &Sandbox, message: &Message, url: &str, status: &str, error: Option<u32>) -> Webhook {
    let known = sandbox.credentials();
    let mut form = vec![
        ("SmsSid", message.sid.clone()),
        ("SmsStatus", status.into()),
        ("MessageStatus", status.into()),
        ("To", message.to.clone()),
        ("MessageSid", message.sid.clone()),
        ("AccountSid", known.twilio_account_sid.clone()),
        ("From", message.from.clone()),
        ("ApiVersion", "2010-04-01".into()),
    ];
    if message.to.starts_with("whatsapp:") {
        form.push(("ChannelPrefix", "whatsapp".into()));
        if matches!(status, "delivered" | "read" | "undelivered") {
            form.push(("EventType", status.to_uppercase()));
        }
    }
    if let Some(code) = error.filter(|_| status == "undelivered") {
        form.push(("ErrorCode", code.to_string()));
        form.push(("ChannelStatusMessage", "Outside messaging window".into()));
    }
    signed_form(sandbox, url.to_string(), form)
}

fn signed_form(sandbox: &Sandbox, url: String, form: Vec<(&str, String)>) -> Webhook {
    let pairs: Vec<(String, String)> = form.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    let signature = twilio::sign_form(&url, &pairs, &sandbox.credentials().twilio_auth_token);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    Webhook {
        provider: "twilio",
        url,
        content_type: "application/x-www-form-urlencoded; charset=UTF-8",
        headers: vec![("x-twilio-signature", signature)],
        svix: None,
        body: body.into_bytes(),
    }
}

fn resource(sandbox: &Sandbox, message: &Message) -> Value {
    let account = &sandbox.credentials().twilio_account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", message.sid);
    let created = message.created_at.utc().to_rfc2822();
    let sent = (message.status != "queued").then(|| created.clone());
    json!({
        "account_sid": account, "api_version": "2010-04-01", "body": message.body,
        "date_created": created, "date_sent": sent, "date_updated": created,
        "direction": "outbound-api", "error_code": message.error_code,
        "error_message": message.error_code.map(|_| "Outside messaging window"),
        "from": message.from, "to": message.to, "messaging_service_sid": null,
        "num_media": "0", "num_segments": "1", "price": null, "price_unit": "USD",
        "sid": message.sid, "status": message.status,
        "subresource_uris": { "media": format!("{uri}/Media.json") }, "uri": format!("{uri}.json"),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[serde(rename = "To")]
    to: Option<String>,
    #[serde(rename = "From")]
    from: Option<String>,
    /// A day in UTC, `2026-11-20`.
    #[serde(rename = "DateSent")]
    on: Option<chrono::NaiveDate>,
    #[serde(rename = "DateSent>")]
    since: Option<chrono::NaiveDate>,
    #[serde(rename = "DateSent<")]
    until: Option<chrono::NaiveDate>,
    #[serde(rename = "PageSize")]
    page_size: Option<usize>,
    #[serde(rename = "Page")]
    page: Option<usize>,
}

async fn list(sandbox: web::Data<Sandbox>, request: HttpRequest, account: web::Path<String>) -> HttpResponse {
    around(&sandbox, "twilio", "list", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        let query: ListQuery = match serde_urlencoded::from_str(request.query_string()) {
            Ok(query) => query,
            Err(error) => return bad(20001, &error.to_string()),
        };
        let (size, page) = (query.page_size.unwrap_or(50).clamp(1, 1000), query.page.unwrap_or(0));
        let same = |wanted: &Option<String>, actual: &str| wanted.as_deref().is_none_or(|wanted| wanted == actual);
        // A queued message has no DateSent and is found by no such filter.
        let dated = query.on.is_some() || query.since.is_some() || query.until.is_some();
        let fits = |message: &&Message| {
            let day = message.created_at.utc().date_naive();
            same(&query.to, &message.to)
                && same(&query.from, &message.from)
                && !(dated && message.status == "queued")
                && query.on.is_none_or(|on| day == on)
                && query.since.is_none_or(|since| day >= since)
                && query.until.is_none_or(|until| day <= until)
        };
        let mut found: Vec<Value> = {
            let messages = lock(&sandbox.0.twilio.messages);
            let matching = messages.newest_first().filter(fits).skip(page.saturating_mul(size)).take(size + 1);
            matching.map(|message| resource(&sandbox, message)).collect()
        };
        let more = found.len() > size;
        found.truncate(size);
        let uri = |page: usize| {
            let kept =
                url::form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != "Page");
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
            format!("{}?{query}&Page={page}", request.path())
        };
        HttpResponse::Ok().json(json!({
            "messages": found, "page": page, "page_size": size, "uri": uri(page), "first_page_uri": uri(0),
            "previous_page_uri": page.checked_sub(1).map(uri), "next_page_uri": more.then(|| uri(page + 1)),
        }))
    })
    .await
}

async fn show(sandbox: web::Data<Sandbox>, request: HttpRequest, path: web::Path<(String, String)>) -> HttpResponse {
    let (account, sid) = path.into_inner();
    around(&sandbox, "twilio", "list", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &account) {
            return refused;
        }
        match lock(&sandbox.0.twilio.messages).get(&sid) {
            Some(message) => HttpResponse::Ok().json(resource(&sandbox, message)),
            None => failure(StatusCode::NOT_FOUND, 20404, "The requested resource was not found"),
        }
    })
    .await
}

// ---- the outside world ----

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbound {
    /// The person and our number. A `whatsapp:` prefix on either side, or our number being the WhatsApp one, makes it WhatsApp.
    from: String,
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    profile_name: Option<String>,
    #[serde(default)]
    media: Vec<Media>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    url: String,
    content_type: String,
}

async fn inbound(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let inbound: Inbound = match serde_json::from_slice(&body) {
        Ok(inbound) => inbound,
        Err(error) => return bad_request(&error.to_string()),
    };
    let bare = |address: &str| address.trim_start_matches("whatsapp:").to_string();
    let (person, ours) = (bare(&inbound.from), bare(&inbound.to));
    if !is_e164(&person) || !is_e164(&ours) {
        return bad_request("from, to: expected numbers such as +919876543210");
    }
    let prefixed = person.len() < inbound.from.len() || ours.len() < inbound.to.len();
    let channel =
        if prefixed || ours == sandbox.credentials().whatsapp_from { TextChannel::Whatsapp } else { TextChannel::Sms };
    let keyword = sandbox.0.twilio.heard(channel, &ours, &person, &inbound.body, sandbox.now());
    let sid = format!("{}{}", if inbound.media.is_empty() { "SM" } else { "MM" }, hex_id());
    let mut form = vec![
        ("SmsMessageSid", sid.clone()),
        ("NumMedia", inbound.media.len().to_string()),
        ("SmsSid", sid.clone()),
        ("SmsStatus", "received".into()),
        ("Body", inbound.body),
        ("To", twilio::address(channel, &ours)),
        ("NumSegments", "1".into()),
        ("MessageSid", sid.clone()),
        ("AccountSid", sandbox.credentials().twilio_account_sid.clone()),
        ("From", twilio::address(channel, &person)),
        ("ApiVersion", "2010-04-01".into()),
    ];
    if channel == TextChannel::Whatsapp {
        form.push(("WaId", person.trim_start_matches('+').into()));
        form.push(("MessageType", if inbound.media.is_empty() { "text" } else { "image" }.into()));
        form.extend(inbound.profile_name.map(|name| ("ProfileName", name)));
    } else {
        form.extend(keyword.map(|word| ("OptOutType", word.into())));
    }
    let names: Vec<(String, String)> = (0..inbound.media.len())
        .map(|index| (format!("MediaUrl{index}"), format!("MediaContentType{index}")))
        .collect();
    for ((url, content_type), media) in names.iter().zip(inbound.media) {
        form.push((url, media.url));
        form.push((content_type, media.content_type));
    }
    let webhook = signed_form(&sandbox, sandbox.webhook_url("/v1/webhooks/twilio/messages"), form);
    let status = sandbox.call_now(webhook).await;
    HttpResponse::Created().json(json!({ "message_sid": sid, "webhook_status": status }))
}
