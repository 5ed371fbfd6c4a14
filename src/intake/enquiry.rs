//! What comes in, and what became of it.

use crate::base::id::{AdCampaignId, LeadFormId, LeadId, UserId};
use crate::base::time::Timestamp;
use crate::leads::model::{LeadSource, Location};

/// An enquiry by a person, as it arrived. Contact data is raw here and parsed inside.
#[derive(Debug, Clone)]
pub struct NewEnquiry {
    pub source: LeadSource,
    /// Where exactly: ad ids, page, click ids, referrer.
    pub source_details: serde_json::Value,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company: Option<String>,
    pub industry: Option<String>,
    pub location: Location,
    pub budget_range: Option<String>,
    pub timeline: Option<String>,
    /// Question → answer, in the form's order.
    pub form_responses: serde_json::Map<String, serde_json::Value>,
    pub ad_campaign_id: Option<AdCampaignId>,
    pub lead_form_id: Option<LeadFormId>,
    /// The platform's id of the lead, `meta:123…`: the same one is the same delivery.
    pub platform_lead_id: Option<String>,
    pub assigned_to: Option<UserId>,
    /// When the person sent it.
    pub received_at: Timestamp,
    /// A platform signed for the time, which then decides the billing period.
    pub is_time_vouched: bool,
}

impl NewEnquiry {
    /// An enquiry with nothing but its source and time.
    pub fn new(source: LeadSource, received_at: Timestamp) -> Self {
        Self {
            source,
            source_details: serde_json::json!({}),
            name: None,
            email: None,
            phone: None,
            company: None,
            industry: None,
            location: Location::default(),
            budget_range: None,
            timeline: None,
            form_responses: serde_json::Map::new(),
            ad_campaign_id: None,
            lead_form_id: None,
            platform_lead_id: None,
            assigned_to: None,
            received_at,
            is_time_vouched: false,
        }
    }
}

/// What became of it.
#[derive(Debug, Clone)]
pub struct Received {
    pub lead_id: LeadId,
    /// A new lead; otherwise an activity on an open one.
    pub is_new: bool,
    /// The same delivery was here before: nothing changed.
    pub is_duplicate: bool,
    pub is_locked: bool,
}
