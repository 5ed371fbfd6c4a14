//! The ids of this folder's rows.

crate::engine::ids! {
    SubscriptionId, UsagePeriodId, UsageEntryId,
}
