//! Migrations: one folder per engine with the same names, compiled into the binary.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::conn::DbConn;
use super::error;
use crate::base::{Error, Result};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Applies what is missing; several processes may do it at once. Answers the names applied.
pub fn up(conn: &mut DbConn) -> Result<Vec<String>> {
    let applied = match conn {
        DbConn::Postgres(c) => {
            let mut applied = Vec::new();
            while let Some(name) = apply_next(c)? {
                applied.push(name);
            }
            return Ok(applied);
        }
        DbConn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|list| names(&list)),
    };
    applied.map_err(Error::internal)
}

/// One migration in one transaction, which holds the lock: one process at a time, the others wait and find it done. Whatever
/// stands between us and the server hands a transaction to one connection, so the lock always ends with it.
fn apply_next(conn: &mut diesel::PgConnection) -> Result<Option<String>> {
    unhurried(conn, |conn| {
        conn.batch_execute("SELECT pg_advisory_xact_lock(7239012466)")?;
        let pending = conn.pending_migrations(POSTGRES).map_err(failed)?;
        let Some(next) = pending.first() else { return Ok(None) };
        let name = conn.run_migration(next).map_err(failed)?;
        Ok(Some(name.to_string()))
    })
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> diesel::result::Error {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => *error,
        Err(error) => diesel::result::Error::QueryBuilderError(error),
    }
}

/// Takes everything down again (for tests of the migrations themselves).
pub fn down(conn: &mut DbConn) -> Result<Vec<String>> {
    let reverted = match conn {
        DbConn::Postgres(c) => {
            return unhurried(c, |c| c.revert_all_migrations(POSTGRES).map(|list| names(&list)).map_err(failed));
        }
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

/// The version of the schema that this binary works with: that of its last migration.
pub fn latest() -> String {
    versions::<diesel::sqlite::Sqlite>(SQLITE).unwrap_or_default().into_iter().max().unwrap_or_default()
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

/// A transaction whose statements take their time: a change of a large table takes longer than any statement of ours may. It
/// still does not wait longer for a lock.
fn unhurried<T>(
    conn: &mut diesel::PgConnection,
    body: impl FnOnce(&mut diesel::PgConnection) -> QueryResult<T>,
) -> Result<T> {
    let done = conn.transaction(|conn| {
        conn.batch_execute("SET LOCAL statement_timeout = 0")?;
        body(conn)
    });
    done.map_err(|error| if error::is_outage(&error) { error::unavailable(error) } else { Error::internal(error) })
}

fn names(list: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text;

    use super::*;
    use crate::engine::db::Db;
    use crate::engine::db::testing::on_both_engines;

    #[derive(QueryableByName)]
    struct Shown {
        #[diesel(sql_type = Text)]
        statement_timeout: String,
    }

    fn timeout(conn: &mut diesel::PgConnection) -> String {
        let shown: Shown = diesel::sql_query("SHOW statement_timeout").get_result(conn).expect("a setting");
        shown.statement_timeout
    }

    on_both_engines! {
        async fn migrations_take_their_time_and_nothing_else_does(db: Db) {
            let seen = db.with_connection(|conn| {
                let DbConn::Postgres(conn) = conn else { return Ok(None) };
                let during = unhurried(conn, |conn| Ok(timeout(conn)))?;
                unhurried(conn, |conn| conn.batch_execute("SELECT nothing")).expect_err("no such column");
                Ok(Some((during, timeout(conn))))
            });
            let seen = seen.await.expect("a connection");
            assert_eq!(seen.is_some(), db.engine() == crate::engine::db::Engine::Postgres);
            assert!(seen.is_none_or(|(during, after)| (during.as_str(), after.as_str()) == ("0", "30s")));
        }
    }
}
