//! Ad campaigns over HTTP.

mod count;
mod create;
pub mod key;
pub mod steer;
mod update;
mod views;

use actix_web::{HttpResponse, get};

pub use count::count_ad_campaigns;
pub use create::create_ad_campaign;
pub use update::update_ad_campaign;
pub use views::{AdCampaignView, DeliveryState, DeliveryView, LeadFormView, ReviewView};

use super::model::AccountOwner;
use super::store::{self, CampaignFilter};
use crate::base::Error;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, Page, Paging, Path, Reply};
use crate::leads::id::AdCampaignId;
use crate::tenants::access::{Caller, Permission};

/// List ad campaigns
///
/// Newest first, unless sorted otherwise.
#[utoipa::path(
    params(CampaignFilter),
    responses((status = 200, description = "A page of ad campaigns", body = Page<AdCampaignView>))
)]
#[get("/ad-campaigns")]
pub async fn list_ad_campaigns(caller: Caller, core: Core, query: Paging<CampaignFilter>) -> Answer {
    caller.require(Permission::AdCampaignsRead)?;
    let shows_costs = caller.is_operator();
    let list = move |tx: &mut TenantTx<'_>| {
        store::list(tx, &query.filter, &query.page)?.with(|rows| AdCampaignView::all(tx, rows, shows_costs))
    };
    Ok(HttpResponse::Ok().json(core.db.read_widely(caller.scope(), list).await?))
}

/// Read an ad campaign with its lead form
#[utoipa::path(responses((status = 200, description = "The ad campaign", body = AdCampaignView)))]
#[get("/ad-campaigns/{id}")]
pub async fn get_ad_campaign(caller: Caller, core: Core, id: Path<AdCampaignId>) -> Answer {
    caller.require(Permission::AdCampaignsRead)?;
    let shows_costs = caller.is_operator();
    let view = core.read(&caller, move |tx| {
        let row = store::get(tx, id.0)?;
        AdCampaignView::load(tx, row, shows_costs)
    });
    Ok(Reply::of(view.await?).respond())
}

/// Read the lead form of an ad campaign
#[utoipa::path(responses((status = 200, description = "The lead form", body = LeadFormView)))]
#[get("/ad-campaigns/{id}/lead-form")]
pub async fn get_lead_form(caller: Caller, core: Core, id: Path<AdCampaignId>) -> Answer {
    caller.require(Permission::AdCampaignsRead)?;
    let is_operator = caller.is_operator();
    let view = core
        .db
        .read(caller.scope(), move |tx: &mut TenantTx<'_>| {
            let campaign = store::get(tx, id.0)?;
            let shows_ids = is_operator || campaign.account_owner == AccountOwner::Tenant;
            let form = store::form_of(tx, &campaign)?;
            let none = || Error::not_found("lead_form.not_found", "This ad campaign has no lead form.");
            LeadFormView::of(form.ok_or_else(none)?, shows_ids)
        })
        .await?;
    Ok(HttpResponse::Ok().json(view))
}
