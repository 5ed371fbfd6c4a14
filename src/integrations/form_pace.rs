//! How many leads in a minute the forms of one ad campaign bring by a key of its own.
//!
//! Whoever has the key may write any lead, and Google sends none a second time. So what comes faster is kept as it came, and only
//! read later: so many a minute, in the order in which they came. Counts are this process' own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::time::Timestamp;
use crate::leads::id::AdCampaignId;

/// Leads a minute, and at once.
const A_MINUTE: i32 = 60;

/// When the next lead's turn is; in the app's data. Keys are of ad campaigns that have one, and kept for as long as they are behind.
#[derive(Default)]
pub struct FormPace(Mutex<HashMap<AdCampaignId, Timestamp>>);

impl FormPace {
    /// Counts a lead: `None` where it is read at once, else when.
    pub(super) fn turn(&self, campaign: AdCampaignId, now: Timestamp) -> Option<Timestamp> {
        let between = chrono::Duration::minutes(1) / A_MINUTE;
        let turns = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, next| *next > now);
        let next = turns.get(&campaign).copied().unwrap_or(now);
        turns.insert(campaign, next.plus(between));
        let at = next.minus(between * (A_MINUTE - 1));
        (at > now).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_brings_sixty_at_once_and_then_one_a_second() {
        let (pace, one, other) = (FormPace::default(), AdCampaignId::new(), AdCampaignId::new());
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        assert_eq!((0..60).filter_map(|_| pace.turn(one, now)).count(), 0);
        let later: Vec<i64> =
            (0..3).filter_map(|_| pace.turn(one, now)).map(|at| at.since(now).num_seconds()).collect();
        assert_eq!(later, [1, 2, 3]);
        assert_eq!(pace.turn(other, now), None);
        let next = now.plus(chrono::Duration::minutes(2));
        assert_eq!((pace.turn(one, next), pace.0.lock().unwrap().len()), (None, 1));
    }
}
