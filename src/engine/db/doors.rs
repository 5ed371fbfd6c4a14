//! The two doors into the database.
//!
//! Reading goes to a connection of the pool on both engines. Writing does so on PostgreSQL, which lets many write at once;
//! on SQLite it goes to the one [`Writer`]. What happens around a write is the same for both: [`Work`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::conn::DbConn;
use super::error;
use super::files;
use super::freshness::Freshness;
use super::horizon::UnderWay;
use super::joining::{Joining, Standing};
use super::listen::Listener;
use super::liveness;
use super::manager::{Engine, Manager};
use super::migrate;
use super::places::Places;
use super::pool::{Connections, Lease, PATIENCE, Pool};
use super::presence::Presence;
use super::scope::{Origin, PlatformScope, PlatformTx, Scope, TenantScope, TenantTx};
use super::sqlite;
use super::together::{Queues, Together};
use super::transport;
use super::work::{Bare, Surroundings, Work};
use super::wrapped::{BareBody, Body, Value, bare, unwrapped, within};
use super::writer::{Urgency, Writer};
use crate::base::id::TenantId;
use crate::base::time::Clock;
use crate::base::{Error, ErrorKind, Result};
use crate::each_engine;
use crate::engine::events::Reactions;
use crate::engine::jobs::Wake;

/// How to open the database.
#[derive(Debug, Clone)]
pub struct DbSettings {
    /// `sqlite://path` or `postgres://…`.
    pub url: String,
    /// PostgreSQL connections (a worker has two besides), or SQLite readers (SQLite has one writer besides).
    pub pool_size: u32,
    /// SQLite's `synchronous`: `FULL` makes an acknowledged write survive power loss.
    pub sqlite_synchronous: String,
    /// What PostgreSQL lists our connections as, unless the URL says it.
    pub application: String,
    /// How far the clocks of processes on one PostgreSQL may differ: lists in the order of change end so long before now.
    pub clocks_apart: Duration,
}

/// What time servers keep, with much to spare.
const CLOCKS_APART: Duration = Duration::from_secs(5);

impl DbSettings {
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_size: 8,
            sqlite_synchronous: "FULL".into(),
            application: "leadwright".into(),
            clocks_apart: CLOCKS_APART,
        }
    }
}

/// Connections for the job engine: a worker claims on one and settles on another.
const HASTY: u32 = 2;

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    url: String,
    /// All connections of PostgreSQL; the readers of SQLite.
    pool: Arc<Pool>,
    places: Places,
    /// PostgreSQL's for the job engine.
    hasty: Option<Arc<Pool>>,
    /// SQLite's.
    writer: Option<Writer>,
    around: Surroundings,
    is_migrated: AtomicBool,
    joining: Joining,
    queues: Queues,
}

impl Db {
    /// Opens connections lazily: a server that is down does not stop the process, it makes it not ready.
    pub fn open(settings: &DbSettings, clock: Clock, wake: Wake, reactions: Arc<Reactions>) -> Result<Self> {
        let wrong = |rule| Error::invalid("config.database_url", rule);
        let engine = Engine::of(&settings.url).map_err(wrong)?;
        transport::may_use(&settings.url).map_err(wrong)?;
        if engine == Engine::Sqlite {
            sqlite::set_up();
            let path = std::path::Path::new(settings.url.trim_start_matches("sqlite://"));
            files::make_folder_of(path).map_err(error::unavailable)?;
        }
        let url = match engine {
            Engine::Postgres => liveness::named(&settings.url, &settings.application),
            Engine::Sqlite => settings.url.clone(),
        };
        let manager = Manager {
            engine,
            url: url.clone(),
            read_only: engine == Engine::Sqlite,
            is_hasty: false,
            synchronous: settings.sqlite_synchronous.clone(),
        };
        let writer = match engine {
            Engine::Postgres => None,
            Engine::Sqlite => Some(Writer::start(Manager { read_only: false, ..manager.clone() })?),
        };
        let hasty = match engine {
            Engine::Postgres => Some(Pool::new(Manager { is_hasty: true, ..manager.clone() }, HASTY)?),
            Engine::Sqlite => None,
        };
        let pool = Pool::new(manager, settings.pool_size)?;
        let under_way = UnderWay::new(clock.clone(), settings.clocks_apart);
        let freshness = Arc::new(Freshness::new(engine));
        let around = Surroundings { clock, wake, reactions, freshness, under_way };
        Ok(Self(Arc::new(Inner {
            engine,
            url,
            pool,
            places: Places::among(settings.pool_size),
            hasty,
            writer,
            around,
            is_migrated: AtomicBool::new(false),
            joining: Joining::default(),
            queues: Queues::default(),
        })))
    }

    pub fn engine(&self) -> Engine {
        self.0.engine
    }
    /// The URL it was opened with; holds a password, so never log it.
    pub fn url(&self) -> &str {
        &self.0.url
    }
    /// Keeps an SQLite file open, so that nobody replaces it under a running server; nothing on PostgreSQL.
    pub async fn stay_present(&self) -> Result<Option<Presence>> {
        let db = self.clone();
        blocking(move || match db.0.engine {
            Engine::Postgres => Ok(None),
            Engine::Sqlite => Presence::of(db.0.url.trim_start_matches("sqlite://")).map(Some),
        })
        .await
    }
    pub fn clock(&self) -> &Clock {
        &self.0.around.clock
    }
    pub fn wake(&self) -> &Wake {
        &self.0.around.wake
    }
    /// Whether what was read earlier is still true.
    pub fn freshness(&self) -> &Freshness {
        &self.0.around.freshness
    }

    /// This process is going to join the others: until it has, it is not ready, and until it is prepared it takes no requests.
    pub fn will_join(&self) {
        self.0.joining.set(Standing::Preparing);
    }
    /// How far it is with that.
    pub fn standing(&self) -> Standing {
        self.0.joining.get()
    }

    /// Joins this process to the others on the same PostgreSQL, until its [`Wake`] is stopped. On SQLite there are none.
    pub fn join_others(&self) {
        if self.0.engine == Engine::Sqlite {
            return self.0.joining.set(Standing::Joined);
        }
        self.0.joining.set(Standing::Joining);
        let (wake, freshness) = (self.wake().clone(), self.0.around.freshness.clone());
        Listener { url: self.0.url.clone(), wake, freshness, joining: self.0.joining.clone() }.start();
    }

    /// Reads within `scope`. Statements see committed data; there is no transaction around them.
    pub fn read<S: Scope, T: Send + 'static>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.look(scope.origin(), within(scope, body)))
    }

    /// [`Self::read`] for what looks at many rows: searches, counts, lists. A tenant has few places for these at once.
    ///
    /// # Errors
    /// `request.too_many_at_once`, see [`super::places`].
    pub fn read_widely<T: Send + 'static>(
        &self,
        scope: TenantScope,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.look_widely(scope.tenant(), scope.origin(), within(scope, body)))
    }

    /// [`Self::read`] for what is found by its key. SQLite has it sooner than another thread would begin to look, so there it is
    /// read where it is asked for, if a reader is free.
    pub fn read_by_key<S: Scope, T: Send + 'static>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.look_by_key(scope.origin(), within(scope, body)))
    }

    /// Writes within `scope` in one transaction: all of it happens, or none.
    ///
    /// On SQLite the commit is shared with the writes that wait beside it (see [`super::writer`]).
    pub fn write<S: Scope, T: Send + 'static>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.change(Urgency::Short, scope.origin(), within(scope, body)))
    }

    /// [`Self::write`] for work that takes longer than a few milliseconds, such as an import: nobody's short write waits
    /// for more than one of these.
    pub fn write_long<S: Scope, T: Send + 'static>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.change(Urgency::Long, scope.origin(), within(scope, body)))
    }

    /// [`Self::write`] for statements that do not need each other and that nobody relies on, as who runs which job: on
    /// PostgreSQL each is a transaction of its own, and its commit does not wait for the disk. What an error leaves behind is
    /// what was written before it. What is written durably afterwards makes it durable too; a crash of the database before
    /// that may undo it.
    pub fn write_apart<T: Send + 'static>(
        &self,
        scope: PlatformScope,
        body: impl FnOnce(&mut PlatformTx<'_>) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.change_apart(scope.origin(), within(scope, body)))
    }

    /// For migrations and health: a bare connection that may write.
    pub fn with_connection<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut DbConn) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        unwrapped(self.on_writing_connection(bare(body)))
    }

    /// Has the database all that this version needs? Asked of a reader, who waits for no writer, and only until it has.
    pub async fn is_migrated(&self) -> Result<bool> {
        if self.0.is_migrated.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let is_pending = match unwrapped(self.on_connection(bare(migrate::is_pending))).await {
            // A reader cannot even look where nothing was ever written.
            Err(error) if error.kind() == ErrorKind::Internal => self.with_connection(migrate::is_pending).await,
            known => known,
        };
        let is_migrated = !is_pending?;
        self.0.is_migrated.store(is_migrated, Ordering::Relaxed);
        Ok(is_migrated)
    }

    /// What the connections do that requests and jobs use.
    pub fn connections(&self) -> Connections {
        self.0.pool.standing()
    }

    /// Can a statement run now?
    pub async fn ping(&self) -> Result<()> {
        let one = diesel::dsl::sql::<diesel::sql_types::Integer>("1");
        let look = bare(move |conn| Ok(diesel::select(one).get_result::<i32>(conn).map(drop)?));
        unwrapped(self.on_connection(look)).await
    }

    /// The row of this key, if there is one; see [`super::together`].
    pub async fn read_together<R: Together>(&self, scope: TenantScope, key: R::Key) -> Result<Option<R>> {
        let alone = move |tx: &mut TenantTx<'_>| Ok(R::read(tx, &[key])?.pop().map(|(_, row)| row));
        if self.engine() == Engine::Sqlite {
            return self.read_by_key(scope, alone).await;
        }
        let Inner { pool, around, queues, .. } = &*self.0;
        let queue = queues.of::<R>();
        let (answered, begins) = queue.ask(scope.clone(), key);
        if begins {
            queue.begin(pool, around.clone());
        }
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(row)) => Ok(row),
            // What went wrong with a batch is for each of its callers to find out.
            Ok(Err(_)) => self.read(scope, alone).await,
            Err(_) => Err(error::unavailable("every connection is in use")),
        }
    }

    async fn look(&self, origin: Origin, body: Body) -> Result<Value> {
        let context = self.0.around.context(origin);
        self.on_connection(Box::new(move |conn| body(conn, &context))).await
    }

    async fn look_widely(&self, tenant: TenantId, origin: Origin, body: Body) -> Result<Value> {
        let place = self.0.places.enter(tenant).await?;
        let body: Body = Box::new(move |conn, context| {
            // It is taken while the statements run, whether or not somebody still waits for the answer.
            let _place = place;
            body(conn, context)
        });
        self.look(origin, body).await
    }

    async fn look_by_key(&self, origin: Origin, body: Body) -> Result<Value> {
        let lease = if self.0.engine == Engine::Sqlite { self.0.pool.lease_at_rest() } else { None };
        let Some(mut lease) = lease else { return self.look(origin, body).await };
        let result = body(lease.conn(), &self.0.around.context(origin));
        examine(lease, &result);
        result
    }

    async fn change(&self, urgency: Urgency, origin: Origin, body: Body) -> Result<Value> {
        let (mut work, answered) = Work::new(self.0.around.clone(), origin, body);
        if let Some(writer) = &self.0.writer {
            writer.send(Box::new(work), urgency);
            return answered.await.map_err(Error::internal)?;
        }
        let in_transaction = move |pool: &Pool| {
            let mut lease = begin(pool)?;
            work.run(lease.conn());
            if work.is_done() {
                let committed = commit(lease.conn());
                let result = work.conclude(committed);
                examine(lease, &result);
                return result;
            }
            // What was refused is refused, whether or not the connection survives the news.
            let undone = rollback(lease.conn());
            let result = work.conclude(Ok(()));
            if undone.is_err() {
                lease.discard()
            } else {
                examine(lease, &result)
            }
            result
        };
        self.0.pool.run(in_transaction).await
    }

    async fn change_apart(&self, origin: Origin, body: Body) -> Result<Value> {
        let Some(hasty) = &self.0.hasty else { return self.change(Urgency::Short, origin, body).await };
        let (mut work, _) = Work::new(self.0.around.clone(), origin, body);
        hasty
            .run(move |pool| {
                let mut lease = pool.lease()?;
                work.run(lease.conn());
                let result = work.conclude(Ok(()));
                examine(lease, &result);
                result
            })
            .await
    }

    async fn on_writing_connection(&self, body: BareBody) -> Result<Value> {
        let Some(writer) = &self.0.writer else { return self.on_connection(body).await };
        let (bare, answered) = Bare::new(body);
        writer.send(Box::new(bare), Urgency::Short);
        answered.await.map_err(Error::internal)?
    }

    async fn on_connection(&self, body: BareBody) -> Result<Value> {
        self.0
            .pool
            .run(move |pool| {
                let mut lease = pool.lease()?;
                let result = body(lease.conn());
                examine(lease, &result);
                result
            })
            .await
    }
}

/// A connection with its transaction begun. One that died a moment ago is replaced here, before any work.
fn begin(pool: &Pool) -> Result<Lease<'_>> {
    let mut last = None;
    for _ in 0..3 {
        let mut lease = pool.lease()?;
        match each_engine!(lease.conn(), c => AnsiTransactionManager::begin_transaction(c)) {
            Ok(()) => return Ok(lease),
            Err(failed) => {
                lease.discard();
                last = Some(failed);
            }
        }
    }
    Err(error::unavailable(last.unwrap_or(diesel::result::Error::NotInTransaction)))
}

/// Returns the connection, unless it was the connection that failed.
fn examine(lease: Lease<'_>, result: &Result<Value>) {
    if matches!(result, Err(e) if matches!(e.kind(), ErrorKind::Unavailable | ErrorKind::Internal)) {
        lease.examine();
    }
}

fn commit(conn: &mut DbConn) -> Result<()> {
    each_engine!(conn, c => AnsiTransactionManager::commit_transaction(c)).map_err(error::of_commit)
}

fn rollback(conn: &mut DbConn) -> QueryResult<()> {
    each_engine!(conn, c => AnsiTransactionManager::rollback_transaction(c))
}

/// Runs on a blocking thread, with the caller's span.
async fn blocking<T: Send + 'static>(body: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(body)).await {
        Ok(result) => result,
        Err(panicked) => Err(Error::internal(panicked)),
    }
}
