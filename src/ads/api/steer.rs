//! Submitting, activating, pausing, resuming and completing an ad campaign.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, post, web};
use validator::Validate;

use super::AdCampaignView;
use crate::ads::model::Step;
use crate::ads::status;
use crate::base::id::AdCampaignId;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Json, Once, Path, Reply};
use crate::tenants::access::{Caller, Permission};

/// Why. The body may be left out.
#[derive(Debug, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"reason": "New photos are coming"}))]
pub struct SteerReason {
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// A body that may be absent.
#[derive(Debug)]
pub struct Reason(Option<String>);

impl FromRequest for Reason {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = req.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let is_streamed = req.headers().contains_key(header::TRANSFER_ENCODING);
        if length.is_none_or(|length| length == "0") && !is_streamed {
            return Box::pin(std::future::ready(Ok(Self(None))));
        }
        let body = Json::<SteerReason>::from_request(req, payload);
        Box::pin(async move { Ok(Self(body.await?.0.reason)) })
    }
}

async fn steer(
    caller: Caller,
    core: &Core,
    id: AdCampaignId,
    step: Step,
    reason: Option<String>,
    once: Once,
) -> Result<HttpResponse> {
    caller.require(Permission::AdCampaignsWrite)?;
    // `quota_reached` lifts itself, so nobody may claim it.
    if reason.as_deref() == Some(crate::ads::model::QUOTA_REACHED) {
        return Err(Error::field("/reason", "invalid_value", "quota_reached is given by the quota alone"));
    }
    let shows_costs = caller.is_operator();
    once.write(core, caller.scope(), move |tx: &mut TenantTx<'_>| {
        let campaign = status::take(tx, id, step, reason)?;
        let version = campaign.version;
        Ok(Reply::ok(AdCampaignView::load(tx, campaign, shows_costs)?).version(version))
    })
    .await
}

/// Send a draft to review
#[utoipa::path(
    operation_id = "submit_ad_campaign",
    tag = "Ad campaigns",
    params(("id" = AdCampaignId, Path)),
    security(("bearer" = []), ("operator" = [])),
    responses((status = 200, description = "The ad campaign, waiting for approval", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/submit")]
pub async fn submit_ad_campaign(
    caller: Caller,
    core: web::Data<Core>,
    id: Path<AdCampaignId>,
    once: Once,
) -> Result<HttpResponse> {
    steer(caller, &core, id.0, Step::Submit, None, once).await
}

/// Let an ad campaign run
///
/// When the plan's leads are used up it waits, `paused` with reason `quota_reached`, or runs slowly, by the overage policy.
/// Without an `external_campaign_id` its leads are taken in, but nothing at the ad platform is started or stopped.
#[utoipa::path(
    operation_id = "activate_ad_campaign",
    tag = "Ad campaigns",
    params(("id" = AdCampaignId, Path)),
    security(("bearer" = []), ("operator" = [])),
    responses((status = 200, description = "The ad campaign, active", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/activate")]
pub async fn activate_ad_campaign(
    caller: Caller,
    core: web::Data<Core>,
    id: Path<AdCampaignId>,
    once: Once,
) -> Result<HttpResponse> {
    steer(caller, &core, id.0, Step::Activate, None, once).await
}

/// Pause an ad campaign
///
/// The ad platform is told right after; leads that still arrive are stored.
#[utoipa::path(
    operation_id = "pause_ad_campaign",
    tag = "Ad campaigns",
    params(("id" = AdCampaignId, Path)),
    request_body = SteerReason,
    security(("bearer" = []), ("operator" = [])),
    responses((status = 200, description = "The ad campaign, paused", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/pause")]
pub async fn pause_ad_campaign(
    caller: Caller,
    core: web::Data<Core>,
    id: Path<AdCampaignId>,
    reason: Reason,
    once: Once,
) -> Result<HttpResponse> {
    steer(caller, &core, id.0, Step::Pause, reason.0, once).await
}

/// Resume a paused ad campaign
#[utoipa::path(
    operation_id = "resume_ad_campaign",
    tag = "Ad campaigns",
    params(("id" = AdCampaignId, Path)),
    security(("bearer" = []), ("operator" = [])),
    responses((status = 200, description = "The ad campaign, active again", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/resume")]
pub async fn resume_ad_campaign(
    caller: Caller,
    core: web::Data<Core>,
    id: Path<AdCampaignId>,
    once: Once,
) -> Result<HttpResponse> {
    steer(caller, &core, id.0, Step::Resume, None, once).await
}

/// End an ad campaign for good
#[utoipa::path(
    operation_id = "complete_ad_campaign",
    tag = "Ad campaigns",
    params(("id" = AdCampaignId, Path)),
    security(("bearer" = []), ("operator" = [])),
    responses((status = 200, description = "The ad campaign, completed", body = AdCampaignView))
)]
#[post("/ad-campaigns/{id}/complete")]
pub async fn complete_ad_campaign(
    caller: Caller,
    core: web::Data<Core>,
    id: Path<AdCampaignId>,
    once: Once,
) -> Result<HttpResponse> {
    steer(caller, &core, id.0, Step::Complete, None, once).await
}
