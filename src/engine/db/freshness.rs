//! What a process may remember of rows, and for how long it may believe it.
//!
//! A transaction that changes what others remember says so ([`super::PlatformTx::note_change`]); once it has ended, and
//! before its caller is answered, every [`Stamp`] taken earlier is void. Between processes on PostgreSQL the same word
//! travels as a `NOTIFY` of that very transaction: it arrives exactly when the change is committed. A process that does not
//! hear believes nothing. On SQLite other processes are rare and cannot be heard, so there a stamp lives for a second.
//!
//! Whoever reads rows to remember them first takes [`Freshness::before`] and stamps afterwards: when anything changed in
//! between, what was read may be old and is not remembered.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::manager::Engine;
use crate::base::id::TenantId;

/// Tenants share these: a change of one makes others look again, which costs them a query and nothing else.
const LANES: usize = 256; // one per value of a byte
/// The listener must have heard what it said itself within this time. It speaks every second.
const HEARING: Duration = Duration::from_secs(3);

/// One per database handle.
pub struct Freshness {
    /// Nothing is believed for longer, whatever was heard.
    lifetime: Duration,
    needs_hearing: bool,
    heard: Mutex<Option<Instant>>,
    changes: AtomicU64,
    everything: AtomicU64,
    lanes: Vec<AtomicU64>,
}

/// The moment before rows are read.
#[derive(Debug, Clone, Copy)]
pub struct Before(u64);

/// Says whether what was read is still true.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    since: Instant,
    everything: u64,
    lane: Option<(usize, u64)>,
}

impl Freshness {
    pub(super) fn new(engine: Engine) -> Self {
        let (lifetime, needs_hearing) = match engine {
            Engine::Postgres => (Duration::from_secs(30), true),
            Engine::Sqlite => (Duration::from_secs(1), false),
        };
        Self {
            lifetime,
            needs_hearing,
            heard: Mutex::default(),
            changes: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            lanes: (0..LANES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn is_hearing(&self) -> bool {
        let heard = || *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        !self.needs_hearing || heard().is_some_and(|at| at.elapsed() < HEARING)
    }

    pub fn before(&self) -> Before {
        Before(self.changes.load(SeqCst))
    }

    /// For what was read since `before` and depends on this tenant, or on none; `None` when it may not be remembered.
    pub fn stamp(&self, before: Before, tenant: Option<TenantId>) -> Option<Stamp> {
        let lane = tenant.map(lane_of).map(|lane| (lane, self.lanes[lane].load(SeqCst)));
        let stamp = Stamp { since: Instant::now(), everything: self.everything.load(SeqCst), lane };
        (self.is_hearing() && self.changes.load(SeqCst) == before.0).then_some(stamp)
    }

    pub fn holds(&self, stamp: &Stamp) -> bool {
        stamp.everything == self.everything.load(SeqCst)
            && stamp.lane.is_none_or(|(lane, seen)| self.lanes[lane].load(SeqCst) == seen)
            && stamp.since.elapsed() < self.lifetime
            && self.is_hearing()
    }

    /// Something about this tenant, or about everybody, is not what it was.
    pub(super) fn change(&self, tenant: Option<TenantId>) {
        match tenant {
            Some(id) => self.lanes[lane_of(id)].fetch_add(1, SeqCst),
            None => self.everything.fetch_add(1, SeqCst),
        };
        self.changes.fetch_add(1, SeqCst);
    }

    /// From now on changes are heard; what was said before was not.
    pub(super) fn start_hearing(&self) {
        self.change(None);
        self.keep_hearing(Instant::now());
    }
    /// Everything that was said before this moment has been heard.
    pub(super) fn keep_hearing(&self, until: Instant) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }
    pub(super) fn stop_hearing(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn lane_of(tenant: TenantId) -> usize {
    // The last bytes of an id are its random ones.
    usize::from(tenant.uuid().as_bytes()[15])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_voids_what_was_read_before_it_and_while_it_happened() {
        let fresh = Freshness::new(Engine::Sqlite);
        let (one, other) = (tenant(1), tenant(2));
        let before = fresh.before();
        let stamp = fresh.stamp(before, Some(one)).expect("nothing changed");
        assert!(fresh.holds(&stamp));
        fresh.change(Some(other));
        assert!(fresh.holds(&stamp), "that was another's");
        assert!(fresh.stamp(before, Some(one)).is_none(), "read while something changed");
        fresh.change(Some(one));
        assert!(!fresh.holds(&stamp));
        let stamp = fresh.stamp(fresh.before(), Some(one)).expect("nothing changed since");
        fresh.change(None);
        assert!(!fresh.holds(&stamp));
    }

    #[test]
    fn who_does_not_hear_believes_nothing() {
        let fresh = Freshness::new(Engine::Postgres);
        assert!(fresh.stamp(fresh.before(), None).is_none());
        fresh.start_hearing();
        let stamp = fresh.stamp(fresh.before(), None).expect("it hears");
        assert!(fresh.holds(&stamp));
        fresh.stop_hearing();
        assert!(!fresh.holds(&stamp));
        fresh.start_hearing();
        assert!(!fresh.holds(&stamp), "who knows what was said meanwhile");
    }

    fn tenant(n: u128) -> TenantId {
        TenantId::from_uuid(uuid::Uuid::from_u128(n))
    }
}
