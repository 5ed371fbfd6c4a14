//! The ids of this folder's rows.

crate::engine::ids! {
    ContactId, LeadId, SuppressionId,
}
