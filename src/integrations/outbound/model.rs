//! The vocabulary of outbound webhooks, and how long a delivery waits for its next attempt.

use crate::base::time::Timestamp;

crate::text_enum! {
    /// Whether an endpoint is told of anything.
    pub enum WebhookEndpointStatus {
        Enabled = "enabled",
        /// What happens meanwhile is not kept for it; a replay brings it.
        Disabled = "disabled",
    }
}

crate::text_enum! {
    /// Why an endpoint is disabled.
    pub enum DisabledReason {
        /// Somebody wanted it so.
        ByUser = "by_user",
        /// It answered 410 Gone.
        Gone = "gone",
        /// Every attempt of five days failed.
        Failing = "failing",
    }
}

crate::text_enum! {
    /// Where a delivery is.
    pub enum WebhookDeliveryState {
        /// Waits for its first or next attempt.
        Pending = "pending",
        /// The endpoint answered 2xx.
        Delivered = "delivered",
        /// Every attempt failed. A retry or a replay starts again.
        Failed = "failed",
    }
}

/// Seconds between an attempt and the next: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h.
const WAITS_SECONDS: [i64; 7] = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000];
/// How much longer a wait may be, so that what failed together does not come back together.
const JITTER: f64 = 0.2;
/// The longest wait that an endpoint may ask for by `Retry-After`.
const LONGEST_WISH_SECONDS: i64 = 36_000;
/// An endpoint that failed for so long is disabled.
pub const PATIENCE: chrono::Duration = chrono::Duration::days(5);

/// How long after the failure number `step` (0 for the first) the next attempt is made, or `None` when there is none.
/// `jitter` is in 0.0..1.0; `wish` is what the endpoint asked for, in seconds.
pub fn wait_after(step: i32, jitter: f64, wish: Option<i64>) -> Option<chrono::Duration> {
    let wait = *WAITS_SECONDS.get(usize::try_from(step).ok()?)?;
    let micros = wait as f64 * 1_000_000.0 * (1.0 + JITTER * jitter);
    let planned = chrono::Duration::microseconds(micros as i64);
    let wished = chrono::Duration::seconds(wish.unwrap_or(0).clamp(0, LONGEST_WISH_SECONDS));
    Some(planned.max(wished))
}

/// `Retry-After` in seconds from `now`: a number, or a date.
pub fn retry_after(header: &str, now: Timestamp) -> Option<i64> {
    let text = header.trim();
    if let Ok(seconds) = text.parse::<i64>() {
        return (seconds >= 0).then_some(seconds);
    }
    let at: Timestamp = chrono::DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&chrono::Utc).into();
    Some(at.since(now).num_seconds().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_follow_the_schedule_then_end() {
        let waits: Vec<i64> =
            (0..).map_while(|step| wait_after(step, 0.0, None)).map(|wait| wait.num_seconds()).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!(wait_after(1, 0.999_999, None).unwrap().num_seconds(), 359);
        assert_eq!(wait_after(-1, 0.0, None), None);
    }

    #[test]
    fn an_endpoint_may_ask_for_patience_within_bounds() {
        assert_eq!(wait_after(0, 0.0, Some(60)).unwrap().num_seconds(), 60);
        assert_eq!(wait_after(1, 0.0, Some(60)).unwrap().num_seconds(), 300, "never sooner than planned");
        assert_eq!(wait_after(0, 0.0, Some(i64::MAX)).unwrap().num_seconds(), 36_000);
        let now = "2026-11-20T09:00:00Z".parse().unwrap();
        assert_eq!(retry_after(" 120 ", now), Some(120));
        assert_eq!(retry_after("Fri, 20 Nov 2026 09:10:00 GMT", now), Some(600));
        assert_eq!(retry_after("Fri, 20 Nov 2026 08:10:00 GMT", now), Some(0));
        assert_eq!((retry_after("-5", now), retry_after("soon", now)), (None, None));
    }
}
