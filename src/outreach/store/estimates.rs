//! Rows of `outreach_estimates`.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::outreach::id::{OutreachCampaignId, OutreachEstimateId};
use crate::outreach::model::Figures;
use crate::outreach::schema::outreach_estimates;

/// What sending would reach.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outreach_estimates)]
pub struct OutreachEstimate {
    pub tenant_id: TenantId,
    pub id: OutreachEstimateId,
    pub campaign_id: OutreachCampaignId,
    /// Of the campaign, when it was made.
    pub campaign_version: i32,
    pub figures: Doc<Figures>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

crate::rows!(outreach_estimates: OutreachEstimate, OutreachEstimateId, "outreach_estimate" => insert, find);

/// The newest of a campaign.
pub fn newest(tx: &mut TenantTx<'_>, campaign: OutreachCampaignId) -> Result<Option<OutreachEstimate>> {
    let of_campaign = outreach_estimates::tenant_id.eq(tx.tenant()).and(outreach_estimates::campaign_id.eq(campaign));
    let row = outreach_estimates::table
        .filter(of_campaign)
        .order(outreach_estimates::id.desc())
        .select(OutreachEstimate::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// Forgets what can be confirmed no more.
pub fn prune(tx: &mut TenantTx<'_>, campaign: OutreachCampaignId) -> Result<()> {
    let now = tx.now();
    let over = outreach_estimates::table
        .filter(outreach_estimates::tenant_id.eq(tx.tenant()).and(outreach_estimates::campaign_id.eq(campaign)))
        .filter(outreach_estimates::expires_at.lt(now));
    diesel::delete(over).execute(tx.conn())?;
    Ok(())
}
