//! Whether an expired lease means a dead worker, or only a clock that jumped.
//!
//! Leases end by the wall clock, because processes share no other. When that clock jumps (a suspended machine, a corrected
//! time server) every lease seems to have ended, those of living workers too, and taking their jobs would run them twice.
//! A worker therefore compares the wall clock with the monotonic one. After a jump it extends its own leases at once and
//! takes nobody's for a while, so that the others can do the same. The same while passes after its start, which a jump
//! may have preceded, before it believes that a lease too far ahead is a dead worker's of before the clock was set back.

use std::time::{Duration, Instant};

use crate::base::time::Timestamp;

/// The clocks may differ by this much and be right: they are read one after the other, and time servers correct gently.
const TOLERANCE: Duration = Duration::from_secs(5);
/// How long living workers have to notice a jump; they look at least once a second.
const GRACE: Duration = Duration::from_secs(10);

/// One worker's view of both clocks.
#[derive(Debug)]
pub(super) struct Pace {
    wall: Timestamp,
    at: Instant,
    /// Living workers have noticed whatever happened before.
    settled_at: Instant,
    has_jumped: bool,
    /// Our own leases are to be extended before anything else.
    must_renew: bool,
}

impl Pace {
    pub fn new(wall: Timestamp, at: Instant) -> Self {
        Self { wall, at, settled_at: at + GRACE, has_jumped: false, must_renew: false }
    }

    /// Notes what the clocks say.
    pub fn look(&mut self, wall: Timestamp, at: Instant) {
        let elapsed = at.saturating_duration_since(self.at);
        let told = wall.since(self.wall);
        let tolerance = chrono::Duration::from_std(TOLERANCE).unwrap_or_default();
        let difference = told - chrono::Duration::from_std(elapsed).unwrap_or(chrono::Duration::MAX);
        if difference.abs() > tolerance {
            tracing::warn!(seconds = difference.num_seconds(), "the clock jumped; leases are extended");
            (self.settled_at, self.has_jumped, self.must_renew) = (at + GRACE, true, true);
        }
        (self.wall, self.at) = (wall, at);
    }

    pub fn must_renew(&self) -> bool {
        self.must_renew
    }
    pub fn renewed(&mut self) {
        self.must_renew = false;
    }

    /// Is a lease that has ended a dead worker's?
    pub fn may_rescue(&self) -> bool {
        !self.has_jumped || self.at >= self.settled_at
    }
    /// Is a lease that ends later than any could a dead worker's?
    pub fn may_rescue_from_the_future(&self) -> bool {
        self.at >= self.settled_at
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
        assert!(pace.may_rescue() && !pace.may_rescue_from_the_future(), "a jump may have preceded the start");
        after(&mut pace, 11, 11);
        after(&mut pace, 4, 1);
        assert!(pace.may_rescue() && pace.may_rescue_from_the_future() && !pace.must_renew());
    }

    #[test]
    fn after_a_jump_either_way_nobody_is_robbed_until_the_others_had_time() {
        for jump in [600, -600] {
            let mut pace = pace();
            after(&mut pace, 20, 20);
            after(&mut pace, jump, 1);
            assert!(pace.must_renew() && !pace.may_rescue() && !pace.may_rescue_from_the_future(), "{jump}");
            pace.renewed();
            after(&mut pace, 9, 9);
            assert!(!pace.may_rescue() && !pace.must_renew(), "{jump}");
            after(&mut pace, 2, 2);
            assert!(pace.may_rescue() && pace.may_rescue_from_the_future(), "{jump}");
        }
    }
}
