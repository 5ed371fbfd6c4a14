//! The connection enum and the glue that lets our three column types travel through it.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types as st;

use crate::base::id::{Guid, RawId};
use crate::base::json::{Doc, Json, JsonDoc};
use crate::base::text::StoresText;
use crate::base::time::{Instant, Timestamp};

/// A connection to either engine. Queries written against it compile once and run on both.
#[derive(diesel::MultiConnection)]
pub enum DbConn {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}

/// Compiles the same expression once per engine: for batch inserts, upserts and raw SQL,
/// which the derived backend does not offer although both engines do.
#[macro_export]
macro_rules! each_engine {
    // With a name for the engine's backend, for queries that are boxed.
    ($conn:expr, $c:ident: $backend:ident => $body:expr) => {
        match $conn {
            $crate::engine::db::DbConn::Postgres($c) => {
                type $backend = diesel::pg::Pg;
                $body
            }
            $crate::engine::db::DbConn::Sqlite($c) => {
                type $backend = diesel::sqlite::Sqlite;
                $body
            }
        }
    };
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::engine::db::DbConn::Postgres($c) => $body,
            $crate::engine::db::DbConn::Sqlite($c) => $body,
        }
    };
}

macro_rules! multi_engine {
    ($rust:ty, $sql:ty) => {
        impl FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(raw: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                raw.from_sql::<$rust, $sql>()
            }
        }
        impl ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value((<$sql>::default(), self));
                Ok(IsNull::No)
            }
        }
        impl st::HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        }
    };
}

multi_engine!(RawId, Guid);
multi_engine!(Timestamp, Instant);
multi_engine!(Json, JsonDoc);

impl StoresText for MultiBackend {
    fn text<T>(raw: Self::RawValue<'_>, read: impl FnOnce(&str) -> Result<T, String>) -> deserialize::Result<T> {
        let text: String = raw.from_sql::<String, st::Text>()?;
        Ok(read(&text)?)
    }
}

impl<T: std::fmt::Debug + serde::de::DeserializeOwned + 'static> FromSql<JsonDoc, MultiBackend> for Doc<T> {
    fn from_sql(raw: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        raw.from_sql::<Doc<T>, JsonDoc>()
    }
}
impl<T: std::fmt::Debug + serde::Serialize + Send + Sync + 'static> ToSql<JsonDoc, MultiBackend> for Doc<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((JsonDoc, self));
        Ok(IsNull::No)
    }
}
