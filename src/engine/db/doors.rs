//! The two doors into the database.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;

use super::conn::DbConn;
use super::error;
use super::manager::{Engine, Manager, Pooled};
use super::presence::Presence;
use super::scope::{Context, Scope};
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
    /// PostgreSQL connections, or SQLite readers (SQLite has one writer besides).
    pub pool_size: u32,
    /// SQLite's `synchronous`: `FULL` makes an acknowledged write survive power loss.
    pub sqlite_synchronous: String,
}

impl DbSettings {
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), pool_size: 8, sqlite_synchronous: "FULL".into() }
    }
}

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    engine: Engine,
    url: String,
    readers: r2d2::Pool<Manager>,
    /// On SQLite a pool of one, so that writers queue here and not inside SQLite.
    writer: r2d2::Pool<Manager>,
    clock: Clock,
    wake: Wake,
    reactions: Arc<Reactions>,
}

/// How long a request waits for a connection before it is told to try again.
const CHECKOUT: Duration = Duration::from_secs(5);

impl Db {
    /// Opens pools lazily: a server that is down does not stop the process, it makes it not ready.
    pub fn open(settings: &DbSettings, clock: Clock, wake: Wake, reactions: Arc<Reactions>) -> Result<Self> {
        let engine = Engine::of(&settings.url).map_err(|rule| Error::invalid("config.database_url", rule))?;
        if engine == Engine::Sqlite {
            let path = std::path::Path::new(settings.url.trim_start_matches("sqlite://"));
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(error::unavailable)?;
            }
        }
        let pool = |size: u32, read_only: bool| {
            let manager = Manager {
                engine,
                url: settings.url.clone(),
                read_only,
                synchronous: settings.sqlite_synchronous.clone(),
            };
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(0))
                .connection_timeout(CHECKOUT)
                .error_handler(Box::new(r2d2::NopErrorHandler))
                .build_unchecked(manager)
        };
        let (readers, writer) = match engine {
            Engine::Postgres => {
                let shared = pool(settings.pool_size.max(1), false);
                (shared.clone(), shared)
            }
            Engine::Sqlite => (pool(settings.pool_size.max(1), true), pool(1, false)),
        };
        Ok(Self(Arc::new(Inner { engine, url: settings.url.clone(), readers, writer, clock, wake, reactions })))
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
        &self.0.clock
    }
    pub fn wake(&self) -> &Wake {
        &self.0.wake
    }

    /// Reads within `scope`. Statements see committed data; there is no transaction around them.
    pub async fn read<S: Scope, T: Send + 'static>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        blocking(move || db.read_now(&scope, body)).await
    }

    /// Writes within `scope` in one transaction: all of it happens, or none.
    pub async fn write<S: Scope, T: Send + 'static>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        blocking(move || db.write_now(&scope, body)).await
    }

    fn read_now<S: Scope, T>(&self, scope: &S, body: impl FnOnce(&mut S::Tx<'_>) -> Result<T>) -> Result<T> {
        let mut pooled = self.0.readers.get()?;
        let context = self.context(scope);
        let result = {
            let mut tx = scope.bind(&mut pooled.conn, &context);
            body(&mut tx)
        };
        settle(&mut pooled, &result);
        result
    }

    fn write_now<S: Scope, T>(&self, scope: &S, body: impl FnOnce(&mut S::Tx<'_>) -> Result<T>) -> Result<T> {
        let mut pooled = self.begin()?;
        let context = self.context(scope);
        let result = {
            let mut tx = scope.bind(&mut pooled.conn, &context);
            body(&mut tx)
        };
        let result = match result {
            Ok(value) => commit(&mut pooled.conn).map(|()| value),
            Err(error) => {
                if rollback(&mut pooled.conn).is_err() {
                    pooled.broken = true;
                }
                Err(error)
            }
        };
        settle(&mut pooled, &result);
        drop(pooled);
        if result.is_ok() {
            for action in context.after_commit.take() {
                action();
            }
            if context.enqueued.get() {
                self.0.wake.notify();
            }
        }
        result
    }

    /// A connection with its transaction begun. A connection that died while idle is replaced here, before any work.
    fn begin(&self) -> Result<r2d2::PooledConnection<Manager>> {
        let mut last = None;
        for _ in 0..3 {
            let mut pooled = self.0.writer.get()?;
            let begun = match &mut pooled.conn {
                DbConn::Postgres(c) => AnsiTransactionManager::begin_transaction(c),
                // A deferred transaction would fail with SQLITE_BUSY when it upgrades to a write.
                DbConn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
            };
            match begun {
                Ok(()) => return Ok(pooled),
                Err(failed) => {
                    pooled.broken = true;
                    last = Some(failed);
                }
            }
        }
        Err(error::unavailable(last.unwrap_or(diesel::result::Error::NotInTransaction)))
    }

    fn context(&self, scope: &impl Scope) -> Context {
        Context {
            now: self.0.clock.now(),
            origin: scope.origin(),
            reactions: self.0.reactions.clone(),
            enqueued: Cell::new(false),
            after_commit: RefCell::default(),
        }
    }

    /// For migrations and health: a bare connection on a blocking thread.
    pub async fn with_connection<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut DbConn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        blocking(move || {
            let mut pooled = db.0.writer.get()?;
            let result = body(&mut pooled.conn);
            settle(&mut pooled, &result);
            result
        })
        .await
    }

    /// Can a statement run now?
    pub async fn ping(&self) -> Result<()> {
        let db = self.clone();
        blocking(move || {
            let mut pooled = db.0.readers.get()?;
            let result = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1"))
                .get_result::<i32>(&mut pooled.conn)
                .map(|_| ())
                .map_err(Error::from);
            settle(&mut pooled, &result);
            result
        })
        .await
    }
}

fn settle<T>(pooled: &mut Pooled, result: &Result<T>) {
    pooled.touch();
    let failed = matches!(result, Err(e) if matches!(e.kind(), ErrorKind::Unavailable | ErrorKind::Internal));
    pooled.check_after(failed);
}

fn commit(conn: &mut DbConn) -> Result<()> {
    each_engine!(conn, c => AnsiTransactionManager::commit_transaction(c)).map_err(Error::from)
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
