//! The person who writes to one of our numbers: `POST /sandbox/twilio/inbound {from, to, body, profile_name?, media?,
//! replied_to?, parameters?, webhook?}`, where `parameters` are further ones of the form (`Latitude` …). It opens the WhatsApp window, and `STOP` closes the channel, before the signed webhook leaves; with `webhook: false` none leaves.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use super::media;
use super::messages::is_e164;
use super::signed_form;
use crate::providers::{TextChannel, twilio};
use crate::sandbox::Sandbox;
use crate::sandbox::faults::bad_request;
use crate::sandbox::state::hex_id;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inbound {
    /// The person and our number. A `whatsapp:` prefix on either side, or our number being a WhatsApp sender, makes it WhatsApp.
    from: String,
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    profile_name: Option<String>,
    #[serde(default)]
    media: Vec<Media>,
    /// The message of ours that is quoted.
    #[serde(default)]
    replied_to: Option<String>,
    #[serde(default)]
    parameters: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    webhook: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Media {
    /// Where it lies; without one the twin keeps `body` and serves it.
    #[serde(default)]
    url: Option<String>,
    content_type: String,
    #[serde(default)]
    body: String,
}

pub(super) async fn receive(sandbox: web::Data<Sandbox>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
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
    if inbound.webhook == Some(false) {
        return HttpResponse::Created().json(json!({ "message_sid": sid, "webhook_status": null }));
    }
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
    let asked = {
        let info = request.connection_info();
        format!("{}://{}", info.scheme(), info.host())
    };
    let host = sandbox.0.settings.deliver_to.as_deref().unwrap_or(&asked);
    for ((url, content_type), file) in names.iter().zip(inbound.media) {
        let Media { url: told, content_type: kind, body } = file;
        let kept = || media::File { content_type: kind.clone(), bytes: body.into_bytes() };
        form.push((url, told.unwrap_or_else(|| media::keep(&sandbox, host, &sid, kept()))));
        form.push((content_type, kind));
    }
    form.extend(inbound.replied_to.map(|sid| ("OriginalRepliedMessageSid", sid)));
    form.retain(|(name, _)| !inbound.parameters.contains_key(*name));
    form.extend(inbound.parameters.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let webhook = signed_form(&sandbox, sandbox.webhook_url("/v1/webhooks/twilio/messages"), form);
    let status = sandbox.call_now(webhook).await;
    HttpResponse::Created().json(json!({ "message_sid": sid, "webhook_status": status }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sender {
    channel: TextChannel,
    number: String,
}

/// A number of ours besides the platform's: `POST /sandbox/twilio/senders`.
pub(super) async fn register_sender(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    match serde_json::from_slice::<Sender>(&body) {
        Ok(sender) if is_e164(&sender.number) => {
            sandbox.0.twilio.register_sender(sender.channel, &sender.number);
            HttpResponse::Created().json(json!({ "channel": sender.channel, "number": sender.number }))
        }
        Ok(_) => bad_request("number: expected a number such as +919876543210"),
        Err(error) => bad_request(&error.to_string()),
    }
}
