//! What an outreach campaign is and how it goes on.

use std::collections::BTreeMap;

use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::ContactId;
use crate::sending::MessageStatus;

crate::text_enum! {
    /// Where an outreach campaign stands.
    pub enum OutreachStatus {
        /// It can be changed, and nothing leaves.
        Draft = "draft",
        /// Confirmed for a moment to come.
        Scheduled = "scheduled",
        /// Its audience is being written down.
        Preparing = "preparing",
        Running = "running",
        Paused = "paused",
        /// Every message of it has left, or never will.
        Completed = "completed",
        Canceled = "canceled",
        /// Its moment passed while it could not be launched.
        Missed = "missed",
    }
}

crate::text_enum! {
    /// Why an outreach campaign stands where it does.
    pub enum OutreachReason {
        /// Somebody paused or canceled it.
        ByUser = "by_user",
        /// Too many messages came back.
        TooManyBounces = "too_many_bounces",
        /// Too many people reported it as spam.
        TooManyComplaints = "too_many_complaints",
        /// The provider refuses the platform's credentials or settings; operators are told.
        SenderBlocked = "sender_blocked",
        /// There is no sender for its channel.
        NoSender = "no_sender",
        /// Its segment is gone, or its rule asks for what is not there any more.
        AudienceGone = "audience_gone",
        /// It could not be launched within its lateness.
        TooLate = "too_late",
    }
}

crate::text_enum! {
    /// What a person answered.
    pub enum ReplyClass {
        /// Yes, or a question to which yes is the answer.
        Positive = "positive",
        /// Neither yes nor no.
        Neutral = "neutral",
        Negative = "negative",
        /// They want to hear nothing more.
        OptOut = "opt_out",
        /// A machine answered: out of office, a receipt. It counts as no answer.
        AutoReply = "auto_reply",
        /// Somebody else has the number.
        WrongPerson = "wrong_person",
    }
}

/// What is done with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Confirmed for later.
    Schedule,
    /// Confirmed for now, or its moment has come.
    Launch,
    /// Its audience is complete.
    Run,
    Pause,
    /// Goes on where it was paused: before its moment, while it was prepared, or while it ran.
    Resume(Resumed),
    Cancel,
    Complete,
    Miss,
}

/// How far it was when it was paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    BeforeItsMoment,
    Prepared,
    Ran,
}

impl OutreachStatus {
    /// Where the step leads.
    ///
    /// # Errors
    /// `outreach_campaign.illegal_transition`.
    pub fn after(self, step: Step) -> Result<Self> {
        use OutreachStatus as S;
        let to = match (self, step) {
            (S::Draft, Step::Schedule) => S::Scheduled,
            (S::Draft | S::Scheduled, Step::Launch) => S::Preparing,
            (S::Preparing, Step::Run) => S::Running,
            (S::Scheduled | S::Preparing | S::Running, Step::Pause) => S::Paused,
            (S::Paused, Step::Resume(Resumed::BeforeItsMoment)) => S::Scheduled,
            (S::Paused, Step::Resume(Resumed::Prepared)) => S::Preparing,
            (S::Paused, Step::Resume(Resumed::Ran)) => S::Running,
            (S::Scheduled | S::Preparing | S::Running | S::Paused, Step::Cancel) => S::Canceled,
            (S::Running, Step::Complete) => S::Completed,
            (S::Scheduled | S::Paused, Step::Miss) => S::Missed,
            _ => {
                let message = format!("An outreach campaign that is {self} cannot take this step.");
                return Err(Error::conflict("outreach_campaign.illegal_transition", message));
            }
        };
        Ok(to)
    }
}

/// How many of an audience are in which state, as their rows say. Each state counts whoever came as far, or further.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"audience": 450, "pending": 0, "sent": 442, "delivered": 430, "opened": 289, "clicked": 40, "responded": 12,
    "bounced": 9, "complained": 0, "failed": 1, "suppressed": 7, "canceled": 0, "unknown": 0}))]
pub struct OutreachCounts {
    /// Everybody whom it was meant for.
    pub audience: i64,
    /// Not handed over yet.
    pub pending: i64,
    /// A provider took them, whatever came of it.
    pub sent: i64,
    pub delivered: i64,
    /// Opened or read: of e-mail as likely by a mail program as by a person, and of others only where people let it be known.
    pub opened: i64,
    pub clicked: i64,
    pub responded: i64,
    pub bounced: i64,
    pub complained: i64,
    /// Refused by the provider.
    pub failed: i64,
    /// Not to be written to: the reasons stand with each.
    pub suppressed: i64,
    pub canceled: i64,
    /// The provider's answer was lost, so nobody knows; never sent again.
    pub unknown: i64,
}

impl OutreachCounts {
    /// Adds so many messages of a status.
    pub fn add(&mut self, status: MessageStatus, count: i64) {
        use MessageStatus as S;
        self.audience += count;
        let steps: &mut [&mut i64] = match status {
            S::Queued | S::Sending => &mut [&mut self.pending],
            S::Sent => &mut [&mut self.sent],
            S::Delivered => &mut [&mut self.sent, &mut self.delivered],
            S::Opened | S::Read => &mut [&mut self.sent, &mut self.delivered, &mut self.opened],
            S::Clicked => &mut [&mut self.sent, &mut self.delivered, &mut self.opened, &mut self.clicked],
            S::Replied => &mut [&mut self.sent, &mut self.delivered, &mut self.responded],
            S::Bounced => &mut [&mut self.sent, &mut self.bounced],
            S::Complained => &mut [&mut self.sent, &mut self.delivered, &mut self.complained],
            S::Failed => &mut [&mut self.failed],
            S::Suppressed => &mut [&mut self.suppressed],
            S::Canceled => &mut [&mut self.canceled],
            S::Unknown => &mut [&mut self.unknown],
            // None of ours.
            S::Received => &mut [],
        };
        steps.iter_mut().for_each(|step| **step += count);
    }

    /// So many came back, or were reported, that nothing more should leave: more than a twentieth of at least 20 bounced, or more
    /// than 3 in a thousand (and at least 3) complained. Mail providers throttle at 5 % and 0.3 %
    /// (<https://support.google.com/a/answer/81126>).
    pub fn trips(&self) -> Option<OutreachReason> {
        if self.bounced >= 20 && self.bounced * 20 > self.sent {
            return Some(OutreachReason::TooManyBounces);
        }
        (self.complained >= 3 && self.complained * 1_000 > self.sent * 3).then_some(OutreachReason::TooManyComplaints)
    }
}

/// What an estimate found.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Figures {
    pub gross: i64,
    pub net: i64,
    pub later: i64,
    pub suppressed: BTreeMap<String, i64>,
    pub segments: i64,
    pub is_whole: bool,
    pub done_at: Option<Timestamp>,
}

/// The hash of an audience: SHA-256, in hex, of the contacts' ids in ascending order, each as text with a line feed behind it.
#[derive(Default)]
pub struct AudienceHash(sha2::Sha256);

impl AudienceHash {
    pub fn add(&mut self, contact: ContactId) {
        sha2::Digest::update(&mut self.0, format!("{contact}\n"));
    }

    pub fn hex(self) -> String {
        hex::encode(sha2::Digest::finalize(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageStatus as M;
    use OutreachStatus as S;

    #[test]
    fn what_is_over_stays_over_and_a_draft_is_confirmed_once() {
        let steps = [
            Step::Schedule,
            Step::Launch,
            Step::Run,
            Step::Pause,
            Step::Resume(Resumed::Ran),
            Step::Cancel,
            Step::Complete,
            Step::Miss,
        ];
        for over in [S::Completed, S::Canceled, S::Missed] {
            assert!(steps.iter().all(|step| over.after(*step).is_err()), "{over}");
        }
        assert_eq!(S::Draft.after(Step::Launch).ok(), Some(S::Preparing));
        assert!(S::Preparing.after(Step::Launch).is_err() && S::Scheduled.after(Step::Schedule).is_err());
        assert!(S::Draft.after(Step::Cancel).is_err(), "a draft is deleted");
        assert_eq!(S::Paused.after(Step::Resume(Resumed::Prepared)).ok(), Some(S::Preparing));
    }

    #[test]
    fn every_status_is_counted_once_in_the_audience() {
        let mut counts = OutreachCounts::default();
        for status in M::ALL {
            counts.add(*status, 1);
        }
        let all = i64::try_from(M::ALL.len()).unwrap();
        assert_eq!(counts.audience, all);
        let sum = counts.pending + counts.sent + counts.failed + counts.suppressed + counts.canceled + counts.unknown;
        assert_eq!(sum, all - 1, "what is received is none of ours");
        assert_eq!((counts.sent, counts.delivered, counts.opened, counts.clicked), (8, 6, 3, 1));
    }

    #[test]
    fn a_spike_trips_it_and_a_few_do_not() {
        let of = |sent, bounced, complained| OutreachCounts { sent, bounced, complained, ..Default::default() }.trips();
        assert_eq!(of(100, 19, 0), None);
        assert_eq!(of(400, 20, 0), None, "a twentieth");
        assert_eq!(of(399, 20, 0), Some(OutreachReason::TooManyBounces));
        assert_eq!(of(10, 0, 2), None);
        assert_eq!(of(1_000, 0, 3), None);
        assert_eq!(of(999, 0, 3), Some(OutreachReason::TooManyComplaints));
    }

    #[test]
    fn the_hash_is_of_lines() {
        let ids = ["019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12"];
        let mut hash = AudienceHash::default();
        ids.iter().for_each(|id| hash.add(id.parse().unwrap()));
        let text = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11\n019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12\n";
        assert_eq!(hash.hex(), crate::base::crypto::sha256_hex(text));
    }
}
