//! Changing an ad campaign.

use actix_web::{HttpResponse, patch, web};
use serde_json::json;
use validator::Validate;

use super::AdCampaignView;
use super::create::{Checked, check, dress, insert_form, refuse_own_twice};
use super::patch::{AdCreativePatch, LeadFormPatch, Part, SearchAdsPatch, TargetingPatch, merged};
use crate::ads::claim;
use crate::ads::creative::{AdCreative, SearchAds};
use crate::ads::form::LeadForm;
use crate::ads::model::{Asker, CampaignStatus, Delivery};
use crate::ads::review::{self, Agreed};
use crate::ads::status;
use crate::ads::store::{self, AdCampaign, StoredForm};
use crate::ads::targeting::Targeting;
use crate::base::id::AdCampaignId;
use crate::base::json::Json as JsonColumn;
use crate::base::money::Money;
use crate::base::patch::Patch;
use crate::base::text::single_line;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, NewEvent};
use crate::engine::http::{IfMatch, Json, Path, Reply};
use crate::tenants;
use crate::tenants::access::{Caller, Permission};

/// What to change: absent keeps, null clears. Nested documents are merged in the same way; lists are replaced whole.
#[derive(Debug, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"daily_budget": {"amount": 100000, "currency": "INR"}, "end_at": null}))]
pub struct AdCampaignPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    daily_budget: Patch<Money>,
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    monthly_cap: Patch<Money>,
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    total_budget: Patch<Money>,
    #[serde(default)]
    #[schema(value_type = Option<TargetingPatch>)]
    targeting: Patch<Part>,
    #[serde(default)]
    #[schema(value_type = Option<AdCreativePatch>)]
    ad_creative: Patch<Part>,
    #[serde(default)]
    #[schema(value_type = Option<SearchAdsPatch>)]
    search_ads: Patch<Part>,
    #[serde(default)]
    #[schema(value_type = Option<LeadFormPatch>)]
    lead_form: Patch<Part>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    external_campaign_id: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    external_form_id: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    external_page_id: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    start_at: Patch<Timestamp>,
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    end_at: Patch<Timestamp>,
}

/// Change an ad campaign
///
/// What operators approved in the platform's ad account, they approve again when its tenant changes it: when `daily_budget`,
/// `monthly_cap` or `total_budget` rises or a limit goes, when `end_at` is later or goes, and when the targeting, the ad creative, the
/// search ads, the lead form's questions or links, or an id at the ad platform change. The change is saved; the ad campaign is paused
/// at the ad platform and `pending_approval`, or, when a person had paused it, waits for approval once it is resumed. In a tenant's own
/// ad account that goes for the ids alone: a new one brings leads only once an operator agrees to it.
#[utoipa::path(
    params(IfMatch),
    responses((status = 200, description = "The ad campaign as it is now", body = AdCampaignView))
)]
#[patch("/ad-campaigns/{id}")]
pub async fn update_ad_campaign(
    caller: Caller,
    core: web::Data<Core>,
    id: Path<AdCampaignId>,
    if_match: IfMatch,
    body: Json<AdCampaignPatch>,
) -> Result<HttpResponse> {
    caller.require(Permission::AdCampaignsWrite)?;
    let asker = if caller.is_operator() { Asker::Operator } else { Asker::Tenant };
    let (shows_costs, policy) = (caller.is_operator(), core.settings.privacy_policy_url.clone());
    let view = core
        .db
        .write(caller.scope(), move |tx: &mut TenantTx<'_>| {
            store::lock(tx)?;
            let campaign = store::get(tx, id.0)?;
            if_match.check(campaign.version)?;
            let campaign = update(tx, campaign, body.0, policy.as_deref(), asker)?;
            AdCampaignView::load(tx, campaign, shows_costs)
        })
        .await?;
    let version = view.version;
    Ok(Reply::ok(view).version(version).respond())
}

fn update(
    tx: &mut TenantTx<'_>,
    mut campaign: AdCampaign,
    patch: AdCampaignPatch,
    policy: Option<&str>,
    asker: Asker,
) -> Result<AdCampaign> {
    if campaign.status == CampaignStatus::Completed {
        let message = "A completed ad campaign cannot be changed.";
        return Err(Error::conflict("ad_campaign.completed", message));
    }
    let before = campaign.clone();
    let mut stored = store::form_of(tx, &campaign)?;
    let agreed = Agreed::of(&campaign, stored.as_ref())?;
    let was_agreed = claim::is_agreed(&campaign, stored.as_ref());
    let tenant = tenants::store::current(tx)?;
    let targeting: Targeting = campaign.targeting.read()?;
    let is_other_targeting = !patch.targeting.is_absent();
    let targeting = merged(Some(&targeting), patch.targeting, "/targeting")?.unwrap_or_default();
    let targeting = if is_other_targeting { targeting.or_of(&tenant) } else { targeting };
    let ad_creative: Option<AdCreative> = campaign.ad_creative.read()?;
    let ad_creative = merged(ad_creative.as_ref(), patch.ad_creative, "/ad_creative")?;
    let search_ads: Option<SearchAds> = campaign.search_ads.read()?;
    let search_ads = merged(search_ads.as_ref(), patch.search_ads, "/search_ads")?;
    let mut daily = campaign.money(campaign.daily_budget);
    let mut monthly_cap = campaign.monthly_cap.map(|amount| campaign.money(amount));
    let mut total_budget = campaign.total_budget.map(|amount| campaign.money(amount));

    patch.name.apply_required(&mut campaign.name, "/name")?;
    if !(1..=200).contains(&campaign.name.chars().count()) {
        return Err(Error::field("/name", "length", "expected 1 to 200 characters or entries"));
    }
    if single_line(&campaign.name).is_err() {
        return Err(Error::field("/name", "single_line", "expected one line without control characters"));
    }
    patch.daily_budget.apply_required(&mut daily, "/daily_budget")?;
    patch.monthly_cap.apply(&mut monthly_cap);
    patch.total_budget.apply(&mut total_budget);
    patch.external_campaign_id.apply(&mut campaign.external_campaign_id);
    patch.external_page_id.apply(&mut campaign.external_page_id);
    patch.start_at.apply(&mut campaign.start_at);
    patch.end_at.apply(&mut campaign.end_at);

    let mut external_form_id = stored.as_ref().and_then(|form| form.external_form_id.clone());
    patch.external_form_id.apply(&mut external_form_id);
    check(&Checked {
        daily_budget: daily,
        total_budget,
        monthly_cap,
        targeting: &targeting,
        ad_creative: ad_creative.as_ref(),
        search_ads: search_ads.as_ref(),
        start_at: campaign.start_at,
        end_at: campaign.end_at,
        external_ids: [
            ("/external_campaign_id", campaign.external_campaign_id.as_deref()),
            ("/external_form_id", external_form_id.as_deref()),
            ("/external_page_id", campaign.external_page_id.as_deref()),
        ],
    })?;
    let form_before = stored.as_ref().and_then(|form| form.external_form_id.clone());
    let named = |now: &Option<String>, was: &Option<String>| now.clone().filter(|_| now != was);
    let other_campaign = named(&campaign.external_campaign_id, &before.external_campaign_id);
    let other_form = named(&external_form_id, &form_before);
    refuse_own_twice(tx, campaign.platform, campaign.id, other_campaign.as_deref(), other_form.as_deref())?;
    let by_operator = asker == Asker::Operator;
    if campaign.external_campaign_id != before.external_campaign_id {
        campaign.is_campaign_id_operators = by_operator && campaign.external_campaign_id.is_some();
    }
    if campaign.external_page_id != before.external_page_id {
        campaign.is_page_id_operators = by_operator && campaign.external_page_id.is_some();
    }

    campaign.currency = daily.currency;
    campaign.daily_budget = daily.amount;
    campaign.monthly_cap = monthly_cap.map(|money| money.amount);
    campaign.total_budget = total_budget.map(|money| money.amount);
    campaign.targeting = JsonColumn::of(&targeting);
    campaign.ad_creative = JsonColumn::of(&ad_creative);
    campaign.search_ads = JsonColumn::of(&search_ads);

    let form: Option<LeadForm> = stored.as_ref().map(StoredForm::form).transpose()?;
    if stored.is_some() && patch.lead_form == Patch::Null {
        let message = "a lead form cannot be taken away, since leads refer to it; replace it instead";
        return Err(Error::field("/lead_form", "required", message));
    }
    let is_other_form = !patch.lead_form.is_absent();
    let form = merged(form.as_ref(), patch.lead_form, "/lead_form")?;
    match (&mut stored, form) {
        (Some(row), Some(definition)) if is_other_form || row.external_form_id != external_form_id => {
            let definition = if is_other_form { dress(definition, &tenant, policy)? } else { definition };
            row.name.clone_from(&definition.name);
            row.form_type = definition.form_type;
            row.definition = JsonColumn::of(&definition);
            if row.external_form_id != external_form_id {
                row.is_form_id_operators = by_operator && external_form_id.is_some();
            }
            row.external_form_id = external_form_id;
            claim::give_up(&mut campaign, Some(&mut *row));
            store::save_form(tx, row)?;
        }
        (Some(_), _) => claim::give_up(&mut campaign, None),
        (None, form) => {
            claim::give_up(&mut campaign, None);
            let is_needed = external_form_id.is_some();
            let form = form.or_else(|| is_needed.then(|| LeadForm::plain(&format!("{} form", campaign.name))));
            if let Some(form) = form {
                let id = insert_form(tx, campaign.platform, form, external_form_id, by_operator, &tenant, policy)?;
                campaign.lead_form_id = Some(id);
                stored = store::find_form(tx, id)?;
            }
        }
    }
    let is_new_at_platform = campaign.external_campaign_id != before.external_campaign_id;
    if is_new_at_platform && may_still_run(&before) {
        let message = "The ad platform still runs the ad campaign under its present id. Pause it, then change the id.";
        return Err(Error::conflict("ad_campaign.running", message));
    }
    let is_to_ask = match asker {
        Asker::Tenant if was_agreed => {
            !agreed.covers(&Agreed::of(&campaign, stored.as_ref())?) && review::withdraw(&mut campaign)
        }
        // Whoever may agree to the ad campaign agrees to the id it gives it.
        Asker::Operator if was_agreed => {
            claim::agree(tx, &mut campaign)?;
            false
        }
        _ => false,
    };
    let is_other_budget = daily != before.money(before.daily_budget) && campaign.platform.has_own_budget();
    if (is_new_at_platform || is_other_budget) && campaign.activated_at.is_some() {
        if is_other_budget {
            // What is in force there is no longer ours, which the next sync makes good.
            let in_force = before.lowered_budget.unwrap_or(before.daily_budget);
            store::save_delivery(tx, campaign.id, None, None, Some(in_force))?;
        }
        let wish = if is_to_ask { Delivery::Paused } else { campaign.desired_delivery };
        status::want(tx, &mut campaign, wish)?;
    }
    store::save(tx, &mut campaign)?;
    let data = json!({"name": campaign.name, "platform": campaign.platform, "version": campaign.version});
    tx.record(NewEvent::new(EventType::AdCampaignUpdated).subject(campaign.id.uuid()).data(data))?;
    if is_to_ask {
        review::submit(tx, &mut campaign)?;
    }
    Ok(campaign)
}

/// Under an id it no longer had, nobody could stop it. One that the ad platform refuses to stop may be given another id:
/// the one it has may be wrong.
fn may_still_run(campaign: &AdCampaign) -> bool {
    let is_stopping = campaign.delivery_synced_at.is_none() && campaign.delivery_error.is_none();
    let is_asked_to = campaign.desired_delivery != Delivery::Paused;
    campaign.is_steered() && campaign.activated_at.is_some() && (is_asked_to || is_stopping)
}
