//! What a database says of itself: its version, its promises about durability, its clock.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::conn::DbConn;
use crate::base::Result;
use crate::base::time::{Instant, Timestamp};

/// See the module.
#[derive(Debug, Clone)]
pub struct Vitals {
    pub version: String,
    /// Settings that decide whether an acknowledged write survives a crash, with their values.
    pub durability: Vec<(String, String)>,
    /// The database's own clock; none on SQLite, which has the machine's.
    pub clock: Option<Timestamp>,
    pub bytes: i64,
    /// A standby takes no writes.
    pub is_read_only: bool,
}

#[derive(QueryableByName)]
struct Postgres {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
    #[diesel(sql_type = Instant)]
    clock: Timestamp,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = Bool)]
    is_read_only: bool,
}

#[derive(QueryableByName)]
struct Sqlite {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = BigInt)]
    synchronous: i64,
    #[diesel(sql_type = Text)]
    journal_mode: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// Asks over a connection that writes.
pub fn read(conn: &mut DbConn) -> Result<Vitals> {
    match conn {
        DbConn::Postgres(conn) => {
            let told: Postgres = diesel::sql_query(
                "SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync, \
                 current_setting('synchronous_commit') AS synchronous_commit, \
                 current_setting('full_page_writes') AS full_page_writes, clock_timestamp() AS clock, \
                 pg_database_size(current_database()) AS bytes, \
                 pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS is_read_only",
            )
            .get_result(conn)?;
            let durability = [
                ("fsync", told.fsync),
                ("synchronous_commit", told.synchronous_commit),
                ("full_page_writes", told.full_page_writes),
            ];
            Ok(Vitals {
                version: told.version,
                durability: durability.map(|(name, value)| (name.to_string(), value)).into(),
                clock: Some(told.clock),
                bytes: told.bytes,
                is_read_only: told.is_read_only,
            })
        }
        DbConn::Sqlite(conn) => {
            let told: Sqlite = diesel::sql_query(
                "SELECT sqlite_version() AS version, synchronous, journal_mode, page_count * page_size AS bytes \
                 FROM pragma_synchronous, pragma_journal_mode, pragma_page_count, pragma_page_size",
            )
            .get_result(conn)?;
            let synchronous = match told.synchronous {
                0 => "OFF",
                1 => "NORMAL",
                _ => "FULL",
            };
            Ok(Vitals {
                version: told.version,
                durability: vec![
                    ("synchronous".into(), synchronous.into()),
                    ("journal_mode".into(), told.journal_mode),
                ],
                clock: None,
                bytes: told.bytes,
                is_read_only: false,
            })
        }
    }
}

impl Vitals {
    /// Settings under which an acknowledged write can be lost in a crash.
    pub fn risks(&self) -> Vec<String> {
        let loses = |(name, value): &&(String, String)| match name.as_str() {
            "journal_mode" => value != "wal",
            "synchronous" => value != "FULL",
            _ => value == "off",
        };
        self.durability.iter().filter(loses).map(|(name, value)| format!("{name} = {value}")).collect()
    }
}
