//! The ids of this folder's rows.

crate::engine::ids! {
    BookingId, ConsentId, ContactId, ContactNoteId, CustomAttributeId, LeadId, SegmentId, SuppressionId,
}
