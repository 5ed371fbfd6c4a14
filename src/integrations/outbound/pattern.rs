//! Which events an endpoint wants.

use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

use super::facts::EndpointFact;
use crate::engine::events::{EventType, catalogue};

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

/// All that an endpoint wants: any of them.
#[derive(Debug, Clone, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct EventPatterns {
    list: Vec<EventPattern>,
    /// A blank before and after every pattern, so that SQL finds one by `LIKE`.
    column: String,
}

impl EventPatterns {
    pub fn list(&self) -> &[EventPattern] {
        &self.list
    }

    /// For an event.
    pub fn told(&self) -> Vec<String> {
        self.list.iter().map(|pattern| pattern.0.clone()).collect()
    }
}
impl From<Vec<EventPattern>> for EventPatterns {
    fn from(list: Vec<EventPattern>) -> Self {
        let words: Vec<&str> = list.iter().map(EventPattern::as_str).collect();
        let column = format!(" {} ", words.join(" "));
        Self { list, column }
    }
}
impl serde::Serialize for EventPatterns {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(s)
    }
}
impl<DB: Backend> FromSql<Text, DB> for EventPatterns
where
    String: FromSql<Text, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let column = <String as FromSql<Text, DB>>::from_sql(raw)?;
        // What is declared no more is wanted no more.
        Ok(Self { list: column.split_whitespace().filter_map(|word| word.parse().ok()).collect(), column })
    }
}
impl<DB: Backend> ToSql<Text, DB> for EventPatterns
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        <str as ToSql<Text, DB>>::to_sql(&self.column, out)
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
}
