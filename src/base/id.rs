//! Identifiers: UUIDv7 newtypes, so that ids sort by creation and cannot be mistaken for each other.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types as st;
use diesel::sqlite::Sqlite;
pub use uuid::Uuid;

/// The SQL type of an id: `uuid` on PostgreSQL, a 16-byte BLOB on SQLite.
#[derive(Default, Copy, Clone, Debug, st::SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Guid;
impl st::SqlOrd for Guid {}

/// The bytes behind every id, mapped natively on each engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Guid)]
pub struct RawId(pub Uuid);

impl FromSql<Guid, Pg> for RawId {
    fn from_sql(raw: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<st::Uuid, Pg>>::from_sql(raw).map(RawId)
    }
}
impl ToSql<Guid, Pg> for RawId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <Uuid as ToSql<st::Uuid, Pg>>::to_sql(&self.0, &mut out.reborrow())
    }
}
impl FromSql<Guid, Sqlite> for RawId {
    fn from_sql(mut raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Ok(RawId(Uuid::from_slice(raw.read_blob())?))
    }
}
impl ToSql<Guid, Sqlite> for RawId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <[u8] as ToSql<st::Binary, Sqlite>>::to_sql(self.0.as_bytes(), out)
    }
}

/// What can be made anew.
pub trait Fresh {
    fn fresh() -> Self;
}

/// Declares ids: UUIDv7 newtypes that read, write, sort, print and describe themselves. Each folder declares those of its own
/// rows in its `id.rs`.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::diesel::expression::AsExpression, ::diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = $crate::base::id::Guid)]
        pub struct $name($crate::base::id::RawId);

        impl $name {
            /// A fresh UUIDv7: ordered by creation within a process.
            #[allow(clippy::new_without_default, clippy::disallowed_methods)] // the one place that makes ids
            pub fn new() -> Self {
                Self($crate::base::id::RawId($crate::base::id::Uuid::now_v7()))
            }
            pub fn from_uuid(uuid: $crate::base::id::Uuid) -> Self {
                Self($crate::base::id::RawId(uuid))
            }
            pub fn uuid(self) -> $crate::base::id::Uuid {
                self.0.0
            }
        }
        impl $crate::base::id::Fresh for $name {
            fn fresh() -> Self {
                Self::new()
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0.0, f)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.0)
            }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                $crate::base::id::Uuid::parse_str(text).map(Self::from_uuid).map_err(|_| "expected a UUID".into())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                serde::Serialize::serialize(&self.0.0, s)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                <String as serde::Deserialize>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .format(Some(utoipa::openapi::SchemaFormat::Custom("uuid".into())))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
        impl<DB: ::diesel::backend::Backend> ::diesel::deserialize::FromSql<$crate::base::id::Guid, DB> for $name
        where
            $crate::base::id::RawId: ::diesel::deserialize::FromSql<$crate::base::id::Guid, DB>,
        {
            fn from_sql(raw: DB::RawValue<'_>) -> ::diesel::deserialize::Result<Self> {
                <$crate::base::id::RawId as ::diesel::deserialize::FromSql<$crate::base::id::Guid, DB>>::from_sql(raw).map(Self)
            }
        }
        impl<DB: ::diesel::backend::Backend> ::diesel::serialize::ToSql<$crate::base::id::Guid, DB> for $name
        where
            $crate::base::id::RawId: ::diesel::serialize::ToSql<$crate::base::id::Guid, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut ::diesel::serialize::Output<'b, '_, DB>) -> ::diesel::serialize::Result {
                ::diesel::serialize::ToSql::to_sql(&self.0, out)
            }
        }
    )+};
}

ids! {
    TenantId, UserId, OperatorId, ApiKeyId, EventId, JobId,
}

/// The id of what follows from `cause` at that moment, in milliseconds since 1970: the same whoever makes it, and a UUIDv7.
pub fn following(cause: Uuid, millis: i64) -> Uuid {
    let time = u128::try_from(millis).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    Uuid::from_u128((cause.as_u128() & (u128::MAX >> 48)) | (time << 80))
}
