//! Where something that leaves for a person is, and what providers report of it.

use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::providers::ErrorClass;
use crate::sending::id::MessageId;

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

/// The longest content of a channel, in characters. Twilio takes 1,600 on both of its channels
/// (<https://www.twilio.com/docs/api/errors/21617>).
pub const fn longest_content(channel: Channel) -> usize {
    match channel {
        Channel::Whatsapp | Channel::Sms => 1_600,
        _ => 50_000,
    }
}

/// What a provider says of a message it was given.
#[derive(Debug, Clone)]
pub struct StatusUpdate {
    pub provider: &'static str,
    pub external_id: String,
    /// Whose it is and which, when the provider carried them along; only both together count.
    pub tenant_hint: Option<TenantId>,
    pub message_hint: Option<MessageId>,
    pub status: MessageStatus,
    pub error_class: Option<ErrorClass>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageStatus as S;

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
}
