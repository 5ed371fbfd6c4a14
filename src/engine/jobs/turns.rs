//! Work that reads how things stand and brings them about: however often it is asked for, it runs a few times and once more at the
//! end.

use super::model::{JobKind, NewJob};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;

/// A transaction is through within so many seconds.
const SLACK_SECONDS: i64 = 10;

/// How often such work begins.
#[derive(Debug, Clone, Copy)]
pub struct Turns {
    /// So many times as soon as it is asked for, within each span.
    pub at_once: u8,
    pub span_seconds: i64,
}

impl Turns {
    /// Asks for a run that sees what this transaction writes: now, or else when the next span begins, where one that waits serves
    /// everybody who asks until then. `key` names what the work is about.
    pub fn ask(
        self,
        tx: &mut TenantTx<'_>,
        kind: &'static JobKind,
        key: &str,
        payload: &impl serde::Serialize,
    ) -> Result<()> {
        let now = tx.now();
        let span = now.seconds().div_euclid(self.span_seconds);
        // Whoever asked just before that has long committed then.
        let next = Timestamp::from_seconds((span + 1) * self.span_seconds + SLACK_SECONDS).unwrap_or(now);
        let begins = (0..self.at_once).map(|turn| (span, turn, now)).chain([(span + 1, 0, next)]);
        for (span, turn, at) in begins {
            let job = NewJob::new(kind, payload).unique(format!("{key}:{span}:{turn}")).at(at);
            if tx.enqueue(job)? {
                break;
            }
        }
        Ok(())
    }
}
