//! Changing an ad campaign.

use serde::Serialize;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::create::{Around, Checked, check, dress, insert_form, refuse_own_twice};
use super::facts::AdCampaignFact;
use crate::ads::claim;
use crate::ads::creative::{AdCreative, AdCreativePatch, SearchAds, SearchAdsPatch};
use crate::ads::form::{LeadForm, LeadFormPatch};
use crate::ads::id::PlatformId;
use crate::ads::model::{Asker, CampaignStatus, Delivery};
use crate::ads::movement::want;
use crate::ads::review::{self, Agreed};
use crate::ads::store::{self, AdCampaign, StoredForm};
use crate::ads::targeting::{Targeting, TargetingPatch};
use crate::base::apply::Apply as _;
use crate::base::bounded::Line;
use crate::base::json::Json as JsonColumn;
use crate::base::money::Money;
use crate::base::patch::{Given, Patch};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::http::{IfMatch, PatchOf};
use crate::leads::id::AdCampaignId;
use crate::tenants::{self, Tenant};

crate::patch! {
    /// What to change: absent keeps, null clears. Nested documents are merged in the same way; lists are replaced whole.
    #[schema(example = json!({"daily_budget": {"amount": 100000, "currency": "INR"}, "end_at": null}))]
    pub struct AdCampaignPatch {
        name: Given<Line<1, 200>>,
        daily_budget: Given<Money>,
        monthly_cap: Patch<Money>,
        total_budget: Patch<Money>,
        #[validate(nested)]
        targeting: Patch<TargetingPatch>,
        #[validate(nested)]
        ad_creative: Patch<AdCreativePatch>,
        #[validate(nested)]
        search_ads: Patch<SearchAdsPatch>,
        /// A form cannot be taken away, since leads refer to it: another takes its place.
        #[validate(nested)]
        lead_form: Given<LeadFormPatch>,
        external_campaign_id: Patch<PlatformId>,
        external_form_id: Patch<PlatformId>,
        external_page_id: Patch<PlatformId>,
        start_at: Patch<Timestamp>,
        end_at: Patch<Timestamp>,
    }
}

/// The stored document with a part merged in; null takes it away.
fn merged<T>(stored: Option<T>, patch: Patch<PatchOf<T>>, at: &str) -> Result<Option<T>>
where
    T: Serialize + DeserializeOwned + Validate,
{
    match patch {
        Patch::Absent => Ok(stored),
        Patch::Null => Ok(None),
        Patch::Value(part) => part.merged_into(stored.as_ref(), at).map(Some),
    }
}

/// Changes an ad campaign. What is agreed to no more is asked for again, and the ad platform is told what concerns it.
///
/// # Errors
/// `ad_campaign.not_found`, `request.precondition_failed`, `ad_campaign.completed`, `ad_campaign.running`, those of ids that are
/// taken, and a field error for all that does not fit together.
pub fn change(
    tx: &mut TenantTx<'_>,
    id: AdCampaignId,
    mut patch: AdCampaignPatch,
    if_match: &IfMatch,
    policy: Option<&str>,
    asker: Asker,
) -> Result<AdCampaign> {
    store::lock(tx)?;
    let mut campaign = store::get(tx, id)?;
    if_match.check(campaign.version)?;
    if campaign.status == CampaignStatus::Completed {
        return Err(Error::conflict("ad_campaign.completed", "A completed ad campaign cannot be changed."));
    }
    let before = campaign.clone();
    let mut form = store::form_of(tx, &campaign)?;
    let former_form = form.clone();
    let agreed = Agreed::of(&campaign, form.as_ref())?;
    let was_agreed = claim::is_agreed(&campaign, form.as_ref());
    let tenant = tenants::store::current(tx)?;
    let around = Around { tenant: &tenant, policy, by_operator: asker == Asker::Operator };
    let former_form_id = form.as_ref().and_then(|form| form.external_form_id.clone());
    let mut form_id = former_form_id.clone();
    std::mem::take(&mut patch.external_form_id).apply_to(&mut form_id);
    let lead_form = std::mem::take(&mut patch.lead_form);

    apply(patch, &mut campaign, &tenant)?;
    let named = |now: &Option<String>, was: &Option<String>| now.clone().filter(|_| now != was);
    let other_campaign = named(&campaign.external_campaign_id, &before.external_campaign_id);
    let other_form = named(&form_id, &former_form_id);
    refuse_own_twice(tx, campaign.platform, id, other_campaign.as_deref(), other_form.as_deref())?;
    note_whose_ids(&mut campaign, &before, around.by_operator);
    change_form(tx, &mut campaign, &mut form, lead_form, form_id, around)?;
    if campaign.external_campaign_id != before.external_campaign_id && may_still_run(&before) {
        let message = "The ad platform still runs the ad campaign under its present id. Pause it, then change the id.";
        return Err(Error::conflict("ad_campaign.running", message));
    }
    let is_to_ask = match asker {
        Asker::Tenant if was_agreed => {
            !agreed.covers(&Agreed::of(&campaign, form.as_ref())?) && review::withdraw(&mut campaign)
        }
        // Whoever may agree to the ad campaign agrees to the id it gives it.
        Asker::Operator if was_agreed => {
            claim::agree(tx, &mut campaign)?;
            false
        }
        _ => false,
    };
    if campaign == before && form == former_form {
        return Ok(campaign);
    }
    tell_platform(tx, &mut campaign, &before, is_to_ask)?;
    store::save(tx, &mut campaign)?;
    let fact = AdCampaignFact { version: Some(campaign.version), ..AdCampaignFact::of(&campaign) };
    tx.record(fact.told_as(AdCampaignFact::UPDATED).about(id.uuid()))?;
    if is_to_ask {
        review::submit(tx, &mut campaign)?;
    }
    Ok(campaign)
}

/// Everything but the form, checked together with what stays.
fn apply(patch: AdCampaignPatch, campaign: &mut AdCampaign, tenant: &Tenant) -> Result<()> {
    let targeting: Targeting = campaign.content.targeting.read()?;
    let is_other_targeting = !patch.targeting.is_absent();
    let targeting = merged(Some(targeting), patch.targeting, "/targeting")?.unwrap_or_default();
    let targeting = if is_other_targeting { targeting.or_of(tenant) } else { targeting };
    let ad_creative: Option<AdCreative> = campaign.content.ad_creative.read()?;
    let ad_creative = merged(ad_creative, patch.ad_creative, "/ad_creative")?;
    let search_ads: Option<SearchAds> = campaign.content.search_ads.read()?;
    let search_ads = merged(search_ads, patch.search_ads, "/search_ads")?;
    let daily = patch.daily_budget.0.unwrap_or(campaign.money(campaign.daily_budget));
    let mut monthly_cap = campaign.monthly_cap.map(|amount| campaign.money(amount));
    let mut total_budget = campaign.total_budget.map(|amount| campaign.money(amount));
    patch.monthly_cap.apply_to(&mut monthly_cap);
    patch.total_budget.apply_to(&mut total_budget);
    patch.name.apply_to(&mut campaign.name);
    patch.external_campaign_id.apply_to(&mut campaign.external_campaign_id);
    patch.external_page_id.apply_to(&mut campaign.external_page_id);
    patch.start_at.apply_to(&mut campaign.start_at);
    patch.end_at.apply_to(&mut campaign.end_at);
    check(&Checked {
        daily_budget: daily,
        total_budget,
        monthly_cap,
        targeting: &targeting,
        ad_creative: ad_creative.as_ref(),
        search_ads: search_ads.as_ref(),
        start_at: campaign.start_at,
        end_at: campaign.end_at,
    })?;
    campaign.currency = daily.currency;
    campaign.daily_budget = daily.amount;
    campaign.monthly_cap = monthly_cap.map(|money| money.amount);
    campaign.total_budget = total_budget.map(|money| money.amount);
    campaign.content.targeting = JsonColumn::of(&targeting);
    campaign.content.ad_creative = JsonColumn::of(&ad_creative);
    campaign.content.search_ads = JsonColumn::of(&search_ads);
    Ok(())
}

/// An id is the operators' when they wrote it down.
fn note_whose_ids(campaign: &mut AdCampaign, before: &AdCampaign, by_operator: bool) {
    if campaign.external_campaign_id != before.external_campaign_id {
        campaign.review.wrote_campaign_id = by_operator && campaign.external_campaign_id.is_some();
    }
    if campaign.external_page_id != before.external_page_id {
        campaign.review.wrote_page_id = by_operator && campaign.external_page_id.is_some();
    }
}

/// Changes the form that is stored, or stores the first one. What was agreed about ids that are no more is given up.
fn change_form(
    tx: &mut TenantTx<'_>,
    campaign: &mut AdCampaign,
    stored: &mut Option<StoredForm>,
    patch: Given<LeadFormPatch>,
    external_form_id: Option<String>,
    around: Around<'_>,
) -> Result<()> {
    let form: Option<LeadForm> = stored.as_ref().map(StoredForm::form).transpose()?;
    let is_other = !patch.is_absent();
    let form = match patch.0 {
        Some(part) => Some(part.merged_into(form.as_ref(), "/lead_form")?),
        None => form,
    };
    match (stored.as_mut(), form) {
        (Some(row), Some(definition)) if is_other || row.external_form_id != external_form_id => {
            let definition = if is_other { dress(definition, around)? } else { definition };
            row.name.clone_from(&definition.name);
            row.form_type = definition.form_type;
            row.definition = JsonColumn::of(&definition);
            if row.external_form_id != external_form_id {
                row.is_form_id_operators = around.by_operator && external_form_id.is_some();
            }
            row.external_form_id = external_form_id;
            claim::give_up(campaign, Some(&mut *row));
            store::save_form(tx, row)?;
        }
        (Some(_), _) => claim::give_up(campaign, None),
        (None, form) => {
            claim::give_up(campaign, None);
            let is_needed = external_form_id.is_some();
            let form = form.or_else(|| is_needed.then(|| LeadForm::plain(&format!("{} form", campaign.name))));
            if let Some(form) = form {
                let id = insert_form(tx, campaign.platform, form, external_form_id, around)?;
                campaign.lead_form_id = Some(id);
                *stored = store::find_form(tx, id)?;
            }
        }
    }
    Ok(())
}

/// Has another id or another budget carried out where the ad campaign runs.
fn tell_platform(tx: &mut TenantTx<'_>, campaign: &mut AdCampaign, before: &AdCampaign, is_to_ask: bool) -> Result<()> {
    let is_new_there = campaign.external_campaign_id != before.external_campaign_id;
    let is_other_budget = campaign.money(campaign.daily_budget) != before.money(before.daily_budget)
        && campaign.platform.has_own_budget();
    if !(is_new_there || is_other_budget) || campaign.activated_at.is_none() {
        return Ok(());
    }
    if is_other_budget {
        // What is in force there is no longer ours, which the next sync makes good.
        campaign.delivery.lowered_budget = before.delivery.lowered_budget.or(Some(before.daily_budget));
    }
    let wish = if is_to_ask { Delivery::Paused } else { campaign.desired_delivery };
    want(tx, campaign, wish)
}

/// Under an id it no longer had, nobody could stop it. One that the ad platform refuses to stop may be given another id:
/// the one it has may be wrong.
fn may_still_run(campaign: &AdCampaign) -> bool {
    let is_stopping = campaign.delivery.synced_at.is_none() && campaign.delivery.error.is_none();
    let is_asked_to = campaign.desired_delivery != Delivery::Paused;
    campaign.is_steered() && campaign.activated_at.is_some() && (is_asked_to || is_stopping)
}
