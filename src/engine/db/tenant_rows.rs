//! All rows of one tenant, whatever table they are in: what a tenant leaves behind is found by walking the database itself, so that a
//! table of tomorrow is not forgotten.
//!
//! A tenant's table has a column `tenant_id`. Tables come in such an order that what refers to others goes first.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::{DbConn, PlatformTx};
use crate::base::id::{Guid, TenantId};
use crate::base::{Error, Result};
use crate::each_engine;

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    child: String,
    #[diesel(sql_type = Text)]
    parent: String,
}

const SQLITE_TABLES: &str = "SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND c.name = 'tenant_id' ORDER BY m.name";
const POSTGRES_TABLES: &str = "SELECT c.table_name::text AS name FROM information_schema.columns c \
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
    WHERE c.table_schema = current_schema() AND c.column_name = 'tenant_id' AND t.table_type = 'BASE TABLE' ORDER BY 1";
const SQLITE_REFERENCES: &str = "SELECT DISTINCT m.name AS child, f.\"table\" AS parent \
    FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
const POSTGRES_REFERENCES: &str = "SELECT DISTINCT child.relname::text AS child, parent.relname::text AS parent \
    FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid \
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace";

/// The tables with rows of tenants, those that refer to others first.
pub fn tables(tx: &mut PlatformTx<'_>) -> Result<Vec<String>> {
    let is_sqlite = matches!(tx.conn(), DbConn::Sqlite(_));
    let sql = if is_sqlite { SQLITE_TABLES } else { POSTGRES_TABLES };
    let found: Vec<Named> = each_engine!(tx.conn(), c => diesel::sql_query(sql).load(c))?;
    let sql = if is_sqlite { SQLITE_REFERENCES } else { POSTGRES_REFERENCES };
    let references: Vec<Reference> = each_engine!(tx.conn(), c => diesel::sql_query(sql).load(c))?;
    in_order(found.into_iter().map(|one| one.name).collect(), &references)
}

fn in_order(mut left: BTreeSet<String>, references: &[Reference]) -> Result<Vec<String>> {
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let is_awaited = |name: &str| {
            references.iter().any(|one| one.parent == name && one.child != name && left.contains(&one.child))
        };
        let next: Vec<String> = left.iter().filter(|name| !is_awaited(name)).cloned().collect();
        if next.is_empty() {
            return Err(Error::internal(format!("tables that refer to each other in circles: {left:?}")));
        }
        left.retain(|name| !next.contains(name));
        ordered.extend(next);
    }
    Ok(ordered)
}

/// Deletes at most `limit` of the tenant's rows in a table of [`tables`]; answers how many.
pub fn delete(tx: &mut PlatformTx<'_>, table: &str, tenant: TenantId, limit: usize) -> Result<usize> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let deleted = match tx.conn() {
        DbConn::Sqlite(conn) => {
            let sql = format!(
                "DELETE FROM \"{table}\" WHERE rowid IN (SELECT rowid FROM \"{table}\" WHERE tenant_id = ? LIMIT ?)"
            );
            diesel::sql_query(sql).bind::<Guid, _>(tenant).bind::<BigInt, _>(limit).execute(conn)?
        }
        DbConn::Postgres(conn) => {
            let sql = format!(
                "DELETE FROM \"{table}\" WHERE ctid IN (SELECT ctid FROM \"{table}\" WHERE tenant_id = $1 LIMIT $2)"
            );
            diesel::sql_query(sql).bind::<Guid, _>(tenant).bind::<BigInt, _>(limit).execute(conn)?
        }
    };
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_refers_to_others_goes_first() {
        let refer = |child: &str, parent: &str| Reference { child: child.into(), parent: parent.into() };
        let references =
            [refer("notes", "leads"), refer("leads", "members"), refer("leads", "leads"), refer("members", "users")];
        let tables = ["leads", "members", "notes", "events"].map(String::from);
        let ordered = in_order(BTreeSet::from(tables.clone()), &references).unwrap();
        assert_eq!(ordered, ["events", "notes", "leads", "members"]);
        let circle = [refer("a", "b"), refer("b", "a")];
        assert!(in_order(BTreeSet::from(["a".to_string(), "b".into()]), &circle).is_err());
    }
}
