//! The names that are known in this program: of types, and of what each is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

static KNOWN: RwLock<BTreeMap<&'static str, &'static str>> = RwLock::new(BTreeMap::new());

/// Makes types known, each with its subject. What is known already stays as it is.
pub(super) fn publish(names: impl Iterator<Item = (&'static str, &'static str)>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for (kind, subject) in names {
        known.entry(kind).or_insert(subject);
    }
}

/// By name.
pub(super) fn types() -> Vec<&'static str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
}

/// By name.
pub(super) fn subjects() -> BTreeSet<&'static str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
}

/// What a type was declared to be about.
pub(super) fn subject_of(kind: &str) -> Option<&'static str> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(kind).copied()
}

/// A name read from the database. One that is not known here was written by another version, and keeps its name: there are
/// never more of them than such versions have types.
pub(super) fn stored(name: &str) -> &'static str {
    static OF_OTHERS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    if let Some((known, _)) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get_key_value(name) {
        return known;
    }
    let mut of_others = OF_OTHERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = of_others.get(name) {
        return kept;
    }
    let kept: &'static str = Box::leak(name.into());
    of_others.insert(kept);
    kept
}
