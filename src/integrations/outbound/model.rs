//! The vocabulary of outbound webhooks: which events an endpoint wants, and how long a delivery waits for its next attempt.

use std::str::FromStr;

use crate::base::time::Timestamp;
use crate::engine::events::{EventType, catalogue};
use crate::integrations::facts::EndpointFact;

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

/// Which events are wanted: `*`, a whole noun (`lead.*`), or one type (`lead.created`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct EventPattern(String);

impl EventPattern {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn matches(&self, kind: EventType) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => kind.as_str().starts_with(start),
            None => kind.as_str() == self.0,
        }
    }

    /// What a pattern must be to match this type.
    pub fn of(kind: EventType) -> [String; 3] {
        ["*".into(), format!("{}.*", kind.noun()), kind.as_str().into()]
    }
}

/// May a tenant ask for it? A ping goes to its endpoint alone, and the platform's own affairs to nobody.
pub fn is_offered(kind: EventType) -> bool {
    catalogue::find(kind).is_some_and(|declared| !declared.is_of_platform) && kind != EndpointFact::PING
}

/// All that a tenant may ask for, by name.
pub fn offered() -> impl Iterator<Item = EventType> {
    catalogue::types().into_iter().filter(|kind| is_offered(*kind))
}

impl FromStr for EventPattern {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let pattern = Self(text.to_string());
        let is_shaped = text == "*" || text.ends_with(".*") || !text.contains('*');
        if is_shaped && offered().any(|kind| pattern.matches(kind)) {
            return Ok(pattern);
        }
        Err("expected an event type of the catalogue, all types of a noun such as lead.*, or *".into())
    }
}
impl<'de> serde::Deserialize<'de> for EventPattern {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for EventPattern {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let mut known: Vec<String> = vec!["*".into()];
        for kind in offered() {
            let [_, noun, one] = EventPattern::of(kind);
            if !known.contains(&noun) {
                known.push(noun);
            }
            known.push(one);
        }
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("An event type, all types of a noun (`lead.*`), or everything (`*`)."))
            .enum_values(Some(known))
            .examples([serde_json::json!("lead.*")])
            .into()
    }
}
impl utoipa::ToSchema for EventPattern {
    fn name() -> std::borrow::Cow<'static, str> {
        "EventPattern".into()
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
    use crate::engine::events::Facts;
    use crate::inbox::facts::MessageFact;
    use crate::leads::facts::{LeadCreated, LeadUpdated};

    /// What this test speaks of.
    fn declare() {
        let mut facts = Facts::default();
        for add in [
            crate::tenants::facts,
            crate::leads::facts,
            crate::inbox::facts,
            crate::ads::facts,
            crate::integrations::facts,
        ] {
            add(&mut facts);
        }
        facts.publish();
    }

    #[test]
    fn patterns_match_types_and_nouns_and_everything() {
        declare();
        let matches = |pattern: &str, kind| pattern.parse::<EventPattern>().unwrap().matches(kind);
        assert!(matches("*", LeadCreated::TYPE) && matches("lead.*", LeadCreated::TYPE));
        assert!(matches("lead.created", LeadCreated::TYPE) && !matches("lead.created", LeadUpdated::TYPE));
        assert!(!matches("ad_campaign.*", LeadCreated::TYPE) && !matches("lead.*", MessageFact::SENT));
        for wrong in [
            "",
            "lead",
            "lead.",
            "lead.*.x",
            "le*",
            "l*",
            "*.created",
            "lead.exploded",
            "operator.*",
            "job.retried",
            "webhook.ping",
            "**",
        ] {
            assert!(wrong.parse::<EventPattern>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn whatever_matches_a_type_is_listed_for_it() {
        declare();
        for kind in offered() {
            for pattern in EventPattern::of(kind) {
                assert!(pattern.parse::<EventPattern>().unwrap().matches(kind), "{pattern} {kind}");
            }
        }
    }

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
