//! Opening connections: the engine is chosen by the URL's scheme and by nothing else.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::conn::DbConn;

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

/// A pooled connection that remembers whether it is still worth keeping.
pub struct Pooled {
    pub conn: DbConn,
    pub broken: bool,
    last_used: Instant,
}

impl Pooled {
    pub fn touch(&mut self) {
        self.last_used = Instant::now();
    }

    /// After a failed statement: was it the statement, or is the connection gone?
    pub fn check_after(&mut self, failed: bool) {
        if failed && crate::each_engine!(&mut self.conn, c => c.batch_execute("SELECT 1")).is_err() {
            self.broken = true;
        }
    }
}

/// What r2d2 opens and tests.
pub struct Manager {
    pub engine: Engine,
    pub url: String,
    /// SQLite only: readers are opened so that a stray write fails.
    pub read_only: bool,
    pub synchronous: String,
}

/// Why there is no connection, in the driver's words: for logs and operators, never for callers.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotConnected(String);

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

/// A connection idle for longer is tested before it is used: a server may have restarted meanwhile.
const TEST_AFTER_IDLE: Duration = Duration::from_secs(1);

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = NotConnected;

    fn connect(&self) -> Result<Pooled, NotConnected> {
        let conn = match self.engine {
            Engine::Postgres => {
                let mut conn = PgConnection::establish(&self.url)?;
                conn.batch_execute("SET TIME ZONE 'UTC'; SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'")?;
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
        Ok(Pooled { conn, broken: false, last_used: Instant::now() })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), NotConnected> {
        if self.engine == Engine::Sqlite || pooled.last_used.elapsed() < TEST_AFTER_IDLE {
            return Ok(());
        }
        Ok(crate::each_engine!(&mut pooled.conn, c => c.batch_execute("SELECT 1"))?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.broken || std::thread::panicking()
    }
}
