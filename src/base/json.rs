//! JSON columns: native `jsonb` on PostgreSQL and text on SQLite.
//!
//! Most documents are only passed on to whoever asked, so a [`Json`] stays the text that it is until somebody reads it. One whose
//! parts are used like columns is a [`Doc`]: read with its row, and written whole.

use std::io::Write as _;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types as st;
use diesel::sqlite::Sqlite;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::Result;

/// The SQL type of a JSON column.
#[derive(Default, Copy, Clone, Debug, st::SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807))]
#[diesel(sqlite_type(name = "Text"))]
pub struct JsonDoc;

/// A JSON document as a column value: well-formed, and not yet read.
#[derive(Debug, Clone, AsExpression, FromSqlRow, serde::Serialize, serde::Deserialize)]
#[diesel(sql_type = JsonDoc)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Serialises a value of ours; our own types always serialise.
    pub fn of(value: &impl serde::Serialize) -> Self {
        Self(to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }

    /// A document that was put together as text.
    pub fn from_text(text: String) -> Result<Self> {
        RawValue::from_string(text).map(Self).map_err(super::Error::internal)
    }

    /// Reads a document we wrote. A document that does not fit its type is a defect, hence `internal`.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(self.text()).map_err(super::Error::internal)
    }

    /// As [`Json::read`], with texts that are borrowed from the document.
    pub fn look<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T> {
        serde_json::from_str(self.text()).map_err(super::Error::internal)
    }

    /// The document as a tree.
    pub fn value(&self) -> Value {
        // It was well-formed when it was made; only its depth could be refused, and that was checked at the door.
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    /// Sets one entry of an object; what is no object has no entries and stays.
    pub fn set(&mut self, key: &str, value: Value) {
        let mut tree = self.value();
        if let Some(map) = tree.as_object_mut() {
            map.insert(key.into(), value);
            *self = tree.into();
        }
    }

    /// As it stands in the database.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self::of(&value)
    }
}

/// Documents are equal when they say the same, however they are written.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() || self.value() == other.value()
    }
}

impl FromSql<JsonDoc, Pg> for Json {
    fn from_sql(raw: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        match raw.as_bytes() {
            [1, text @ ..] => Ok(Self(RawValue::from_string(std::str::from_utf8(text)?.to_string())?)),
            _ => Err("jsonb of an unknown version".into()),
        }
    }
}
impl ToSql<JsonDoc, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        out.write_all(self.text().as_bytes())?;
        Ok(IsNull::No)
    }
}
impl FromSql<JsonDoc, Sqlite> for Json {
    fn from_sql(raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<st::Text, Sqlite>>::from_sql(raw)?;
        Ok(Self(RawValue::from_string(text)?))
    }
}
impl ToSql<JsonDoc, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.text());
        Ok(IsNull::No)
    }
}

/// What belongs together and is never searched by, as one column: a table of many columns is dear to compile, and each of them
/// dear to convert.
#[derive(Debug, Clone, Default, PartialEq, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonDoc)]
pub struct Doc<T: std::fmt::Debug>(pub T);

impl<T: std::fmt::Debug> std::ops::Deref for Doc<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
impl<T: std::fmt::Debug> std::ops::DerefMut for Doc<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: std::fmt::Debug + serde::Serialize> serde::Serialize for Doc<T> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

impl<T: std::fmt::Debug + serde::de::DeserializeOwned> FromSql<JsonDoc, Pg> for Doc<T> {
    fn from_sql(raw: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        match raw.as_bytes() {
            // As a text, its parts need not be looked at again for being one.
            [1, text @ ..] => Ok(Self(serde_json::from_str(std::str::from_utf8(text)?)?)),
            _ => Err("jsonb of an unknown version".into()),
        }
    }
}
impl<T: std::fmt::Debug + serde::Serialize> ToSql<JsonDoc, Pg> for Doc<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[1])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}
impl<T: std::fmt::Debug + serde::de::DeserializeOwned> FromSql<JsonDoc, Sqlite> for Doc<T> {
    fn from_sql(mut raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_str(raw.read_text())?))
    }
}
impl<T: std::fmt::Debug + serde::Serialize> ToSql<JsonDoc, Sqlite> for Doc<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_says_the_same() {
        let one: Json = serde_json::json!({"a": 1, "b": [true]}).into();
        let other = Json(RawValue::from_string(r#"{ "b": [true], "a": 1 }"#.into()).unwrap());
        assert_eq!(one, other);
        assert_ne!(one, Json::of(&serde_json::json!({"a": 2, "b": [true]})));
        assert_eq!(serde_json::to_value(&other).unwrap(), one.value());
    }
}
