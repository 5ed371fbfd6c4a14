//! The ids of this folder's rows.

crate::engine::ids! {
    AdCampaignId, LeadFormId, NoteId, TaskId,
}
