//! A moment in UTC with microsecond precision, the only precision both engines keep.
//!
//! There is no `now()` here: the time comes from [`Clock`], which tests move. Calendar questions ("which month is it for
//! this tenant?") take the tenant's zone explicitly.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types as st;
use diesel::sqlite::Sqlite;

mod spelling;

/// The SQL type of a moment: `timestamptz` on PostgreSQL, integer microseconds since 1970 on SQLite.
#[derive(Default, Copy, Clone, Debug, st::SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct Instant;
impl st::SqlOrd for Instant {}

/// A moment. Serialised as RFC 3339 with `Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Instant)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// What is read from outside lies between 1900 and 9999: both engines keep that, and chrono holds more than they do.
    pub fn is_storable(self) -> bool {
        (1900..=9999).contains(&chrono::Datelike::year(&self.0))
    }
    /// Truncates to microseconds; `None` outside what chrono can hold.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        DateTime::from_timestamp(seconds, 0).map(Self)
    }
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }
    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0 + by)
    }
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0 - by)
    }
    /// `self - earlier`, negative when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        self.0 - earlier.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match spelling::written(&self.0) {
            Some(text) => f.write_str(text.as_str()),
            None => f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        }
    }
}
impl std::fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
impl std::str::FromStr for Timestamp {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(at) = spelling::read(text).map(Self).filter(|at| at.is_storable()) {
            return Ok(at);
        }
        let at = DateTime::parse_from_rfc3339(text)
            .map_err(|_| "expected an RFC 3339 time such as 2026-11-20T09:00:00Z".to_string())?;
        let at = Self::from(at.with_timezone(&Utc));
        if !at.is_storable() {
            return Err("expected a year between 1900 and 9999".into());
        }
        Ok(at)
    }
}
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match spelling::written(&self.0) {
            Some(text) => s.serialize_str(text.as_str()),
            None => s.collect_str(self),
        }
    }
}
impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        super::text::read(d, str::parse)
    }
}
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("date-time".into())))
            .examples([serde_json::json!("2026-11-20T09:00:00Z")])
            .into()
    }
}
impl utoipa::ToSchema for Timestamp {
    fn name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
}

const YEAR_2000: i64 = 946_684_800_000_000;

impl FromSql<Instant, Pg> for Timestamp {
    fn from_sql(raw: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        // Microseconds, which PostgreSQL counts from the year 2000.
        let micros = <i64 as FromSql<st::BigInt, Pg>>::from_sql(raw)?.checked_add(YEAR_2000);
        Ok(micros.and_then(Timestamp::from_micros).ok_or("time out of range")?)
    }
}
impl ToSql<Instant, Pg> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <DateTime<Utc> as ToSql<st::Timestamptz, Pg>>::to_sql(&self.0, &mut out.reborrow())
    }
}
impl FromSql<Instant, Sqlite> for Timestamp {
    fn from_sql(raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<st::BigInt, Sqlite>>::from_sql(raw)?;
        Ok(Timestamp::from_micros(micros).ok_or("time out of range")?)
    }
}
impl ToSql<Instant, Sqlite> for Timestamp {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.micros());
        Ok(IsNull::No)
    }
}

/// Where "now" comes from. Production reads the system clock; a test or a sandbox holds one it can move.
#[derive(Clone, Default)]
pub struct Clock(Source);

/// Microseconds, shared by every clone of the clock.
#[derive(Clone, Default)]
enum Source {
    #[default]
    System,
    /// The system clock and how far ahead of it this one is.
    Ahead(Arc<AtomicI64>),
    /// The time itself.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn system() -> Self {
        Self(Source::System)
    }
    /// A clock that runs with the system's until moved ahead of it.
    pub fn movable() -> Self {
        Self(Source::Ahead(Arc::default()))
    }
    /// A clock that stands still until moved.
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.micros()))))
    }
    pub fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods)] // the one place that reads the wall clock
        let system = || Utc::now().timestamp_micros();
        let micros = match &self.0 {
            Source::System => system(),
            Source::Ahead(ahead) => system() + ahead.load(Ordering::SeqCst),
            Source::Manual(time) => time.load(Ordering::SeqCst),
        };
        Timestamp::from_micros(micros).expect("the clock is within chrono's range")
    }
    /// Moves the clock forward. `false` for a system clock, which cannot be moved.
    pub fn advance(&self, by: Duration) -> bool {
        match (&self.0, by.num_microseconds()) {
            (Source::Ahead(cell) | Source::Manual(cell), Some(micros)) => {
                cell.fetch_add(micros, Ordering::SeqCst);
                true
            }
            _ => false,
        }
    }
}
