//! SQLite's single writer: many writes, one commit.
//!
//! SQLite lets one transaction write at a time, and a durable commit costs a flush of the disk, so writes that commit one by
//! one are as slow as the disk. Here they queue to one thread. It begins a transaction, runs every write that waits, each
//! within a savepoint of its own, commits once, and only then answers all of them. While the disk flushes, the next group
//! gathers by itself; nobody waits for company.
//!
//! A write that fails or panics is undone alone. When the commit fails, as on a full disk, each member is told that nothing
//! was written. Long work ([`Urgency::Long`]) goes alone, between groups, so that nobody's short write shares its wait.
//! Readers have connections of their own and never come here.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;

use super::conn::DbConn;
use super::error;
use super::manager::Manager;
use super::pool::PATIENCE;
use crate::base::{Error, Result};

/// A commit is shared by so many at most, and put off for so long at most.
const GROUP: usize = 64;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// Whether a write is short enough to share its commit with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    Short,
    Long,
}

/// A write that waits. It keeps its own result until it is told how the commit went.
pub(super) trait Member: Send {
    /// Does the work; `false` when it is to be undone.
    fn run(&mut self, conn: &mut DbConn) -> bool;
    /// Outside of any transaction: for migrations.
    fn is_bare(&self) -> bool {
        false
    }
    /// Answers the caller: with its own result, or with this failure of all.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Waiting {
    member: Box<dyn Member>,
    since: Instant,
}

impl Waiting {
    /// Whoever waited too long is told so; it was not begun.
    fn in_time(self) -> Option<Box<dyn Member>> {
        if self.since.elapsed() <= PATIENCE {
            return Some(self.member);
        }
        answer(self.member, Err(error::unavailable("the writer was busy for too long")));
        None
    }
}

#[derive(Default)]
struct Queue {
    short: VecDeque<Waiting>,
    long: VecDeque<Waiting>,
    closed: bool,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
}

/// The way to the writer's thread, which ends with it.
pub(super) struct Writer(Arc<Shared>);

impl Writer {
    pub fn start(manager: Manager) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = Thread { shared: shared.clone(), manager, conn: None };
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || thread.run())
            .map_err(Error::internal)?;
        Ok(Self(shared))
    }

    pub fn send(&self, member: Box<dyn Member>, urgency: Urgency) {
        let waiting = Waiting { member, since: Instant::now() };
        let mut queue = self.0.lock();
        match urgency {
            Urgency::Short => queue.short.push_back(waiting),
            Urgency::Long => queue.long.push_back(waiting),
        }
        drop(queue);
        self.0.filled.notify_one();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.filled.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next that waits, and whether it goes alone. A long one goes first after a group, or when nothing else waits.
    fn next(&self, after_group: bool) -> Option<(Waiting, bool)> {
        let mut queue = self.lock();
        loop {
            let alone = !queue.long.is_empty() && (after_group || queue.short.is_empty());
            let next = if alone { queue.long.pop_front() } else { queue.short.pop_front() };
            match next {
                Some(waiting) => {
                    let alone = alone || waiting.member.is_bare();
                    return Some((waiting, alone));
                }
                None if queue.closed => return None,
                None => queue = self.filled.wait(queue).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn next_short(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        if queue.short.front().is_some_and(|waiting| waiting.member.is_bare()) { None } else { queue.short.pop_front() }
    }
}

struct Thread {
    shared: Arc<Shared>,
    manager: Manager,
    conn: Option<DbConn>,
}

impl Thread {
    fn run(mut self) {
        let mut after_group = false;
        while let Some((first, alone)) = self.shared.next(after_group) {
            after_group = !alone;
            let Some(first) = first.in_time() else { continue };
            if first.is_bare() {
                self.run_bare(first);
            } else {
                self.run_group(first, alone);
            }
        }
    }

    /// The connection, opened when there is none.
    fn connect(&mut self) -> Result<&mut DbConn> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.manager.connect().map_err(error::unavailable)?,
        };
        Ok(self.conn.insert(conn))
    }

    fn run_bare(&mut self, mut member: Box<dyn Member>) {
        let committed = self.connect().map(|conn| {
            member.run(conn);
        });
        answer(member, committed);
    }

    fn begin(&mut self) -> Result<&mut DbConn> {
        let conn = self.connect()?;
        // A deferred transaction would fail with SQLITE_BUSY when it upgrades to a write.
        let begun = on_sqlite(conn, |c| AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"));
        if let Err(failed) = begun {
            self.conn = None;
            return Err(error::unavailable(failed));
        }
        self.conn.as_mut().ok_or_else(|| Error::internal("no connection"))
    }

    fn run_group(&mut self, first: Box<dyn Member>, alone: bool) {
        let shared = self.shared.clone();
        let conn = match self.begin() {
            Ok(conn) => conn,
            Err(failed) => return answer(first, Err(failed)),
        };
        let start = Instant::now();
        let mut group = Group { members: Vec::new(), kept: 0, intact: true };
        group.add(conn, first);
        while !alone && group.intact && group.members.len() < GROUP && start.elapsed() < GROUP_TIME {
            let Some(next) = shared.next_short() else { break };
            let Some(next) = next.in_time() else { continue };
            group.add(conn, next);
        }
        let committed = group.commit(conn);
        if committed.is_err() {
            self.conn = None;
        }
        for member in group.members {
            answer(member, committed.as_ref().map_err(|failed| error::unavailable(failed.to_string())).copied());
        }
    }
}

/// What shares a transaction.
struct Group {
    members: Vec<Box<dyn Member>>,
    /// How many of them have written something that stays.
    kept: usize,
    /// The transaction is still the one we began: some errors make SQLite end it by itself.
    intact: bool,
}

impl Group {
    fn add(&mut self, conn: &mut DbConn, mut member: Box<dyn Member>) {
        // Where nothing precedes it, what fails is undone by ending the whole transaction: no savepoint is needed.
        let result =
            if self.kept == 0 { Self::run_first(conn, &mut *member) } else { Self::run_next(conn, &mut *member) };
        match result {
            Ok(true) => self.kept += 1,
            Ok(false) => {}
            Err(_) => self.intact = false,
        }
        self.members.push(member);
    }

    fn run_first(conn: &mut DbConn, member: &mut dyn Member) -> QueryResult<bool> {
        let keep = member.run(conn);
        if !keep {
            on_sqlite(conn, AnsiTransactionManager::rollback_transaction)?;
            on_sqlite(conn, |c| AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"))?;
        } else if on_sqlite(conn, |c| c.batch_execute("BEGIN")).is_ok() {
            // There was none any more: SQLite had ended it, and the member did not tell. Whatever came next would be written
            // by itself. A savepoint, which the others have, would not have been found.
            let _ = on_sqlite(conn, |c| c.batch_execute("ROLLBACK"));
            return Err(diesel::result::Error::BrokenTransactionManager);
        }
        Ok(keep)
    }

    fn run_next(conn: &mut DbConn, member: &mut dyn Member) -> QueryResult<bool> {
        on_sqlite(conn, AnsiTransactionManager::begin_transaction)?;
        let keep = member.run(conn);
        if keep {
            on_sqlite(conn, AnsiTransactionManager::commit_transaction)?;
        } else {
            on_sqlite(conn, AnsiTransactionManager::rollback_transaction)?;
        }
        Ok(keep)
    }

    fn commit(&self, conn: &mut DbConn) -> QueryResult<()> {
        if !self.intact {
            let _ = on_sqlite(conn, AnsiTransactionManager::rollback_transaction);
            return Err(diesel::result::Error::BrokenTransactionManager);
        }
        on_sqlite(conn, AnsiTransactionManager::commit_transaction)
    }
}

/// A member's answer runs what follows its commit; a panic there is its own.
fn answer(member: Box<dyn Member>, committed: Result<()>) {
    if catch_unwind(AssertUnwindSafe(|| member.answer(committed))).is_err() {
        tracing::error!("what follows a commit panicked");
    }
}

fn on_sqlite<T>(conn: &mut DbConn, f: impl FnOnce(&mut SqliteConnection) -> QueryResult<T>) -> QueryResult<T> {
    match conn {
        DbConn::Sqlite(conn) => f(conn),
        DbConn::Postgres(_) => Err(diesel::result::Error::NotInTransaction),
    }
}
