//! Meta's JSON: the webhook envelope and the lead.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::time::Timestamp;
use crate::providers::Digits;

/// A webhook POST: up to 1,000 changes, several pages mixed. What cannot be understood in one change never costs another.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    pub object: String,
    #[serde(default)]
    pub entry: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// The page (or `0` for the App Dashboard's test).
    #[serde(default)]
    pub id: Value,
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Messenger and Instagram events, kept as they came.
    #[serde(default)]
    pub messaging: Vec<Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    #[serde(default)]
    pub field: String,
    #[serde(default)]
    pub value: Value,
}

/// "A person submitted a form": ids only, no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct LeadgenChange {
    pub leadgen_id: Digits,
    pub page_id: Digits,
    pub form_id: Digits,
    /// Absent for organic leads.
    #[serde(default)]
    pub ad_id: Option<Digits>,
    #[serde(default)]
    pub adgroup_id: Option<Digits>,
    /// Unix seconds.
    #[serde(default)]
    pub created_time: Option<i64>,
}

impl LeadgenChange {
    /// The App Dashboard's "Test" button: its lead cannot be fetched (100/33).
    pub fn is_dashboard_test(&self) -> bool {
        self.leadgen_id.as_str() == "444444444444"
    }
}

/// The leadgen changes of an envelope.
#[derive(Debug, Default)]
pub struct LeadgenChanges {
    pub leads: Vec<LeadgenChange>,
    /// Leadgen changes whose ids could not be read exactly.
    pub malformed: usize,
    /// Changes of other fields, which are accepted and ignored.
    pub ignored: usize,
}

impl Envelope {
    /// Every leadgen change of every entry, in order.
    pub fn leadgen(&self) -> LeadgenChanges {
        let mut found = LeadgenChanges::default();
        for change in self.entry.iter().flat_map(|entry| &entry.changes) {
            if self.object != "page" || change.field != "leadgen" {
                found.ignored += 1;
                continue;
            }
            match LeadgenChange::deserialize(&change.value) {
                Ok(lead) => found.leads.push(lead),
                Err(_) => found.malformed += 1,
            }
        }
        found
    }
}

/// A lead as the Graph API answers it.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
pub struct MetaLead {
    pub id: Digits,
    #[serde(default, deserialize_with = "created_time")]
    pub created_time: Option<Timestamp>,
    #[serde(default)]
    pub ad_id: Option<Digits>,
    #[serde(default)]
    pub ad_name: Option<String>,
    #[serde(default)]
    pub adset_id: Option<Digits>,
    #[serde(default)]
    pub adset_name: Option<String>,
    #[serde(default)]
    pub campaign_id: Option<Digits>,
    #[serde(default)]
    pub campaign_name: Option<String>,
    #[serde(default)]
    pub form_id: Option<Digits>,
    #[serde(default)]
    pub is_organic: Option<bool>,
    /// `fb`, `ig` …
    #[serde(default)]
    pub platform: Option<String>,
    #[serde(default)]
    pub field_data: Vec<FieldDatum>,
    #[serde(default)]
    pub custom_disclaimer_responses: Vec<DisclaimerAnswer>,
}

impl MetaLead {
    /// The first value of a form field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.field_data.iter().find(|datum| datum.name == name)?.values.first().map(String::as_str)
    }
}

/// One answered question; a multiple choice has several values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct FieldDatum {
    /// The form field's key (`email`, `what_is_your_budget?`).
    pub name: String,
    #[serde(default)]
    pub values: Vec<String>,
}

/// An optional consent box.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct DisclaimerAnswer {
    pub checkbox_key: String,
    /// Meta writes `"1"` or `""`; booleans and numbers are read too.
    #[serde(default, deserialize_with = "checked")]
    pub is_checked: bool,
}

fn checked<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::Bool(checked) => checked,
        Value::String(text) => text == "1" || text == "true",
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    })
}

fn created_time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(d)? {
        Value::String(text) => parse_created_time(&text),
        Value::Number(number) => number.as_i64().and_then(Timestamp::from_seconds),
        _ => None,
    })
}

/// Reads Graph's `2026-11-20T08:59:50+0000` (no colon in the offset) as well as RFC 3339.
pub fn parse_created_time(text: &str) -> Option<Timestamp> {
    chrono::DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z")
        .or_else(|_| chrono::DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|at| at.with_timezone(&chrono::Utc).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    fn leads(name: &str) -> LeadgenChanges {
        let case = fixtures::cases("meta").into_iter().find(|case| case.text("body_file") == name).unwrap();
        serde_json::from_slice::<Envelope>(&case.body).unwrap().leadgen()
    }

    #[test]
    fn every_recorded_event_parses() {
        for case in fixtures::cases("meta").iter().filter(|case| case.text("method") == "POST") {
            assert!(serde_json::from_slice::<Envelope>(&case.body).is_ok(), "{}", case.name);
        }
    }

    #[test]
    fn ids_come_as_strings_or_numbers_over_several_pages() {
        let numeric = leads("leadgen_batched_numeric_ids.json").leads;
        assert_eq!(numeric.iter().map(|l| l.leadgen_id.as_str()).collect::<Vec<_>>(), ["123123123123", "123123123124"]);
        let pages = leads("leadgen_multi_page.json").leads;
        assert_eq!(
            pages.iter().map(|l| l.page_id.as_str()).collect::<Vec<_>>(),
            ["153125381133", "209876543210", "209876543210"]
        );
        let mixed = leads("leadgen_mixed_fields.json");
        assert_eq!((mixed.leads.len(), mixed.ignored, mixed.malformed), (1, 1, 0));
        assert!(leads("leadgen_organic_no_ad.json").leads[0].ad_id.is_none());
        assert!(leads("leadgen_dashboard_test.json").leads[0].is_dashboard_test());
    }

    #[test]
    fn one_unreadable_change_does_not_cost_the_others() {
        let envelope: Envelope =
            serde_json::from_value(serde_json::json!({"object": "page", "entry": [{"id": "1", "changes": [
                {"field": "leadgen", "value": {"leadgen_id": 1.5, "page_id": 1, "form_id": 1}},
                {"field": "leadgen", "value": {"leadgen_id": 2, "page_id": 1, "form_id": 1}},
            ]}]}))
            .unwrap();
        let found = envelope.leadgen();
        assert_eq!((found.leads.len(), found.malformed), (1, 1));
    }

    #[test]
    fn the_recorded_lead_is_read() {
        let lead: MetaLead =
            serde_json::from_value(fixtures::api("meta", "lead_get")["response"]["body"].clone()).unwrap();
        assert_eq!(lead.created_time.unwrap().to_string(), "2026-11-20T08:59:50Z");
        assert_eq!(lead.field("what_is_your_budget?"), Some("₹50,000 - ₹1,00,000"));
        assert_eq!(lead.is_organic, Some(false));
    }
}
