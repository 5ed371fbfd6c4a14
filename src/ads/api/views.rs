//! What goes out.

use crate::ads::creative::{AdCreative, SearchAds};
use crate::ads::form::{FormIntro, FormType, Question, ThankYou};
use crate::ads::model::{AccountOwner, CampaignStatus, CampaignType, Delivery, Objective, ReviewState};
use crate::ads::store::{self, AdCampaign, StoredForm};
use crate::ads::targeting::Targeting;
use crate::base::Result;
use crate::base::money::Money;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::providers::AdPlatform;

crate::text_enum! {
    /// Whether the ad platform does what it should.
    pub enum DeliveryState {
        Synced = "synced",
        /// Being told.
        Pending = "pending",
        Failed = "failed",
        /// Leads are taken in, but nothing at the ad platform is started or stopped: without its id there, or while no operator
        /// agreed to that id.
        NotControlled = "not_controlled",
    }
}

/// What the ad platform should be doing, and whether it does.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"desired": "running", "state": "synced", "synced_at": "2026-11-20T09:00:01Z", "error": null}))]
pub struct DeliveryView {
    pub desired: Delivery,
    pub state: DeliveryState,
    pub synced_at: Option<Timestamp>,
    pub error: Option<String>,
}

/// What the operators said to an ad campaign in the platform's ad account, or to the ids of one in a tenant's own.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"state": "rejected", "reason": "The headline promises a price. Please name none.",
    "decided_at": "2026-11-20T09:00:00Z"}))]
pub struct ReviewView {
    pub state: ReviewState,
    /// Why it was sent back.
    pub reason: Option<String>,
    /// Null while they were only asked.
    pub decided_at: Option<Timestamp>,
}

/// A lead form with its platform's id.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "external_form_id": "612312312312",
    "name": "ABC_Real_Estate_Lead_Form", "form_type": "more_volume", "intro": null,
    "questions": [{"key": "whats_your_budget", "label": "What's your budget?", "type": "multiple_choice",
        "options": ["₹60-80L", "₹80L-1Cr"], "maps_to": "budget"}],
    "privacy_policy_url": "https://abc.example.com/privacy", "platform_privacy_policy_url": "https://leads.example.com/privacy",
    "thank_you": {"text": "Thank you! ABC Real Estate will contact you within 24 hours.", "url": null}}))]
pub struct LeadFormView {
    pub id: LeadFormId,
    pub external_form_id: Option<String>,
    pub name: String,
    pub form_type: FormType,
    pub intro: Option<FormIntro>,
    pub questions: Vec<Question>,
    pub privacy_policy_url: Option<String>,
    /// The platform's privacy policy, which every form links to.
    pub platform_privacy_policy_url: Option<String>,
    pub thank_you: Option<ThankYou>,
}

impl LeadFormView {
    /// `shows_ids`: the caller may see what operators wrote of the platform's ad accounts.
    pub fn of(stored: StoredForm, shows_ids: bool) -> Result<Self> {
        let form = stored.form()?;
        Ok(Self {
            id: stored.id,
            external_form_id: stored.external_form_id.filter(|_| shows_ids || !stored.is_form_id_operators),
            name: form.name,
            form_type: form.form_type,
            intro: form.intro,
            questions: form.questions,
            privacy_policy_url: form.privacy_policy_url,
            platform_privacy_policy_url: form.platform_privacy_policy_url,
            thank_you: form.thank_you,
        })
    }
}

/// An ad campaign.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "name": "ABC_Real_Estate_Mumbai_2BHK", "platform": "meta",
    "campaign_type": "lead_generation", "objective": "leads", "status": "active", "status_reason": null,
    "daily_budget": {"amount": 80000, "currency": "INR"}, "total_budget": null, "monthly_cap": {"amount": 1500000, "currency": "INR"},
    "spent": null, "cost_per_lead": null, "targeting": {"locations": ["Mumbai"], "age_min": 25, "age_max": 45, "genders": "all",
        "interests": [], "behaviors": [], "income_percentile": null, "keywords": []},
    "ad_creative": null, "search_ads": null, "lead_form": null, "account_owner": "platform",
    "external_campaign_id": "120211000000000123", "external_page_id": "153125381133",
    "impressions": null, "clicks": null, "leads_generated": 1, "start_at": null, "end_at": null, "activated_at": "2026-11-20T09:00:00Z",
    "review": {"state": "approved", "reason": null, "decided_at": "2026-11-20T09:00:00Z"},
    "delivery": {"desired": "running", "state": "synced", "synced_at": "2026-11-20T09:00:01Z", "error": null},
    "version": 2, "created_at": "2026-11-20T08:00:00Z", "updated_at": "2026-11-20T09:00:00Z"
}))]
pub struct AdCampaignView {
    pub id: AdCampaignId,
    pub name: String,
    pub platform: AdPlatform,
    pub campaign_type: CampaignType,
    pub objective: Objective,
    pub status: CampaignStatus,
    /// Why it is paused or slow; `quota_reached` is lifted by itself when the next period begins, `tenant_suspended` with
    /// the suspension, `monthly_cap_reached` when the next month begins. It and `total_budget_reached` come when another
    /// day at the daily budget would pass the limit: each day on which it runs counts with its whole daily budget.
    pub status_reason: Option<String>,
    pub daily_budget: Money,
    pub total_budget: Option<Money>,
    /// Not to be spent beyond in a calendar month of the tenant's zone: see `status_reason`.
    pub monthly_cap: Option<Money>,
    /// What the ads cost so far. Null until it was read from the ad platform, and for tenants while the platform's own ad
    /// account pays.
    pub spent: Option<Money>,
    /// Null before the first lead, and where `spent` is.
    pub cost_per_lead: Option<Money>,
    pub targeting: Targeting,
    pub ad_creative: Option<AdCreative>,
    pub search_ads: Option<SearchAds>,
    pub lead_form: Option<LeadFormView>,
    pub account_owner: AccountOwner,
    /// Null for tenants where an operator wrote it, of the platform's own ad account; so are the ids of page and form.
    pub external_campaign_id: Option<String>,
    pub external_page_id: Option<String>,
    /// Null until it was read from the ad platform.
    pub impressions: Option<i64>,
    /// Null until it was read from the ad platform.
    pub clicks: Option<i64>,
    pub leads_generated: i64,
    /// Activated earlier, it starts within five minutes of this; `delivery.desired` is `paused` until then.
    pub start_at: Option<Timestamp>,
    /// Null runs continuously.
    pub end_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    /// Null before the operators were asked.
    pub review: Option<ReviewView>,
    pub delivery: DeliveryView,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

crate::versioned!(AdCampaignView);

impl AdCampaignView {
    /// With its lead form. `shows_costs`: the caller may see what the platform pays, and its ids in its ad accounts.
    pub fn load(tx: &mut TenantTx<'_>, row: AdCampaign, shows_costs: bool) -> Result<Self> {
        let form = store::form_of(tx, &row)?;
        Self::of(row, form, shows_costs)
    }

    /// Several, with their lead forms.
    pub fn all(tx: &mut TenantTx<'_>, rows: Vec<AdCampaign>, shows_costs: bool) -> Result<Vec<Self>> {
        let ids: Vec<LeadFormId> = rows.iter().filter_map(|row| row.lead_form_id).collect();
        let forms = store::forms(tx, &ids)?;
        // Two may share one.
        let form = |row: &AdCampaign| row.lead_form_id.and_then(|id| forms.get(&id)).cloned();
        rows.into_iter().map(|row| (form(&row), row)).map(|(form, row)| Self::of(row, form, shows_costs)).collect()
    }

    /// With its lead form, which is at hand.
    fn of(row: AdCampaign, form: Option<StoredForm>, shows_costs: bool) -> Result<Self> {
        let shows_costs = shows_costs || row.account_owner == AccountOwner::Tenant;
        let shows_ids = shows_costs;
        let currency = row.currency;
        let money = |amount| Money::new(amount, currency);
        let is_measured = row.figures_at.is_some();
        let spent = (shows_costs && is_measured).then(|| money(row.spent));
        let state = match (&row.external_campaign_id, &row.delivery.error, row.delivery.synced_at) {
            (None, ..) => DeliveryState::NotControlled,
            _ if row.activated_at.is_some() && !row.is_steered() => DeliveryState::NotControlled,
            (_, Some(_), _) => DeliveryState::Failed,
            (_, None, Some(_)) => DeliveryState::Synced,
            // A draft has not been told anything, and nothing is to be told.
            (..) if row.activated_at.is_none() => DeliveryState::Synced,
            (..) => DeliveryState::Pending,
        };
        let (content, review, delivery) = (row.content.0, row.review.0, row.delivery.0);
        Ok(Self {
            cost_per_lead: spent
                .filter(|_| row.leads_generated > 0)
                .map(|_| money(row.spent / row.leads_generated.max(1))),
            spent,
            daily_budget: money(row.daily_budget),
            total_budget: row.total_budget.map(money),
            monthly_cap: row.monthly_cap.map(money),
            targeting: content.targeting.read()?,
            ad_creative: content.ad_creative.read()?,
            search_ads: content.search_ads.read()?,
            lead_form: form.map(|form| LeadFormView::of(form, shows_ids)).transpose()?,
            external_campaign_id: row.external_campaign_id.filter(|_| shows_ids || !review.wrote_campaign_id),
            external_page_id: row.external_page_id.filter(|_| shows_ids || !review.wrote_page_id),
            review: review.state.map(|state| ReviewView {
                state,
                reason: review.reason,
                decided_at: review.decided_at,
            }),
            delivery: DeliveryView {
                desired: row.desired_delivery,
                state,
                synced_at: delivery.synced_at,
                error: delivery.error,
            },
            id: row.id,
            name: row.name,
            platform: row.platform,
            campaign_type: content.campaign_type,
            objective: content.objective,
            status: row.status,
            status_reason: row.status_reason,
            account_owner: row.account_owner,
            impressions: is_measured.then_some(row.impressions),
            clicks: is_measured.then_some(row.clicks),
            leads_generated: row.leads_generated,
            start_at: row.start_at,
            end_at: row.end_at,
            activated_at: row.activated_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}
