//! While storage is away, whoever tries again says so at the start, then once a minute, and says when it is back: a line for
//! every try would be two a second and process, and bury what else happens.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::base::{Error, ErrorKind};

/// How often it is said that it goes on.
const EVERY: Duration = Duration::from_secs(60);

/// What is known of one.
#[derive(Debug, Clone, Copy)]
struct Away {
    since: Instant,
    told: Instant,
    tries: u32,
}

/// Whether storage is away, as whoever holds this found it.
#[derive(Debug, Default)]
pub struct Outage(Mutex<Option<Away>>);

/// What there is to be said of a try.
#[derive(Debug, PartialEq, Eq)]
enum Say {
    Begins,
    GoesOn { seconds: u64, tries: u32 },
    Nothing,
}

impl Outage {
    /// A try failed, and is made again: `what` says of what.
    pub fn failed(&self, error: &Error, what: &str) {
        if error.kind() != ErrorKind::Unavailable {
            tracing::warn!(error = %error.chain(), "{what}; trying again");
            return;
        }
        match self.note(Instant::now()) {
            Say::Begins => tracing::warn!(error = %error.chain(), "{what}; trying again"),
            Say::GoesOn { seconds, tries } => {
                tracing::warn!(error = %error.chain(), seconds, tries, "{what}, still; trying again");
            }
            Say::Nothing => {}
        }
    }

    /// A try succeeded.
    pub fn is_over(&self) {
        if let Some((seconds, tries)) = self.end(Instant::now()) {
            tracing::warn!(seconds, tries, "storage is reached again");
        }
    }

    fn note(&self, now: Instant) -> Say {
        let Ok(mut away) = self.0.lock() else { return Say::Nothing };
        let Some(away) = away.as_mut() else {
            *away = Some(Away { since: now, told: now, tries: 1 });
            return Say::Begins;
        };
        away.tries += 1;
        if now.duration_since(away.told) < EVERY {
            return Say::Nothing;
        }
        away.told = now;
        Say::GoesOn { seconds: now.duration_since(away.since).as_secs(), tries: away.tries }
    }

    fn end(&self, now: Instant) -> Option<(u64, u32)> {
        let away = self.0.lock().ok()?.take()?;
        Some((now.duration_since(away.since).as_secs(), away.tries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_when_it_begins_once_a_minute_and_when_it_ends() {
        let (outage, start) = (Outage::default(), Instant::now());
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(outage.end(start), None);
        assert_eq!(outage.note(start), Say::Begins);
        let told: Vec<Say> =
            (1..=120).map(|second| outage.note(after(second))).filter(|say| *say != Say::Nothing).collect();
        let goes_on = |seconds, tries| Say::GoesOn { seconds, tries };
        assert_eq!(told, [goes_on(60, 61), goes_on(120, 121)]);
        assert_eq!((outage.end(after(121)), outage.end(after(122))), (Some((121, 121)), None));
        assert_eq!(outage.note(after(123)), Say::Begins);
    }
}
