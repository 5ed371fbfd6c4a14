//! Changing an ad campaign.

use actix_web::{HttpResponse, patch, web};
use serde_json::json;
use validator::Validate;

use super::AdCampaignView;
use super::create::{Checked, check, dress, insert_form, refuse_taken};
use crate::ads::creative::{AdCreative, SearchAds};
use crate::ads::form::LeadForm;
use crate::ads::model::{CampaignStatus, Delivery};
use crate::ads::store::{self, AdCampaign};
use crate::ads::targeting::Targeting;
use crate::ads::{form, status};
use crate::base::id::AdCampaignId;
use crate::base::json::Json as JsonColumn;
use crate::base::money::Money;
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, NewEvent};
use crate::engine::http::{IfMatch, Json, Path, Reply};
use crate::tenants;
use crate::tenants::access::{Caller, Permission};

/// What to change: absent keeps, null clears. Nested documents are replaced whole.
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
    #[schema(value_type = Option<Targeting>)]
    targeting: Patch<Targeting>,
    #[serde(default)]
    #[schema(value_type = Option<AdCreative>)]
    ad_creative: Patch<AdCreative>,
    #[serde(default)]
    #[schema(value_type = Option<SearchAds>)]
    search_ads: Patch<SearchAds>,
    #[serde(default)]
    #[schema(value_type = Option<LeadForm>)]
    lead_form: Patch<LeadForm>,
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
#[utoipa::path(
    operation_id = "update_ad_campaign",
    tag = "Ad campaigns",
    params(("id" = AdCampaignId, Path)),
    request_body = AdCampaignPatch,
    security(("bearer" = []), ("operator" = [])),
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
    let (shows_costs, public_url) = (caller.is_operator(), core.settings.public_url.clone());
    let view = core
        .db
        .write(caller.scope(), move |tx: &mut TenantTx<'_>| {
            store::lock(tx)?;
            let campaign = store::get(tx, id.0)?;
            if_match.check(campaign.version)?;
            let campaign = update(tx, campaign, body.0, &public_url)?;
            AdCampaignView::load(tx, campaign, shows_costs)
        })
        .await?;
    let version = view.version;
    Ok(Reply::ok(view).version(version).respond())
}

fn update(tx: &mut TenantTx<'_>, mut campaign: AdCampaign, patch: AdCampaignPatch, url: &str) -> Result<AdCampaign> {
    if campaign.status == CampaignStatus::Completed {
        let message = "A completed ad campaign cannot be changed.";
        return Err(Error::conflict("ad_campaign.completed", message));
    }
    let before = campaign.clone();
    let tenant = tenants::store::current(tx)?;
    let mut targeting: Targeting = campaign.targeting.read()?;
    let mut ad_creative: Option<AdCreative> = campaign.ad_creative.read()?;
    let mut search_ads: Option<SearchAds> = campaign.search_ads.read()?;
    let mut daily = campaign.money(campaign.daily_budget);
    let mut monthly_cap = campaign.monthly_cap.map(|amount| campaign.money(amount));
    let mut total_budget = campaign.total_budget.map(|amount| campaign.money(amount));

    patch.name.apply_required(&mut campaign.name, "/name")?;
    if !(1..=200).contains(&campaign.name.chars().count()) {
        return Err(Error::field("/name", "length", "expected 1 to 200 characters or entries"));
    }
    patch.daily_budget.apply_required(&mut daily, "/daily_budget")?;
    patch.monthly_cap.apply(&mut monthly_cap);
    patch.total_budget.apply(&mut total_budget);
    match patch.targeting {
        Patch::Absent => {}
        Patch::Null => targeting = Targeting::default().or_of(&tenant),
        Patch::Value(value) => targeting = value.or_of(&tenant),
    }
    patch.ad_creative.apply(&mut ad_creative);
    patch.search_ads.apply(&mut search_ads);
    patch.external_campaign_id.apply(&mut campaign.external_campaign_id);
    patch.external_page_id.apply(&mut campaign.external_page_id);
    patch.start_at.apply(&mut campaign.start_at);
    patch.end_at.apply(&mut campaign.end_at);
    validate("/targeting", Some(&targeting))?;
    validate("/ad_creative", ad_creative.as_ref())?;
    validate("/search_ads", search_ads.as_ref())?;

    let mut stored = store::form_of(tx, &campaign)?;
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
    refuse_taken(
        tx,
        campaign.platform,
        campaign.id,
        campaign.external_campaign_id.as_deref(),
        campaign.lead_form_id,
        external_form_id.as_deref(),
    )?;

    campaign.currency = daily.currency;
    campaign.daily_budget = daily.amount;
    campaign.monthly_cap = monthly_cap.map(|money| money.amount);
    campaign.total_budget = total_budget.map(|money| money.amount);
    campaign.targeting = JsonColumn::of(&targeting);
    campaign.ad_creative = JsonColumn::of(&ad_creative);
    campaign.search_ads = JsonColumn::of(&search_ads);

    if let Patch::Value(form) = &patch.lead_form {
        validate("/lead_form", Some(form))?;
    }
    match (&mut stored, patch.lead_form) {
        (Some(form), Patch::Value(definition)) => {
            let definition = dress(definition, &tenant, url)?;
            form.name.clone_from(&definition.name);
            form.form_type = definition.form_type;
            form.definition = JsonColumn::of(&definition);
            form.external_form_id = external_form_id;
            store::save_form(tx, form)?;
        }
        (Some(_), Patch::Null) => {
            let message = "a lead form cannot be taken away, since leads refer to it; replace it instead";
            return Err(Error::field("/lead_form", "required", message));
        }
        (Some(form), Patch::Absent) if form.external_form_id != external_form_id => {
            form.external_form_id = external_form_id;
            store::save_form(tx, form)?;
        }
        (None, Patch::Value(definition)) => {
            let id = insert_form(tx, campaign.platform, definition, external_form_id, &tenant, url)?;
            campaign.lead_form_id = Some(id);
        }
        (None, _) if external_form_id.is_some() => {
            let plain = form::LeadForm::plain(&format!("{} form", campaign.name));
            let id = insert_form(tx, campaign.platform, plain, external_form_id, &tenant, url)?;
            campaign.lead_form_id = Some(id);
        }
        _ => {}
    }
    let is_new_at_platform = campaign.external_campaign_id != before.external_campaign_id;
    if is_new_at_platform && may_still_run(&before) {
        let message = "The ad platform still runs the ad campaign under its present id. Pause it, then change the id.";
        return Err(Error::conflict("ad_campaign.running", message));
    }
    let is_other_budget = daily != before.money(before.daily_budget) && campaign.platform.has_own_budget();
    if (is_new_at_platform || is_other_budget) && campaign.activated_at.is_some() {
        if is_other_budget {
            // What is in force there is no longer ours, which the next sync makes good.
            let in_force = before.lowered_budget.unwrap_or(before.daily_budget);
            store::save_delivery(tx, campaign.id, None, None, Some(in_force))?;
        }
        let wish = campaign.desired_delivery;
        status::want(tx, &mut campaign, wish)?;
    }
    store::save(tx, &mut campaign)?;
    let data = json!({"name": campaign.name, "platform": campaign.platform, "version": campaign.version});
    tx.record(NewEvent::new(EventType::AdCampaignUpdated).subject(campaign.id.uuid()).data(data))?;
    Ok(campaign)
}

/// Under an id it no longer had, nobody could stop it. One that the ad platform refuses to stop may be given another id:
/// the one it has may be wrong.
fn may_still_run(campaign: &AdCampaign) -> bool {
    let is_stopping = campaign.delivery_synced_at.is_none() && campaign.delivery_error.is_none();
    let is_asked_to = campaign.desired_delivery != Delivery::Paused;
    campaign.external_campaign_id.is_some() && campaign.activated_at.is_some() && (is_asked_to || is_stopping)
}

/// The rules of a nested document, which a merge-patch field does not check by itself.
fn validate(at: &str, value: Option<&impl Validate>) -> Result<()> {
    let Some(value) = value else { return Ok(()) };
    value.validate().map_err(|errors| Error::field(at, "invalid_value", errors.to_string()))
}
