//! Identifiers: UUIDv7 newtypes, so that ids sort by creation and cannot be mistaken for each other.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types as st;
use diesel::sqlite::Sqlite;
use uuid::Uuid;

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
    fn from_sql(raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<st::Binary, Sqlite>>::from_sql(raw)?;
        Ok(RawId(Uuid::from_slice(&bytes)?))
    }
}
impl ToSql<Guid, Sqlite> for RawId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        <[u8] as ToSql<st::Binary, Sqlite>>::to_sql(self.0.as_bytes(), out)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Guid)]
        pub struct $name(RawId);

        impl $name {
            /// A fresh UUIDv7: ordered by creation within a process.
            #[allow(clippy::new_without_default, clippy::disallowed_methods)] // the one place that makes ids
            pub fn new() -> Self {
                Self(RawId(Uuid::now_v7()))
            }
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(RawId(uuid))
            }
            pub fn uuid(self) -> Uuid {
                self.0.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.0.fmt(f)
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
                Uuid::parse_str(text).map(Self::from_uuid).map_err(|_| "expected a UUID".into())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                self.0.0.serialize(s)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
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
        impl<DB: Backend> FromSql<Guid, DB> for $name
        where
            RawId: FromSql<Guid, DB>,
        {
            fn from_sql(raw: DB::RawValue<'_>) -> deserialize::Result<Self> {
                RawId::from_sql(raw).map(Self)
            }
        }
        impl<DB: Backend> ToSql<Guid, DB> for $name
        where
            RawId: ToSql<Guid, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }
    )+};
}

ids! {
    TenantId, UserId, OperatorId, SessionId, InvitationId, VerificationId, ApiKeyId,
    EventId, JobId, WebhookEventId,
    SubscriptionId, UsagePeriodId, UsageEntryId,
    AdCampaignId, LeadFormId, LeadFormKeyId,
    LeadId, NoteId, ConversationId, MessageId, SenderId, SuppressionId,
    NotificationId, NotificationDeliveryId, OpsTaskId,
    WebhookEndpointId, WebhookDeliveryId,
}

/// The id of what follows from `cause` at that moment, in milliseconds since 1970: the same whoever makes it, and a UUIDv7.
pub fn following(cause: Uuid, millis: i64) -> Uuid {
    let time = u128::try_from(millis).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    Uuid::from_u128((cause.as_u128() & (u128::MAX >> 48)) | (time << 80))
}
