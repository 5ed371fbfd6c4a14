//! Submitting, activating, sending back, pausing, resuming and completing an ad campaign.

use actix_web::post;
use validator::Validate;

use super::AdCampaignView;
use crate::ads::model::{Asker, Step};
use crate::ads::{review, steps};
use crate::base::Error;
use crate::base::bounded::{Line, Text};
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, JsonOrNothing, Once, Path, Reply};
use crate::leads::id::AdCampaignId;
use crate::tenants::access::{Caller, Permission};

/// Why. The body may be left out.
#[derive(Debug, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "New photos are coming"}))]
pub struct SteerReason {
    pub reason: Option<Text<1, 200>>,
}

/// What the tenant is to change.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The headline promises a price. Please name none."}))]
pub struct Rejection {
    pub reason: Line<1, 500>,
}

async fn steer(
    caller: Caller,
    core: &Core,
    id: AdCampaignId,
    step: Step,
    reason: Option<String>,
    if_match: IfMatch,
    once: Once,
) -> Answer {
    caller.require(Permission::AdCampaignsWrite)?;
    // `quota_reached` lifts itself, so nobody may claim it.
    if reason.as_deref() == Some(crate::ads::model::QUOTA_REACHED) {
        return Err(Error::field("/reason", "invalid_value", "quota_reached is given by the quota alone"));
    }
    let shows_costs = caller.is_operator();
    let asker = if caller.is_operator() { Asker::Operator } else { Asker::Tenant };
    once.write(core, caller.scope(), move |tx| {
        let campaign = steps::take(tx, id, step, reason, asker, &if_match)?;
        AdCampaignView::load(tx, campaign, shows_costs).map(Reply::of)
    })
    .await
}

/// Send a draft to review
///
/// The operators are asked, as by `activate`; in the tenant's own ad account, where it names ids, whose those are.
#[utoipa::path(responses((status = 200, description = "The ad campaign, waiting for approval", body = AdCampaignView)))]
#[post("/ad-campaigns/{id}/submit")]
pub async fn submit_ad_campaign(caller: Caller, core: Core, id: Path<AdCampaignId>, once: Once) -> Answer {
    steer(caller, &core, id.0, Step::Submit, None, IfMatch::default(), once).await
}

/// Let an ad campaign run
///
/// In the platform's ad account a tenant's call asks the operators first: the ad campaign is `pending_approval`, and they have a
/// task. An operator's call approves it, and lets it run; `If-Match` makes sure that it is the one the operator has read. Once
/// approved, the tenant pauses and resumes it freely. In a tenant's own ad account the operators are asked only whose its ids are:
/// until an operator activates it, it brings no leads (they wait, and follow) and nothing at the ad platform is started or stopped.
/// Without ids the tenant's call activates it. An id that another ad campaign holds, which is not over, is refused to the operator
/// with 409, and both are named.
///
/// When the plan's leads are used up it waits, `paused` with reason `quota_reached`, or runs slowly, by the overage policy.
/// Without an `external_campaign_id` its leads are taken in, but nothing at the ad platform is started or stopped.
#[utoipa::path(
    params(IfMatch),
    responses((status = 200, description = "The ad campaign: active, or waiting for approval, or for the quota", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/activate")]
pub async fn activate_ad_campaign(
    caller: Caller,
    core: Core,
    id: Path<AdCampaignId>,
    if_match: IfMatch,
    once: Once,
) -> Answer {
    steer(caller, &core, id.0, Step::Activate, None, if_match, once).await
}

/// Send an ad campaign back to its tenant
///
/// For operators. It is a draft again, with the reason in its `review`, and the tenant is told.
#[utoipa::path(
    params(IfMatch), security(("operator" = [])),
    responses((status = 200, description = "The ad campaign, a draft", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/reject")]
pub async fn reject_ad_campaign(
    caller: Caller,
    core: Core,
    id: Path<AdCampaignId>,
    if_match: IfMatch,
    body: Json<Rejection>,
    once: Once,
) -> Answer {
    caller.require_operator()?;
    once.write(&core, caller.scope(), move |tx| {
        let campaign = review::reject(tx, id.0, body.0.reason.into(), &if_match)?;
        AdCampaignView::load(tx, campaign, true).map(Reply::of)
    })
    .await
}

/// Pause an ad campaign
///
/// The ad platform is told right after; leads that still arrive are stored.
#[utoipa::path(
    request_body = SteerReason,
    responses((status = 200, description = "The ad campaign, paused", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/pause")]
pub async fn pause_ad_campaign(
    caller: Caller,
    core: Core,
    id: Path<AdCampaignId>,
    body: JsonOrNothing<SteerReason>,
    once: Once,
) -> Answer {
    steer(caller, &core, id.0, Step::Pause, body.0.reason.map(String::from), IfMatch::default(), once).await
}

/// Resume a paused ad campaign
///
/// One whose approval a change has taken back waits for the operators again.
#[utoipa::path(responses((status = 200, description = "The ad campaign, active again", body = AdCampaignView)))]
#[post("/ad-campaigns/{id}/resume")]
pub async fn resume_ad_campaign(caller: Caller, core: Core, id: Path<AdCampaignId>, once: Once) -> Answer {
    steer(caller, &core, id.0, Step::Resume, None, IfMatch::default(), once).await
}

/// End an ad campaign for good
#[utoipa::path(responses((status = 200, description = "The ad campaign, completed", body = AdCampaignView)))]
#[post("/ad-campaigns/{id}/complete")]
pub async fn complete_ad_campaign(caller: Caller, core: Core, id: Path<AdCampaignId>, once: Once) -> Answer {
    steer(caller, &core, id.0, Step::Complete, None, IfMatch::default(), once).await
}
