//! The few places where the engines really differ.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::conn::DbConn;
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
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
