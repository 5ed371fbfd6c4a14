//! Types of values, keys, and what people are sought by.

use std::str::FromStr;

use utoipa::openapi::schema::Type;

use crate::contacts::id::CustomAttributeId;

crate::text_enum! {
    /// What the values of a custom attribute are.
    pub enum AttributeType {
        /// Up to 500 characters.
        Text = "text",
        /// From -9,000,000,000,000 to 9,000,000,000,000, with six decimals at most.
        Number = "number",
        Boolean = "boolean",
        /// `2026-11-20`.
        Date = "date",
        /// An RFC 3339 time, kept in UTC.
        DateTime = "date_time",
        /// Minor units and currency.
        Money = "money",
        /// One of the options.
        Select = "select",
        /// Some of the options, 50 at most.
        MultiSelect = "multi_select",
        /// http or https, up to 2,000 characters.
        Url = "url",
    }
}

impl AttributeType {
    pub fn has_options(self) -> bool {
        matches!(self, Self::Select | Self::MultiSelect)
    }
}

/// By what values are told and sought: `wedding_venue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeKey(String);

impl From<AttributeKey> for String {
    fn from(key: AttributeKey) -> String {
        key.0
    }
}

impl FromStr for AttributeKey {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let is_snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        if begins && text.len() <= 60 && text.chars().all(is_snake) && !text.contains("__") && !text.ends_with('_') {
            return Ok(Self(text.into()));
        }
        Err("expected a key in lower snake case of at most 60 characters, such as wedding_venue".into())
    }
}
impl<'de> serde::Deserialize<'de> for AttributeKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
impl utoipa::PartialSchema for AttributeKey {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z][a-z0-9]*(_[a-z0-9]+)*$"))
            .max_length(Some(60))
            .description(Some("Lower snake case."))
            .examples([serde_json::json!("wedding_venue")])
            .into()
    }
}
impl utoipa::ToSchema for AttributeKey {
    fn name() -> std::borrow::Cow<'static, str> {
        "AttributeKey".into()
    }
}

/// A value as people are sought by it: see the module above.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub attribute: CustomAttributeId,
    pub word: String,
    pub number: i64,
}

#[cfg(test)]
mod tests {
    use super::AttributeKey;

    #[test]
    fn a_key_is_lower_snake_case() {
        for good in ["a", "wedding_venue", "line_2", "x9"] {
            assert!(good.parse::<AttributeKey>().is_ok(), "{good}");
        }
        for wrong in ["", "Venue", "2nd", "_a", "a_", "a__b", "a-b", "a.b", "é", &"x".repeat(61)] {
            assert!(wrong.parse::<AttributeKey>().is_err(), "{wrong}");
        }
    }
}
