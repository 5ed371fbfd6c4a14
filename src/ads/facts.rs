//! What happens to an ad campaign.

use super::model::{AccountOwner, CampaignStatus, Delivery};
use super::store::AdCampaign;
use crate::base::money::Money;
use crate::base::time::Timestamp;
use crate::engine::events::Facts;
use crate::providers::AdPlatform;

crate::fact! {
    /// An ad campaign, and what is other than before.
    AdCampaignFact as {
        CREATED = "ad_campaign.created",
        UPDATED = "ad_campaign.updated",
        SUBMITTED = "ad_campaign.submitted",
        APPROVED = "ad_campaign.approved",
        REJECTED = "ad_campaign.rejected",
        ACTIVATED = "ad_campaign.activated",
        PAUSED = "ad_campaign.paused",
        RESUMED = "ad_campaign.resumed",
        COMPLETED = "ad_campaign.completed",
        KEY_ROTATED = "ad_campaign.key_rotated",
        DELIVERY_CHANGED = "ad_campaign.delivery_changed",
        DELIVERY_FAILED = "ad_campaign.delivery_failed",
    } {
        name: Option<String> = "ABC_Real_Estate_Meta",
        platform: Option<AdPlatform> = "meta",
        account_owner: Option<AccountOwner> = "platform",
        daily_budget: Option<Money>,
        version: Option<i32> = 2,
        from: Option<CampaignStatus> = "draft",
        to: Option<CampaignStatus> = "active",
        reason: Option<String> = "quota_reached",
        delivery: Option<Delivery> = "running",
        valid_until: Option<Timestamp>,
        error: Option<String> = "auth: the ad platform did not carry it out",
    }
}

impl AdCampaignFact {
    /// Which ad campaign it is, for whoever reads no more than that.
    pub(super) fn of(campaign: &AdCampaign) -> Self {
        Self { name: Some(campaign.name.clone()), platform: Some(campaign.platform), ..Self::default() }
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<AdCampaignFact>();
}
