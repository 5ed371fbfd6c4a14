//! Why a person may be written to.
//!
//! The person's own enquiry, vouched by the platform it came through or by the person's own message, is worth most. What a
//! tenant reports is believed within the caps of [`super::caps`]. Where there is no reason at all, nothing is sent.

use crate::base::time::Timestamp;
use crate::contacts::Channel;

crate::text_enum! {
    /// Why a message may be written.
    pub enum WriteReason {
        /// The person enquired: a lead form or a message of their own brought them here.
        Enquiry = "enquiry",
        /// The tenant, or a program of its own, says that the person enquired.
        ReportedEnquiry = "reported_enquiry",
        /// The tenant recorded that the person agreed, when and how.
        OptIn = "opt_in",
        /// The person wrote a while ago.
        Reply = "reply",
        /// What somebody needs to use the platform: invitations, proofs of an address.
        Transaction = "transaction",
    }
}

impl WriteReason {
    /// Whether only the tenant vouches for it, so that it counts against the tenant's day.
    pub fn is_claimed(self) -> bool {
        matches!(self, Self::ReportedEnquiry | Self::OptIn)
    }
}

/// How long a person's message makes ours an answer where the channel has no window of its own.
const REPLY_DAYS: i64 = 30;

/// What ties a person to a tenant.
#[derive(Debug, Clone, Copy)]
pub struct Ties {
    pub channel: Channel,
    /// On WhatsApp.
    pub is_window_open: bool,
    pub last_wrote_at: Option<Timestamp>,
    /// The lead came through a platform that vouches for it.
    pub is_own_enquiry: bool,
    /// The tenant entered it as an enquiry.
    pub is_reported: bool,
    pub has_opted_in: bool,
}

impl Ties {
    /// The best reason there is.
    pub fn reason(&self, now: Timestamp) -> Option<WriteReason> {
        let wrote_lately = self.last_wrote_at.is_some_and(|at| now.since(at) <= chrono::Duration::days(REPLY_DAYS));
        let is_reply = if self.channel == Channel::Whatsapp { self.is_window_open } else { wrote_lately };
        if is_reply {
            return Some(WriteReason::Reply);
        }
        if self.is_own_enquiry || self.last_wrote_at.is_some() {
            return Some(WriteReason::Enquiry);
        }
        if self.has_opted_in {
            return Some(WriteReason::OptIn);
        }
        self.is_reported.then_some(WriteReason::ReportedEnquiry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_persons_own_word_is_worth_more_than_the_tenants() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let nothing = Ties {
            channel: Channel::Email,
            is_window_open: false,
            last_wrote_at: None,
            is_own_enquiry: false,
            is_reported: false,
            has_opted_in: false,
        };
        assert_eq!(nothing.reason(now), None);
        let reported = Ties { is_reported: true, ..nothing };
        assert_eq!(reported.reason(now), Some(WriteReason::ReportedEnquiry));
        assert_eq!(Ties { has_opted_in: true, ..reported }.reason(now), Some(WriteReason::OptIn));
        assert_eq!(Ties { is_own_enquiry: true, ..reported }.reason(now), Some(WriteReason::Enquiry));
        let wrote = Ties { last_wrote_at: Some(now.minus(chrono::Duration::days(30))), ..reported };
        assert_eq!(wrote.reason(now), Some(WriteReason::Reply));
        assert_eq!(wrote.reason(now.plus(chrono::Duration::days(1))), Some(WriteReason::Enquiry), "they wrote once");
        let whatsapp = Ties { channel: Channel::Whatsapp, ..wrote };
        assert_eq!(whatsapp.reason(now), Some(WriteReason::Enquiry), "there the window counts");
        assert_eq!(Ties { is_window_open: true, ..whatsapp }.reason(now), Some(WriteReason::Reply));
    }
}
