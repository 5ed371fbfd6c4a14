//! Estimating, confirming, pausing, resuming and canceling an outreach campaign, and its proof.

use actix_web::{HttpResponse, get, post};
use validator::Validate;

use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Path, Reply};
use crate::outreach::estimate::{self, OutreachEstimateView};
use crate::outreach::id::{OutreachCampaignId, OutreachEstimateId};
use crate::outreach::proof::{self, OutreachProof};
use crate::outreach::steer;
use crate::outreach::store::campaigns::{self, OutreachCampaignView};
use crate::outreach::store::estimates;
use crate::sending::dispatch::Platform;
use crate::tenants::access::{Caller, Permission};

/// Estimate an outreach campaign
///
/// Looks at everybody of a draft's audience: whom it would reach, whom not and why, and when it would be done. Confirming takes the
/// estimate's id within an hour, as long as the draft is not changed.
#[utoipa::path(responses((status = 201, description = "The estimate", body = OutreachEstimateView)))]
#[post("/outreach-campaigns/{id}/estimate")]
pub async fn estimate_outreach_campaign(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    once: Once,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    let platform = Platform::of(&core);
    once.write(&core, caller.scope(), move |tx| {
        let estimate = estimate::make(tx, id.0, &platform)?;
        let path = format!("/v1/outreach-campaigns/{}/estimate", id.0);
        Ok(Reply::created(OutreachEstimateView::from(estimate)).location(path))
    })
    .await
}

/// Get the newest estimate of an outreach campaign
#[utoipa::path(extensions(("x-comes-later" = json!(true))), responses((status = 200, description = "The estimate", body = OutreachEstimateView)))]
#[get("/outreach-campaigns/{id}/estimate")]
pub async fn get_outreach_estimate(caller: Caller, core: Core, id: Path<OutreachCampaignId>) -> Answer {
    caller.require(Permission::OutreachRead)?;
    let found = core.read(&caller, move |tx| {
        campaigns::get(tx, id.0)?;
        estimates::newest(tx, id.0)?.ok_or_else(estimate::absent)
    });
    Ok(HttpResponse::Ok().json(OutreachEstimateView::from(found.await?)))
}

/// What is agreed to.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"estimate_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a12"}))]
pub struct OutreachConfirmation {
    pub estimate_id: OutreachEstimateId,
}

/// Confirm an outreach campaign
///
/// It leaves at once, or at its `scheduled_at`. Whether each person may be written to is asked again at the moment of sending. Of two
/// confirmations one wins, and the other is refused.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The outreach campaign, on its way", body = OutreachCampaignView)))]
#[post("/outreach-campaigns/{id}/confirm")]
pub async fn confirm_outreach_campaign(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    input: Json<OutreachConfirmation>,
    at: IfMatch,
    once: Once,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        steer::confirm(tx, id.0, input.0.estimate_id, &at).map(|it| Reply::of(OutreachCampaignView::from(it)))
    })
    .await
}

/// Pause an outreach campaign
///
/// Messages that are with a provider already are waited for.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The outreach campaign, paused", body = OutreachCampaignView)))]
#[post("/outreach-campaigns/{id}/pause")]
pub async fn pause_outreach_campaign(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    at: IfMatch,
    once: Once,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        steer::pause(tx, id.0, &at).map(|it| Reply::of(OutreachCampaignView::from(it)))
    })
    .await
}

/// Resume an outreach campaign
///
/// It goes on where it was. One whose moment passed meanwhile is launched now, unless its lateness is over: then it is missed.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The outreach campaign, on its way again", body = OutreachCampaignView)))]
#[post("/outreach-campaigns/{id}/resume")]
pub async fn resume_outreach_campaign(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    at: IfMatch,
    once: Once,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        steer::resume(tx, id.0, &at).map(|it| Reply::of(OutreachCampaignView::from(it)))
    })
    .await
}

/// Cancel an outreach campaign
///
/// Whoever waits is not written to; what a provider has cannot be taken back.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The outreach campaign, canceled", body = OutreachCampaignView)))]
#[post("/outreach-campaigns/{id}/cancel")]
pub async fn cancel_outreach_campaign(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    at: IfMatch,
    once: Once,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        steer::cancel(tx, id.0, &at).map(|it| Reply::of(OutreachCampaignView::from(it)))
    })
    .await
}

/// Get the proof of an outreach campaign
///
/// Counts its rows one by one: that everybody of the audience is accounted for once, and no address was written to twice.
#[utoipa::path(extensions(("x-comes-later" = json!(true))), responses((status = 200, description = "The proof", body = OutreachProof)))]
#[get("/outreach-campaigns/{id}/proof")]
pub async fn get_outreach_proof(caller: Caller, core: Core, id: Path<OutreachCampaignId>) -> Answer {
    caller.require(Permission::OutreachRead)?;
    let key = core.master_key.clone();
    let proof =
        core.db.read_widely(caller.scope(), move |tx: &mut crate::engine::db::TenantTx<'_>| proof::of(tx, &key, id.0));
    Ok(HttpResponse::Ok().json(proof.await?))
}
