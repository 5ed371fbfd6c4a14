//! Whose lead is it? From a platform's ids to a tenant.

use serde_json::Value;

use super::claim;
use super::model::AccountOwner;
use super::store;
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
) -> Result<Option<Route>> {
    let by_campaign = match campaign_id {
        Some(external) => store::campaign_owner(tx, platform, external)?,
        None => None,
    };
    let by_form = match form_id {
        Some(external) => store::form_owner(tx, platform, external)?,
        None => None,
    };
    if let Some((tenant, id, own_form)) = by_campaign {
        let form = by_form.filter(|(owner, _)| *owner == tenant).map(|(_, form)| form);
        return Ok(Some(Route { tenant, ad_campaign_id: Some(id), lead_form_id: form.or(own_form) }));
    }
    if let Some((tenant, form)) = by_form {
        let ad_campaign_id = store::users_of_form(tx, tenant, form)?.first().map(|(_, id, _)| *id);
        return Ok(Some(Route { tenant, ad_campaign_id, lead_form_id: Some(form) }));
    }
    let (Some(page), Some(tenant)) = (page_id, tenant_hint) else { return Ok(None) };
    Ok(on_page(&store::users_of_page(tx, platform, page, tenant)?))
}

/// Where a lead of this ad campaign's own key belongs: to it, provided that the lead is of the form or the ad campaign that was
/// written down for it. The key vouches, so nobody has to have agreed: it brings leads to its own tenant alone.
pub fn by_key(
    tx: &mut TenantTx<'_>,
    id: AdCampaignId,
    form_id: Option<&str>,
    campaign_id: Option<&str>,
) -> Result<Option<Route>> {
    let Some(campaign) = store::find(tx, id)? else { return Ok(None) };
    let form = store::form_of(tx, &campaign)?;
    let external_form = form.as_ref().and_then(|form| form.external_form_id.as_deref());
    let is = |told: Option<&str>, written: Option<&str>| told.is_some() && told == written;
    let external_campaign = campaign.external_campaign_id.as_deref();
    let is_its_own = is(form_id, external_form)
        || is(campaign_id, external_campaign)
        || external_form.is_none() && external_campaign.is_none();
    let route = Route { tenant: tx.tenant(), ad_campaign_id: Some(id), lead_form_id: campaign.lead_form_id };
    Ok(is_its_own.then_some(route))
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
pub fn opens_to_the_platforms_key(tx: &mut PlatformTx<'_>, route: Route) -> Result<bool> {
    let Some(id) = route.ad_campaign_id else { return Ok(false) };
    let mut tenant = tx.for_tenant(route.tenant);
    let campaign = store::find(&mut tenant, id)?;
    let is_platforms = campaign.is_some_and(|campaign| campaign.account_owner == AccountOwner::Platform);
    Ok(is_platforms && !store::has_key(&mut tenant, id)?)
}

/// Takes out of a lead's origin the ids of the platform's ad accounts, but for those that its tenant wrote down. Answers whether
/// there were any.
pub fn hide_platforms_ids(tx: &mut TenantTx<'_>, route: Route, origin: &mut Value) -> Result<bool> {
    let campaign = route.ad_campaign_id.map_or(Ok(None), |id| store::find(tx, id))?;
    if campaign.as_ref().is_some_and(|campaign| campaign.account_owner == AccountOwner::Tenant) {
        return Ok(false);
    }
    let form = route.lead_form_id.map_or(Ok(None), |id| store::find_form(tx, id))?;
    let own = [
        form.filter(|form| !form.is_form_id_operators).and_then(|form| form.external_form_id),
        campaign.as_ref().filter(|one| !one.review.wrote_campaign_id).and_then(|one| one.external_campaign_id.clone()),
        campaign.as_ref().filter(|one| !one.review.wrote_page_id).and_then(|one| one.external_page_id.clone()),
    ];
    let is_own = |id: &Value| own.iter().flatten().any(|own| id.as_str() == Some(own));
    let Some(told) = origin.as_object_mut() else { return Ok(false) };
    let before = told.len();
    told.retain(|name, id| !PLATFORMS_IDS.contains(&name.as_str()) || is_own(id));
    Ok(told.len() < before)
}

/// Names in a lead's origin that are ids at an ad platform.
const PLATFORMS_IDS: [&str; 8] =
    ["ad_id", "adset_id", "campaign_id", "form_id", "page_id", "adgroup_id", "creative_id", "asset_group_id"];

/// The tenant's route by its page; the ad campaign only when there is just one.
fn on_page(users: &[store::Owned]) -> Option<Route> {
    let (tenant, id, form) = users.first()?;
    let alone = users.len() == 1;
    Some(Route { tenant: *tenant, ad_campaign_id: alone.then_some(*id), lead_form_id: form.filter(|_| alone) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_several_ad_campaigns_names_none_of_them() {
        let tenant = TenantId::new();
        let campaign = || (tenant, AdCampaignId::new(), Some(LeadFormId::new()));
        assert_eq!(on_page(&[]), None);
        let two = on_page(&[campaign(), campaign()]).unwrap();
        assert_eq!((two.tenant, two.ad_campaign_id, two.lead_form_id), (tenant, None, None));
        let one = campaign();
        let route = on_page(std::slice::from_ref(&one)).unwrap();
        assert_eq!((route.ad_campaign_id, route.lead_form_id), (Some(one.1), one.2));
    }
}
