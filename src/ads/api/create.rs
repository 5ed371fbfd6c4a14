//! Creating an ad campaign.

use actix_web::post;

use super::AdCampaignView;
use crate::ads::create::{self, NewAdCampaign};
use crate::engine::Core;
use crate::engine::http::{Answer, Json, Once, Reply};
use crate::tenants::access::{Caller, Permission};

/// Create an ad campaign
#[utoipa::path(responses((status = 201, description = "The ad campaign, a draft", body = AdCampaignView)))]
#[post("/ad-campaigns")]
pub async fn create_ad_campaign(caller: Caller, core: Core, body: Json<NewAdCampaign>, once: Once) -> Answer {
    caller.require(Permission::AdCampaignsWrite)?;
    let (by_operator, policy) = (caller.is_operator(), core.settings.privacy_policy_url.clone());
    once.write(&core, caller.scope(), move |tx| {
        let campaign = create::create(tx, body.0, policy.as_deref(), by_operator)?;
        let location = format!("/v1/ad-campaigns/{}", campaign.id);
        Ok(Reply::made(AdCampaignView::load(tx, campaign, by_operator)?, location))
    })
    .await
}
