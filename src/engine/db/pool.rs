//! Connections, kept: the shared ones of PostgreSQL, the readers of SQLite.
//!
//! There are as many threads as connections, and what has no thread yet waits in their queue: so r2d2 always has a connection
//! to give or room for another, and under load a thread goes from one piece of work to the next without sleeping in between.
//! A connection whose server went away while it rested is found out when it is taken, by looking at its socket and not by a
//! round trip; then all that were opened before go too, since a restart ends them all.
//! That a server lets nobody in is remembered ([`Absence`]) until it does again: nobody waits to hear what is known.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use tokio::runtime::Runtime;

use super::conn::DbConn;
use super::error;
use super::manager::{Engine, Manager, NotConnected};
use super::wrapped::Value;
use crate::base::{Error, Result};

/// How long a request waits for its turn, and for a server that does not answer, before it is told to try again.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// While it connects, how often who waits looks whether it was refused meanwhile.
const LOOK: Duration = Duration::from_millis(250);
/// The longest pause between two tries to connect, which go on by themselves once one was refused.
const TRY_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Pool {
    connections: r2d2::Pool<Keeper>,
    threads: Threads,
    generation: Generation,
    absence: Absence,
    waiting: Arc<AtomicI64>,
}

/// What a pool's connections do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Connections {
    pub in_use: i64,
    pub idle: i64,
    /// Pieces of work that wait for one.
    pub waiting: i64,
}

/// The server let nobody in a moment ago. It is asked again and again in the background; the first connection ends it. A file is
/// never away: what it refuses it may allow in a moment.
#[derive(Clone, Debug)]
struct Absence {
    is_of_a_server: bool,
    since: Instant,
    /// Milliseconds from then to the last refusal, and one; 0 when there was none since the last connection.
    refused: Arc<AtomicU64>,
    /// Its words, for logs and operators.
    why: Arc<Mutex<String>>,
}

impl Absence {
    fn of(engine: Engine) -> Self {
        Self {
            is_of_a_server: engine == Engine::Postgres,
            since: Instant::now(),
            refused: Arc::default(),
            why: Arc::default(),
        }
    }
    fn now(&self) -> u64 {
        u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
    fn is_noted(&self) -> bool {
        let refused = self.refused.load(Ordering::Acquire);
        // If nobody has asked again for so long, somebody has to.
        refused > 0 && self.now().saturating_sub(refused) < u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX)
    }
    fn end(&self) {
        self.refused.store(0, Ordering::Release);
    }
    fn told(&self) -> Error {
        let why = self.why.lock().unwrap_or_else(PoisonError::into_inner).clone();
        error::unavailable(format!("the server let nobody in a moment ago: {why}"))
    }
}

impl r2d2::HandleError<NotConnected> for Absence {
    fn handle_error(&self, error: NotConnected) {
        tracing::debug!(%error, "no connection");
        if self.is_of_a_server && error.is_absence() {
            *self.why.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
            self.refused.store(self.now(), Ordering::Release);
        }
    }
}

impl r2d2::CustomizeConnection<Kept, NotConnected> for Absence {
    fn on_acquire(&self, _: &mut Kept) -> Result<(), NotConnected> {
        self.end();
        Ok(())
    }
}

/// One piece of work that waits, until it begins or is given up.
struct Waiting(Arc<AtomicI64>);

impl Waiting {
    fn begin(waiting: &Arc<AtomicI64>) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
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
}

/// Threads for what blocks, and their queue.
struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Nobody waits: what still runs has callers that are gone.
            runtime.shutdown_background();
        }
    }
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
        Ok(Kept { conn: self.manager.connect()?, generation })
    }

    fn is_valid(&self, kept: &mut Kept) -> Result<(), NotConnected> {
        if kept.generation != self.generation.now() {
            return Err(NotConnected::any_more("opened before the server went away"));
        }
        if is_alive(&mut kept.conn) {
            return Ok(());
        }
        self.generation.end();
        Err(NotConnected::any_more("the server closed the connection"))
    }

    fn has_broken(&self, kept: &mut Kept) -> bool {
        // A panic may have left anything behind: an open transaction, half an answer.
        std::thread::panicking() || kept.generation != self.generation.now()
    }
}

impl Pool {
    /// # Errors
    /// The system gives no runtime.
    pub fn new(manager: Manager, size: u32) -> Result<Arc<Self>> {
        let (size, generation, absence) = (size.max(1), Generation::default(), Absence::of(manager.engine));
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(TRY_AGAIN * 2)
            .error_handler(Box::new(absence.clone()))
            .connection_customizer(Box::new(absence.clone()))
            .build_unchecked(Keeper { manager, generation: generation.clone() });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(usize::try_from(size).unwrap_or(1))
            .thread_name("database")
            .build()
            .map_err(Error::internal)?;
        let threads = Threads(Some(runtime));
        Ok(Arc::new(Self { connections, threads, generation, absence, waiting: Arc::default() }))
    }

    /// Runs on a thread that may take a connection, with the caller's span; first come, first served.
    ///
    /// # Errors
    /// `storage.unavailable` when it could not begin within [`PATIENCE`]; then it never does.
    pub async fn run(self: &Arc<Self>, work: impl FnOnce(&Self) -> Result<Value> + Send + 'static) -> Result<Value> {
        let Threads(Some(threads)) = &self.threads else { return Err(Error::internal("no threads")) };
        if self.absence.is_noted() && self.connections.state().idle_connections == 0 {
            return Err(self.absence.told());
        }
        let waiting = Waiting::begin(&self.waiting);
        let (pool, span) = (self.clone(), tracing::Span::current());
        let has_begun = Arc::new(AtomicBool::new(false));
        let begins = has_begun.clone();
        let mut task = threads.spawn_blocking(move || {
            drop(waiting);
            begins.store(true, Ordering::Release);
            span.in_scope(|| work(&pool))
        });
        let mut done = tokio::time::timeout(PATIENCE, &mut task).await;
        if done.is_err() {
            if !has_begun.load(Ordering::Acquire) {
                // Without effect on what has begun meanwhile.
                task.abort();
            }
            done = Ok(task.await);
        }
        match done {
            Ok(Ok(result)) => result,
            Ok(Err(ended)) if ended.is_cancelled() => Err(error::unavailable("every connection is in use")),
            Ok(Err(panicked)) => Err(Error::internal(panicked)),
            Err(late) => Err(Error::internal(late)),
        }
    }

    /// Runs on a thread that may take a connection, whoever still waits for it.
    pub fn start(&self, work: impl FnOnce() + Send + 'static) {
        if let Threads(Some(threads)) = &self.threads {
            threads.spawn_blocking(work);
        }
    }

    /// A connection that was alive a moment ago, or a new one. Blocks while it connects.
    ///
    /// # Errors
    /// `storage.unavailable` when the server does not let us in for [`PATIENCE`].
    pub fn lease(&self) -> Result<Lease<'_>> {
        if let Some(lease) = self.lease_at_rest() {
            return Ok(lease);
        }
        let begun = Instant::now();
        while !self.absence.is_noted() {
            match self.connections.get_timeout(LOOK) {
                Ok(kept) => return Ok(Lease { kept, pool: self }),
                Err(late) if begun.elapsed() >= PATIENCE => return Err(error::unavailable(late)),
                Err(_) => {}
            }
        }
        Err(self.absence.told())
    }

    pub fn standing(&self) -> Connections {
        let state = self.connections.state();
        let (open, idle) = (i64::from(state.connections), i64::from(state.idle_connections));
        Connections { in_use: (open - idle).max(0), idle, waiting: self.waiting.load(Ordering::Relaxed).max(0) }
    }

    /// A connection that is at rest now. Does not wait.
    pub fn lease_at_rest(&self) -> Option<Lease<'_>> {
        Some(Lease { kept: self.connections.try_get()?, pool: self })
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
