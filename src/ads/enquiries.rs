//! From a platform's lead to an enquiry: who the person is, what the answers mean, where exactly it came from.
//!
//! What the answers mean is read in [`answers`](super::answers).

use serde_json::{Value, json};

use super::answers::{Answer, clean, fill, spoken};
use super::form::LeadForm;
use super::route::Route;
use crate::base::crypto::sha256_hex;
use crate::base::time::Timestamp;
use crate::intake::NewEnquiry;
use crate::intake::fields::StandardField;
use crate::leads::answers;
use crate::leads::model::LeadSource;
use crate::providers::google_ads::LeadFormWebhook;
use crate::providers::meta::{FormQuestion, MetaLead};

/// Characters of a platform's names and ids that are kept.
const MOST_OF_A_NAME: usize = 500;

/// A lead fetched from Meta. `told_at` is when its notification came in, which no lead is younger than.
pub fn from_meta(
    lead: &MetaLead,
    page_id: Option<&str>,
    route: Route,
    form: Option<&LeadForm>,
    questions: &[FormQuestion],
    told_at: Timestamp,
) -> NewEnquiry {
    let mut enquiry = begin(LeadSource::MetaAds, route, lead.created_time, told_at);
    enquiry.vouched_at = Some(enquiry.received_at);
    enquiry.platform_lead_id = Some(format!("meta:{}", lead.id));
    enquiry.source_details = known(json!({
        "ad_id": lead.ad_id, "ad_name": named(&lead.ad_name), "adset_id": lead.adset_id, "adset_name": named(&lead.adset_name),
        "campaign_id": lead.campaign_id, "campaign_name": named(&lead.campaign_name), "form_id": lead.form_id, "page_id": page_id,
        "is_organic": lead.is_organic, "platform": lead.platform,
    }));
    let answers = lead.field_data.iter().map(|datum| {
        let question = questions.iter().find(|question| question.key == datum.name);
        Answer {
            field: &datum.name,
            label: question.and_then(|question| question.label.as_deref()),
            kind: question.and_then(|question| StandardField::of_name(&question.kind)),
            text: spoken(&datum.values.join(", ")),
        }
    });
    fill(&mut enquiry, answers, form);
    for consent in &lead.custom_disclaimer_responses {
        let question = clean(&consent.checkbox_key, MOST_OF_A_NAME);
        answers::add(&mut enquiry.form_responses, question, consent.is_checked.into());
    }
    enquiry
}

/// A lead a Google lead form carried.
pub fn from_google(lead: &LeadFormWebhook, route: Route, form: Option<&LeadForm>, told_at: Timestamp) -> NewEnquiry {
    let mut enquiry = begin(LeadSource::GoogleAds, route, lead.lead_submit_time, told_at);
    // Nobody signs for what is in the body.
    enquiry.vouched_at = Some(told_at);
    enquiry.platform_lead_id = Some(format!("google:{}", bounded(lead.lead_id.replace('\0', "").trim())));
    enquiry.source_details = known(json!({
        "campaign_id": lead.campaign_id, "adgroup_id": lead.adgroup_id, "creative_id": lead.creative_id,
        "asset_group_id": lead.asset_group_id, "form_id": lead.form_id, "gcl_id": named(&lead.gcl_id),
    }));
    let answers = lead.user_column_data.iter().map(|column| Answer {
        field: &column.column_id,
        label: column.column_name.as_deref(),
        kind: None,
        text: spoken(&column.string_value),
    });
    fill(&mut enquiry, answers, form);
    enquiry
}

fn begin(source: LeadSource, route: Route, sent_at: Option<Timestamp>, told_at: Timestamp) -> NewEnquiry {
    let mut enquiry = NewEnquiry::new(source, sent_at.map_or(told_at, |at| at.min(told_at)));
    enquiry.ad_campaign_id = route.ad_campaign_id;
    enquiry.lead_form_id = route.lead_form_id;
    enquiry
}

fn named(name: &Option<String>) -> Option<String> {
    name.as_deref().map(|name| clean(name, MOST_OF_A_NAME))
}

/// An id that an index holds: a long one by its hash.
fn bounded(id: &str) -> String {
    if id.len() > 200 { sha256_hex(id) } else { id.to_string() }
}

/// Without what is not known.
fn known(mut details: Value) -> Value {
    if let Some(map) = details.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    details
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::TenantId;

    fn route() -> Route {
        Route { tenant: TenantId::new(), ad_campaign_id: None, lead_form_id: None }
    }
    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn recorded(path: &str) -> Value {
        let path = format!("{}/../../tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_recorded_meta_lead_becomes_an_enquiry() {
        let lead: MetaLead =
            serde_json::from_value(recorded("meta/api/lead_get.json")["response"]["body"].clone()).unwrap();
        let enquiry = from_meta(&lead, Some("153125381133"), route(), None, &[], at("2026-11-20T09:00:00Z"));
        assert_eq!(enquiry.name.as_deref(), Some("Joe Example"));
        assert_eq!(enquiry.phone.as_deref(), Some("+919876543210"));
        assert_eq!(enquiry.budget_range.as_deref(), Some("₹50,000 - ₹1,00,000"));
        assert_eq!(enquiry.received_at, at("2026-11-20T08:59:50Z"));
        assert_eq!(enquiry.vouched_at, Some(enquiry.received_at), "fetched from Meta");
        assert_eq!(enquiry.platform_lead_id.as_deref(), Some("meta:1231231231230001"));
        assert_eq!(json!(enquiry.form_responses), json!({"what_is_your_budget?": "₹50,000 - ₹1,00,000"}));
        assert_eq!(
            enquiry.source_details,
            json!({"ad_id": "120211000000000123", "form_id": "612312312312", "page_id": "153125381133",
                "is_organic": false, "platform": "ig"})
        );
    }

    #[test]
    fn the_recorded_google_lead_becomes_an_enquiry() {
        let lead: LeadFormWebhook = serde_json::from_value(recorded("google_ads/lead_real.json")).unwrap();
        let enquiry = from_google(&lead, route(), None, at("2026-11-20T08:00:00Z"));
        assert_eq!(enquiry.name.as_deref(), Some("Asha Verma"));
        assert_eq!(enquiry.location.city.as_deref(), Some("Pune"));
        assert_eq!(enquiry.timeline.as_deref(), Some("Within a week"));
        assert_eq!(enquiry.received_at, at("2026-11-20T08:00:00Z"), "not younger than its notification");
        assert_eq!(enquiry.source_details["gcl_id"], "Cj0KCQiA_example_gclid");
    }

    #[test]
    fn an_unsigned_time_is_shown_and_decides_nothing() {
        let mut lead: LeadFormWebhook = serde_json::from_value(recorded("google_ads/lead_real.json")).unwrap();
        lead.lead_submit_time = Some(at("2025-01-01T00:00:00Z"));
        let told = at("2026-11-20T08:00:00Z");
        let enquiry = from_google(&lead, route(), None, told);
        assert_eq!((enquiry.received_at, enquiry.vouched_at), (at("2025-01-01T00:00:00Z"), Some(told)));
    }

    #[test]
    fn nothing_a_platform_sends_is_refused_by_a_column() {
        let lead: MetaLead =
            serde_json::from_value(json!({"id": "1", "ad_name": "Sale\u{0}", "field_data": []})).unwrap();
        let enquiry = from_meta(&lead, None, route(), None, &[], at("2026-11-20T09:00:00Z"));
        assert_eq!(enquiry.source_details["ad_name"], "Sale");
        let mut lead: LeadFormWebhook = serde_json::from_value(recorded("google_ads/lead_real.json")).unwrap();
        lead.lead_id = "x".repeat(100_000);
        let id = from_google(&lead, route(), None, at("2026-11-20T08:00:00Z")).platform_lead_id.unwrap();
        assert_eq!(id.len(), "google:".len() + 64);
    }

    #[test]
    fn the_forms_definition_tells_what_an_answer_means() {
        let form: LeadForm = serde_json::from_value(json!({"name": "F", "questions": [
            {"key": "q1", "label": "Which side of town?", "maps_to": "areas"},
            {"key": "q2", "label": "What's your budget?"},
        ]}))
        .unwrap();
        let form = form.completed("").unwrap();
        let lead: MetaLead = serde_json::from_value(json!({"id": "1", "field_data": [
            {"name": "first_name", "values": ["Asha"]}, {"name": "last_name", "values": ["Verma"]},
            {"name": "email", "values": ["a@example.com"]}, {"name": "work_email", "values": ["w@example.com"]},
            {"name": "q1", "values": ["Andheri", "Goregaon"]}, {"name": "q2", "values": ["₹80L\u{0}-1Cr"]},
            {"name": "q3", "values": []},
        ]}))
        .unwrap();
        let enquiry = from_meta(&lead, None, route(), Some(&form), &[], at("2026-11-20T09:00:00Z"));
        assert_eq!(enquiry.name.as_deref(), Some("Asha Verma"));
        assert_eq!(enquiry.email.as_deref(), Some("a@example.com"));
        assert_eq!(enquiry.budget_range.as_deref(), Some("₹80L-1Cr"));
        assert_eq!(
            json!(enquiry.form_responses),
            json!({"email": "a@example.com", "work_email": "w@example.com", "preferred_areas": "Andheri, Goregaon", "What's your budget?": "₹80L-1Cr"})
        );
    }
}
