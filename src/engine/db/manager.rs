//! Opening connections: the engine is chosen by the URL's scheme and by nothing else.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::conn::DbConn;
use super::liveness::watchful;

/// Which engine a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    /// # Errors
    /// Says which schemes exist.
    pub fn of(url: &str) -> Result<Self, String> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            Some("sqlite") => Ok(Self::Sqlite),
            _ => Err("expected sqlite://path/to/file.db or postgres://user:password@host:5432/database".into()),
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// How connections are opened.
#[derive(Clone)]
pub struct Manager {
    pub engine: Engine,
    pub url: String,
    /// SQLite only: readers are opened so that a stray write fails.
    pub read_only: bool,
    /// PostgreSQL only: for the statements of the job engine. A commit is answered before it is on the disk. And a plan that
    /// was made while the table was small is kept when it has grown, so only plans that bear it are allowed: row by row,
    /// through an index.
    pub is_hasty: bool,
    pub synchronous: String,
}

/// Why there is no connection, in the driver's words: for logs and operators, never for callers.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotConnected(String);

impl NotConnected {
    pub fn new(why: &str) -> Self {
        Self(why.into())
    }
}

impl From<ConnectionError> for NotConnected {
    fn from(error: ConnectionError) -> Self {
        Self(error.to_string())
    }
}

impl From<diesel::result::Error> for NotConnected {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.to_string())
    }
}

/// How long PostgreSQL may work on one statement.
pub(super) const STATEMENT_TIMEOUT: &str = "30s";

impl Manager {
    pub fn connect(&self) -> Result<DbConn, NotConnected> {
        let conn = match self.engine {
            Engine::Postgres => {
                let mut conn = PgConnection::establish(&watchful(&self.url))?;
                // Our statements are short: compiling one would take longer than running it.
                conn.batch_execute(&format!(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '{STATEMENT_TIMEOUT}'; SET lock_timeout = '10s'; \
                     SET idle_in_transaction_session_timeout = '60s'; SET jit = off"
                ))?;
                if self.is_hasty {
                    conn.batch_execute(
                        "SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; \
                         SET enable_mergejoin = off",
                    )?;
                }
                DbConn::Postgres(conn)
            }
            Engine::Sqlite => {
                let path = self.url.strip_prefix("sqlite://").unwrap_or(&self.url);
                let mut conn = SqliteConnection::establish(path)?;
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON; \
                     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; PRAGMA query_only = {};",
                    self.synchronous, self.read_only
                ))?;
                DbConn::Sqlite(conn)
            }
        };
        Ok(conn)
    }
}
