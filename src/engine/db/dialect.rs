//! The few places where the engines really differ.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::conn::DbConn;
use super::manager::Engine;
use super::prepared::{prepared, value};
use super::scope::{PlatformTx, TenantTx};
use crate::base::Result;

/// Serialises everything that names the same `purpose` for this tenant until the transaction ends.
///
/// PostgreSQL takes an advisory lock; on SQLite a write transaction already excludes every other.
pub fn lock_tenant(tx: &mut TenantTx<'_>, purpose: &str) -> Result<()> {
    let key = format!("{}:{purpose}", tx.tenant());
    lock(tx.conn(), key)
}

/// The same for everything that names this `purpose` on the whole platform.
pub fn lock_platform(tx: &mut PlatformTx<'_>, purpose: &str) -> Result<()> {
    lock(tx.conn(), format!("platform:{purpose}"))
}

fn lock(conn: &mut DbConn, key: String) -> Result<()> {
    if let DbConn::Postgres(conn) = conn {
        prepared(["SELECT pg_advisory_xact_lock(hashtextextended(", ", 0))"], (value::<Text, _>(key),))
            .execute(conn)?;
    }
    Ok(())
}

/// What a query finds (`get_result` or `load`), as it is now: nobody else changes these rows until the transaction ends, and
/// whoever is changing one is waited for.
///
/// PostgreSQL locks the row; on SQLite a transaction that writes is alone from its beginning.
#[macro_export]
macro_rules! held {
    ($conn:expr, $query:expr, $get:ident) => {
        match $conn {
            $crate::engine::db::DbConn::Postgres(conn) => $query.for_update().$get(conn),
            $crate::engine::db::DbConn::Sqlite(conn) => $query.$get(conn),
        }
    };
}

/// What a query whose only list is an `eq_any` finds. PostgreSQL takes any number of values as one, so there the statement is
/// recognised by its type and not put together anew.
#[macro_export]
macro_rules! among {
    ($conn:expr, $query:expr, $get:ident) => {
        match $conn {
            $crate::engine::db::DbConn::Postgres(conn) => $crate::engine::db::prepared::one_text($query).$get(conn),
            $crate::engine::db::DbConn::Sqlite(conn) => $query.$get(conn),
        }
    };
}

/// Lets one statement name two tables of different folders; between tables of one folder diesel's own
/// `allow_tables_to_appear_in_same_query` does. It stands in the schema of the higher folder.
#[macro_export]
macro_rules! joined {
    ($left:ident, $right:ident) => {
        impl ::diesel::query_source::TableNotEqual<$left::table> for $right::table {}
        impl ::diesel::query_source::TableNotEqual<$right::table> for $left::table {}
    };
}

/// Escapes what a person typed for use inside `LIKE … ESCAPE '\'`.
pub fn like_contains(text: &str) -> String {
    format!("%{}", like_starts(text))
}

/// The same for what begins with it.
pub fn like_starts(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Whether the rows that hold a text are to be taken from the index of texts, because they are few. PostgreSQL chooses by its
/// statistics. SQLite's planner knows nothing of texts, so it is told: `look` counts, under the name `count`, what its index
/// finds by `pieces`, up to a number.
pub fn takes_from_text_index(conn: &mut DbConn, look: [&'static str; 3], pieces: &str, most: i64) -> Result<bool> {
    let DbConn::Sqlite(conn) = conn else { return Ok(false) };
    let look = prepared(look, (value::<Text, _>(pieces), value::<BigInt, _>(most + 1)));
    let found: Count = look.get_result(conn)?;
    Ok(found.count <= most)
}

/// Whether there is this index of texts. On PostgreSQL the database's owner may not have allowed the extensions it is made of.
pub fn has_text_index(conn: &mut DbConn, name: &str) -> Result<bool> {
    let DbConn::Postgres(conn) = conn else { return Ok(true) };
    let look = "SELECT count(*) AS count FROM pg_index WHERE indexrelid = to_regclass($1) AND indisvalid";
    let found: Count = diesel::sql_query(look).bind::<Text, _>(name).get_result(conn)?;
    Ok(found.count > 0)
}

/// Brings what was written lately into PostgreSQL's index of texts, which otherwise some writer does when it is a lot.
pub fn settle_text_index(tx: &mut PlatformTx<'_>, name: &str) -> Result<()> {
    let DbConn::Postgres(conn) = tx.conn() else { return Ok(()) };
    diesel::sql_query(
        "SELECT gin_clean_pending_list(oid) FROM pg_class WHERE oid = to_regclass($1) AND pg_has_role(relowner, 'USAGE')",
    )
    .bind::<Text, _>(name)
    .execute(conn)?;
    Ok(())
}

/// What operators are told of the engine they chose.
impl Engine {
    /// It is a server with a clock of its own, which processes share and hear each other by; otherwise it is a file.
    pub fn is_server(self) -> bool {
        self == Self::Postgres
    }
    /// What to do when it cannot be used.
    pub fn when_unusable(self) -> &'static str {
        match self {
            Self::Postgres => "Start the server, or correct LEADWRIGHT_DATABASE_URL: host, port, database, password.",
            Self::Sqlite => "Correct LEADWRIGHT_DATABASE_URL, or the rights of the file and its folder.",
        }
    }
    /// What to do when it may lose what it acknowledged.
    pub fn when_forgetful(self) -> &'static str {
        match self {
            Self::Postgres => "Set these on in postgresql.conf, for the role or for the database.",
            Self::Sqlite => "Set LEADWRIGHT_SQLITE_SYNCHRONOUS=FULL, and keep the file on a local disk.",
        }
    }
}
