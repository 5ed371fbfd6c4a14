//! Whose an id of an ad platform is, asked over all tenants by what comes in from there. Only what an operator agreed to
//! answers; a wish that somebody wrote down is nobody's.

use diesel::prelude::*;

use crate::ads::schema::{ad_campaigns, lead_forms};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::PlatformTx;
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;

/// Whose form this is at the ad platform.
pub fn form_owner(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    external: &str,
) -> Result<Option<(TenantId, LeadFormId)>> {
    let found = lead_forms::table
        .filter(lead_forms::platform.eq(platform))
        .filter(lead_forms::agreed_form_id.eq(external))
        .select((lead_forms::tenant_id, lead_forms::id))
        .first(tx.conn())
        .optional()?;
    Ok(found)
}

/// What routing needs of an ad campaign.
pub type Owned = (TenantId, AdCampaignId, Option<LeadFormId>);

/// The ad campaigns that use a form, the newest first.
pub fn users_of_form(tx: &mut PlatformTx<'_>, tenant: TenantId, form: LeadFormId) -> Result<Vec<Owned>> {
    use ad_campaigns::{id, lead_form_id, tenant_id};
    let rows = ad_campaigns::table
        .filter(tenant_id.eq(tenant).and(lead_form_id.eq(form)))
        .order(id.desc())
        .select((tenant_id, id, lead_form_id))
        .load(tx.conn())?;
    Ok(rows)
}

/// Whose ad campaign this is at the ad platform.
pub fn campaign_owner(tx: &mut PlatformTx<'_>, platform: AdPlatform, external: &str) -> Result<Option<Owned>> {
    use ad_campaigns::{agreed_campaign_id, id, lead_form_id, tenant_id};
    let found = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform))
        .filter(agreed_campaign_id.eq(external))
        .select((tenant_id, id, lead_form_id))
        .first(tx.conn())
        .optional()?;
    Ok(found)
}

/// A tenant's ad campaigns on a page, the newest first.
pub fn users_of_page(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    page: &str,
    tenant: TenantId,
) -> Result<Vec<Owned>> {
    use ad_campaigns::{agreed_page_id, id, lead_form_id, tenant_id};
    let rows = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform).and(agreed_page_id.eq(page)).and(tenant_id.eq(tenant)))
        .order(id.desc())
        .select((tenant_id, id, lead_form_id))
        .load(tx.conn())?;
    Ok(rows)
}
