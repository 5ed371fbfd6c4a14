//! Twilio's status callbacks and what its API answers. Forms are read from decoded pairs since their set of names keeps
//! growing; messages from people are in [`super::inbound`].

use serde::Deserialize;

use super::address::split_channel;
use super::class_of;
use crate::providers::{DeliveryStatus, ErrorClass, TextChannel};

/// The first non-empty value of a name.
pub(super) fn get<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
}

/// Decodes a form body.
pub fn parse_form(raw_body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(raw_body).into_owned().collect()
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
}
