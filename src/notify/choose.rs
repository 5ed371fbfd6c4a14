//! What a person wants to be told, and where.

use serde_json::Value;

use super::model::{ChoicePatch, NotificationKind, merge};
use super::store;
use crate::base::Result;
use crate::base::id::UserId;
use crate::base::json::Json;
use crate::base::patch::Patch;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::tenants::access::Role;
use crate::tenants::facts::UserUpdated;

crate::patch! {
    /// What is absent stays; null returns to the default.
    #[schema(example = json!({"lead_created": {"email": false}, "quota_reached": null}))]
    pub struct NotificationPreferencesPatch {
        pub lead_created: Patch<ChoicePatch>,
        pub lead_enquired: Patch<ChoicePatch>,
        pub message_received: Patch<ChoicePatch>,
        pub quota_reached: Patch<ChoicePatch>,
        pub subscription_expired: Patch<ChoicePatch>,
        pub payment_due: Patch<ChoicePatch>,
        pub webhook_endpoint_disabled: Patch<ChoicePatch>,
        pub ad_campaign_reviewed: Patch<ChoicePatch>,
        pub member_left: Patch<ChoicePatch>,
    }
}

impl NotificationPreferencesPatch {
    fn by_kind(self) -> [(NotificationKind, Patch<ChoicePatch>); 9] {
        [
            (NotificationKind::LeadCreated, self.lead_created),
            (NotificationKind::LeadEnquired, self.lead_enquired),
            (NotificationKind::MessageReceived, self.message_received),
            (NotificationKind::QuotaReached, self.quota_reached),
            (NotificationKind::SubscriptionExpired, self.subscription_expired),
            (NotificationKind::PaymentDue, self.payment_due),
            (NotificationKind::WebhookEndpointDisabled, self.webhook_endpoint_disabled),
            (NotificationKind::AdCampaignReviewed, self.ad_campaign_reviewed),
            (NotificationKind::MemberLeft, self.member_left),
        ]
    }
}

/// Changes a person's choices. Answers their role, the document of their choices and the membership's version.
///
/// # Errors
/// `user.not_found`, `request.precondition_failed`, `storage.conflict`.
pub fn change(
    tx: &mut TenantTx<'_>,
    user: UserId,
    patch: NotificationPreferencesPatch,
    if_match: &IfMatch,
) -> Result<(Role, Value, i32)> {
    // The same column as `PATCH /v1/me` writes.
    lock_tenant(tx, "members")?;
    let (role, before, version) = store::preferences(tx, user)?;
    if_match.check(version)?;
    let before = before.value();
    let mut document = before.clone();
    for (kind, choice) in patch.by_kind() {
        merge(&mut document, kind, choice);
    }
    if document == before {
        return Ok((role, document, version));
    }
    let version = store::save_preferences(tx, user, &Json::of(&document), version)?;
    let fact = UserUpdated { changed: Some(vec!["notification_preferences".into()]), ..UserUpdated::default() };
    tx.record(fact.told_as(UserUpdated::TYPE).about(user.uuid()))?;
    Ok((role, document, version))
}
