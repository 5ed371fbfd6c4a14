//! JSON columns: native `jsonb` on PostgreSQL and text on SQLite.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types as st;
use diesel::sqlite::Sqlite;

/// The SQL type of a JSON column.
#[derive(Default, Copy, Clone, Debug, st::SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807))]
#[diesel(sqlite_type(name = "Text"))]
pub struct JsonDoc;

/// A JSON document as a column value.
#[derive(Debug, Clone, PartialEq, AsExpression, FromSqlRow, serde::Serialize, serde::Deserialize)]
#[diesel(sql_type = JsonDoc)]
#[serde(transparent)]
pub struct Json(pub serde_json::Value);

impl Json {
    /// Serialises a value of ours; our own types always serialise.
    pub fn of(value: &impl serde::Serialize) -> Self {
        Self(serde_json::to_value(value).unwrap_or(serde_json::Value::Null))
    }

    /// Reads a document we wrote. A document that does not fit its type is a defect, hence `internal`.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> crate::base::Result<T> {
        serde_json::from_value(self.0.clone()).map_err(crate::base::Error::internal)
    }
}

impl FromSql<JsonDoc, Pg> for Json {
    fn from_sql(raw: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <serde_json::Value as FromSql<st::Jsonb, Pg>>::from_sql(raw).map(Json)
    }
}
impl ToSql<JsonDoc, Pg> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <serde_json::Value as ToSql<st::Jsonb, Pg>>::to_sql(&self.0, &mut out.reborrow())
    }
}
impl FromSql<JsonDoc, Sqlite> for Json {
    fn from_sql(raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<st::Text, Sqlite>>::from_sql(raw)?;
        Ok(Json(serde_json::from_str(&text)?))
    }
}
impl ToSql<JsonDoc, Sqlite> for Json {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(serde_json::to_string(&self.0)?);
        Ok(IsNull::No)
    }
}
