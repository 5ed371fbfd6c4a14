//! Reads by key that come at once, as one statement.
//!
//! A read by key costs PostgreSQL less than waking everybody costs who hands it over: the caller's thread, a thread for the
//! connection, the server's process, and both again on the way back. So few batches are under way at a time: one, as long as it
//! is not late and one tenant asks, and more for several tenants. Who comes alone is read at once; what comes meanwhile waits
//! for a batch to end, and all of it that is one tenant's is the next statement. On SQLite nobody is woken for a read by key, so
//! there each is read alone.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::pool::{Lease, Pool};
use super::scope::{Scope, TenantScope, TenantTx};
use super::work::Surroundings;
use crate::base::Result;
use crate::base::id::TenantId;

/// Rows that are read together.
pub trait Together: Clone + Send + Sized + 'static {
    type Key: Copy + Eq + Hash + Send + 'static;
    /// The rows that there are of these keys, whoever asks for them.
    fn read(tx: &mut TenantTx<'_>, keys: &[Self::Key]) -> Result<Vec<(Self::Key, Self)>>;
}

/// Batches under way at a time, at most.
const BATCHES: usize = 4;
/// A batch that takes longer than nearly all do, be it that its connection is slow, is not waited for by others.
const LATE: Duration = Duration::from_millis(5);
/// Keys of one batch.
const MOST: usize = 64;
/// After so many batches in a row, other work comes first.
const TURNS: usize = 32;

/// The queues of one database handle, one for each kind of row.
#[derive(Default)]
pub(super) struct Queues(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Queues {
    pub fn of<R: Together>(&self) -> Arc<Queue<R>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = known.entry(TypeId::of::<R>()).or_insert_with(|| Arc::new(Queue::<R>(Mutex::default())));
        queue.clone().downcast().unwrap_or_else(|_| Arc::new(Queue(Mutex::default())))
    }
}

pub(super) struct Queue<R: Together>(Mutex<Waiting<R>>);

struct Waiting<R: Together> {
    tenants: VecDeque<Batch<R>>,
    /// Batches under way.
    busy: usize,
    /// When one was last begun.
    begun_at: Instant,
}

struct Batch<R: Together> {
    tenant: TenantId,
    scope: TenantScope,
    asked: Vec<(R::Key, oneshot::Sender<Option<R>>)>,
}

impl<R: Together> Default for Waiting<R> {
    fn default() -> Self {
        Self { tenants: VecDeque::new(), busy: 0, begun_at: Instant::now() }
    }
}

impl<R: Together> Queue<R> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to come, and whether somebody must begin to read.
    pub fn ask(&self, scope: TenantScope, key: R::Key) -> (oneshot::Receiver<Option<R>>, bool) {
        let (answer, answered) = oneshot::channel();
        let tenant = scope.tenant();
        let mut waiting = self.waiting();
        match waiting.tenants.iter_mut().find(|batch| batch.tenant == tenant && batch.asked.len() < MOST) {
            Some(batch) => batch.asked.push((key, answer)),
            None => waiting.tenants.push_back(Batch { tenant, scope, asked: vec![(key, answer)] }),
        }
        let is_late = waiting.begun_at.elapsed() > LATE;
        let begins = waiting.busy < BATCHES && (is_late || waiting.busy < waiting.tenants.len());
        if begins {
            waiting.busy += 1;
            waiting.begun_at = Instant::now();
        }
        (answered, begins)
    }

    /// The next batch; with none left, this reader is done.
    fn next(&self) -> Option<Batch<R>> {
        let mut waiting = self.waiting();
        let next = waiting.tenants.pop_front();
        match &next {
            Some(_) => waiting.begun_at = Instant::now(),
            None => waiting.busy -= 1,
        }
        next
    }

    /// Nobody can be read for: whoever waits hears that nothing comes.
    fn give_up(&self) {
        let mut waiting = self.waiting();
        waiting.tenants.clear();
        waiting.busy -= 1;
    }

    fn read(self: Arc<Self>, pool: &Arc<Pool>, around: Surroundings) {
        let Ok(mut lease) = pool.lease() else { return self.give_up() };
        for _ in 0..TURNS {
            let Some(batch) = self.next() else { return };
            if !batch.answer(&mut lease, &around) {
                lease.examine();
                return self.begin(pool, around);
            }
        }
        drop(lease);
        self.begin(pool, around);
    }

    pub fn begin(self: Arc<Self>, pool: &Arc<Pool>, around: Surroundings) {
        let same = pool.clone();
        pool.start(move || self.read(&same, around));
    }
}

impl<R: Together> Batch<R> {
    /// Whether it could be read. Otherwise nobody is answered.
    fn answer(self, lease: &mut Lease<'_>, around: &Surroundings) -> bool {
        let context = around.context(self.scope.origin());
        let keys: Vec<R::Key> = self.asked.iter().map(|(key, _)| *key).collect();
        let read = || R::read(&mut self.scope.bind(lease.conn(), &context), &keys);
        let Ok(Ok(rows)) = catch_unwind(AssertUnwindSafe(read)) else { return false };
        let mut rows: HashMap<R::Key, R> = rows.into_iter().collect();
        for (at, (key, answer)) in self.asked.into_iter().enumerate() {
            let is_last = !keys[at + 1..].contains(&key);
            let row = if is_last { rows.remove(&key) } else { rows.get(&key).cloned() };
            // Who went away does not need to know.
            let _ = answer.send(row);
        }
        true
    }
}
