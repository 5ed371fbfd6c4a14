//! Ids at an ad platform: written down by anybody, agreed to by operators.
//!
//! Whoever sees an ad can read its form's id, so an id that a tenant writes down is a wish: it routes no lead, keeps nobody
//! else from writing the same, and does not tell whether somebody did. An operator's approval makes it the ad campaign's
//! ([`agree`]), and is refused while another ad campaign that is not over holds it. Both are named to the operator then.

use super::model::AccountOwner;
use super::store::{self, AdCampaign, Claim, StoredForm};
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_platform;

/// Does it name an id that no operator agreed to?
pub(super) fn wishes(campaign: &AdCampaign, form: Option<&StoredForm>) -> bool {
    let is_open = |wish: &Option<String>, agreed: &Option<String>| wish.is_some() && wish != agreed;
    is_open(&campaign.external_campaign_id, &campaign.agreed_campaign_id)
        || is_open(&campaign.external_page_id, &campaign.agreed_page_id)
        || form.is_some_and(|form| is_open(&form.external_form_id, &form.agreed_form_id))
}

/// Did an operator agree to it, or to any id of it?
pub(super) fn is_agreed(campaign: &AdCampaign, form: Option<&StoredForm>) -> bool {
    match campaign.account_owner {
        AccountOwner::Platform => campaign.review.state == Some(super::model::ReviewState::Approved),
        AccountOwner::Tenant => {
            campaign.agreed_campaign_id.is_some()
                || campaign.agreed_page_id.is_some()
                || form.is_some_and(|form| form.agreed_form_id.is_some())
        }
    }
}

/// Makes the ids it names its own; the caller saves the ad campaign. Answers whether that is news.
///
/// # Errors
/// `ad_campaign.external_campaign_taken`, `ad_campaign.external_form_taken`: another one holds it, whosever it is.
pub(super) fn agree(tx: &mut TenantTx<'_>, campaign: &mut AdCampaign) -> Result<bool> {
    let mut form = store::form_of(tx, campaign)?;
    if !wishes(campaign, form.as_ref()) {
        return Ok(false);
    }
    let external_form = form.as_ref().and_then(|form| form.external_form_id.clone());
    let (by_id, by_form) = (campaign.external_campaign_id.clone(), external_form);
    let mut platform = tx.platform();
    lock_platform(&mut platform, "ad_claims")?;
    for (external, other_form, code) in [
        (by_id.as_deref(), None, "ad_campaign.external_campaign_taken"),
        (None, by_form.as_deref(), "ad_campaign.external_form_taken"),
    ] {
        let claims = store::claims_on(&mut platform, campaign.platform, external, other_form, campaign.id)?;
        if let Some(holder) = claims.iter().find(|claim| claim.holds) {
            let id = external.or(other_form).unwrap_or_default();
            return Err(Error::conflict(code, refusal(id, campaign, holder)));
        }
        // What is left are ad campaigns that are over.
        for claim in claims.iter().filter(|claim| claim.is_agreed) {
            store::release(&mut platform, claim, external, other_form)?;
        }
    }
    campaign.agreed_campaign_id.clone_from(&campaign.external_campaign_id);
    campaign.agreed_page_id.clone_from(&campaign.external_page_id);
    if let Some(form) = form.as_mut().filter(|form| form.agreed_form_id != form.external_form_id) {
        form.agreed_form_id.clone_from(&form.external_form_id);
        store::save_form(tx, form)?;
    }
    Ok(true)
}

fn refusal(id: &str, campaign: &AdCampaign, holder: &Claim) -> String {
    format!(
        "The id {id} that {} names belongs to the ad campaign {} ({}) of {} ({}), which is not over. Find out whose it is, \
         then change one of the two.",
        campaign.name, holder.name, holder.ad_campaign_id, holder.tenant_name, holder.tenant
    )
}

/// Lets go of what the tenant no longer names. What it names instead is agreed to first, so that no lead is lost between.
pub(super) fn give_up(campaign: &mut AdCampaign, form: Option<&mut StoredForm>) {
    if campaign.external_campaign_id.is_none() {
        campaign.agreed_campaign_id = None;
    }
    if campaign.external_page_id.is_none() {
        campaign.agreed_page_id = None;
    }
    if let Some(form) = form
        && form.external_form_id.is_none()
    {
        form.agreed_form_id = None;
    }
}

/// Which others name or hold an id that this one names.
pub fn rivals(tx: &mut TenantTx<'_>, campaign: &AdCampaign) -> Result<Vec<Claim>> {
    let form = store::form_of(tx, campaign)?;
    let external_form = form.as_ref().and_then(|form| form.external_form_id.as_deref());
    let external = campaign.external_campaign_id.as_deref();
    store::claims_on(&mut tx.platform(), campaign.platform, external, external_form, campaign.id)
}
