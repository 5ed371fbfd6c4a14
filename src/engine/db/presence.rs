//! A server's hold on its SQLite file: while it lasts, the file is not replaced.
//!
//! SQLite keeps a shared lock on a database in WAL mode for as long as a connection that has read from it is open. Pools
//! let idle connections go, so a running server holds one more that does nothing; `super::backup` needs the
//! exclusive lock and is refused.

use std::fs::File;
use std::sync::Mutex;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rustix::fs::{FlockOperation, flock};

use super::error;
use crate::base::Result;

/// Ends when dropped.
pub struct Presence {
    _conn: Mutex<SqliteConnection>,
    /// Locked while the process runs; none where another one has the lock, or there can be no such file.
    serving: Option<File>,
}

impl Presence {
    pub(super) fn of(path: &str) -> Result<Self> {
        let mut conn = SqliteConnection::establish(path).map_err(error::unavailable)?;
        conn.batch_execute(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA query_only = true; SELECT count(*) FROM sqlite_master",
        )?;
        let serving = File::create(format!("{path}-serving")).ok();
        let serving = serving.filter(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok());
        Ok(Self { _conn: Mutex::new(conn), serving })
    }

    /// No other process serves this file.
    pub fn is_alone(&self) -> bool {
        self.serving.is_some()
    }
}
