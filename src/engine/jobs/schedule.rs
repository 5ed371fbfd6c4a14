//! Periodic work: one unique job per slot, so that any number of processes may run the scheduler.

use std::time::Duration;

use super::model::{JobKind, NewJob};
use super::store;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::engine::events::platform_tenant;

/// A kind that runs once in every slot of this length. Slots are counted from 1970, so all processes agree on them.
pub(super) struct Periodic {
    pub kind: &'static JobKind,
    pub every: Duration,
}

impl Periodic {
    fn slot(&self, now: Timestamp) -> i64 {
        let seconds = i64::try_from(self.every.as_secs().max(1)).unwrap_or(i64::MAX);
        now.seconds().div_euclid(seconds) * seconds
    }
}

/// Enqueues the current slot of each period. A slot missed while nothing ran is not made up for: handlers recompute from
/// state, so the next one does its work too.
pub(super) fn enqueue_due(tx: &mut PlatformTx<'_>, periodic: &[(&'static JobKind, Duration)]) -> Result<()> {
    let now = tx.now();
    for (kind, every) in periodic {
        let slot = Periodic { kind, every: *every }.slot(now);
        let job = NewJob::new(kind, &serde_json::json!({ "slot": slot })).unique(slot.to_string());
        store::enqueue(tx, platform_tenant(), job)?;
    }
    Ok(())
}
