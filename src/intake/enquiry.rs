//! What comes in, and what became of it.

use super::fields::{StandardField, is_email};
use super::meaning::{Meaning, is_postal_code};
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::leads::answers::Answers;
use crate::leads::contact_details::DetailKind;
use crate::leads::id::{AdCampaignId, LeadFormId};
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
    /// The e-mail address was taken from an answer that only its content, or what the tenant says of its question, makes
    /// one: shown and written to, but no ground for who the person is, or one constant answer would make one person of all.
    pub is_email_hint: bool,
    /// As `is_email_hint`.
    pub is_phone_hint: bool,
    /// Further addresses and numbers that were given.
    pub also: Vec<Further>,
    pub company: Option<String>,
    pub industry: Option<String>,
    pub location: Location,
    pub budget_range: Option<String>,
    pub timeline: Option<String>,
    /// Question → answer, in the form's order.
    pub form_responses: Answers,
    pub ad_campaign_id: Option<AdCampaignId>,
    pub lead_form_id: Option<LeadFormId>,
    /// The platform's id of the lead, `meta:123…`: the same one is the same delivery.
    pub platform_lead_id: Option<String>,
    pub assigned_to: Option<UserId>,
    /// When the person sent it.
    pub received_at: Timestamp,
    /// What decides the billing period: a platform's own time where we fetched it there ourselves, else when it
    /// told us. `None` where a caller names whatever time it likes.
    pub vouched_at: Option<Timestamp>,
}

/// An address or a number besides the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Further {
    pub kind: DetailKind,
    pub typed: String,
    /// As [`NewEnquiry::is_email_hint`].
    pub is_hint: bool,
}

/// The longest answer that becomes a field of the lead.
const MAX_FIELD: usize = 200;
const MAX_POSTAL_CODE: usize = 20;

impl NewEnquiry {
    /// Fills what the caller left out from the answers of the form, by the words of the questions. The answers stay.
    pub fn read_answers(&mut self) {
        for (question, answer) in &self.form_responses {
            let Some(text) = spoken(answer).filter(|text| !is_email(text)) else { continue };
            let place = &mut self.location;
            let target = match (StandardField::of_name(question), Meaning::of_words(question)) {
                (Some(StandardField::PostalCode), _) if text.chars().count() <= MAX_POSTAL_CODE => {
                    &mut place.postal_code
                }
                (Some(StandardField::City), _) => &mut place.city,
                (Some(StandardField::Company), _) => &mut self.company,
                (_, Some(Meaning::Budget)) => &mut self.budget_range,
                (_, Some(Meaning::Timeline)) => &mut self.timeline,
                (_, Some(Meaning::Company)) => &mut self.company,
                (_, Some(Meaning::Industry)) => &mut self.industry,
                _ if is_postal_code(question, &text) => &mut place.postal_code,
                (_, Some(Meaning::Location)) => &mut place.city,
                _ => continue,
            };
            if target.is_none() {
                *target = Some(text);
            }
        }
    }

    /// Whether the person sent a form: what an agent typed, or a list brought, is none.
    pub fn is_form(&self) -> bool {
        match self.source {
            LeadSource::MetaAds | LeadSource::GoogleAds | LeadSource::WebForm => true,
            LeadSource::Manual | LeadSource::Import => false,
            _ => !self.form_responses.is_empty(),
        }
    }

    /// An enquiry with nothing but its source and time.
    pub fn new(source: LeadSource, received_at: Timestamp) -> Self {
        Self {
            source,
            source_details: serde_json::json!({}),
            name: None,
            email: None,
            phone: None,
            is_email_hint: false,
            is_phone_hint: false,
            also: Vec::new(),
            company: None,
            industry: None,
            location: Location::default(),
            budget_range: None,
            timeline: None,
            form_responses: Answers::new(),
            ad_campaign_id: None,
            lead_form_id: None,
            platform_lead_id: None,
            assigned_to: None,
            received_at,
            vouched_at: None,
        }
    }
}

/// An answer as one text; several chosen options are joined.
fn spoken(answer: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    let text = match answer {
        Value::String(text) => text.trim().to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().filter_map(spoken).collect::<Vec<_>>().join(", "),
        _ => return None,
    };
    (1..=MAX_FIELD).contains(&text.chars().count()).then_some(text)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_fill_what_was_left_out_and_nothing_else() {
        let mut enquiry = NewEnquiry::new(LeadSource::Api, Timestamp::from_seconds(1_795_165_200).unwrap());
        enquiry.timeline = Some("Within 3 months".into());
        let answers = serde_json::json!({"budget": " ₹80L-1Cr ", "timeline": "Immediately", "preferred_areas": "Andheri",
            "What is your company name?": ["Sharma", "Sons"], "Which city?": {"a": 1}, "Industry?": "x".repeat(201)});
        enquiry.form_responses = answers.as_object().cloned().unwrap();
        enquiry.read_answers();
        assert_eq!(enquiry.budget_range.as_deref(), Some("₹80L-1Cr"));
        assert_eq!(enquiry.timeline.as_deref(), Some("Within 3 months"), "what the caller said counts");
        assert_eq!(enquiry.company.as_deref(), Some("Sharma, Sons"));
        assert_eq!((enquiry.location.city, enquiry.industry), (None, None));
        assert_eq!(enquiry.form_responses.len(), 6, "every answer stays");
    }
}
