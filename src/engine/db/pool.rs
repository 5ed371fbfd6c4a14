//! Connections, kept: the shared ones of PostgreSQL, the readers of SQLite.
//!
//! Waiting happens outside of any thread: whoever has no turn holds nothing but a place in the queue. A connection whose
//! server went away is found out when it is taken, by looking at its socket and not by a round trip; then all that idle
//! with it go too, since a restart ends them all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::conn::DbConn;
use super::error;
use super::manager::{Manager, NotConnected};
use crate::base::Result;

/// How long a request waits for its turn, and for a server that does not answer, before it is told to try again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// The wait between two attempts to connect.
const BREATH: Duration = Duration::from_millis(100);
/// Servers and proxies forget connections that live for ever.
const LIFETIME: Duration = Duration::from_secs(1800);

pub(super) struct Pool {
    manager: Manager,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<Kept>>,
    /// Raised when connections are found dead: what was opened before is not used again.
    generation: AtomicU64,
}

struct Kept {
    conn: DbConn,
    opened: Instant,
    generation: u64,
}

/// The right to hold one connection.
pub(super) struct Turn {
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

/// A connection in use; it returns when dropped, unless it broke.
pub(super) struct Lease<'t> {
    kept: Option<Kept>,
    pool: &'t Pool,
}

impl Pool {
    pub fn new(manager: Manager, size: u32) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new(usize::try_from(size.max(1)).unwrap_or(1)));
        Arc::new(Self { manager, turns, idle: Mutex::default(), generation: AtomicU64::new(0) })
    }

    /// Waits for a turn, first come, first served.
    ///
    /// # Errors
    /// `storage.unavailable` after [`PATIENCE`].
    pub async fn turn(self: &Arc<Self>) -> Result<Turn> {
        let permit = match self.turns.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned())
                .await
                .map_err(|_| error::unavailable("every connection is in use"))?
                .map_err(error::unavailable)?,
        };
        Ok(Turn { pool: self.clone(), _permit: permit })
    }

    fn is_current(&self, kept: &Kept) -> bool {
        kept.generation == self.generation.load(Ordering::Acquire) && kept.opened.elapsed() < LIFETIME
    }

    fn take(&self) -> Option<Kept> {
        loop {
            let mut kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if !self.is_current(&kept) {
                continue;
            }
            if is_alive(&mut kept.conn) {
                return Some(kept);
            }
            self.forget_all();
        }
    }

    /// Drops every idle connection, and each that is in use when it returns.
    fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn open(&self) -> Result<Kept, NotConnected> {
        let generation = self.generation.load(Ordering::Acquire);
        Ok(Kept { conn: self.manager.connect()?, opened: Instant::now(), generation })
    }
}

impl Turn {
    /// A connection that was alive a moment ago, or a new one. Blocks while it connects.
    ///
    /// # Errors
    /// `storage.unavailable` when the server does not let us in for [`PATIENCE`].
    #[allow(clippy::disallowed_methods)] // a thread for blocking work: no task waits behind its sleep
    pub fn lease(&self) -> Result<Lease<'_>> {
        let start = Instant::now();
        let kept = match self.pool.take() {
            Some(kept) => kept,
            None => loop {
                match self.pool.open() {
                    Ok(kept) => break kept,
                    Err(refused) if start.elapsed() + BREATH > PATIENCE => return Err(error::unavailable(refused)),
                    Err(_) => std::thread::sleep(BREATH),
                }
            },
        };
        Ok(Lease { kept: Some(kept), pool: &self.pool })
    }
}

impl Lease<'_> {
    pub fn conn(&mut self) -> &mut DbConn {
        &mut self.kept.as_mut().expect("a lease holds its connection until it is dropped").conn
    }

    /// The connection is gone, and with it, likely, all that were opened to the same server.
    pub fn discard(mut self) {
        self.kept = None;
        self.pool.forget_all();
    }

    /// After a failed piece of work: was it the work, or is the connection gone?
    pub fn examine(mut self) {
        if crate::each_engine!(self.conn(), c => c.batch_execute("SELECT 1")).is_err() {
            self.discard();
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // A panic may have left anything behind: an open transaction, half an answer.
        if let Some(kept) = self.kept.take().filter(|kept| !std::thread::panicking() && self.pool.is_current(kept)) {
            self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        }
    }
}

/// What the socket says, without asking the server. Its last words may come before the end, so there are two looks.
fn is_alive(conn: &mut DbConn) -> bool {
    match conn {
        DbConn::Postgres(conn) => (0..2).all(|_| conn.notifications_iter().all(|heard| heard.is_ok())),
        DbConn::Sqlite(_) => true,
    }
}
