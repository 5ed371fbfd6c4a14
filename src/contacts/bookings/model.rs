//! How a booking stands, and what is kept of how it stood.

use crate::base::bounded::Line;
use crate::base::time::Timestamp;

crate::text_enum! {
    /// How a booking stands. Any may follow any.
    pub enum BookingStatus {
        Inquiry = "inquiry",
        Tentative = "tentative",
        Confirmed = "confirmed",
        Completed = "completed",
        Cancelled = "cancelled",
        Refunded = "refunded",
    }
}

impl BookingStatus {
    /// Neither called off nor paid back.
    pub fn stands(self) -> bool {
        !Self::VOID.contains(&self)
    }

    pub const VOID: [Self; 2] = [Self::Cancelled, Self::Refunded];

    /// It was carried out, whatever came of the money.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Completed | Self::Refunded)
    }
}

/// When a booking came to stand so. What is further on keeps what was before it; what goes back loses what has not happened then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moments {
    pub confirmed_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub refunded_at: Option<Timestamp>,
}

impl Moments {
    /// After it came to stand as `to`, now.
    pub fn turned(self, to: BookingStatus, now: Timestamp) -> Self {
        let or_now = |at: Option<Timestamp>| at.or(Some(now));
        match to {
            BookingStatus::Inquiry | BookingStatus::Tentative => Self::default(),
            BookingStatus::Confirmed => Self { confirmed_at: or_now(self.confirmed_at), ..Self::default() },
            BookingStatus::Completed => {
                Self { confirmed_at: self.confirmed_at, completed_at: or_now(self.completed_at), ..Self::default() }
            }
            BookingStatus::Cancelled => {
                Self { confirmed_at: self.confirmed_at, cancelled_at: or_now(self.cancelled_at), ..Self::default() }
            }
            BookingStatus::Refunded => Self { refunded_at: or_now(self.refunded_at), cancelled_at: None, ..self },
        }
    }
}

/// The click or campaign that a booking came from, in whatever words its sender has.
#[derive(
    Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize, validator::Validate, utoipa::ToSchema,
)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"utm_source": "newsletter", "campaign_id": "diwali-offer", "click_id": "c-7f3a"}))]
pub struct BookingSource {
    pub utm_source: Option<Line<1, 200>>,
    pub campaign_id: Option<Line<1, 200>>,
    pub click_id: Option<Line<1, 200>>,
}

#[cfg(test)]
mod tests {
    use super::BookingStatus::*;
    use super::*;

    #[test]
    fn moments_follow_the_status() {
        let at = |seconds| Timestamp::from_seconds(seconds).unwrap();
        let confirmed = Moments::default().turned(Confirmed, at(1));
        assert_eq!(confirmed, Moments { confirmed_at: Some(at(1)), ..Moments::default() });
        assert_eq!(confirmed.turned(Confirmed, at(2)), confirmed, "when it first did");
        let completed = confirmed.turned(Completed, at(3));
        assert_eq!((completed.confirmed_at, completed.completed_at), (Some(at(1)), Some(at(3))));
        let refunded = completed.turned(Refunded, at(4));
        assert_eq!((refunded.completed_at, refunded.refunded_at), (Some(at(3)), Some(at(4))));
        // What is taken back has not happened.
        assert_eq!(refunded.turned(Completed, at(5)), completed);
        assert_eq!(completed.turned(Confirmed, at(5)), confirmed);
        assert_eq!(completed.turned(Tentative, at(5)), Moments::default());
        let cancelled = confirmed.turned(Cancelled, at(6));
        assert_eq!((cancelled.confirmed_at, cancelled.cancelled_at), (Some(at(1)), Some(at(6))));
        assert_eq!(cancelled.turned(Inquiry, at(7)), Moments::default());
    }
}
