//! Twilio's forms: inbound messages and status callbacks, read from decoded pairs since their set of names keeps growing.

use serde::Deserialize;

use super::class_of;
use crate::providers::{DeliveryStatus, ErrorClass, TextChannel};

/// Decodes a form body.
pub(crate) fn parse_form(raw_body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw_body).into_owned().collect()
}

/// `whatsapp:+919876543210` → (WhatsApp, `+919876543210`); without a prefix it is a phone number reached by SMS. Other channels
/// (`messenger:…`) are `None`.
pub fn split_channel(address: &str) -> Option<(TextChannel, &str)> {
    match address.split_once(':') {
        Some(("whatsapp", number)) => Some((TextChannel::Whatsapp, number)),
        Some(_) => None,
        None => Some((TextChannel::Sms, address)),
    }
}

/// The address of a number on a channel, as Twilio writes it. A prefix that is already there is not doubled.
pub(crate) fn address(channel: TextChannel, number: &str) -> String {
    let number = number.trim_start_matches("whatsapp:");
    match channel {
        TextChannel::Whatsapp => format!("whatsapp:{number}"),
        TextChannel::Sms => number.to_string(),
    }
}

/// Twilio's status word in our vocabulary; `None` for inbound and unknown words.
pub fn delivery_status(word: &str) -> Option<DeliveryStatus> {
    Some(match word {
        "accepted" | "scheduled" | "queued" | "sending" => DeliveryStatus::Queued,
        "sent" => DeliveryStatus::Sent,
        "delivered" | "partially_delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "undelivered" | "failed" | "canceled" => DeliveryStatus::Failed,
        _ => return None,
    })
}

crate::text_enum! {
    /// What Twilio's own opt-out handling recognised.
    pub enum OptOutWord { Stop = "STOP", Start = "START", Help = "HELP" }
}

/// A message from a person to one of our numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundText {
    /// The key to deduplicate by.
    pub message_sid: String,
    pub account_sid: String,
    pub messaging_service_sid: Option<String>,
    pub channel: TextChannel,
    /// The person's number, without the channel prefix.
    pub from: String,
    /// Our number, without the channel prefix.
    pub to: String,
    pub body: String,
    /// The name on the person's WhatsApp profile.
    pub profile_name: Option<String>,
    /// The WhatsApp id: the number's digits, which may differ from `from` in Brazil and Mexico.
    pub wa_id: Option<String>,
    /// `text`, `image`, `button` … on WhatsApp.
    pub message_type: Option<String>,
    pub media: Vec<InboundMedia>,
    pub button_text: Option<String>,
    pub button_payload: Option<String>,
    /// The message of ours this one answers.
    pub replied_to: Option<String>,
    pub opt_out: Option<OptOutWord>,
}

/// An attachment; its URL needs our credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMedia {
    pub url: String,
    pub content_type: String,
}

impl InboundText {
    /// # Errors
    /// What is missing or not understood.
    pub fn from_pairs(pairs: &[(String, String)]) -> Result<Self, String> {
        let required = |name: &str| get(pairs, name).ok_or_else(|| format!("{name} is missing"));
        let (channel, from) = split_channel(required("From")?).ok_or("From is on a channel we do not serve")?;
        let (_, to) = split_channel(required("To")?).ok_or("To is on a channel we do not serve")?;
        // NumMedia is only a hint: it is bounded by what is really there.
        let media = (0..10)
            .map_while(|index| {
                let url = get(pairs, &format!("MediaUrl{index}"))?.to_string();
                let content_type = get(pairs, &format!("MediaContentType{index}")).unwrap_or("").to_string();
                Some(InboundMedia { url, content_type })
            })
            .collect();
        let optional = |name: &str| get(pairs, name).map(str::to_string);
        Ok(Self {
            message_sid: required("MessageSid")?.to_string(),
            account_sid: optional("AccountSid").unwrap_or_default(),
            messaging_service_sid: optional("MessagingServiceSid"),
            channel,
            from: from.to_string(),
            to: to.to_string(),
            body: optional("Body").unwrap_or_default(),
            profile_name: optional("ProfileName"),
            wa_id: optional("WaId"),
            message_type: optional("MessageType"),
            media,
            button_text: optional("ButtonText"),
            button_payload: optional("ButtonPayload"),
            replied_to: optional("OriginalRepliedMessageSid"),
            opt_out: get(pairs, "OptOutType").and_then(|word| word.parse().ok()),
        })
    }
}

/// A status callback. Callbacks are unordered: keep the furthest status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextStatus {
    pub message_sid: String,
    /// Twilio's own word; with the sid it is the key to deduplicate by.
    pub word: String,
    /// `None` for words that say nothing about delivery.
    pub status: Option<DeliveryStatus>,
    pub channel: Option<TextChannel>,
    /// Numbers without prefix; empty when Twilio masked or left them out.
    pub from: String,
    pub to: String,
    pub error_code: Option<String>,
    pub error_class: Option<ErrorClass>,
    /// The channel's own explanation.
    pub explanation: Option<String>,
}

impl TextStatus {
    /// # Errors
    /// What is missing.
    pub fn from_pairs(pairs: &[(String, String)]) -> Result<Self, String> {
        let required = |name: &str| get(pairs, name).ok_or_else(|| format!("{name} is missing"));
        let word = required("MessageStatus").or_else(|_| required("SmsStatus"))?.to_string();
        let side = |name: &str| get(pairs, name).and_then(split_channel);
        let error_code = get(pairs, "ErrorCode").filter(|code| *code != "0").map(str::to_string);
        Ok(Self {
            message_sid: required("MessageSid").or_else(|_| required("SmsSid"))?.to_string(),
            status: delivery_status(&word),
            word,
            channel: side("To").map(|(channel, _)| channel),
            from: side("From").map_or_else(String::new, |(_, number)| number.to_string()),
            to: side("To").map_or_else(String::new, |(_, number)| number.to_string()),
            error_class: error_code.as_deref().map(|code| class_of(code.parse().unwrap_or(0), 200)),
            error_code,
            explanation: get(pairs, "ChannelStatusMessage").map(str::to_string),
        })
    }
}

/// The first non-empty value of a name.
fn get<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
}

/// A message as the REST API answers it.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub sid: String,
    pub status: String,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub date_created: Option<String>,
    #[serde(default)]
    pub error_code: Option<i64>,
    #[serde(default)]
    pub error_message: Option<String>,
}

/// A page of messages, newest first.
#[derive(Debug, Deserialize)]
pub(super) struct MessagePage {
    pub messages: Vec<Message>,
    #[serde(default)]
    pub next_page_uri: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    fn pairs(file: &str) -> Vec<(String, String)> {
        let case = fixtures::cases("twilio").into_iter().find(|case| case.text("body_file") == file).unwrap();
        parse_form(&case.body)
    }

    #[test]
    fn recorded_messages_are_read() {
        let sms = InboundText::from_pairs(&pairs("inbound_sms.txt")).unwrap();
        assert_eq!(
            (sms.channel, sms.from.as_str(), sms.to.as_str()),
            (TextChannel::Sms, "+17035550199", "+19895550100")
        );
        assert_eq!(sms.body, "It's working!!! & more + 100%");
        let stop = InboundText::from_pairs(&pairs("inbound_sms_stop.txt")).unwrap();
        assert_eq!(stop.opt_out, Some(OptOutWord::Stop));
        let whatsapp = InboundText::from_pairs(&pairs("inbound_whatsapp.txt")).unwrap();
        assert_eq!((whatsapp.channel, whatsapp.from.as_str()), (TextChannel::Whatsapp, "+919876543210"));
        assert_eq!(whatsapp.profile_name.as_deref(), Some("Asha"));
        let button = InboundText::from_pairs(&pairs("inbound_whatsapp_button.txt")).unwrap();
        assert_eq!(button.button_payload.as_deref(), Some("confirm"));
        let media = InboundText::from_pairs(&pairs("inbound_whatsapp_media.txt")).unwrap();
        assert_eq!(
            (media.media.len(), media.media[0].content_type.as_str(), media.body.as_str()),
            (1, "image/jpeg", "")
        );
    }

    #[test]
    fn recorded_statuses_are_read() {
        let failed = TextStatus::from_pairs(&pairs("status_whatsapp_failed_63016.txt")).unwrap();
        assert_eq!(failed.status, Some(DeliveryStatus::Failed));
        assert_eq!(failed.error_class, Some(ErrorClass::Window));
        assert_eq!(failed.to, "+919876543210");
        let read = TextStatus::from_pairs(&pairs("status_whatsapp_read.txt")).unwrap();
        assert_eq!((read.status, read.error_code), (Some(DeliveryStatus::Read), None));
        let lost = TextStatus::from_pairs(&pairs("status_sms_undelivered_30003.txt")).unwrap();
        assert_eq!(lost.error_class, Some(ErrorClass::Retry));
    }

    #[test]
    fn foreign_channels_and_gaps_are_refused_with_a_reason() {
        assert!(split_channel("messenger:123").is_none());
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let error = InboundText::from_pairs(&[pair("From", "+1"), pair("To", "+2")]).unwrap_err();
        assert_eq!(error, "MessageSid is missing");
    }
}
