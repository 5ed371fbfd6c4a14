//! Changing an ad campaign.

use actix_web::patch;

use super::AdCampaignView;
use crate::ads::change::{self, AdCampaignPatch};
use crate::ads::model::Asker;
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Path, Reply};
use crate::leads::id::AdCampaignId;
use crate::tenants::access::{Caller, Permission};

/// Change an ad campaign
///
/// What operators approved in the platform's ad account, they approve again when its tenant changes it: when `daily_budget`,
/// `monthly_cap` or `total_budget` rises or a limit goes, when `end_at` is later or goes, and when the targeting, the ad creative, the
/// search ads, the lead form's questions or links, or an id at the ad platform change. The change is saved; the ad campaign is paused
/// at the ad platform and `pending_approval`, or, when a person had paused it, waits for approval once it is resumed. In a tenant's own
/// ad account that goes for the ids alone: a new one brings leads only once an operator agrees to it.
#[utoipa::path(
    params(IfMatch),
    responses((status = 200, description = "The ad campaign as it is now", body = AdCampaignView))
)]
#[patch("/ad-campaigns/{id}")]
pub async fn update_ad_campaign(
    caller: Caller,
    core: Core,
    id: Path<AdCampaignId>,
    if_match: IfMatch,
    body: Json<AdCampaignPatch>,
) -> Answer {
    caller.require(Permission::AdCampaignsWrite)?;
    let asker = if caller.is_operator() { Asker::Operator } else { Asker::Tenant };
    let (shows_costs, policy) = (caller.is_operator(), core.settings.privacy_policy_url.clone());
    let change = core.write(&caller, move |tx| {
        let campaign = change::change(tx, id.0, body.0, &if_match, policy.as_deref(), asker)?;
        AdCampaignView::load(tx, campaign, shows_costs)
    });
    Ok(Reply::of(change.await?).respond())
}
