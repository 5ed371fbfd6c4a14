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

/// The form decides, then the ad campaign, and a page only when one tenant alone uses it.
///
/// `tenant_hint` is the tenant in the path the platform called. It settles which of several tenants on a page is meant, and
/// nothing else: a platform has one callback address for all, so the hint never overrules a form and never suffices alone.
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
    let Some(page) = page_id else { return Ok(None) };
    Ok(only_tenant(&store::users_of_page(tx, platform, page, tenant_hint)?))
}

/// A page's route: known when all its ad campaigns belong to one tenant; the ad campaign only when there is just one.
fn only_tenant(users: &[store::Owned]) -> Option<Route> {
    let (tenant, id, form, _) = users.first()?;
    if users.iter().any(|(other, ..)| other != tenant) {
        return None;
    }
    let alone = users.len() == 1;
    Some(Route { tenant: *tenant, ad_campaign_id: alone.then_some(*id), lead_form_id: form.filter(|_| alone) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_page_belongs_to_nobody() {
        let (a, b) = (TenantId::new(), TenantId::new());
        let campaign = |tenant| (tenant, AdCampaignId::new(), Some(LeadFormId::new()), None);
        assert_eq!(only_tenant(&[]), None);
        assert_eq!(only_tenant(&[campaign(a), campaign(b)]), None);
        let two = only_tenant(&[campaign(a), campaign(a)]).unwrap();
        assert_eq!((two.tenant, two.ad_campaign_id, two.lead_form_id), (a, None, None));
        let one = campaign(a);
        let route = only_tenant(std::slice::from_ref(&one)).unwrap();
        assert_eq!((route.ad_campaign_id, route.lead_form_id), (Some(one.1), one.2));
    }
}
