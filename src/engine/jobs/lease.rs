//! What a worker holds, and whether an ended lease means a dead worker or only a clock that jumped.
//!
//! Leases end by the wall clock, because processes share no other. When that clock jumps (a suspended machine, a corrected
//! time server) every lease seems to have ended, those of living workers too, and taking their jobs would run them twice.
//! A worker therefore compares the wall clock with the monotonic one. After a jump it extends its own leases at once and
//! takes nobody's for a while, so that the others can do the same. The same while passes after its start, which a jump
//! may have preceded, before it believes that a lease too far ahead is a dead worker's of before the clock was set back.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::store::Rescue;
use crate::base::id::JobId;
use crate::base::time::Timestamp;

/// The clocks may differ by this much and be right: they are read one after the other, and time servers correct gently.
const TOLERANCE: Duration = Duration::from_secs(5);
/// How long living workers have to notice a jump; they look at least once a second.
const GRACE: Duration = Duration::from_secs(10);

/// One worker's leases. Cheap to clone; the clones are the same.
#[derive(Clone)]
pub(super) struct Leases(Arc<Inner>);

struct Inner {
    pace: Mutex<Pace>,
    /// What runs here now. A run that was given up is not among them, although its lease goes on.
    /// One may be here twice: put off, claimed again, and the first end not written yet.
    held: Mutex<HashMap<JobId, usize>>,
}

/// A job is held until this is dropped.
pub(super) struct Held(Leases, JobId);

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = locked(&self.0.0.held);
        if let Entry::Occupied(mut count) = held.entry(self.1) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

impl Leases {
    pub fn new(now: Timestamp) -> Self {
        let pace = Mutex::new(Pace::new(now, Instant::now()));
        Self(Arc::new(Inner { pace, held: Mutex::default() }))
    }

    pub fn hold(&self, job: JobId) -> Held {
        *locked(&self.0.held).entry(job).or_default() += 1;
        Held(self.clone(), job)
    }

    /// What must be extended before anything else happens, because the clock jumped.
    pub fn to_renew(&self, now: Timestamp) -> Option<Vec<JobId>> {
        let must_renew = self.looked(now).must_renew;
        must_renew.then(|| locked(&self.0.held).keys().copied().collect())
    }
    pub fn renewed(&self) {
        locked(&self.0.pace).must_renew = false;
    }

    /// Which leases may be taken for dead workers'. To be asked with the very time that leases are compared with.
    pub fn rescue(&self, now: Timestamp) -> Rescue {
        self.looked(now).rescue()
    }

    fn looked(&self, now: Timestamp) -> MutexGuard<'_, Pace> {
        let mut pace = locked(&self.0.pace);
        pace.look(now, Instant::now());
        pace
    }
}

/// Nothing that is done under these locks panics half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One worker's view of both clocks.
#[derive(Debug)]
struct Pace {
    wall: Timestamp,
    at: Instant,
    /// Living workers have noticed whatever happened before.
    settled_at: Instant,
    has_jumped: bool,
    /// Our own leases are to be extended before anything else.
    must_renew: bool,
}

impl Pace {
    fn new(wall: Timestamp, at: Instant) -> Self {
        Self { wall, at, settled_at: at + GRACE, has_jumped: false, must_renew: false }
    }

    /// Notes what the clocks say.
    fn look(&mut self, wall: Timestamp, at: Instant) {
        let elapsed = chrono::Duration::from_std(at.saturating_duration_since(self.at));
        let difference = wall.since(self.wall) - elapsed.unwrap_or(chrono::Duration::MAX);
        if difference.abs() > chrono::Duration::from_std(TOLERANCE).unwrap_or_default() {
            tracing::warn!(seconds = difference.num_seconds(), "the clock jumped; leases are extended");
            (self.settled_at, self.has_jumped, self.must_renew) = (at + GRACE, true, true);
        }
        (self.wall, self.at) = (wall, at);
    }

    fn rescue(&self) -> Rescue {
        match (self.at >= self.settled_at, self.has_jumped) {
            (true, _) => Rescue::EndedOrFuture,
            (false, false) => Rescue::Ended,
            (false, true) => Rescue::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(pace: &mut Pace, wall: i64, real: u64) {
        let (wall, at) = (pace.wall.plus(chrono::Duration::seconds(wall)), pace.at + Duration::from_secs(real));
        pace.look(wall, at);
    }

    fn pace() -> Pace {
        Pace::new(Timestamp::from_seconds(1_795_165_200).unwrap(), Instant::now())
    }

    #[test]
    fn while_the_clocks_agree_an_ended_lease_is_a_dead_workers() {
        let mut pace = pace();
        assert_eq!(pace.rescue(), Rescue::Ended, "a jump may have preceded the start");
        after(&mut pace, 11, 11);
        after(&mut pace, 4, 1);
        assert_eq!(pace.rescue(), Rescue::EndedOrFuture);
        assert!(!pace.must_renew);
    }

    #[test]
    fn after_a_jump_either_way_nobody_is_robbed_until_the_others_had_time() {
        for jump in [600, -600] {
            let mut pace = pace();
            after(&mut pace, 20, 20);
            after(&mut pace, jump, 1);
            assert!(pace.must_renew && pace.rescue() == Rescue::None, "{jump}");
            after(&mut pace, 9, 9);
            assert_eq!(pace.rescue(), Rescue::None, "{jump}");
            after(&mut pace, 2, 2);
            assert_eq!(pace.rescue(), Rescue::EndedOrFuture, "{jump}");
        }
    }

    #[test]
    fn only_what_still_runs_is_extended() {
        let now = Timestamp::from_seconds(1_795_165_200).unwrap();
        let leases = Leases::new(now);
        let (given_up, job) = (leases.hold(JobId::new()), JobId::new());
        let _running = leases.hold(job);
        drop((given_up, leases.hold(job)));
        assert_eq!(leases.to_renew(now), None);
        let later = now.plus(chrono::Duration::hours(1));
        assert_eq!(leases.to_renew(later), Some(vec![job]));
        assert_eq!(leases.to_renew(later), Some(vec![job]), "until it was done");
        leases.renewed();
        assert_eq!(leases.to_renew(later), None);
    }
}
