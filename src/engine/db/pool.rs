//! Connections, kept: the shared ones of PostgreSQL, the readers of SQLite.
//!
//! Waiting happens outside of any thread: whoever has no [`Turn`] holds nothing but a place in the queue, so r2d2 behind it
//! always has a connection to give or room for another. A connection whose server went away while it rested is found out when
//! it is taken, by looking at its socket and not by a round trip; then all that were opened before go too, since a restart
//! ends them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::conn::DbConn;
use super::error;
use super::manager::{Manager, NotConnected};
use crate::base::Result;

/// How long a request waits for its turn, and for a server that does not answer, before it is told to try again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// A connection that rested for less is taken as it is: a server that goes away meanwhile fails this use as it would one that
/// had begun a moment earlier.
const REST: Duration = Duration::from_millis(50);

pub(super) struct Pool {
    connections: r2d2::Pool<Keeper>,
    turns: Arc<Semaphore>,
    generation: Generation,
}

/// Raised when connections are found dead: what was opened before is not used again.
#[derive(Clone, Default)]
struct Generation(Arc<AtomicU64>);

impl Generation {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
    fn end(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

struct Keeper {
    manager: Manager,
    generation: Generation,
}

struct Kept {
    conn: DbConn,
    generation: u64,
    last_used: Instant,
}

/// The right to hold one connection.
pub(super) struct Turn {
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

/// A connection in use; it returns when dropped, unless its generation has ended.
pub(super) struct Lease<'t> {
    kept: r2d2::PooledConnection<Keeper>,
    pool: &'t Pool,
}

impl r2d2::ManageConnection for Keeper {
    type Connection = Kept;
    type Error = NotConnected;

    fn connect(&self) -> Result<Kept, NotConnected> {
        let generation = self.generation.now();
        Ok(Kept { conn: self.manager.connect()?, generation, last_used: Instant::now() })
    }

    fn is_valid(&self, kept: &mut Kept) -> Result<(), NotConnected> {
        if kept.generation != self.generation.now() {
            return Err(NotConnected::new("opened before the server went away"));
        }
        if kept.last_used.elapsed() < REST || is_alive(&mut kept.conn) {
            return Ok(());
        }
        self.generation.end();
        Err(NotConnected::new("the server closed the connection"))
    }

    fn has_broken(&self, kept: &mut Kept) -> bool {
        // A panic may have left anything behind: an open transaction, half an answer.
        std::thread::panicking() || kept.generation != self.generation.now()
    }
}

impl Pool {
    pub fn new(manager: Manager, size: u32) -> Arc<Self> {
        let (size, generation) = (size.max(1), Generation::default());
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(PATIENCE)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Keeper { manager, generation: generation.clone() });
        let turns = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1)));
        Arc::new(Self { connections, turns, generation })
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
}

impl Turn {
    /// A connection that was alive a moment ago, or a new one. Blocks while it connects.
    ///
    /// # Errors
    /// `storage.unavailable` when the server does not let us in for [`PATIENCE`].
    pub fn lease(&self) -> Result<Lease<'_>> {
        Ok(Lease { kept: self.pool.connections.get().map_err(error::unavailable)?, pool: &self.pool })
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.kept.last_used = Instant::now();
    }
}

impl Lease<'_> {
    pub fn conn(&mut self) -> &mut DbConn {
        &mut self.kept.conn
    }

    /// The connection is gone, and with it, likely, all that were opened to the same server.
    pub fn discard(self) {
        self.pool.generation.end();
    }

    /// After a failed piece of work: was it the work, or is the connection gone?
    pub fn examine(mut self) {
        if crate::each_engine!(self.conn(), c => c.batch_execute("SELECT 1")).is_err() {
            self.discard();
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
