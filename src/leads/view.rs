//! How a lead looks from outside. What is left of a locked one is decided in [`lock`].

use super::answers::{self, FormResponses};
use super::contact_details::{self, ContactDetailView};
use super::lock;
use super::model::{ChargeKind, LeadSource, LeadStatus, LeadValidity, Location};
use super::score::{Grade, Intent, Score, grade, intent, is_qualified};
use super::store::Lead;
use crate::base::Result;
use crate::base::id::UserId;
use crate::base::json::Json;
use crate::base::money::Money;
use crate::base::phone;
use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, LeadId};
use crate::engine::db::TenantTx;
use crate::leads::id::{AdCampaignId, LeadFormId};
use crate::tenants::access::KnownTenant;
use crate::tenants::{self, Tenant};

/// Days without any activity after which an untouched lead counts as stalled.
const STALLED_DAYS: i64 = 3;

/// A lead.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "name": "Priya Sharma", "email": "priya.sharma@example.com", "has_email": true, "phone": "+919876543210", "has_phone": true, "phone_is_valid": true,
    "company": null, "source": "meta_ads", "source_details": {"platform": "fb"}, "status": "new", "validity": "unverified", "score": 95,
    "grade": "hot", "intent": "hot", "is_qualified": true, "is_locked": false, "is_stalled": false, "is_charged": true,
    "charge_kind": "quota", "charged_amount": {"amount": 30000, "currency": "INR"}, "assigned_to": null, "assigned_at": null,
    "industry": null, "location": {"city": "Mumbai"}, "budget_range": "₹80L-1Cr", "timeline": "Within 3 months",
    "form_responses": {"Preferred areas?": "Andheri, Goregaon"},
    "contact_details": [{"kind": "phone", "typed": "98765 43210", "value": "+919876543210", "is_readable": true, "is_primary": true,
        "source": "meta_ads", "received_at": "2026-11-20T08:59:50Z"}], "ad_campaign_id": null, "lead_form_id": null, "platform_lead_id": "meta:1231231231230001",
    "ai_summary": null, "ai_insights": null, "pages_visited": [], "time_on_site_seconds": 0, "actions_taken": [],
    "enquiry_count": 1, "contact_count": 0, "total_interactions": 1, "first_contact_at": null, "last_contact_at": null,
    "last_activity_at": "2026-11-20T08:59:50Z", "closed_at": null, "received_at": "2026-11-20T08:59:50Z",
    "version": 1, "created_at": "2026-11-20T09:00:01Z", "updated_at": "2026-11-20T09:00:01Z"
}))]
pub struct LeadView {
    pub id: LeadId,
    /// The person: `GET /v1/contacts/{id}`. Null while the lead is locked, whoever it is.
    pub contact_id: Option<ContactId>,
    /// `Locked lead` while it is locked.
    pub name: String,
    /// Null while the lead is locked, whether there is one or not.
    pub email: Option<String>,
    /// There is an e-mail address, shown or not.
    pub has_email: bool,
    /// E.164. Null while the lead is locked, whether there is one or not.
    pub phone: Option<String>,
    /// Whether its country has given out such numbers, as far as our tables know. Null without a number.
    pub phone_is_valid: Option<bool>,
    /// There is a phone number, shown or not.
    pub has_phone: bool,
    pub company: Option<String>,
    pub source: LeadSource,
    /// Where it came from, in the source's own words.
    #[schema(value_type = Object)]
    pub source_details: Json,
    pub status: LeadStatus,
    pub validity: LeadValidity,
    /// 0 to 100; `/score` explains it.
    pub score: i32,
    pub grade: Grade,
    pub intent: Intent,
    /// A score of 60 or more.
    pub is_qualified: bool,
    /// Held back until a plan pays for it: who it is, and whatever anybody wrote, is left out.
    pub is_locked: bool,
    /// New or contacted, and nothing happened for three days.
    pub is_stalled: bool,
    /// Counted against quota or billed.
    pub is_charged: bool,
    /// `unreachable` where nothing that could be read is an e-mail address or a phone number: nothing is billed until somebody
    /// writes one into the lead; `unmetered` on leads of earlier versions that came before any plan.
    pub charge_kind: Option<ChargeKind>,
    /// What the lead is worth or costs; within quota nothing of it is due.
    pub charged_amount: Option<Money>,
    pub assigned_to: Option<UserId>,
    pub assigned_at: Option<Timestamp>,
    pub industry: Option<String>,
    /// While the lead is locked, only a city that the tenant serves.
    pub location: Location,
    /// While the lead is locked, the band it lies in.
    pub budget_range: Option<String>,
    /// While the lead is locked, the band it lies in.
    pub timeline: Option<String>,
    /// Question → answer, in the order in which they came. Questions of one name are numbered: `age_of_child`,
    /// `age_of_child (2)`. All of one lead are bounded; the newest stay, and the timeline says which went.
    #[schema(value_type = FormResponses)]
    pub form_responses: Json,
    /// Everything the person gave to be called by, as it was typed, newest first and fifty at most: what could not be read,
    /// and what came with a later enquiry. Empty while the lead is locked.
    #[schema(value_type = Vec<ContactDetailView<'static>>)]
    pub contact_details: Json,
    pub ad_campaign_id: Option<AdCampaignId>,
    pub lead_form_id: Option<LeadFormId>,
    pub platform_lead_id: Option<String>,
    pub ai_summary: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub ai_insights: Option<Json>,
    pub pages_visited: Vec<String>,
    pub time_on_site_seconds: i64,
    pub actions_taken: Vec<String>,
    /// How often the person enquired.
    pub enquiry_count: i32,
    /// How often we reached out.
    pub contact_count: i32,
    pub total_interactions: i32,
    pub first_contact_at: Option<Timestamp>,
    pub last_contact_at: Option<Timestamp>,
    pub last_activity_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    /// When the person sent the enquiry; decides the billing period, except of a lead that could be reached later only.
    pub received_at: Timestamp,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// With `include=assignee`, where somebody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub assignee: Option<Assignee>,
    /// With `include=score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub score_details: Option<ScoreView>,
}

crate::versioned!(LeadView);

/// The user a lead is assigned to.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct Assignee {
    pub id: UserId,
    pub name: Option<String>,
    pub email: String,
}

crate::view! {
    /// A score with its explanation; the items add up to it.
    #[schema(example = json!({
        "score": 95, "grade": "hot", "intent": "hot", "is_qualified": true, "model": "real_estate_in", "model_version": 1,
        "items": [
            {"rule": "budget_match", "label": "Budget matches (₹80L-1Cr)", "points": 30},
            {"rule": "timeline", "label": "Timeline: Within 3 months", "points": 25},
            {"rule": "location_match", "label": "Location matches", "points": 20},
            {"rule": "phone_valid", "label": "Phone is valid", "points": 10},
            {"rule": "email_valid", "label": "E-mail is valid", "points": 10}
        ]
    }))]
    #[derive(Debug, Clone)]
    pub struct ScoreView from score: Score {
        pub score: i32,
        pub grade: Grade = grade(score.score),
        pub intent: Intent = intent(score.score),
        pub is_qualified: bool = is_qualified(score.score),
        /// Code of the scoring model.
        pub model: String,
        pub model_version: i32 = score.version,
        pub items: Vec<super::score::ScoreItem>,
    }
}

impl ScoreView {
    /// Without the person's words while the lead is locked.
    pub fn of(score: Score, is_locked: bool) -> Self {
        if is_locked { lock::quiet(score).into() } else { score.into() }
    }
}

/// The view of a lead that is not locked; a locked one comes back, since what it tells depends on its tenant.
pub fn open(lead: Lead, now: Timestamp) -> Result<std::result::Result<LeadView, Box<Lead>>> {
    if lead.is_locked { Ok(Err(Box::new(lead))) } else { view(lead, None, now).map(Ok) }
}

/// The view of a lead; of a locked one, what [`lock`] allows.
pub fn of(tx: &mut TenantTx<'_>, lead: Lead) -> Result<LeadView> {
    let tenant = if lead.is_locked { Some(tenants::store::current(tx)?) } else { None };
    view(lead, tenant.as_ref(), tx.now())
}

/// The views of a page of leads.
pub fn all(tx: &mut TenantTx<'_>, leads: Vec<Lead>, tenant: &KnownTenant) -> Result<Vec<LeadView>> {
    let now = tx.now();
    // What a locked lead tells depends on what its tenant is looking for.
    let is_asked = leads.iter().any(|lead| lead.is_locked);
    let tenant = is_asked.then(|| tenant.or_read(|| tenants::store::current(tx))).transpose()?;
    leads.into_iter().map(|lead| view(lead, tenant.as_deref(), now)).collect()
}

fn view(lead: Lead, tenant: Option<&Tenant>, now: Timestamp) -> Result<LeadView> {
    let phone_is_valid = lead.phone.as_deref().map(phone::is_valid);
    let (has_email, has_phone) = (lead.email.is_some(), lead.phone.is_some());
    let mut shown = match tenant.filter(|_| lead.is_locked) {
        Some(tenant) => lock::shown(&lead, tenant)?,
        None => lead,
    };
    let answers = answers::shown(&shown.profile.form_responses)?;
    // Of a locked one there are none, and of those that an earlier version wrote they are made now.
    if !shown.is_locked && !contact_details::is_shown(&shown.profile.contact_details) {
        shown.refresh_details()?;
    }
    let untouched = matches!(shown.status, LeadStatus::New | LeadStatus::Contacted);
    let (charge, contact_id) = (shown.charge(), shown.contact_id());
    let profile = shown.profile.0;
    let charged = shown.charge_kind.is_some_and(ChargeKind::is_paid_for);
    Ok(LeadView {
        id: shown.id,
        contact_id,
        grade: grade(shown.score),
        intent: intent(shown.score),
        is_qualified: is_qualified(shown.score),
        is_stalled: untouched && now.since(shown.last_activity_at) > chrono::Duration::days(STALLED_DAYS),
        is_charged: charged,
        charged_amount: charge,
        location: profile.location,
        form_responses: answers,
        contact_details: profile.contact_details,
        name: shown.name,
        email: shown.email,
        phone_is_valid,
        has_email,
        phone: shown.phone,
        has_phone,
        company: shown.company,
        source: shown.source,
        source_details: profile.source_details,
        status: shown.status,
        validity: shown.validity,
        score: shown.score,
        is_locked: shown.is_locked,
        charge_kind: shown.charge_kind,
        assigned_to: shown.assigned_to,
        assigned_at: shown.assigned_at,
        industry: profile.industry,
        budget_range: profile.budget_range,
        timeline: profile.timeline,
        ad_campaign_id: shown.ad_campaign_id,
        lead_form_id: shown.lead_form_id,
        platform_lead_id: shown.platform_lead_id,
        ai_summary: profile.ai_summary,
        ai_insights: profile.ai_insights,
        pages_visited: profile.behaviour.pages_visited,
        time_on_site_seconds: profile.behaviour.time_on_site_seconds,
        actions_taken: profile.behaviour.actions_taken,
        enquiry_count: profile.enquiry_count,
        contact_count: shown.contact_count,
        total_interactions: shown.total_interactions,
        first_contact_at: shown.first_contact_at,
        last_contact_at: shown.last_contact_at,
        last_activity_at: shown.last_activity_at,
        closed_at: shown.closed_at,
        received_at: shown.received_at,
        version: shown.version,
        created_at: shown.created_at,
        updated_at: shown.updated_at,
        assignee: None,
        score_details: None,
    })
}
