//! The ids of this folder's rows.

crate::engine::ids! {
    OutreachCampaignId, OutreachEstimateId, OutreachMessageId,
}
