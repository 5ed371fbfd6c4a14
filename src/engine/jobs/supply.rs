//! How many jobs a worker holds that have no place yet, and how soon it asks for more.
//!
//! Few: what waits here runs nowhere else. But while jobs are over so soon that claims follow each other without a pause, each
//! claim should bring more. And where a claim found less than it asked for, the next one lets a few gather: a claim of one job
//! costs the database nearly what a claim of twenty does.

use std::time::{Duration, Instant};

/// Jobs of one claim, at most.
pub(super) const MOST: usize = 128;
/// Full claims that follow each other faster than this are too small.
const SOON: Duration = Duration::from_millis(50);
/// How long jobs gather after a claim that found few. Who comes to an idle worker does not wait.
const GATHER: Duration = Duration::from_millis(4);

pub(super) struct Supply {
    pub spare: usize,
    /// What is held in any case, and at most.
    bounds: (usize, usize),
    claimed_at: Option<Instant>,
    /// Whether the last claim gave all it was asked for.
    was_full: bool,
}

impl Supply {
    pub fn for_places(places: usize) -> Self {
        let least = (places / 4).max(1);
        Self { spare: least, bounds: (least, MOST.saturating_sub(places).max(least)), claimed_at: None, was_full: true }
    }

    /// After a claim that gave all it was asked for, or not.
    pub fn adapt(&mut self, is_full: bool, now: Instant) {
        let is_soon = self.claimed_at.is_some_and(|before| now.saturating_duration_since(before) < SOON);
        let (least, most) = self.bounds;
        self.spare = if is_full && is_soon { (self.spare * 2).min(most) } else { (self.spare / 2).max(least) };
        (self.claimed_at, self.was_full) = (Some(now), is_full);
    }

    /// For how long the next claim waits for company.
    pub fn gathers(&self, now: Instant) -> Option<Duration> {
        let until = self.claimed_at.filter(|_| !self.was_full)? + GATHER;
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_while_jobs_are_short_and_shrinks_again() {
        let (mut supply, mut now) = (Supply::for_places(32), Instant::now());
        let mut after = |millis, is_full| {
            now += Duration::from_millis(millis);
            supply.adapt(is_full, now);
            supply.spare
        };
        assert_eq!([after(0, true), after(1, true), after(1, true), after(1, true)], [8, 16, 32, 64]);
        assert_eq!([after(1, true), after(1, true)], [96, 96], "with what has a place no more than one claim gives");
        assert_eq!(
            [after(1, false), after(60, true), after(60, true), after(60, true), after(60, true)],
            [48, 24, 12, 8, 8]
        );
        assert_eq!(Supply::for_places(1).spare, 1);
    }

    #[test]
    fn jobs_gather_only_after_a_claim_that_found_few() {
        let (mut supply, now) = (Supply::for_places(32), Instant::now());
        let millis = Duration::from_millis;
        assert_eq!(supply.gathers(now), None, "the first claim");
        supply.adapt(true, now);
        assert_eq!(supply.gathers(now), None, "there are more");
        supply.adapt(false, now);
        assert_eq!([supply.gathers(now), supply.gathers(now + millis(3))], [Some(GATHER), Some(millis(1))]);
        assert_eq!(supply.gathers(now + GATHER), None, "long enough");
    }
}
