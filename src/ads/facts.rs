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
        /// An ad campaign was drafted.
        CREATED = "ad_campaign.created" says [name, platform, daily_budget] maybe [],
        /// What an ad campaign is changed, or the quota changed how it is delivered.
        UPDATED = "ad_campaign.updated" says [name, platform] maybe [version, delivery, reason],
        /// The operators were asked to agree to an ad campaign.
        SUBMITTED = "ad_campaign.submitted"
            says [name, platform, from, to] maybe [account_owner, daily_budget, reason],
        /// The operators agreed to an ad campaign.
        APPROVED = "ad_campaign.approved"
            says [name, platform, from, to] maybe [account_owner, daily_budget, reason],
        /// The operators sent an ad campaign back, with their reason.
        REJECTED = "ad_campaign.rejected"
            says [name, platform, from, to] maybe [account_owner, daily_budget, reason],
        /// An ad campaign began to run.
        ACTIVATED = "ad_campaign.activated" says [name, platform, from, to] maybe [reason],
        /// An ad campaign was paused: by somebody, by the quota or by its monthly cap.
        PAUSED = "ad_campaign.paused" says [name, platform, from, to] maybe [reason],
        /// A paused ad campaign runs again.
        RESUMED = "ad_campaign.resumed" says [name, platform, from, to] maybe [reason],
        /// An ad campaign is over.
        COMPLETED = "ad_campaign.completed" says [name, platform, from, to] maybe [reason],
        /// The key that the lead forms of an ad campaign send with was made or replaced.
        KEY_ROTATED = "ad_campaign.key_rotated" says [name, platform] maybe [valid_until],
        /// The ad platform carried out how an ad campaign is to be delivered.
        DELIVERY_CHANGED = "ad_campaign.delivery_changed" says [name, platform, delivery, daily_budget] maybe [],
        /// The ad platform did not carry it out, and it is not tried again by itself.
        DELIVERY_FAILED = "ad_campaign.delivery_failed" says [name, platform, delivery, error] maybe [],
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
