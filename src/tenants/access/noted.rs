//! When a key was used last, which is noted at most once a minute.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::base::time::Timestamp;

/// When a use was last noted, in microseconds; of many requests at a time one notes it.
#[derive(Debug)]
pub(super) struct LastNoted(AtomicI64);

impl LastNoted {
    pub fn new(at: Option<Timestamp>) -> Self {
        Self(AtomicI64::new(at.map_or(i64::MIN, Timestamp::micros)))
    }

    /// `true` for whoever is to note this use.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let seen = self.0.load(Ordering::Relaxed);
        let noted = (seen != i64::MIN).then(|| Timestamp::from_micros(seen)).flatten();
        is_worth_noting(noted, now)
            && self.0.compare_exchange(seen, now.micros(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Whether a use is to be noted: at most once a minute per key.
fn is_worth_noting(last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
    last_used_at.is_none_or(|at| now.since(at) > chrono::Duration::minutes(1))
}
