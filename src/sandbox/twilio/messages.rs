//! What the Twilio twin knows: messages, open windows, opt-outs; and its rules without any HTTP.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::Duration;

use crate::base::time::Timestamp;
use crate::providers::TextChannel;
use crate::sandbox::credentials::SandboxTemplate;
use crate::sandbox::state::{Ring, lock};

/// WhatsApp allows free text this long after the person's last message.
const WINDOW: Duration = Duration::hours(24);

/// One outgoing message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub sid: String,
    /// As Twilio writes them, with the channel prefix.
    pub from: String,
    pub to: String,
    pub body: String,
    pub status: &'static str,
    pub error_code: Option<u32>,
    pub created_at: Timestamp,
}

/// One of our numbers and a person, on a channel.
type Pair = (TextChannel, String, String);

pub(crate) struct TwilioTwin {
    pub messages: Mutex<Ring<String, Message>>,
    last_inbound: Mutex<Ring<Pair, Timestamp>>,
    opted_out: Mutex<Ring<Pair, bool>>,
    /// What people attached, by its id.
    pub media: Mutex<Ring<String, super::media::File>>,
    /// Numbers that may send besides the platform's.
    senders: Mutex<Ring<(TextChannel, String), ()>>,
}

impl TwilioTwin {
    pub fn new() -> Self {
        Self {
            messages: Mutex::new(Ring::new(100_000)),
            last_inbound: Mutex::new(Ring::new(200_000)),
            opted_out: Mutex::new(Ring::new(200_000)),
            media: Mutex::new(Ring::new(1_000)),
            senders: Mutex::new(Ring::new(10_000)),
        }
    }

    /// Notes a person's message: it opens the window, and a keyword changes whether we may write at all.
    pub fn heard(
        &self,
        channel: TextChannel,
        ours: &str,
        person: &str,
        body: &str,
        now: Timestamp,
    ) -> Option<&'static str> {
        let pair: Pair = (channel, ours.into(), person.into());
        let word = keyword(body);
        match word {
            Some("STOP") => lock(&self.opted_out).insert(pair.clone(), true),
            Some("START") => lock(&self.opted_out).insert(pair.clone(), false),
            _ => {}
        }
        lock(&self.last_inbound).insert(pair, now);
        word
    }

    /// Lets one more number send.
    pub fn register_sender(&self, channel: TextChannel, number: &str) {
        lock(&self.senders).insert((channel, number.into()), ());
    }

    pub fn is_registered_sender(&self, channel: TextChannel, number: &str) -> bool {
        lock(&self.senders).get(&(channel, number.to_string())).is_some()
    }

    pub fn has_opted_out(&self, channel: TextChannel, ours: &str, person: &str) -> bool {
        lock(&self.opted_out).get(&(channel, ours.to_string(), person.to_string())).copied().unwrap_or(false)
    }

    pub fn window_is_open(&self, ours: &str, person: &str, now: Timestamp) -> bool {
        let pair: Pair = (TextChannel::Whatsapp, ours.into(), person.into());
        lock(&self.last_inbound).get(&pair).is_some_and(|at| now.since(*at) < WINDOW)
    }

    pub fn advance(&self, sid: &str, status: &'static str, error_code: Option<u32>) {
        if let Some(message) = lock(&self.messages).get_mut(sid) {
            message.status = status;
            message.error_code = error_code;
        }
    }
}

/// Twilio's default keywords, alone in the message.
fn keyword(body: &str) -> Option<&'static str> {
    match body.trim().to_ascii_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" => Some("STOP"),
        "START" | "YES" | "UNSTOP" => Some("START"),
        "HELP" | "INFO" => Some("HELP"),
        _ => None,
    }
}

/// E.164: `+`, no leading zero, 7 to 15 digits.
pub(super) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// The text of an approved template with its variables put in, or Twilio's code and sentence.
pub(super) fn render(
    templates: &BTreeMap<String, SandboxTemplate>,
    content_sid: &str,
    variables: Option<&str>,
) -> Result<String, (u32, String)> {
    let Some(template) = templates.values().find(|template| template.content_sid == content_sid) else {
        return Err((21655, "The ContentSid is Invalid".into()));
    };
    let invalid = |why: String| (21656, format!("The Content Variables parameter is invalid: {why}"));
    let variables: BTreeMap<String, String> = match variables {
        None => BTreeMap::new(),
        Some(json) => {
            serde_json::from_str(json).map_err(|_| invalid("expected a JSON object of text values".into()))?
        }
    };
    let mut text = String::new();
    let mut rest = template.body.as_str();
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        let value = variables.get(name).ok_or_else(|| invalid(format!("{{{{{name}}}}} has no value")))?;
        // WhatsApp's own rule for template parameters.
        if value.is_empty() || value.contains(['\n', '\r', '\t']) || value.contains("     ") {
            return Err(invalid(format!("{{{{{name}}}}} is empty or holds a line break, a tab or five spaces")));
        }
        text.push_str(before);
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::SandboxCredentials;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_window_is_open_for_24_hours_and_only_for_that_pair() {
        let twin = TwilioTwin::new();
        let (ours, person) = ("+14155238886", "+919876543210");
        assert!(!twin.window_is_open(ours, person, at("2026-11-20T09:00:00Z")));
        twin.heard(TextChannel::Whatsapp, ours, person, "hi", at("2026-11-20T09:00:00Z"));
        assert!(twin.window_is_open(ours, person, at("2026-11-21T08:59:59Z")));
        assert!(!twin.window_is_open(ours, person, at("2026-11-21T09:00:00Z")));
        assert!(!twin.window_is_open("+15005550006", person, at("2026-11-20T09:00:00Z")));
        twin.heard(TextChannel::Sms, "+15005550006", person, "hi", at("2026-11-20T09:00:00Z"));
        assert!(!twin.window_is_open("+15005550006", person, at("2026-11-20T09:00:00Z")), "an SMS opens no window");
    }

    #[test]
    fn stop_silences_one_number_until_start() {
        let twin = TwilioTwin::new();
        let now = at("2026-11-20T09:00:00Z");
        assert_eq!(twin.heard(TextChannel::Sms, "+1", "+2", " stop ", now), Some("STOP"));
        assert!(twin.has_opted_out(TextChannel::Sms, "+1", "+2"));
        assert!(!twin.has_opted_out(TextChannel::Sms, "+3", "+2"));
        twin.heard(TextChannel::Sms, "+1", "+2", "please stop calling", now);
        twin.heard(TextChannel::Sms, "+1", "+2", "START", now);
        assert!(!twin.has_opted_out(TextChannel::Sms, "+1", "+2"));
    }

    #[test]
    fn templates_are_rendered_strictly() {
        let templates = SandboxCredentials::default().templates;
        let sid = &templates["first_contact"].content_sid;
        let text = render(&templates, sid, Some(r#"{"1":"Asha","2":"Hello","3":"ABC"}"#)).unwrap();
        assert_eq!(text, "Hi Asha! Hello\n\nABC");
        assert_eq!(render(&templates, sid, Some(r#"{"1":"Asha"}"#)).unwrap_err().0, 21656);
        assert_eq!(render(&templates, sid, Some(r#"{"1":"a\nb","2":"x","3":"y"}"#)).unwrap_err().0, 21656);
        assert_eq!(render(&templates, sid, Some("[]")).unwrap_err().0, 21656);
        assert_eq!(render(&templates, "HXnone", None).unwrap_err().0, 21655);
    }

    #[test]
    fn numbers_are_e164() {
        assert!(is_e164("+919876543210"));
        for bad in ["919876543210", "+0123456789", "+1555", "+1415555abcd", "+1234567890123456", ""] {
            assert!(!is_e164(bad), "{bad}");
        }
    }
}
