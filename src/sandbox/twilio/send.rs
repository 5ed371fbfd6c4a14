//! Sending: what Twilio checks, and the course a message takes.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};

use super::messages::{Message, is_e164, render};
use super::{bad, refuse, resource, signed_form, unauthorized};
use crate::providers::{TextChannel, twilio};
use crate::sandbox::callbacks::Webhook;
use crate::sandbox::faults::around;
use crate::sandbox::state::{hex_id, lock};
use crate::sandbox::{OutboxEntry, Sandbox};

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

pub(super) async fn create(
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
    let own = match channel {
        TextChannel::Whatsapp => &known.whatsapp_from,
        TextChannel::Sms => &known.sms_from,
    };
    if from_channel != channel || !(ours == own || sandbox.0.twilio.is_registered_sender(channel, ours)) {
        return match channel {
            TextChannel::Whatsapp => refuse(63007, "Twilio could not find a Channel with the specified From address"),
            TextChannel::Sms => {
                refuse(21606, &format!("The 'From' phone number provided ({from}) cannot send messages"))
            }
        };
    }
    if ours == person {
        return refuse(21266, "'To' and 'From' number cannot be the same");
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
        html: None,
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
