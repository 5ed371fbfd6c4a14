//! From a platform's lead to an enquiry: who the person is, what the answers mean, where exactly it came from.
//!
//! What an answer means is told by the form's definition, else by the platforms' own field names, else by the words of the question.
//! Every answer but name, e-mail and phone is also kept under its question, in the form's order.

use serde_json::{Map, Value, json};

use super::form::LeadForm;
use super::route::Route;
use crate::base::crypto::sha256_hex;
use crate::base::time::Timestamp;
use crate::intake::NewEnquiry;
use crate::intake::meaning::{Meaning, bare};
use crate::leads::model::LeadSource;
use crate::providers::google_ads::LeadFormWebhook;
use crate::providers::meta::MetaLead;

/// Longer answers are cut: no question of a form asks for more.
const MAX_ANSWER: usize = 5000;

/// A lead fetched from Meta. `told_at` is when its notification came in, which no lead is younger than.
pub fn from_meta(
    lead: &MetaLead,
    page_id: Option<&str>,
    route: Route,
    form: Option<&LeadForm>,
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
    let answers = lead.field_data.iter().map(|datum| Answer {
        field: &datum.name,
        label: None,
        text: clean(&datum.values.join(", ")),
    });
    fill(&mut enquiry, answers, form);
    for consent in &lead.custom_disclaimer_responses {
        enquiry.form_responses.insert(clean(&consent.checkbox_key), consent.is_checked.into());
    }
    enquiry
}

/// A lead a Google lead form carried.
pub fn from_google(lead: &LeadFormWebhook, route: Route, form: Option<&LeadForm>, told_at: Timestamp) -> NewEnquiry {
    let mut enquiry = begin(LeadSource::GoogleAds, route, lead.lead_submit_time, told_at);
    // Nobody signs for what is in the body.
    enquiry.vouched_at = Some(told_at);
    enquiry.platform_lead_id = Some(format!("google:{}", bounded(&clean(&lead.lead_id))));
    enquiry.source_details = known(json!({
        "campaign_id": lead.campaign_id, "adgroup_id": lead.adgroup_id, "creative_id": lead.creative_id,
        "asset_group_id": lead.asset_group_id, "form_id": lead.form_id, "gcl_id": lead.gcl_id.as_deref().map(clean),
    }));
    let answers = lead.user_column_data.iter().map(|column| Answer {
        field: &column.column_id,
        label: column.column_name.as_deref(),
        text: clean(&column.string_value),
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

struct Answer<'a> {
    /// The platform's name of the field.
    field: &'a str,
    /// How the platform words the question, where it says so.
    label: Option<&'a str>,
    text: String,
}

/// The platforms' own fields beyond what a [`Meaning`] says.
enum Standard {
    FirstName,
    LastName,
    State,
    Country,
    PostalCode,
    Is(Meaning),
}

fn standard(field: &str) -> Option<Standard> {
    Some(match bare(field).as_str() {
        "fullname" | "name" => Standard::Is(Meaning::Name),
        "firstname" => Standard::FirstName,
        "lastname" => Standard::LastName,
        "email" | "useremail" | "workemail" => Standard::Is(Meaning::Email),
        "phone" | "phonenumber" | "userphone" | "workphone" | "workphonenumber" => Standard::Is(Meaning::Phone),
        "companyname" | "company" => Standard::Is(Meaning::Company),
        "city" => Standard::Is(Meaning::Location),
        "state" | "province" | "region" => Standard::State,
        "country" => Standard::Country,
        "postcode" | "postalcode" | "zip" | "zipcode" => Standard::PostalCode,
        "streetaddress" | "jobtitle" => return None,
        _ => return Meaning::of_words(field).map(Standard::Is),
    })
}

fn fill<'a>(enquiry: &mut NewEnquiry, answers: impl Iterator<Item = Answer<'a>>, form: Option<&LeadForm>) {
    let (mut first, mut last) = (None, None);
    for answer in answers.filter(|answer| !answer.text.is_empty()) {
        let question = form.and_then(|form| form.question(answer.field));
        let said = question.and_then(|question| question.maps_to).map(Standard::Is);
        let by_label = || answer.label.and_then(Meaning::of_words).map(Standard::Is);
        let meaning = said.or_else(|| standard(answer.field)).or_else(by_label);
        let is_areas = matches!(meaning, Some(Standard::Is(Meaning::Areas)));
        let place = &mut enquiry.location;
        let target = match meaning {
            Some(Standard::FirstName) => Some(&mut first),
            Some(Standard::LastName) => Some(&mut last),
            Some(Standard::State) => Some(&mut place.state),
            Some(Standard::Country) => Some(&mut place.country),
            Some(Standard::PostalCode) => Some(&mut place.postal_code),
            Some(Standard::Is(meaning)) => match meaning {
                Meaning::Name => Some(&mut enquiry.name),
                Meaning::Email => Some(&mut enquiry.email),
                Meaning::Phone => Some(&mut enquiry.phone),
                Meaning::Company => Some(&mut enquiry.company),
                Meaning::Location => Some(&mut place.city),
                Meaning::Budget => Some(&mut enquiry.budget_range),
                Meaning::Timeline => Some(&mut enquiry.timeline),
                Meaning::Industry => Some(&mut enquiry.industry),
                Meaning::Areas | Meaning::FirstTime => None,
            },
            None => None,
        };
        let is_identity =
            matches!(meaning_of(&meaning), Some(Meaning::Name | Meaning::Email | Meaning::Phone)) || is_name(&meaning);
        // The first answer fills the field; a second e-mail address, say, is kept as an answer.
        let filled = target.is_some_and(|target| {
            let is_free = target.is_none();
            if is_free {
                *target = Some(answer.text.clone());
            }
            is_free
        });
        if is_identity && filled {
            continue;
        }
        let label = question.and_then(|question| question.label.as_deref()).or(answer.label).unwrap_or(answer.field);
        let says_areas = Meaning::of_words(label) == Some(Meaning::Areas);
        keep(&mut enquiry.form_responses, if is_areas && !says_areas { "preferred_areas" } else { label }, &answer);
    }
    if enquiry.name.is_none() {
        let parts: Vec<String> = [first, last].into_iter().flatten().collect();
        enquiry.name = (!parts.is_empty()).then(|| parts.join(" "));
    }
}

fn meaning_of(standard: &Option<Standard>) -> Option<Meaning> {
    match standard {
        Some(Standard::Is(meaning)) => Some(*meaning),
        _ => None,
    }
}

fn is_name(standard: &Option<Standard>) -> bool {
    matches!(standard, Some(Standard::FirstName | Standard::LastName))
}

/// Keeps an answer under its question; two questions of one wording stay apart by their fields.
fn keep(responses: &mut Map<String, Value>, label: &str, answer: &Answer<'_>) {
    let label = clean(label);
    let key = if responses.contains_key(&label) { clean(answer.field) } else { label };
    responses.insert(key, answer.text.clone().into());
}

/// Without NUL, which no column holds, without blanks at the ends, and not endless.
fn clean(text: &str) -> String {
    text.replace('\0', "").trim().chars().take(MAX_ANSWER).collect()
}

fn named(name: &Option<String>) -> Option<String> {
    name.as_deref().map(clean)
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
        let path = format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_recorded_meta_lead_becomes_an_enquiry() {
        let lead: MetaLead =
            serde_json::from_value(recorded("meta/api/lead_get.json")["response"]["body"].clone()).unwrap();
        let enquiry = from_meta(&lead, Some("153125381133"), route(), None, at("2026-11-20T09:00:00Z"));
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
        let enquiry = from_meta(&lead, None, route(), None, at("2026-11-20T09:00:00Z"));
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
        let enquiry = from_meta(&lead, None, route(), Some(&form), at("2026-11-20T09:00:00Z"));
        assert_eq!(enquiry.name.as_deref(), Some("Asha Verma"));
        assert_eq!(enquiry.email.as_deref(), Some("a@example.com"));
        assert_eq!(enquiry.budget_range.as_deref(), Some("₹80L-1Cr"));
        assert_eq!(
            json!(enquiry.form_responses),
            json!({"work_email": "w@example.com", "preferred_areas": "Andheri, Goregaon", "What's your budget?": "₹80L-1Cr"})
        );
    }
}
