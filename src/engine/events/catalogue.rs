//! What was declared to happen in this program: the types of all folders, in one place while it runs.
//!
//! Each folder adds its facts ([`Facts`]), `app` assembles them beside routes and reactions and publishes them before
//! anything is read. Patterns and filters of the audit trail, the OpenAPI document and what is kept quiet read it.
//! It is of the program and not of a database or a configuration, hence one for the whole process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use super::fact::{Fact, Field};
use super::kind::{EventType, SubjectType};

/// A type of event, as its folder declared it.
#[derive(Debug)]
pub struct Declared {
    pub kind: EventType,
    /// What it is about.
    pub subject: SubjectType,
    /// A fact about the platform's own machinery: no tenant has it in its trail.
    pub is_of_platform: bool,
    /// What its data may hold.
    pub fields: Vec<Field>,
}

/// The facts of a program, while they are assembled.
#[derive(Default)]
pub struct Facts(BTreeMap<&'static str, Declared>);

impl Facts {
    /// Adds what happens to tenants.
    ///
    /// # Panics
    /// When a type was added before: two folders cannot mean the same.
    pub fn add<F: Fact>(&mut self) -> &mut Self {
        self.declare::<F>(false)
    }

    /// Adds what happens to the platform's own machinery.
    ///
    /// # Panics
    /// As [`Self::add`].
    pub fn add_platforms<F: Fact>(&mut self) -> &mut Self {
        self.declare::<F>(true)
    }

    fn declare<F: Fact>(&mut self, is_of_platform: bool) -> &mut Self {
        for kind in F::TYPES.iter().copied() {
            let declared = Declared { kind, subject: F::subject_of(kind), is_of_platform, fields: F::fields() };
            assert!(self.0.insert(kind.as_str(), declared).is_none(), "{kind} is declared twice");
        }
        self
    }

    /// Makes them known. What is known already stays as it is, so that it may be repeated.
    pub fn publish(self) {
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        for (name, declared) in self.0 {
            known.entry(name).or_insert_with(|| Box::leak(Box::new(declared)));
        }
    }
}

static KNOWN: RwLock<BTreeMap<&'static str, &'static Declared>> = RwLock::new(BTreeMap::new());

/// All that can happen, by name.
pub fn all() -> Vec<&'static Declared> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
}

pub fn find(kind: EventType) -> Option<&'static Declared> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(kind.as_str()).copied()
}

/// The types of all that can happen, by name.
pub fn types() -> Vec<EventType> {
    all().iter().map(|declared| declared.kind).collect()
}

/// What events can be about, by name.
pub fn subjects() -> Vec<SubjectType> {
    let all: BTreeSet<SubjectType> = all().iter().map(|declared| declared.subject).collect();
    all.into_iter().collect()
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
