//! Migrations: one folder per engine with the same names, compiled into the binary.

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

fn lock(conn: &mut diesel::PgConnection, sql: &str) -> Result<()> {
    use diesel::connection::SimpleConnection;
    conn.batch_execute(sql).map_err(error::unavailable)
}

fn names(list: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}
