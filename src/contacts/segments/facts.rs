//! What happens to segments, and to people by them.

use super::model::SegmentKind;
use crate::contacts::id::SegmentId;
use crate::engine::events::Facts;

crate::fact! {
    /// What happens to a segment.
    SegmentFact as {
        /// A segment was made.
        CREATED = "segment.created" says [kind] maybe [],
        /// Somebody changed a segment.
        UPDATED = "segment.updated" says [changed] maybe [],
        /// The members of a segment were gathered by its rule; none of them is told of by itself.
        BUILT = "segment.built" says [members_count] maybe [],
        /// The nightly comparison found members that the rule does not have, or the other way round, and mended it.
        REPAIRED = "segment.repaired" says [added, removed] maybe [],
        /// A segment was deleted.
        DELETED = "segment.deleted" says [] maybe [],
    } {
        kind: Option<SegmentKind> = "dynamic",
        changed: Option<Vec<String>> = ["rule"],
        members_count: Option<i64> = 1200,
        added: Option<i64> = 2,
        removed: Option<i64> = 1,
    }
}

crate::fact! {
    /// A person came into a segment, or left it.
    MemberFact as {
        /// A person came into a segment: it was put in, changed, or time passed. Not told of those who are found when a segment is built.
        ENTERED = "contact.entered_segment" says [segment_id] maybe [],
        /// A person left a segment. Not told of those who are left out when a segment is built, nor of a contact that is deleted.
        LEFT = "contact.left_segment" says [segment_id] maybe [],
    } {
        segment_id: Option<SegmentId>,
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<SegmentFact>().add::<MemberFact>();
}
