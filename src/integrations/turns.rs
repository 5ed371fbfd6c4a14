//! How much of what nobody vouches for yet is in memory at a time.
//!
//! A webhook's body has to be read before its signature can be checked, so anybody can make us read. Small bodies are read as they
//! come; a large one waits for its turn: one of each source, a few of all. Who waits too long is told to come again, which every
//! provider does after a 503.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::{Error, Result};

/// What is read without a turn.
pub(super) const SMALL: usize = 64 * 1024;
/// How many large ones of all sources are read at a time.
const LARGE_AT_ONCE: usize = 12;
/// How long one may wait, and take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// Sources remembered before those that are gone are forgotten.
const SOURCES: usize = 1024;

/// The turns of this process; in the app's data.
pub struct Turns {
    of_source: Mutex<HashMap<String, Weak<Semaphore>>>,
    of_all: Arc<Semaphore>,
}

/// Held while a large body is read and judged.
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _shared: OwnedSemaphorePermit,
}

impl Default for Turns {
    fn default() -> Self {
        Self { of_source: Mutex::default(), of_all: Arc::new(Semaphore::new(LARGE_AT_ONCE)) }
    }
}

pub(super) fn busy() -> Error {
    let message = "Too many large bodies are being read. Send this one again later.";
    Error::unavailable("webhook.busy", message).with_retry_after(PATIENCE)
}

impl Turns {
    /// # Errors
    /// `webhook.busy`.
    pub(super) async fn take(&self, source: &str) -> Result<Turn> {
        let own = self.semaphore_of(source);
        let wait = async {
            let own = own.acquire_owned().await.ok()?;
            let shared = self.of_all.clone().acquire_owned().await.ok()?;
            Some(Turn { _own: own, _shared: shared })
        };
        tokio::time::timeout(PATIENCE, wait).await.ok().flatten().ok_or_else(busy)
    }

    fn semaphore_of(&self, source: &str) -> Arc<Semaphore> {
        let mut known = self.of_source.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(semaphore) = known.get(source).and_then(Weak::upgrade) {
            return semaphore;
        }
        if known.len() >= SOURCES {
            known.retain(|_, semaphore| semaphore.strong_count() > 0);
        }
        let semaphore = Arc::new(Semaphore::new(1));
        known.insert(source.into(), Arc::downgrade(&semaphore));
        semaphore
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_source_has_one_turn_at_a_time_and_others_have_theirs() {
        let turns = Turns::default();
        let first = turns.take("198.51.100.7").await.unwrap();
        let mut second = Box::pin(turns.take("198.51.100.7"));
        assert!(futures_util::poll!(&mut second).is_pending());
        assert!(turns.take("198.51.100.8").await.is_ok());
        drop(first);
        assert!(second.await.is_ok());
        for n in 0..SOURCES * 2 {
            turns.take(&n.to_string()).await.unwrap();
        }
        assert!(turns.of_source.lock().unwrap().len() <= SOURCES, "who is gone is forgotten");
    }
}
