//! A person as a rule sees one: the contact, the segments it is in, and what others know of it.

use std::collections::{BTreeSet, HashMap};

use crate::contacts::id::SegmentId;
use crate::contacts::people::store::Contact;
use crate::engine::rules::{Fact, Facts};

/// See the module.
pub struct Person {
    pub contact: Contact,
    pub segments: BTreeSet<SegmentId>,
    /// Others' rows, by their noun.
    pub rows: HashMap<&'static str, Vec<Box<dyn Facts + Send + Sync>>>,
    /// Fields that a tenant has by itself, by name.
    pub own: HashMap<String, Fact<'static>>,
}
