//! Migrations: one folder per engine with the same names, compiled into the binary.

use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::conn::DbConn;
use super::error;
use crate::base::{Error, Result};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Applies what is missing; several processes may do it at once. Answers the names applied.
pub fn up(conn: &mut DbConn) -> Result<Vec<String>> {
    let applied = match conn {
        DbConn::Postgres(c) => {
            // One process at a time; the others wait here and then find nothing to do.
            lock(c, "SELECT pg_advisory_lock(7239012466)")?;
            let applied = c.run_pending_migrations(POSTGRES).map(|list| names(&list));
            lock(c, "SELECT pg_advisory_unlock(7239012466)")?;
            applied
        }
        DbConn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|list| names(&list)),
    };
    applied.map_err(Error::internal)
}

/// Takes everything down again (for tests of the migrations themselves).
pub fn down(conn: &mut DbConn) -> Result<Vec<String>> {
    let reverted = match conn {
        DbConn::Postgres(c) => c.revert_all_migrations(POSTGRES).map(|list| names(&list)),
        DbConn::Sqlite(c) => c.revert_all_migrations(SQLITE).map(|list| names(&list)),
    };
    reverted.map_err(Error::internal)
}

/// True when the database is older than this binary.
pub fn is_pending(conn: &mut DbConn) -> Result<bool> {
    let pending = match conn {
        DbConn::Postgres(c) => c.has_pending_migration(POSTGRES),
        DbConn::Sqlite(c) => c.has_pending_migration(SQLITE),
    };
    pending.map_err(Error::internal)
}

/// Versions that the database has and this binary does not know: it was written by a later one.
pub fn unknown(conn: &mut DbConn) -> Result<Vec<String>> {
    let (applied, known) = match conn {
        DbConn::Postgres(c) => (c.applied_migrations(), versions::<diesel::pg::Pg>(POSTGRES)),
        DbConn::Sqlite(c) => (c.applied_migrations(), versions::<diesel::sqlite::Sqlite>(SQLITE)),
    };
    let (applied, known) = (applied.map_err(Error::internal)?, known?);
    let applied = names(&applied);
    if applied.is_empty() {
        return Err(Error::invalid("storage.foreign", "This is not a database of Leadwright."));
    }
    Ok(applied.into_iter().filter(|version| !known.contains(version)).collect())
}

fn versions<DB: diesel::backend::Backend>(source: impl MigrationSource<DB>) -> Result<Vec<String>> {
    let list = source.migrations().map_err(Error::internal)?;
    Ok(list.iter().map(|migration| migration.name().version().to_string()).collect())
}

fn lock(conn: &mut diesel::PgConnection, sql: &str) -> Result<()> {
    use diesel::connection::SimpleConnection;
    conn.batch_execute(sql).map_err(error::unavailable)
}

fn names(list: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}
