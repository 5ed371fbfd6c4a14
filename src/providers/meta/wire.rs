//! Meta's JSON: the webhook envelope and the lead.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::time::Timestamp;
use crate::providers::{Digits, lenient};

/// A webhook POST: up to 1,000 changes, several pages mixed. What cannot be understood in one change never costs another.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    #[serde(default, deserialize_with = "lenient::text")]
    pub object: String,
    #[serde(default, deserialize_with = "lenient::list")]
    pub entry: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// The page (or `0` for the App Dashboard's test).
    #[serde(default)]
    pub id: Value,
    #[serde(default, deserialize_with = "lenient::list")]
    pub changes: Vec<Change>,
    /// Messenger and Instagram events, kept as they came.
    #[serde(default, deserialize_with = "lenient::list")]
    pub messaging: Vec<Value>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    #[serde(default, deserialize_with = "lenient::text")]
    pub field: String,
    #[serde(default)]
    pub value: Value,
}

/// "A person submitted a form": ids only, no personal data. Only the lead's own id is needed; Graph tells the rest. What nobody
/// here reads (`created_time`, `adgroup_id`) is in nobody's way.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct LeadgenChange {
    pub leadgen_id: Digits,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub page_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub form_id: Option<Digits>,
    /// Absent for organic leads.
    #[serde(default, deserialize_with = "lenient::digits")]
    pub ad_id: Option<Digits>,
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
    #[serde(default, deserialize_with = "lenient::digits")]
    pub ad_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub ad_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub adset_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub adset_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub campaign_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub campaign_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub form_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub is_organic: Option<bool>,
    /// `fb`, `ig` …
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub platform: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub field_data: Vec<FieldDatum>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub custom_disclaimer_responses: Vec<DisclaimerAnswer>,
}

impl MetaLead {
    /// The first value of a form field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.field_data.iter().find(|datum| datum.name == name)?.values.first().map(String::as_str)
    }
}

/// A question of a form. Those that Meta fills in itself have a type of their own, in whatever words they are asked; the
/// advertiser's own are `CUSTOM`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct FormQuestion {
    /// What answers name it by.
    #[serde(default, deserialize_with = "lenient::text")]
    pub key: String,
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub label: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub kind: String,
}

/// One answered question; a multiple choice has several values.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct FieldDatum {
    /// The form field's key (`email`, `what_is_your_budget?`).
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    /// Graph leaves them out of a question that nobody answered.
    #[serde(default, deserialize_with = "lenient::texts")]
    pub values: Vec<String>,
}

/// An optional consent box.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
pub struct DisclaimerAnswer {
    #[serde(default, deserialize_with = "lenient::text")]
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
            pages.iter().map(|l| l.page_id.as_ref().unwrap().as_str()).collect::<Vec<_>>(),
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
    fn a_field_that_nobody_reads_costs_nothing() {
        let change = |value: Value| LeadgenChange::deserialize(value).unwrap();
        let odd = serde_json::json!({"leadgen_id": "444", "page_id": "1", "form_id": 612, "created_time": "1795165190",
            "ad_id": "", "adgroup_id": null});
        assert_eq!(change(odd).form_id.unwrap().as_str(), "612");
        assert_eq!(change(serde_json::json!({"leadgen_id": 7, "form_id": null})).form_id, None);
        for odd in [
            serde_json::json!({"object": "page", "entry": null}),
            serde_json::json!({"object": null, "entry": [null, 1, {"id": {}, "changes": null, "messaging": null}]}),
        ] {
            assert_eq!(serde_json::from_value::<Envelope>(odd).unwrap().leadgen().leads, []);
        }
    }

    #[test]
    fn answers_of_any_type_are_read() {
        let lead: MetaLead = serde_json::from_value(serde_json::json!({"id": 1, "ad_id": "", "ad_name": null, "campaign_id": null,
            "created_time": 1_795_165_190, "is_organic": "false", "platform": null, "custom_disclaimer_responses": null,
            "field_data": [{"name": "inbox_url"}, {"name": "a", "values": null}, {"name": "b", "values": []}, {"name": "c", "values": [34, null]},
                null, {"values": ["x"]}, {"name": "d", "values": "alone"}]}))
        .unwrap();
        let values: Vec<_> =
            lead.field_data.iter().map(|datum| (datum.name.as_str(), datum.values.join("|"))).collect();
        let expected = [("inbox_url", ""), ("a", ""), ("b", ""), ("c", "34"), ("", "x"), ("d", "alone")];
        assert_eq!(values, expected.map(|(name, value)| (name, value.to_string())));
        assert_eq!((lead.is_organic, lead.ad_id, lead.custom_disclaimer_responses.len()), (Some(false), None, 0));
        assert!(lead.created_time.is_some());
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
