//! What was declared to happen in this program: the types of all folders, in one place while it runs.
//!
//! Each folder adds its facts ([`Facts`]), `app` assembles them beside routes and reactions and publishes them before
//! anything is read. Patterns and filters of the audit trail, the OpenAPI document and what is kept quiet read it.
//! It is of the program and not of a database or a configuration, hence one for the whole process.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::fact::{Fact, Field, Telling};
use super::kind::{EventType, SubjectType};
use super::known;

pub use super::kind::{subjects, types};

/// A type of event, as its folder declared it.
#[derive(Debug)]
pub struct Declared {
    pub kind: EventType,
    /// What it is about.
    pub subject: SubjectType,
    /// A fact about the platform's own machinery: no tenant has it in its trail.
    pub is_of_platform: bool,
    /// When it happens, and what it says then.
    pub telling: Telling,
    /// What its data may hold; events of earlier versions may say what is no longer told.
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
            let declared = Declared {
                kind,
                subject: F::subject_of(kind),
                is_of_platform,
                telling: F::telling(kind),
                fields: F::fields(),
            };
            assert!(self.0.insert(kind.as_str(), declared).is_none(), "{kind} is declared twice");
        }
        self
    }

    /// Makes them known. What is known already stays as it is, so that it may be repeated.
    pub fn publish(self) {
        known::publish(self.0.values().map(|declared| (declared.kind.as_str(), declared.subject.as_str())));
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
