//! `/v1/outreach-campaigns`: what is written to many people at once.

use actix_web::{HttpResponse, delete, get, patch, post};

use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, Reply, listed, made, reply};
use crate::outreach::change::{self, NewOutreachCampaign, OutreachCampaignPatch};
use crate::outreach::id::OutreachCampaignId;
use crate::outreach::model::OutreachCounts;
use crate::outreach::store::campaigns::{self as rows, OutreachCampaignFilter, OutreachCampaignView};
use crate::outreach::store::messages;
use crate::tenants::access::{Caller, Permission};

/// List outreach campaigns
///
/// Newest first, unless sorted otherwise.
#[utoipa::path(params(OutreachCampaignFilter), responses((status = 200, description = "A page of outreach campaigns", body = Page<OutreachCampaignView>)))]
#[get("/outreach-campaigns")]
pub async fn list_outreach_campaigns(caller: Caller, core: Core, query: Paging<OutreachCampaignFilter>) -> Answer {
    caller.require(Permission::OutreachRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Create an outreach campaign
///
/// A draft: nothing leaves before it is estimated and confirmed.
#[utoipa::path(responses((status = 201, description = "The draft", body = OutreachCampaignView)))]
#[post("/outreach-campaigns")]
pub async fn create_outreach_campaign(
    caller: Caller,
    core: Core,
    input: Json<NewOutreachCampaign>,
    once: Once,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    once.write(&core, caller.scope(), move |tx| change::create(tx, input.0).map(made)).await
}

/// Get an outreach campaign
#[utoipa::path(responses((status = 200, description = "The outreach campaign", body = OutreachCampaignView)))]
#[get("/outreach-campaigns/{id}")]
pub async fn get_outreach_campaign(caller: Caller, core: Core, id: Path<OutreachCampaignId>) -> Answer {
    caller.require(Permission::OutreachRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update an outreach campaign
///
/// A draft can be changed in everything. One that is paused can be given another name, and other words by another template of its
/// channel: whoever is not written to yet gets those.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The outreach campaign as it is now", body = OutreachCampaignView)))]
#[patch("/outreach-campaigns/{id}")]
pub async fn update_outreach_campaign(
    caller: Caller,
    core: Core,
    id: Path<OutreachCampaignId>,
    input: Json<OutreachCampaignPatch>,
    at: IfMatch,
) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    Ok(reply(core.write(&caller, move |tx| change::change(tx, id.0, input.0, &at)).await?))
}

/// Delete a draft of an outreach campaign
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/outreach-campaigns/{id}")]
pub async fn delete_outreach_campaign(caller: Caller, core: Core, id: Path<OutreachCampaignId>) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    core.write(&caller, move |tx| change::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Clone an outreach campaign
///
/// Drafts the same again: name, template and audience; nothing of what was scheduled or sent.
#[utoipa::path(responses((status = 201, description = "The draft", body = OutreachCampaignView)))]
#[post("/outreach-campaigns/{id}/clone")]
pub async fn clone_outreach_campaign(caller: Caller, core: Core, id: Path<OutreachCampaignId>, once: Once) -> Answer {
    caller.require(Permission::OutreachWrite)?;
    once.write(&core, caller.scope(), move |tx| {
        let campaign = OutreachCampaignView::from(change::clone(tx, id.0)?);
        let path = format!("/v1/outreach-campaigns/{}", campaign.id);
        let version = campaign.version;
        Ok(Reply::created(campaign).version(version).location(path))
    })
    .await
}

/// Count the messages of an outreach campaign
///
/// By how far they came, exact at every moment.
#[utoipa::path(responses((status = 200, description = "The counts", body = OutreachCounts)))]
#[get("/outreach-campaigns/{id}/counts")]
pub async fn count_outreach_messages(caller: Caller, core: Core, id: Path<OutreachCampaignId>) -> Answer {
    caller.require(Permission::OutreachRead)?;
    let counts = core.read(&caller, move |tx| {
        rows::get(tx, id.0)?;
        messages::counts(tx, id.0)
    });
    Ok(HttpResponse::Ok().json(counts.await?))
}
