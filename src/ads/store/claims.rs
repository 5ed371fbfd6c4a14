//! Who else wants an id of an ad platform: wishes of anybody, and what operators agreed to.

use diesel::prelude::*;

use crate::ads::model::CampaignStatus;
use crate::ads::schema::{ad_campaigns, lead_forms};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;
use crate::tenants::schema::tenants;

/// An ad campaign that names an id, or holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub tenant: TenantId,
    pub tenant_name: String,
    pub ad_campaign_id: AdCampaignId,
    pub name: String,
    pub lead_form_id: Option<LeadFormId>,
    /// An operator agreed to it, and the ad campaign is not over.
    pub holds: bool,
    /// Agreed to, whether it is over or not.
    pub is_agreed: bool,
}

type Row = (TenantId, String, AdCampaignId, String, Option<LeadFormId>, CampaignStatus, Option<String>, Option<String>);

/// Ad campaigns of all tenants, but for `but`, that name or hold this id of an ad campaign, or of a form.
pub fn claims_on(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    campaign: Option<&str>,
    form: Option<&str>,
    but: AdCampaignId,
) -> Result<Vec<Claim>> {
    let (mut of_campaign, mut of_form): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    let columns = (
        ad_campaigns::tenant_id,
        tenants::name,
        ad_campaigns::id,
        ad_campaigns::name,
        ad_campaigns::lead_form_id,
        ad_campaigns::status,
        ad_campaigns::agreed_campaign_id,
    );
    let others = || {
        ad_campaigns::table
            .inner_join(tenants::table.on(tenants::id.eq(ad_campaigns::tenant_id)))
            .left_join(
                lead_forms::table.on(lead_forms::tenant_id
                    .eq(ad_campaigns::tenant_id)
                    .and(lead_forms::id.nullable().eq(ad_campaigns::lead_form_id))),
            )
            .filter(ad_campaigns::platform.eq(platform).and(ad_campaigns::id.ne(but)))
            .order(ad_campaigns::id)
    };
    if let Some(external) = campaign {
        of_campaign = others()
            .filter(ad_campaigns::external_campaign_id.eq(external).or(ad_campaigns::agreed_campaign_id.eq(external)))
            .select((
                columns.0,
                columns.1,
                columns.2,
                columns.3,
                columns.4,
                columns.5,
                columns.6,
                lead_forms::agreed_form_id.nullable(),
            ))
            .load(tx.conn())?;
    }
    if let Some(external) = form {
        of_form = others()
            .filter(lead_forms::external_form_id.eq(external).or(lead_forms::agreed_form_id.eq(external)))
            .select((
                columns.0,
                columns.1,
                columns.2,
                columns.3,
                columns.4,
                columns.5,
                columns.6,
                lead_forms::agreed_form_id.nullable(),
            ))
            .load(tx.conn())?;
    }
    let claim = |row: Row, is_agreed: bool| Claim {
        tenant: row.0,
        tenant_name: row.1,
        ad_campaign_id: row.2,
        name: row.3,
        lead_form_id: row.4,
        holds: is_agreed && row.5 != CampaignStatus::Completed,
        is_agreed,
    };
    let mut claims: Vec<Claim> = Vec::new();
    let of_campaign = of_campaign.into_iter().map(|row| {
        let is_agreed = row.6.as_deref() == campaign;
        claim(row, is_agreed)
    });
    let of_form = of_form.into_iter().map(|row| {
        let is_agreed = row.7.as_deref() == form;
        claim(row, is_agreed)
    });
    for claim in of_campaign.chain(of_form) {
        match claims.iter_mut().find(|known| known.ad_campaign_id == claim.ad_campaign_id) {
            Some(known) => {
                known.holds |= claim.holds;
                known.is_agreed |= claim.is_agreed;
            }
            None => claims.push(claim),
        }
    }
    Ok(claims)
}

/// Lets go of ids that an ad campaign which is over still holds.
pub fn release(tx: &mut PlatformTx<'_>, claim: &Claim, campaign: Option<&str>, form: Option<&str>) -> Result<()> {
    if let Some(external) = campaign {
        diesel::update(ad_campaigns::table.find((claim.tenant, claim.ad_campaign_id)))
            .filter(ad_campaigns::agreed_campaign_id.eq(external))
            .set(ad_campaigns::agreed_campaign_id.eq(None::<String>))
            .execute(tx.conn())?;
    }
    if let (Some(external), Some(id)) = (form, claim.lead_form_id) {
        diesel::update(lead_forms::table.find((claim.tenant, id)))
            .filter(lead_forms::agreed_form_id.eq(external))
            .set(lead_forms::agreed_form_id.eq(None::<String>))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// What of this does another ad campaign of this tenant name that is not over? An id of an ad campaign, and one of a form.
pub fn is_own(
    tx: &mut TenantTx<'_>,
    platform: AdPlatform,
    campaign: Option<&str>,
    form: Option<&str>,
    but: AdCampaignId,
) -> Result<(bool, bool)> {
    let rows: Vec<(Option<String>, Option<String>)> = ad_campaigns::table
        .left_join(
            lead_forms::table.on(lead_forms::tenant_id
                .eq(ad_campaigns::tenant_id)
                .and(lead_forms::id.nullable().eq(ad_campaigns::lead_form_id))),
        )
        .filter(ad_campaigns::tenant_id.eq(tx.tenant()))
        .filter(ad_campaigns::platform.eq(platform).and(ad_campaigns::id.ne(but)))
        .filter(ad_campaigns::status.ne(CampaignStatus::Completed))
        .filter(ad_campaigns::external_campaign_id.eq(campaign).or(lead_forms::external_form_id.eq(form)))
        .select((ad_campaigns::external_campaign_id, lead_forms::external_form_id.nullable()))
        .load(tx.conn())?;
    let names = |wanted: Option<&str>, held: Vec<Option<&str>>| wanted.is_some() && held.contains(&wanted);
    let (campaigns, forms): (Vec<_>, Vec<_>) = rows
        .iter()
        .map(|(campaign, form): &(Option<String>, Option<String>)| (campaign.as_deref(), form.as_deref()))
        .unzip();
    Ok((names(campaign, campaigns), names(form, forms)))
}
