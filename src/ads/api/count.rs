//! How many ad campaigns there are.

use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use crate::ads::model::CampaignStatus;
use crate::ads::store::AD_CAMPAIGNS;
use crate::base::Result;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::db::kept_counts::{self, Counts};
use crate::engine::http::{Answer, CommaList, Query};
use crate::providers::AdPlatform;
use crate::tenants::access::{Caller, Permission};

crate::text_enum! {
    /// What ad campaigns are counted by.
    pub enum AdCampaignCountBy { Status = "status", Platform = "platform" }
}

impl AdCampaignCountBy {
    /// Its place among the fields of [`AD_CAMPAIGNS`].
    fn place(self) -> usize {
        match self {
            Self::Status => 0,
            Self::Platform => 1,
        }
    }
}

/// Which ad campaigns to count.
#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AdCampaignCountQuery {
    /// What to count by besides.
    #[param(inline, value_type = Option<Vec<AdCampaignCountBy>>)]
    by: Option<CommaList<AdCampaignCountBy>>,
    platform: Option<AdPlatform>,
    status: Option<CampaignStatus>,
}

impl AdCampaignCountQuery {
    fn count(&self, tx: &mut TenantTx<'_>) -> Result<Counts> {
        let by: Vec<usize> = self.by.iter().flat_map(|list| list.iter()).map(|field| field.place()).collect();
        let among = [
            (AdCampaignCountBy::Status.place(), self.status.iter().map(ToString::to_string).collect::<Vec<_>>()),
            (AdCampaignCountBy::Platform.place(), self.platform.iter().map(ToString::to_string).collect()),
        ];
        let totals = kept_counts::totals(tx, &AD_CAMPAIGNS, &by, among)?;
        Ok(Counts::of(&AD_CAMPAIGNS, &by, &totals))
    }
}

/// Count ad campaigns
///
/// All of them, and by whatever fields `by` names, each with all its values, in one call.
#[utoipa::path(params(AdCampaignCountQuery), responses((status = 200, description = "The counts", body = Counts)))]
#[get("/ad-campaigns/counts")]
pub async fn count_ad_campaigns(caller: Caller, core: Core, query: Query<AdCampaignCountQuery>) -> Answer {
    caller.require(Permission::AdCampaignsRead)?;
    let counts = core.db.read_widely(caller.scope(), move |tx: &mut TenantTx<'_>| query.0.count(tx)).await?;
    Ok(HttpResponse::Ok().json(counts))
}
