//! Creating an ad campaign.

use validator::Validate;

use super::facts::AdCampaignFact;
use crate::ads::creative::{AdCreative, SearchAds};
use crate::ads::documents::{Content, Review};
use crate::ads::form::{LeadForm, ThankYou};
use crate::ads::id::PlatformId;
use crate::ads::model::{AccountOwner, CampaignStatus, CampaignType, Delivery, Objective};
use crate::ads::store::{self, AdCampaign, StoredForm};
use crate::ads::targeting::Targeting;
use crate::base::bounded::Line;
use crate::base::json::{Doc, Json as JsonColumn};
use crate::base::money::Money;
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;
use crate::tenants::{self, Tenant};

/// An ad campaign to be created, as a draft.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "ABC_Real_Estate_Mumbai_2BHK", "platform": "meta", "daily_budget": {"amount": 80000, "currency": "INR"},
    "monthly_cap": {"amount": 1500000, "currency": "INR"},
    "targeting": {"locations": ["Mumbai", "Thane"], "age_min": 25, "age_max": 45, "genders": "all"},
    "ad_creative": {"primary_text": "Find your dream 2 BHK in Mumbai", "headline": "2 BHK apartments in Mumbai", "call_to_action": "get_quote"},
    "lead_form": {"name": "ABC_Real_Estate_Lead_Form", "questions": [{"type": "full_name"}, {"type": "email"}, {"type": "phone"},
        {"label": "What's your budget?", "type": "multiple_choice", "options": ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr", "₹1.5Cr+"]}]},
    "external_campaign_id": "120211000000000123", "external_form_id": "612312312312", "external_page_id": "153125381133"
}))]
pub struct NewAdCampaign {
    pub name: Line<1, 200>,
    /// `meta` (or `facebook`) or `google`.
    pub platform: AdPlatform,
    pub daily_budget: Money,
    /// Not to be spent beyond in a calendar month of the tenant's zone. It is paused (`monthly_cap_reached`) before a day whose
    /// daily budget would pass it, until the next month begins.
    pub monthly_cap: Option<Money>,
    /// Not to be spent beyond in its whole life: it is paused (`total_budget_reached`) before a day whose daily budget would
    /// pass it.
    pub total_budget: Option<Money>,
    /// What is left out comes from the tenant's service areas and audience.
    #[serde(default)]
    #[validate(nested)]
    pub targeting: Targeting,
    #[validate(nested)]
    pub ad_creative: Option<AdCreative>,
    /// For Google.
    #[validate(nested)]
    pub search_ads: Option<SearchAds>,
    /// Left out, but with an `external_form_id`: a form that asks for name, e-mail and phone.
    #[validate(nested)]
    pub lead_form: Option<LeadForm>,
    /// In whose ad account it runs: the platform's, unless said otherwise. It stays as it was created.
    pub account_owner: Option<AccountOwner>,
    /// Its id at the ad platform. A wish until an operator agrees to it; no two ad campaigns that are not over share one then.
    pub external_campaign_id: Option<PlatformId>,
    /// Its form's id at the ad platform. Leads find their tenant by it once an operator agreed to it.
    pub external_form_id: Option<PlatformId>,
    /// The page the ads belong to; for Meta.
    pub external_page_id: Option<PlatformId>,
    /// Activated earlier, it starts within five minutes of this.
    pub start_at: Option<Timestamp>,
    /// Null runs continuously.
    pub end_at: Option<Timestamp>,
}

/// How many ad campaigns of a tenant may be drafts.
pub const MOST_DRAFTS: i64 = 200;

/// What is known around a change: who asks for it, and what a form is completed with.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub tenant: &'a Tenant,
    /// Where the platform's privacy policy is.
    pub policy: Option<&'a str>,
    pub by_operator: bool,
}

/// # Errors
/// `ad_campaign.limit_reached`, `ad_campaign.external_campaign_taken`, `ad_campaign.external_form_taken`, and a field error for
/// all that does not fit together.
pub fn create(
    tx: &mut TenantTx<'_>,
    new: NewAdCampaign,
    policy: Option<&str>,
    by_operator: bool,
) -> Result<AdCampaign> {
    store::lock(tx)?;
    if store::count(tx, CampaignStatus::Draft)? >= MOST_DRAFTS {
        let message = format!("There are {MOST_DRAFTS} drafts already. Submit or complete one first.");
        return Err(Error::conflict("ad_campaign.limit_reached", message));
    }
    let tenant = tenants::store::current(tx)?;
    let (now, id) = (tx.now(), AdCampaignId::new());
    let targeting = new.targeting.or_of(&tenant);
    check(&Checked {
        daily_budget: new.daily_budget,
        total_budget: new.total_budget,
        monthly_cap: new.monthly_cap,
        targeting: &targeting,
        ad_creative: new.ad_creative.as_ref(),
        search_ads: new.search_ads.as_ref(),
        start_at: new.start_at,
        end_at: new.end_at,
    })?;
    refuse_own_twice(tx, new.platform, id, new.external_campaign_id.as_deref(), new.external_form_id.as_deref())?;
    let needs_form = new.external_form_id.is_some();
    let form = new.lead_form.or_else(|| needs_form.then(|| LeadForm::plain(&format!("{} form", new.name.as_str()))));
    let lead_form_id = match form {
        Some(form) => {
            let around = Around { tenant: &tenant, policy, by_operator };
            Some(insert_form(tx, new.platform, form, new.external_form_id.map(Into::into), around)?)
        }
        None => None,
    };
    let (has_campaign_id, has_page_id) = (new.external_campaign_id.is_some(), new.external_page_id.is_some());
    let campaign = AdCampaign {
        tenant_id: tx.tenant(),
        id,
        name: new.name.into(),
        platform: new.platform,
        status: CampaignStatus::Draft,
        status_reason: None,
        currency: new.daily_budget.currency,
        daily_budget: new.daily_budget.amount,
        total_budget: new.total_budget.map(|money| money.amount),
        monthly_cap: new.monthly_cap.map(|money| money.amount),
        spent: 0,
        content: Doc(Content {
            campaign_type: CampaignType::LeadGeneration,
            objective: Objective::Leads,
            targeting: JsonColumn::of(&targeting),
            ad_creative: JsonColumn::of(&new.ad_creative),
            search_ads: JsonColumn::of(&new.search_ads),
        }),
        lead_form_id,
        account_owner: new.account_owner.unwrap_or(AccountOwner::Platform),
        external_campaign_id: new.external_campaign_id.map(Into::into),
        external_page_id: new.external_page_id.map(Into::into),
        impressions: 0,
        clicks: 0,
        leads_generated: 0,
        start_at: new.start_at,
        end_at: new.end_at,
        activated_at: None,
        desired_delivery: Delivery::Paused,
        delivery: Doc::default(),
        review: Doc(Review {
            wrote_campaign_id: by_operator && has_campaign_id,
            wrote_page_id: by_operator && has_page_id,
            ..Review::default()
        }),
        agreed_campaign_id: None,
        agreed_page_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
        committed_until: None,
        figures_at: None,
    };
    store::insert(tx, &campaign)?;
    let fact = AdCampaignFact { daily_budget: Some(new.daily_budget), ..AdCampaignFact::of(&campaign) };
    tx.record(fact.told_as(AdCampaignFact::CREATED).about(id.uuid()))?;
    Ok(campaign)
}

/// Stores a form with its keys and meanings, the platform's privacy policy and the tenant's thanks.
pub(super) fn insert_form(
    tx: &mut TenantTx<'_>,
    platform: AdPlatform,
    form: LeadForm,
    external_form_id: Option<String>,
    around: Around<'_>,
) -> Result<LeadFormId> {
    let form = dress(form, around)?;
    let now = tx.now();
    let row = StoredForm {
        tenant_id: tx.tenant(),
        id: LeadFormId::new(),
        platform,
        name: form.name.clone(),
        form_type: form.form_type,
        definition: JsonColumn::of(&form),
        is_form_id_operators: around.by_operator && external_form_id.is_some(),
        external_form_id,
        agreed_form_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
        platform_questions: None,
        questions_asked_at: None,
    };
    store::insert_form(tx, &row)?;
    Ok(row.id)
}

/// Completes the questions, says what was left unsaid, and names the tenant in the page after the form.
pub(super) fn dress(form: LeadForm, Around { tenant, policy, .. }: Around<'_>) -> Result<LeadForm> {
    let mut form = form.completed("/lead_form")?;
    form.platform_privacy_policy_url = policy.map(str::to_string);
    form.privacy_policy_url = form.privacy_policy_url.or_else(|| policy.map(str::to_string));
    let name = tenant.settings.branding.display_name.as_deref().unwrap_or(&tenant.name);
    form.thank_you.get_or_insert_with(|| ThankYou {
        text: format!("Thank you! {name} will contact you within 24 hours."),
        url: None,
    });
    if let Some(url) = form.thank_you.as_mut().and_then(|thanks| thanks.url.as_mut()) {
        *url = url.replace("{tenant_id}", &tenant.id.to_string());
    }
    Ok(form)
}

/// The values whose sense lies between them.
pub(super) struct Checked<'a> {
    pub daily_budget: Money,
    pub total_budget: Option<Money>,
    pub monthly_cap: Option<Money>,
    pub targeting: &'a Targeting,
    pub ad_creative: Option<&'a AdCreative>,
    pub search_ads: Option<&'a SearchAds>,
    pub start_at: Option<Timestamp>,
    pub end_at: Option<Timestamp>,
}

pub(super) fn check(values: &Checked<'_>) -> Result<()> {
    let daily = values.daily_budget;
    let mut problems = values.targeting.problems("/targeting");
    problems.extend(values.ad_creative.iter().flat_map(|creative| creative.problems("/ad_creative")));
    problems.extend(values.search_ads.iter().flat_map(|ads| ads.problems("/search_ads", daily.currency)));
    if daily.amount == 0 {
        problems.push(FieldError::new("/daily_budget/amount", "invalid_value", "expected more than 0"));
    }
    for (pointer, limit) in [("/total_budget", values.total_budget), ("/monthly_cap", values.monthly_cap)] {
        let Some(limit) = limit else { continue };
        if limit.currency != daily.currency {
            let detail = format!("expected the currency of the daily budget, {}", daily.currency);
            problems.push(FieldError::new(format!("{pointer}/currency"), "invalid_value", detail));
        } else if limit.amount < daily.amount {
            let detail = "expected at least the daily budget";
            problems.push(FieldError::new(format!("{pointer}/amount"), "invalid_value", detail));
        }
    }
    if let (Some(start), Some(end)) = (values.start_at, values.end_at)
        && end <= start
    {
        problems.push(FieldError::new("/end_at", "invalid_value", "expected a time after start_at"));
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::fields(problems)) }
}

/// Two ad campaigns of one tenant that name the same id would be a slip. What other tenants wrote down is not looked at: a wish
/// keeps nobody out, and nobody learns of it.
///
/// # Errors
/// `ad_campaign.external_campaign_taken`, `ad_campaign.external_form_taken`.
pub(super) fn refuse_own_twice(
    tx: &mut TenantTx<'_>,
    platform: AdPlatform,
    campaign: AdCampaignId,
    external_campaign: Option<&str>,
    external_form: Option<&str>,
) -> Result<()> {
    let (has_campaign, has_form) = store::is_own(tx, platform, external_campaign, external_form, campaign)?;
    if has_campaign {
        let message =
            "Another ad campaign of yours has this external_campaign_id. Complete that one, or leave the id out.";
        return Err(Error::conflict("ad_campaign.external_campaign_taken", message));
    }
    if has_form {
        let message = "Another ad campaign of yours has this external_form_id. Complete that one, or leave the id out.";
        return Err(Error::conflict("ad_campaign.external_form_taken", message));
    }
    Ok(())
}
