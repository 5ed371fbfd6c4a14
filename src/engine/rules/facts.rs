//! What an expression is evaluated against: one record, seen as named, typed facts.

use std::borrow::Cow;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::base::time::Timestamp;

use super::catalogue::{Field, Spelling};
use super::number::Number;

/// One record. `field` is of the catalogue that the rule was made with.
pub trait Facts {
    /// The record's value of that field; [`Fact::Missing`] when it has none or the name is unknown.
    fn get(&self, field: &Field) -> Fact<'_>;

    /// Its other rows of that noun.
    fn rows(&self, _noun: &str) -> Vec<&dyn Facts> {
        Vec::new()
    }
}

/// A day that comes again each year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayOfYear {
    pub month: u32,
    pub day: u32,
}

impl DayOfYear {
    /// As its column holds it: 517 for 17 May, so that later days are greater numbers.
    pub fn number(self) -> i32 {
        i32::try_from(self.month * 100 + self.day).unwrap_or(0)
    }
}

impl std::fmt::Display for DayOfYear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// The value of one field. Blank text and an empty list count as missing: a question left blank is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<'a> {
    Missing,
    Text(Cow<'a, str>),
    Number(Number),
    Boolean(bool),
    Instant(Timestamp),
    Date(NaiveDate),
    DayOfYear(DayOfYear),
    Id(Uuid),
    List(Vec<Cow<'a, str>>),
    Ids(Vec<Uuid>),
}

impl<'a> Fact<'a> {
    pub fn text(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    pub fn is_missing(&self) -> bool {
        self.is_missing_in(super::catalogue::lower)
    }

    /// Nothing is left of it in this spelling.
    pub(super) fn is_missing_in(&self, spelling: Spelling) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(text) => spelling(text).is_empty(),
            Self::List(items) => items.iter().all(|item| spelling(item).is_empty()),
            Self::Ids(ids) => ids.is_empty(),
            Self::Number(_)
            | Self::Boolean(_)
            | Self::Instant(_)
            | Self::Date(_)
            | Self::DayOfYear(_)
            | Self::Id(_) => false,
        }
    }

    /// As it is shown to whoever asks what was found; `None` where there is nothing.
    pub(super) fn told(&self) -> Option<serde_json::Value> {
        use serde_json::Value;
        match self {
            Self::Missing => None,
            Self::Text(text) => Some(Value::String(text.to_string())),
            Self::Number(number) => serde_json::to_value(number).ok(),
            Self::Boolean(boolean) => Some(Value::Bool(*boolean)),
            Self::Instant(at) => Some(Value::String(at.to_string())),
            Self::Date(date) => Some(Value::String(date.to_string())),
            Self::DayOfYear(day) => Some(Value::String(day.to_string())),
            Self::Id(id) => Some(Value::String(id.to_string())),
            Self::List(items) => Some(items.iter().map(|item| Value::String(item.to_string())).collect()),
            Self::Ids(ids) => Some(ids.iter().map(|id| Value::String(id.to_string())).collect()),
        }
    }
}

impl From<NaiveDate> for Fact<'_> {
    fn from(value: NaiveDate) -> Self {
        Self::Date(value)
    }
}
impl From<DayOfYear> for Fact<'_> {
    fn from(value: DayOfYear) -> Self {
        Self::DayOfYear(value)
    }
}
impl From<Uuid> for Fact<'_> {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}
impl From<i32> for Fact<'_> {
    fn from(value: i32) -> Self {
        Self::Number(i64::from(value).into())
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
