//! Whose lead is it? From a platform's ids to a tenant.

use super::store;
use crate::base::Result;
use crate::base::id::{AdCampaignId, LeadFormId, TenantId};
use crate::engine::db::PlatformTx;
use crate::providers::AdPlatform;

/// Where a lead belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub tenant: TenantId,
    pub ad_campaign_id: Option<AdCampaignId>,
    pub lead_form_id: Option<LeadFormId>,
}

/// The form decides, then the ad campaign. A page's id is public and any tenant may write it down, so a page counts only
/// together with `tenant_hint`, the tenant in the address the platform was told to call: a lead of a form nobody registered
/// never goes to whoever merely names the page. The hint neither overrules a form nor suffices alone.
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
    if let Some(external) = form_id
        && let Some((tenant, form)) = store::form_owner(tx, platform, external)?
    {
        let named = by_campaign.filter(|(owner, ..)| *owner == tenant).map(|(_, id, ..)| id);
        let ad_campaign_id = match named {
            Some(id) => Some(id),
            None => store::users_of_form(tx, tenant, form)?.first().map(|(_, id, ..)| *id),
        };
        return Ok(Some(Route { tenant, ad_campaign_id, lead_form_id: Some(form) }));
    }
    if let Some((tenant, id, lead_form_id, _)) = by_campaign {
        return Ok(Some(Route { tenant, ad_campaign_id: Some(id), lead_form_id }));
    }
    let (Some(page), Some(tenant)) = (page_id, tenant_hint) else { return Ok(None) };
    Ok(on_page(&store::users_of_page(tx, platform, page, tenant)?))
}

/// The tenant's route by its page; the ad campaign only when there is just one.
fn on_page(users: &[store::Owned]) -> Option<Route> {
    let (tenant, id, form, _) = users.first()?;
    let alone = users.len() == 1;
    Some(Route { tenant: *tenant, ad_campaign_id: alone.then_some(*id), lead_form_id: form.filter(|_| alone) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_several_ad_campaigns_names_none_of_them() {
        let tenant = TenantId::new();
        let campaign = || (tenant, AdCampaignId::new(), Some(LeadFormId::new()), None);
        assert_eq!(on_page(&[]), None);
        let two = on_page(&[campaign(), campaign()]).unwrap();
        assert_eq!((two.tenant, two.ad_campaign_id, two.lead_form_id), (tenant, None, None));
        let one = campaign();
        let route = on_page(std::slice::from_ref(&one)).unwrap();
        assert_eq!((route.ad_campaign_id, route.lead_form_id), (Some(one.1), one.2));
    }
}
