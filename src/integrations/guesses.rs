//! Wrong keys, counted by where they come from.
//!
//! Google's lead forms send a key and no signature, so a key can be guessed at. A source that was wrong too often within a minute
//! is heard no more until the next, with one exception: a key that was right from there before, so that one form with an old
//! key does not cost its neighbours their leads.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::base::crypto::sha256_hex;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};

/// Wrong keys of one source within a minute.
const WRONG_A_MINUTE: u32 = 30;
/// Sources, and right keys of sources, remembered at a time.
const REMEMBERED: usize = 10_000;

/// What this process has seen; in the app's data.
#[derive(Default)]
pub struct Guesses(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    /// Source → the minute, and how many wrong ones came in it.
    wrong: HashMap<String, (i64, u32)>,
    /// Sources with a hash of the key that was right from there.
    right: HashSet<(String, String)>,
}

impl Guesses {
    /// May this source be heard with these keys?
    ///
    /// # Errors
    /// `webhook.too_many_wrong_keys`.
    pub(super) fn hear(&self, source: &str, keys: &[String], now: Timestamp) -> Result<()> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.seconds().div_euclid(60);
        let is_over = seen.wrong.get(source).is_some_and(|(at, count)| *at == minute && *count >= WRONG_A_MINUTE);
        if !is_over || keys.iter().any(|key| seen.right.contains(&(source.into(), sha256_hex(key)))) {
            return Ok(());
        }
        let message = "Too many wrong keys came from this address. Wait a minute.";
        let wait = u64::try_from(60 - now.seconds().rem_euclid(60)).unwrap_or(60);
        Err(Error::too_many("webhook.too_many_wrong_keys", message)
            .with_retry_after(std::time::Duration::from_secs(wait)))
    }

    pub(super) fn note_wrong(&self, source: &str, now: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.seconds().div_euclid(60);
        if seen.wrong.len() >= REMEMBERED {
            seen.wrong.retain(|_, (at, _)| *at == minute);
        }
        if seen.wrong.len() >= REMEMBERED {
            seen.wrong.clear();
        }
        let entry = seen.wrong.entry(source.into()).or_insert((minute, 0));
        *entry = if entry.0 == minute { (minute, entry.1.saturating_add(1)) } else { (minute, 1) };
    }

    pub(super) fn note_right(&self, source: &str, key: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.right.len() >= REMEMBERED {
            seen.right.clear();
        }
        seen.right.insert((source.into(), sha256_hex(key)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guesser_is_heard_no_more_and_who_was_right_before_is() {
        let guesses = Guesses::default();
        let now = Timestamp::from_seconds(1_795_165_200).unwrap();
        let hear = |source: &str, key: &str, now| guesses.hear(source, &[key.to_string()], now);
        guesses.note_right("a", "right");
        for n in 0..WRONG_A_MINUTE {
            assert!(hear("a", &n.to_string(), now).is_ok());
            guesses.note_wrong("a", now);
        }
        assert_eq!(hear("a", "next", now).unwrap_err().code(), "webhook.too_many_wrong_keys");
        assert!(hear("a", "right", now).is_ok());
        assert!(hear("b", "next", now).is_ok());
        assert!(hear("a", "next", now.plus(chrono::Duration::seconds(60))).is_ok());
    }
}
