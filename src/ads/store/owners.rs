//! Whose an id of an ad platform is, asked over all tenants by what comes in from there. Only what an operator agreed to
//! answers; a wish that somebody wrote down is nobody's.

use diesel::prelude::*;

use super::{AdCampaign, StoredForm};
use crate::ads::schema::{ad_campaigns, lead_forms};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::PlatformTx;
use crate::leads::id::LeadFormId;
use crate::providers::AdPlatform;

/// The form with this id at the ad platform, whoever's it is.
pub fn agreed_form(tx: &mut PlatformTx<'_>, platform: AdPlatform, external: &str) -> Result<Option<StoredForm>> {
    let found = lead_forms::table
        .filter(lead_forms::platform.eq(platform))
        .filter(lead_forms::agreed_form_id.eq(external))
        .select(StoredForm::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(found)
}

/// The newest ad campaign that uses a form.
pub fn newest_user_of_form(tx: &mut PlatformTx<'_>, tenant: TenantId, form: LeadFormId) -> Result<Option<AdCampaign>> {
    let found = ad_campaigns::table
        .filter(ad_campaigns::tenant_id.eq(tenant).and(ad_campaigns::lead_form_id.eq(form)))
        .order(ad_campaigns::id.desc())
        .select(AdCampaign::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(found)
}

/// The ad campaign with this id at the ad platform, whoever's it is.
pub fn agreed_campaign(tx: &mut PlatformTx<'_>, platform: AdPlatform, external: &str) -> Result<Option<AdCampaign>> {
    let found = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform))
        .filter(ad_campaigns::agreed_campaign_id.eq(external))
        .select(AdCampaign::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(found)
}

/// The two newest of a tenant's ad campaigns on a page: enough to know whether there is just one.
pub fn users_of_page(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    page: &str,
    tenant: TenantId,
) -> Result<Vec<AdCampaign>> {
    use ad_campaigns::{agreed_page_id, tenant_id};
    let rows = ad_campaigns::table
        .filter(ad_campaigns::platform.eq(platform).and(agreed_page_id.eq(page)).and(tenant_id.eq(tenant)))
        .order(ad_campaigns::id.desc())
        .limit(2)
        .select(AdCampaign::as_select())
        .load(tx.conn())?;
    Ok(rows)
}
