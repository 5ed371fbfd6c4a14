//! The vocabulary of conversations, and which status may follow which.

use crate::base::time::Timestamp;
use crate::base::{Error, Result};

pub use crate::contacts::Channel;

crate::text_enum! {
    /// Where a message is; receipts only move it forward.
    pub enum MessageStatus {
        Queued = "queued",
        /// The provider has been asked, and its answer is not recorded yet.
        Sending = "sending",
        Sent = "sent",
        Delivered = "delivered",
        /// An e-mail's pixel was loaded: as likely by a mail program as by a person.
        Opened = "opened",
        Clicked = "clicked",
        /// A read receipt; people switch them off.
        Read = "read",
        Replied = "replied",
        Bounced = "bounced",
        Complained = "complained",
        Failed = "failed",
        Suppressed = "suppressed",
        Canceled = "canceled",
        /// The provider's answer was lost and could not be reconciled; never sent again by itself.
        Unknown = "unknown",
        /// Inbound.
        Received = "received",
    }
}

impl MessageStatus {
    /// How far along the good road a status is; `None` for the ends that are not on it.
    const fn progress(self) -> Option<u8> {
        Some(match self {
            Self::Queued => 0,
            Self::Sending => 1,
            Self::Unknown => 2,
            Self::Sent => 3,
            Self::Delivered => 4,
            Self::Opened => 5,
            Self::Read => 6,
            Self::Clicked => 7,
            Self::Replied => 8,
            Self::Bounced | Self::Complained | Self::Failed | Self::Suppressed | Self::Canceled | Self::Received => {
                return None;
            }
        })
    }

    /// The status after a report, or `None` when the report changes nothing: reports come late, twice and out of order,
    /// so the furthest one is kept. A failure ends only what was not delivered; a bounce may follow a delivery (the
    /// receiving server changed its mind), a complaint anything that arrived. What has ended stays
    /// ended, but for a failure that proves to have arrived.
    pub fn after(self, report: MessageStatus) -> Option<MessageStatus> {
        // A carrier that gave up may have been wrong: what arrived has arrived.
        if self == Self::Failed && matches!(report, Self::Delivered | Self::Read) {
            return Some(report);
        }
        let at = self.progress()?;
        let moves = match report {
            Self::Failed | Self::Suppressed | Self::Canceled => at < 4,
            Self::Bounced => at <= 4,
            Self::Complained => true,
            Self::Received => false,
            _ => report.progress().is_some_and(|reported| reported > at),
        };
        moves.then_some(report)
    }

    /// A provider took responsibility for it, whatever came of it.
    pub fn has_left(self) -> bool {
        self.progress().is_some_and(|at| at >= 3) || matches!(self, Self::Bounced | Self::Complained)
    }
}

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

/// How long a person's message lets us answer in free text on WhatsApp: Meta's customer service window
/// (<https://developers.facebook.com/docs/whatsapp/pricing#customer-service-windows>).
pub const WINDOW_HOURS: i64 = 24;

/// Is free text allowed at `now`? Only WhatsApp asks.
pub fn window_is_open(channel: Channel, window_expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    channel != Channel::Whatsapp || window_expires_at.is_some_and(|until| now < until)
}

/// The longest content of a channel, in characters. Twilio takes 1,600 on both of its channels
/// (<https://www.twilio.com/docs/api/errors/21617>).
pub const fn longest_content(channel: Channel) -> usize {
    match channel {
        Channel::Whatsapp | Channel::Sms => 1_600,
        _ => 50_000,
    }
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
    use MessageStatus as S;

    #[test]
    fn a_message_keeps_its_time_unless_the_clock_was_set_back() {
        let at = |seconds: i64| Timestamp::from_seconds(1_795_165_200 + seconds).unwrap();
        assert_eq!(written_at(at(0), at(9), None), at(0));
        assert_eq!(written_at(at(0), at(9), Some(at(5))), at(0), "stored late, after one that was written later");
        assert_eq!(written_at(at(0), at(9), Some(at(60))).since(at(60)).num_microseconds(), Some(1));
    }

    #[test]
    fn no_order_of_reports_takes_a_message_back() {
        let road =
            [S::Queued, S::Sending, S::Unknown, S::Sent, S::Delivered, S::Opened, S::Read, S::Clicked, S::Replied];
        for (i, from) in road.iter().enumerate() {
            for (j, to) in road.iter().enumerate() {
                assert_eq!(from.after(*to), (j > i).then_some(*to), "{from} → {to}");
            }
        }
    }

    #[test]
    fn a_failure_ends_what_was_not_delivered_and_nothing_else() {
        for end in [S::Failed, S::Suppressed, S::Canceled] {
            for from in [S::Queued, S::Sending, S::Unknown, S::Sent] {
                assert_eq!(from.after(end), Some(end), "{from} → {end}");
            }
            for from in [S::Delivered, S::Opened, S::Read, S::Clicked, S::Replied] {
                assert_eq!(from.after(end), None, "{from} → {end}");
            }
        }
        assert_eq!(S::Delivered.after(S::Bounced), Some(S::Bounced));
        assert_eq!(S::Opened.after(S::Bounced), None);
        assert_eq!(S::Replied.after(S::Complained), Some(S::Complained));
    }

    #[test]
    fn what_has_ended_stays_ended_and_inbound_messages_have_no_road() {
        for report in S::ALL {
            let is_proof = matches!(report, S::Delivered | S::Read);
            assert_eq!(S::Failed.after(*report), is_proof.then_some(*report), "what arrived has arrived");
        }
        for end in [S::Bounced, S::Complained, S::Suppressed, S::Canceled, S::Received] {
            assert!(S::ALL.iter().all(|report| end.after(*report).is_none()), "{end}");
        }
        assert!(S::ALL.iter().all(|from| from.after(S::Received).is_none()));
    }

    #[test]
    fn any_order_of_the_same_reports_ends_the_same() {
        let reports = [S::Sent, S::Delivered, S::Read];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let end = order.iter().fold(S::Sending, |at, i| at.after(reports[*i]).unwrap_or(at));
            assert_eq!(end, S::Read);
        }
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
