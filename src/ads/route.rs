//! Whose lead is it? From a platform's ids to a tenant.

use serde_json::Value;

use super::claim;
use super::form::LeadForm;
use super::model::AccountOwner;
use super::store::{self, AdCampaign, StoredForm};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;

/// Where a lead belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub tenant: TenantId,
    pub ad_campaign_id: Option<AdCampaignId>,
    pub lead_form_id: Option<LeadFormId>,
}

/// A route with the rows it was read from, so that nothing about it has to be read again.
#[derive(Debug)]
pub struct Found {
    pub route: Route,
    pub campaign: Option<AdCampaign>,
    pub form: Option<StoredForm>,
}

impl Found {
    fn of(tenant: TenantId, campaign: Option<AdCampaign>, form: Option<StoredForm>) -> Self {
        let route = Route {
            tenant,
            ad_campaign_id: campaign.as_ref().map(|campaign| campaign.id),
            lead_form_id: form.as_ref().map(|form| form.id),
        };
        Self { route, campaign, form }
    }

    /// What was asked, when that is known.
    pub fn questions(&self) -> Result<Option<LeadForm>> {
        self.form.as_ref().map(StoredForm::form).transpose()
    }
}

/// By ids that an operator agreed to, and by nothing else: what anybody can read off an ad, anybody can write down.
///
/// The ad campaign decides whose lead it is, then the form, which says what was asked. A page serves many, so it counts only
/// together with `tenant_hint`, the tenant in the address the platform was told to call. The hint neither overrules an ad
/// campaign or a form nor suffices alone.
pub fn find(
    tx: &mut PlatformTx<'_>,
    platform: AdPlatform,
    form_id: Option<&str>,
    campaign_id: Option<&str>,
    page_id: Option<&str>,
    tenant_hint: Option<TenantId>,
) -> Result<Option<Found>> {
    let by_campaign = match campaign_id {
        Some(external) => store::agreed_campaign(tx, platform, external)?,
        None => None,
    };
    let by_form = match form_id {
        Some(external) => store::agreed_form(tx, platform, external)?,
        None => None,
    };
    if let Some(campaign) = by_campaign {
        let tenant = campaign.tenant_id;
        let form = match by_form.filter(|form| form.tenant_id == tenant) {
            Some(form) => Some(form),
            None => store::form_of(&mut tx.for_tenant(tenant), &campaign)?,
        };
        return Ok(Some(Found::of(tenant, Some(campaign), form)));
    }
    if let Some(form) = by_form {
        let campaign = store::newest_user_of_form(tx, form.tenant_id, form.id)?;
        return Ok(Some(Found::of(form.tenant_id, campaign, Some(form))));
    }
    let (Some(page), Some(tenant)) = (page_id, tenant_hint) else { return Ok(None) };
    let mut on_page = store::users_of_page(tx, platform, page, tenant)?;
    match on_page.pop() {
        None => Ok(None),
        // It names the tenant only.
        Some(_) if !on_page.is_empty() => Ok(Some(Found::of(tenant, None, None))),
        Some(alone) => {
            let form = store::form_of(&mut tx.for_tenant(tenant), &alone)?;
            Ok(Some(Found::of(tenant, Some(alone), form)))
        }
    }
}

/// Where a lead of this ad campaign's own key belongs: to it, provided that the lead is of the form or the ad campaign that was
/// written down for it. The key vouches, so nobody has to have agreed: it brings leads to its own tenant alone.
pub fn by_key(
    tx: &mut TenantTx<'_>,
    id: AdCampaignId,
    form_id: Option<&str>,
    campaign_id: Option<&str>,
) -> Result<Option<Found>> {
    let Some(campaign) = store::find(tx, id)? else { return Ok(None) };
    let form = store::form_of(tx, &campaign)?;
    let external_form = form.as_ref().and_then(|form| form.external_form_id.as_deref());
    let is = |told: Option<&str>, written: Option<&str>| told.is_some() && told == written;
    let external_campaign = campaign.external_campaign_id.as_deref();
    let is_its_own = is(form_id, external_form)
        || is(campaign_id, external_campaign)
        || external_form.is_none() && external_campaign.is_none();
    Ok(is_its_own.then(|| Found::of(tx.tenant(), Some(campaign), form)))
}

/// Does the key of this ad campaign vouch for the person? Where operators agreed to the ad campaign. Else it is the tenant's own
/// word: anybody can write a draft, make a key for it and send what they like.
pub fn is_vouched_by_key(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<bool> {
    let Some(campaign) = store::find(tx, id)? else { return Ok(false) };
    let form = store::form_of(tx, &campaign)?;
    Ok(claim::is_agreed(&campaign, form.as_ref()))
}

/// May a lead that only the platform's own key vouches for take this route? That key is in the forms of the platform's ad
/// accounts; a tenant's own account, and every ad campaign with a key of its own, is closed to it.
pub fn opens_to_the_platforms_key(tx: &mut PlatformTx<'_>, found: &Found) -> Result<bool> {
    let Some(campaign) = &found.campaign else { return Ok(false) };
    let is_platforms = campaign.account_owner == AccountOwner::Platform;
    Ok(is_platforms && !store::has_key(&mut tx.for_tenant(campaign.tenant_id), campaign.id)?)
}

/// Takes out of a lead's origin the ids of the platform's ad accounts, but for those that its tenant wrote down. Answers whether
/// there were any.
pub fn hide_platforms_ids(found: &Found, origin: &mut Value) -> bool {
    let campaign = found.campaign.as_ref();
    if campaign.is_some_and(|campaign| campaign.account_owner == AccountOwner::Tenant) {
        return false;
    }
    let form = found.form.as_ref();
    let own = [
        form.filter(|form| !form.is_form_id_operators).and_then(|form| form.external_form_id.as_deref()),
        campaign.filter(|one| !one.review.wrote_campaign_id).and_then(|one| one.external_campaign_id.as_deref()),
        campaign.filter(|one| !one.review.wrote_page_id).and_then(|one| one.external_page_id.as_deref()),
    ];
    let is_own = |id: &Value| own.iter().flatten().any(|own| id.as_str() == Some(*own));
    let Some(told) = origin.as_object_mut() else { return false };
    let before = told.len();
    told.retain(|name, id| !PLATFORMS_IDS.contains(&name.as_str()) || is_own(id));
    told.len() < before
}

/// Names in a lead's origin that are ids at an ad platform.
const PLATFORMS_IDS: [&str; 8] =
    ["ad_id", "adset_id", "campaign_id", "form_id", "page_id", "adgroup_id", "creative_id", "asset_group_id"];
