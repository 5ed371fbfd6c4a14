//! The few places where the engines really differ.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::conn::DbConn;
use super::prepared::{prepared, value};
use super::scope::{PlatformTx, TenantTx};
use crate::base::Result;
use crate::base::id::{Guid, RawId};

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

/// Nobody else changes this row of the tenant's until the transaction ends; whoever is changing it is waited for.
///
/// PostgreSQL locks the row; on SQLite a transaction that writes is alone from its beginning.
pub fn hold_row(tx: &mut TenantTx<'_>, table: &'static str, id: uuid::Uuid) -> Result<()> {
    let tenant = tx.tenant();
    if let DbConn::Postgres(conn) = tx.conn() {
        diesel::sql_query(format!("SELECT 1 FROM {table} WHERE tenant_id = $1 AND id = $2 FOR UPDATE"))
            .bind::<Guid, _>(RawId(tenant.uuid()))
            .bind::<Guid, _>(RawId(id))
            .execute(conn)?;
    }
    Ok(())
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
