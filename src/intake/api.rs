//! `POST /v1/leads`: a frontend, a CRM or a person enters a lead.

use actix_web::post;
use utoipa::ToSchema;
use validator::Validate;

use super::NewEnquiry;
use super::meaning::words;
use super::receive::{open, receive_of};
use crate::base::bounded::dialled;
use crate::base::email::Email;
use crate::base::id::UserId;
use crate::base::phone::Phone;
use crate::base::text::{person_name, single_line};
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::contacts::id::LeadId;
use crate::contacts::{Channel, consent};
use crate::engine::Core;
use crate::engine::db::{Actor, TenantTx};
use crate::engine::http::{Answer, Json, Once, Reply};
use crate::leads::answers::FormResponses;
use crate::leads::for_intake::{self as store, Lead};
use crate::leads::id::AdCampaignId;
use crate::leads::model::{LeadSource, LeadStatus, Location};
use crate::leads::view::{self, LeadView};
use crate::tenants::Tenant;
use crate::tenants::access::{Caller, Permission};

fn blank_is_none<'de, D: serde::Deserializer<'de>>(from: D) -> std::result::Result<Option<Email>, D::Error> {
    let text = <Option<String> as serde::Deserialize>::deserialize(from)?;
    let text = text.filter(|text| !text.trim().is_empty());
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// Forms send every field, also what nobody filled in.
fn dialled_or_blank(text: &str) -> std::result::Result<(), validator::ValidationError> {
    if text.trim().is_empty() { Ok(()) } else { dialled(text) }
}

/// A lead to enter. A name and one way to reach the person are needed.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Priya Sharma", "email": "priya.sharma@example.com", "phone": "98765 43210", "source": "web_form",
    "location": {"city": "Mumbai"}, "budget_range": "₹80L-1Cr", "timeline": "Within 3 months",
    "form_responses": {"Preferred areas?": "Andheri, Goregaon"}
}))]
pub struct NewLead {
    #[validate(custom(function = "person_name"), length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Empty is as if it were left out: forms send every field.
    #[serde(default, deserialize_with = "blank_is_none")]
    email: Option<Email>,
    /// E.164, or the national form of the tenant's country.
    #[serde(default)]
    #[validate(length(max = 40), custom(function = "dialled_or_blank"))]
    #[schema(max_length = 40, pattern = "^\\s*$|[0-9].*[0-9].*[0-9]")]
    phone: Option<String>,
    #[serde(default)]
    #[validate(custom(function = "single_line"), length(max = 200))]
    #[schema(max_length = 200)]
    company: Option<String>,
    /// `api` for an API key and `manual` for a person by default. `facebook_lead_ad` and `ai_chat` are understood, and
    /// `paid_ads` where `source_details` says which: `{"source": "google"}`, a `gclid` or an `fbclid`.
    #[serde(default)]
    #[schema(value_type = Option<LeadSource>)]
    source: Option<GivenSource>,
    /// Free JSON: campaign, referrer, click ids; at most 16 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    source_details: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    industry: Option<String>,
    #[serde(default)]
    #[validate(nested)]
    location: Option<Location>,
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    budget_range: Option<String>,
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200)]
    timeline: Option<String>,
    /// Question → answer; at most 16 KiB. Answers about budget, timeline, company, industry and city fill those fields
    /// where they are left out.
    #[serde(default)]
    #[schema(value_type = Option<FormResponses>)]
    form_responses: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    ad_campaign_id: Option<AdCampaignId>,
    #[serde(default)]
    assigned_to: Option<UserId>,
    /// That the person agreed to be written to, besides this enquiry: recorded with who says so. A STOP outweighs it.
    #[serde(default)]
    #[validate(nested)]
    opt_in: Option<OptIn>,
    /// When the person enquired; now by default, never in the future. Metering counts it in the running billing period,
    /// however long ago it was.
    #[serde(default)]
    received_at: Option<Timestamp>,
}

/// A person's word that they may be written to.
#[derive(Debug, Clone, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"channels": ["whatsapp", "email"], "at": "2026-11-18T10:00:00Z", "how": "Ticked the box on our stand's tablet"}))]
pub struct OptIn {
    /// `whatsapp`, `sms`, `email`.
    #[validate(length(min = 1, max = 6))]
    #[schema(min_items = 1, max_items = 6)]
    channels: Vec<Channel>,
    /// When they agreed.
    at: Timestamp,
    /// How they agreed: where a dispute will look.
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    how: String,
}

/// A source as callers name it.
#[derive(Debug, Clone, Copy)]
enum GivenSource {
    Is(LeadSource),
    /// By its details.
    PaidAds,
}

impl<'de> serde::Deserialize<'de> for GivenSource {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(d)?;
        if text == "paid_ads" {
            return Ok(Self::PaidAds);
        }
        text.parse().map(Self::Is).map_err(serde::de::Error::custom)
    }
}

/// The ad platform that source details speak of.
fn ad_platform_in(details: Option<&serde_json::Map<String, serde_json::Value>>) -> Option<LeadSource> {
    details?.iter().find_map(|(key, value)| {
        let is_filled = value.as_str().is_some_and(|text| !text.trim().is_empty());
        match key.as_str() {
            "gclid" | "gcl_id" | "gbraid" | "wbraid" if is_filled => return Some(LeadSource::GoogleAds),
            "fbclid" if is_filled => return Some(LeadSource::MetaAds),
            "source" | "utm_source" | "platform" | "network" | "channel" => {}
            _ => return None,
        }
        let words = words(value.as_str()?.replace('_', " ").as_str());
        let says = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
        if says(&["google", "adwords", "googleads"]) {
            Some(LeadSource::GoogleAds)
        } else if says(&["meta", "facebook", "fb", "instagram", "ig"]) {
            Some(LeadSource::MetaAds)
        } else {
            None
        }
    })
}

/// The largest free document of a lead, in bytes of JSON.
const MAX_DOCUMENT: usize = 16 * 1024;

impl NewLead {
    /// Everything that is wrong with it, each field by itself.
    fn check(&self, tx: &mut TenantTx<'_>, tenant: &Tenant, now: Timestamp) -> Result<()> {
        let mut wrong = self.wrong_links(tx, tenant)?;
        if self.name.trim().is_empty() {
            wrong.push(FieldError::new("/name", "length", "expected 1 to 200 characters"));
        }
        if self.email.is_none() && self.phone.as_deref().is_none_or(|phone| phone.trim().is_empty()) {
            wrong.push(FieldError::new("/email", "required", "give an e-mail address or a phone number"));
        }
        for (pointer, document) in
            [("/source_details", &self.source_details), ("/form_responses", &self.form_responses)]
        {
            let size =
                document.as_ref().map_or(0, |map| serde_json::to_string(map).map_or(usize::MAX, |text| text.len()));
            if size > MAX_DOCUMENT {
                wrong.push(FieldError::new(pointer, "too_long", "expected at most 16384 bytes of JSON"));
            }
        }
        if matches!(self.source, Some(GivenSource::PaidAds)) && ad_platform_in(self.source_details.as_ref()).is_none() {
            let rule =
                "say in source_details which ads, such as {\"source\": \"google\"}, or send meta_ads or google_ads";
            wrong.push(FieldError::new("/source", "invalid_value", rule));
        }
        if self.received_at.is_some_and(|at| at > now.plus(chrono::Duration::minutes(5))) {
            wrong.push(FieldError::new("/received_at", "invalid_value", "expected a time that is not in the future"));
        }
        if let Some(opt_in) = &self.opt_in {
            if opt_in.at > now.plus(chrono::Duration::minutes(5)) {
                wrong.push(FieldError::new("/opt_in/at", "invalid_value", "expected a time that is not in the future"));
            }
            if opt_in.how.trim().is_empty() {
                wrong.push(FieldError::new("/opt_in/how", "required", "say how the person agreed"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
    }

    /// What can only be seen with the tenant at hand.
    fn wrong_links(&self, tx: &mut TenantTx<'_>, tenant: &Tenant) -> Result<Vec<FieldError>> {
        let mut wrong = Vec::new();
        let mut note = |at: &'static str, rule: String| wrong.push(FieldError::new(at, "invalid_value", rule));
        if let Some(raw) = self.phone.as_deref().filter(|raw| !raw.trim().is_empty())
            && let Err(rule) = Phone::parse(raw, Some(&tenant.country))
        {
            note("/phone", rule);
        }
        if let Some(user) = self.assigned_to
            && let Err(error) = crate::leads::assign::check_assignable(tx, user)
        {
            note("/assigned_to", error.message().replace("/user_id: ", ""));
        }
        if let Some(campaign) = self.ad_campaign_id
            && !is_ad_campaign(tx, campaign)?
        {
            note("/ad_campaign_id", "expected the id of an ad campaign of this tenant".into());
        }
        Ok(wrong)
    }

    fn enquiry(self, actor: Actor, now: Timestamp) -> NewEnquiry {
        let by_actor = if actor.user().is_some() { LeadSource::Manual } else { LeadSource::Api };
        let source = match self.source {
            Some(GivenSource::Is(source)) => source,
            Some(GivenSource::PaidAds) => ad_platform_in(self.source_details.as_ref()).unwrap_or(by_actor),
            None => by_actor,
        };
        let mut enquiry = NewEnquiry::new(source, self.received_at.unwrap_or(now));
        enquiry.name = Some(self.name);
        enquiry.email = self.email.map(Email::into_string);
        enquiry.phone = self.phone;
        enquiry.company = self.company;
        enquiry.source_details = self.source_details.unwrap_or_default().into();
        enquiry.industry = self.industry;
        enquiry.location = self.location.unwrap_or_default();
        enquiry.budget_range = self.budget_range;
        enquiry.timeline = self.timeline;
        enquiry.form_responses = self.form_responses.unwrap_or_default();
        enquiry.ad_campaign_id = self.ad_campaign_id;
        enquiry.assigned_to = self.assigned_to;
        enquiry.read_answers();
        enquiry
    }
}

/// What a caller that may not read leads learns of one that was there before: an address alone opens nobody's data.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KnownLead {
    pub id: LeadId,
    pub status: LeadStatus,
    pub received_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl KnownLead {
    fn of(lead: &Lead) -> Self {
        let Lead { id, status, received_at, created_at, updated_at, .. } = *lead;
        Self { id, status, received_at, created_at, updated_at }
    }
}

/// The open lead of the same person, as far as the caller may see it.
#[derive(Debug, serde::Serialize, ToSchema)]
#[serde(untagged)]
#[schema(example = json!({"id": "01a1fd2e-8f43-7d2b-b1a9-6f1c0b5a7e21", "status": "new", "received_at": "2026-11-20T09:03:10Z",
    "created_at": "2026-11-20T09:03:10Z", "updated_at": "2026-11-20T09:10:00Z"}))]
pub enum OpenLead {
    Whole(Box<LeadView>),
    /// Without the permission `leads:read`.
    Known(KnownLead),
}

/// Enter a lead
///
/// A person who already has an open lead is recognised by e-mail or phone: the answer is then 200 with that lead (without
/// `leads:read` only its id, status and times), and nothing is metered twice within the tenant's window.
#[utoipa::path(
    responses((status = 201, description = "A new lead", body = LeadView),
        (status = 200, description = "The open lead of the same person, with the enquiry added", body = OpenLead))
)]
#[post("/leads")]
pub async fn create_lead(caller: Caller, core: Core, body: Json<NewLead>, once: Once) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    let may_read = caller.may(Permission::LeadsRead);
    let now = core.clock.now();
    once.write(&core, caller.scope(), move |tx| {
        let new = body.0;
        let tenant = open(tx)?;
        new.check(tx, &tenant, now)?;
        let opt_in = new.opt_in.clone();
        let (received, stored) = receive_of(tx, &tenant, new.enquiry(tx.actor(), now))?;
        let lead = stored.map_or_else(|| store::get(tx, received.lead_id), Ok)?;
        if let Some(opt_in) = opt_in {
            record(tx, &lead, &opt_in)?;
        }
        let (id, version) = (lead.id, lead.version);
        let shown = if received.is_new || may_read {
            OpenLead::Whole(Box::new(view::of(tx, lead)?))
        } else {
            OpenLead::Known(KnownLead::of(&lead))
        };
        let reply = if received.is_new { Reply::created(shown) } else { Reply::ok(shown) };
        Ok(reply.version(version).location(format!("/v1/leads/{id}")))
    })
    .await
}

/// Notes what the person agreed to, for each address the lead has.
fn record(tx: &mut TenantTx<'_>, lead: &Lead, opt_in: &OptIn) -> Result<()> {
    let under_lock = lead.is_locked.then_some(lead.id);
    for channel in &opt_in.channels {
        let address = match channel {
            Channel::Whatsapp | Channel::Sms => &lead.phone,
            Channel::Email => &lead.email,
            Channel::WebChat | Channel::Messenger | Channel::Instagram => &None,
        };
        if let Some(address) = address {
            consent::opt_in(tx, *channel, address, opt_in.at, opt_in.how.trim(), under_lock)?;
        }
    }
    Ok(())
}

/// The hook by which an entered lead may name an ad campaign; they lie above.
#[derive(Debug, Clone, Copy)]
pub struct IsAdCampaign(pub fn(&mut TenantTx<'_>, AdCampaignId) -> Result<bool>);

fn is_ad_campaign(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<bool> {
    let hook = tx.platform().reactions().hook::<IsAdCampaign>();
    hook.map_or(Ok(false), |IsAdCampaign(ask)| ask(tx, id))
}
