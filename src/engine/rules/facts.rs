//! What an expression is evaluated against: one record, seen as named, typed facts.

use std::borrow::Cow;

use crate::base::time::Timestamp;

use super::number::Number;

/// One record. `field` is a name of the catalogue the expression was parsed with.
pub trait Facts {
    /// The record's value of that field; [`Fact::Missing`] when it has none or the name is unknown.
    fn get(&self, field: &str) -> Fact<'_>;
}

/// The value of one field. Blank text and an empty list count as missing: a question left blank is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<'a> {
    Missing,
    Text(Cow<'a, str>),
    Number(Number),
    Boolean(bool),
    Instant(Timestamp),
    List(Vec<Cow<'a, str>>),
}

impl<'a> Fact<'a> {
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(items) => items.iter().all(|item| item.trim().is_empty()),
            Self::Number(_) | Self::Boolean(_) | Self::Instant(_) => false,
        }
    }
}

impl From<bool> for Fact<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}
impl From<i64> for Fact<'_> {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}
impl From<Timestamp> for Fact<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Instant(value)
    }
}
impl<'a> From<&'a str> for Fact<'a> {
    fn from(value: &'a str) -> Self {
        Self::text(value)
    }
}
impl<'a> From<&'a String> for Fact<'a> {
    fn from(value: &'a String) -> Self {
        Self::text(value)
    }
}
impl<'a> From<&'a [String]> for Fact<'a> {
    fn from(values: &'a [String]) -> Self {
        Self::List(values.iter().map(|value| Cow::Borrowed(value.as_str())).collect())
    }
}
impl<'a, T: Into<Fact<'a>>> From<Option<T>> for Fact<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}
