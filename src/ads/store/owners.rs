//! Whose an id of an ad platform is: asked over all tenants, by what comes in from there and by who would take one.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{AdCampaignId, LeadFormId, TenantId};
use crate::engine::db::PlatformTx;
use crate::engine::db::schema::{ad_campaigns, lead_forms};
use crate::providers::AdPlatform;

/// Does another ad campaign, of any tenant, hold this id at the ad platform?
pub fn holds_campaign(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    external: &str,
    but: AdCampaignId,
) -> Result<bool> {
    let found: Option<AdCampaignId> = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform))
        .filter(ad_campaigns::external_campaign_id.eq(external))
        .filter(ad_campaigns::id.ne(but))
        .select(ad_campaigns::id)
        .first(tx.conn())
        .optional()?;
    Ok(found.is_some())
}

/// Does another form, of any tenant, hold this id at the ad platform?
pub fn holds_form(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    external: &str,
    but: Option<LeadFormId>,
) -> Result<bool> {
    let found: Vec<LeadFormId> = lead_forms::table
        .filter(lead_forms::platform.eq(platform))
        .filter(lead_forms::external_form_id.eq(external))
        .select(lead_forms::id)
        .load(tx.conn())?;
    Ok(found.into_iter().any(|id| Some(id) != but))
}

/// Whose form this is at the ad platform.
pub fn form_owner(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    external: &str,
) -> Result<Option<(TenantId, LeadFormId)>> {
    let found = lead_forms::table
        .filter(lead_forms::platform.eq(platform))
        .filter(lead_forms::external_form_id.eq(external))
        .select((lead_forms::tenant_id, lead_forms::id))
        .first(tx.conn())
        .optional()?;
    Ok(found)
}

/// What routing needs of an ad campaign.
pub type Owned = (TenantId, AdCampaignId, Option<LeadFormId>, Option<String>);

/// The ad campaigns that use a form, the newest first.
pub fn users_of_form(tx: &mut PlatformTx<'_>, tenant: TenantId, form: LeadFormId) -> Result<Vec<Owned>> {
    use ad_campaigns::{external_campaign_id, id, lead_form_id, tenant_id};
    let rows = ad_campaigns::table
        .filter(tenant_id.eq(tenant).and(lead_form_id.eq(form)))
        .order(id.desc())
        .select((tenant_id, id, lead_form_id, external_campaign_id))
        .load(tx.conn())?;
    Ok(rows)
}

/// Whose ad campaign this is at the ad platform.
pub fn campaign_owner(tx: &mut PlatformTx<'_>, platform: AdPlatform, external: &str) -> Result<Option<Owned>> {
    use ad_campaigns::{external_campaign_id, id, lead_form_id, tenant_id};
    let found = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform))
        .filter(external_campaign_id.eq(external))
        .select((tenant_id, id, lead_form_id, external_campaign_id))
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
    use ad_campaigns::{external_campaign_id, external_page_id, id, lead_form_id, tenant_id};
    let rows = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform).and(external_page_id.eq(page)).and(tenant_id.eq(tenant)))
        .order(id.desc())
        .select((tenant_id, id, lead_form_id, external_campaign_id))
        .load(tx.conn())?;
    Ok(rows)
}
