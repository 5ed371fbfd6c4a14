//! The vocabulary of conversations, and which status may follow which.

use crate::base::time::Timestamp;
use crate::base::{Error, Result};

pub use crate::contacts::Channel;
use crate::contacts::consent::Word;
pub use crate::sending::{MessageStatus, longest_content};

crate::text_enum! {
    /// Where a conversation is. Closed ones reopen by a message of either side.
    pub enum ConversationStatus {
        Open = "open" | "active",
        /// Waits for a machine or a third party.
        Pending = "pending",
        /// Set aside until the person writes again.
        Snoozed = "snoozed",
        Closed = "closed",
    }
}

impl ConversationStatus {
    /// # Errors
    /// `conversation.illegal_transition`: a closed conversation is reopened before it is anything else.
    pub fn check_transition(self, to: ConversationStatus) -> Result<()> {
        use ConversationStatus::{Closed, Open};
        if self == to || self != Closed || to == Open {
            return Ok(());
        }
        let message = format!("A closed conversation can only be reopened, not become {to}.");
        Err(Error::conflict("conversation.illegal_transition", message))
    }
}

crate::text_enum! {
    /// Which way a message went.
    pub enum Direction {
        Inbound = "inbound",
        Outbound = "outbound",
        /// A note of the system inside the conversation; nobody outside sees it.
        Internal = "internal",
    }
}

crate::text_enum! {
    /// Who wrote a message.
    pub enum SenderType { Lead = "lead", User = "user", Ai = "ai", System = "system" }
}

crate::text_enum! {
    /// What a message is made of.
    pub enum MessageType {
        Text = "text",
        Template = "template",
        /// The answers of the form the lead came with.
        Form = "form",
        /// Attachments, perhaps with a caption.
        Media = "media",
        /// A place on the map; its attachment says where.
        Location = "location",
    }
}

/// A message from a person, as a provider reported it.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub channel: Channel,
    pub provider: &'static str,
    /// The provider's id of the message.
    pub external_id: String,
    /// Our number or address (E.164 without any `whatsapp:` prefix).
    pub sender_address: String,
    /// The person's number or address.
    pub person_address: String,
    pub profile_name: Option<String>,
    pub content: String,
    /// `[{"kind": "media", "url": …, "content_type": …}, {"kind": "location", …}]`.
    pub attachments: serde_json::Value,
    /// What the provider told besides: buttons, lists, the ad that brought the person, and what we do not know.
    pub details: serde_json::Value,
    /// The provider's id of the message of ours that this one answers.
    pub replied_to: Option<String>,
    /// What the provider's own opt-out handling recognised; the text is read besides.
    pub opt_out: Option<Word>,
    pub received_at: Timestamp,
}

/// How long a person's message lets us answer in free text on WhatsApp: Meta's customer service window
/// (<https://developers.facebook.com/docs/whatsapp/pricing#customer-service-windows>).
pub const WINDOW_HOURS: i64 = 24;

/// Is free text allowed at `now`? Only WhatsApp asks.
pub fn window_is_open(channel: Channel, window_expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    channel != Channel::Whatsapp || window_expires_at.is_some_and(|until| now < until)
}

/// One line of at most 140 characters for lists.
pub fn preview(content: &str) -> String {
    let line = content.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(139) {
        Some((end, last)) if end + last.len_utf8() < line.len() => format!("{}…", &line[..end]),
        _ => line,
    }
}

/// What attachments are, for lists: "(3 pictures)", "(location)".
pub fn attachments_in_words(attachments: &serde_json::Value) -> String {
    let list = attachments.as_array().map(Vec::as_slice).unwrap_or_default();
    let kind = |one: &serde_json::Value| {
        let content_type = one["content_type"].as_str().unwrap_or_default().to_ascii_lowercase();
        match content_type.split('/').next().unwrap_or_default() {
            _ if one["kind"] == "location" => ("location", "locations"),
            _ if content_type.contains("vcard") => ("contact", "contacts"),
            "image" => ("picture", "pictures"),
            "video" => ("video", "videos"),
            "audio" => ("voice message", "voice messages"),
            _ => ("attachment", "attachments"),
        }
    };
    let Some(first) = list.first().map(kind) else { return String::new() };
    let (one, many) = if list.iter().all(|each| kind(each) == first) { first } else { ("attachment", "attachments") };
    if list.len() == 1 { format!("({one})") } else { format!("({} {many})", list.len()) }
}

/// When a message counts as written. A message that is stored late, because its first try failed, still has its place; and
/// where the latest one is dated in the future, because the clock was set back since, the new one follows it all the same.
pub fn written_at(at: Timestamp, now: Timestamp, latest: Option<Timestamp>) -> Timestamp {
    match latest {
        Some(latest) if latest > now => latest.plus(chrono::Duration::microseconds(1)),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_keeps_its_time_unless_the_clock_was_set_back() {
        let at = |seconds: i64| Timestamp::from_seconds(1_795_165_200 + seconds).unwrap();
        assert_eq!(written_at(at(0), at(9), None), at(0));
        assert_eq!(written_at(at(0), at(9), Some(at(5))), at(0), "stored late, after one that was written later");
        assert_eq!(written_at(at(0), at(9), Some(at(60))).since(at(60)).num_microseconds(), Some(1));
    }

    #[test]
    fn the_window_is_whatsapps_alone() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (now, until) = (at("2026-11-20T09:00:00Z"), at("2026-11-20T09:00:00.000001Z"));
        assert!(window_is_open(Channel::Whatsapp, Some(until), now));
        assert!(!window_is_open(Channel::Whatsapp, Some(now), now), "the end is outside");
        assert!(!window_is_open(Channel::Whatsapp, None, now));
        assert!(window_is_open(Channel::Sms, None, now) && window_is_open(Channel::Email, None, now));
    }

    #[test]
    fn a_closed_conversation_only_reopens() {
        use ConversationStatus as C;
        for to in C::ALL {
            assert_eq!(C::Closed.check_transition(*to).is_ok(), matches!(to, C::Closed | C::Open), "{to}");
            assert!([C::Open, C::Pending, C::Snoozed].iter().all(|from| from.check_transition(*to).is_ok()));
        }
    }

    #[test]
    fn attachments_are_named_by_what_they_are() {
        let of = |types: &[&str]| {
            attachments_in_words(&types.iter().map(|kind| serde_json::json!({"content_type": kind})).collect())
        };
        assert_eq!(of(&["image/jpeg", "image/png", "IMAGE/JPEG"]), "(3 pictures)");
        assert_eq!(of(&["audio/ogg"]), "(voice message)");
        assert_eq!(of(&["text/vcard"]), "(contact)");
        assert_eq!(of(&["image/png", "application/pdf"]), "(2 attachments)");
        assert_eq!(attachments_in_words(&serde_json::json!([{"kind": "location"}])), "(location)");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn previews_are_one_short_line() {
        assert_eq!(preview("Hi\n  there"), "Hi there");
        let long = "ä".repeat(200);
        assert_eq!(preview(&long).chars().count(), 140);
        assert_eq!(preview(&"b".repeat(140)), "b".repeat(140));
    }
}
