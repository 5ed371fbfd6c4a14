//! Bounded memory and fresh identifiers for the twins.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A map that forgets its oldest entries, so that a long load test stays in memory.
pub(super) struct Ring<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
    capacity: usize,
}

impl<K: Clone + Eq + Hash, V> Ring<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), capacity }
    }

    /// Keeps the place of a key that is already there.
    pub fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
            if self.order.len() > self.capacity
                && let Some(oldest) = self.order.pop_front()
            {
                self.entries.remove(&oldest);
            }
        }
    }

    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key)
    }

    pub fn get_mut<Q: Eq + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key)
    }

    pub fn newest_first(&self) -> impl Iterator<Item = &V> {
        self.order.iter().rev().filter_map(|key| self.entries.get(key))
    }

    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

/// A twin's state stays usable after a panic elsewhere: every critical section leaves it whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 32 hex digits, as in `SM…`.
#[allow(clippy::disallowed_methods)] // a provider's id, which is no id of ours
pub(super) fn hex_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// Numeric ids that no earlier run handed out: the database outlives the twins.
pub(super) struct Numbers(AtomicU64);

impl Numbers {
    pub fn new() -> Self {
        Self(AtomicU64::new(rand::random_range(1_000_000_000_000_000..9_000_000_000_000_000)))
    }
    pub fn next(&self) -> String {
        self.0.fetch_add(1, Ordering::Relaxed).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_and_an_update_keeps_its_place() {
        let mut ring = Ring::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("a", 3), ("c", 4)] {
            ring.insert(key, value);
        }
        assert_eq!(ring.newest_first().copied().collect::<Vec<_>>(), [4, 2]);
        assert!(ring.get("a").is_none());
        ring.clear();
        assert_eq!(ring.newest_first().count(), 0);
    }

    #[test]
    fn numbers_are_sixteen_digits_and_never_repeat() {
        let numbers = Numbers::new();
        let (first, second) = (numbers.next(), numbers.next());
        assert_eq!(first.len(), 16);
        assert_ne!(first, second);
    }
}
