//! The lead form webhook's JSON. Unknown fields are ignored: Google adds some without notice.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::crypto::sha256_hex;
use crate::base::time::Timestamp;
use crate::providers::{Digits, lenient};

/// One submitted lead form.
#[derive(Debug, Clone, Deserialize)]
pub struct LeadFormWebhook {
    /// Unique over all forms: the key to deduplicate by. Empty where Google left it out; see [`with_id`].
    #[serde(default, deserialize_with = "lenient::text")]
    pub lead_id: String,
    #[serde(default, deserialize_with = "columns")]
    pub user_column_data: Vec<UserColumn>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub form_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub campaign_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub adgroup_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub creative_id: Option<Digits>,
    #[serde(default, deserialize_with = "lenient::digits")]
    pub asset_group_id: Option<Digits>,
    #[serde(default, rename = "is_test", deserialize_with = "lenient::flag")]
    marked_as_test: Option<bool>,
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub gcl_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_time")]
    pub lead_submit_time: Option<Timestamp>,
}

/// Begins an id that we made.
const OF_CONTENT: &str = "content:";

/// A lead that came without its id gets one of its content, so that the same lead told twice is one. What is no lead at all
/// stays as it is.
pub fn with_id(mut lead: Value) -> Value {
    let is_named = lenient::text(&lead["lead_id"]).is_ok_and(|id: String| !id.trim().is_empty());
    if let Some(fields) = lead.as_object_mut().filter(|_| !is_named) {
        fields.remove("lead_id");
        // Sorted: the order of fields says nothing.
        let sorted: BTreeMap<&String, String> = fields.iter().map(|(name, value)| (name, canonical(value))).collect();
        let content = serde_json::to_string(&sorted).unwrap_or_default();
        fields.insert("lead_id".into(), format!("{OF_CONTENT}{}", sha256_hex(content)).into());
    }
    lead
}

/// A value whose objects are sorted.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, String> =
                fields.iter().map(|(name, value)| (name, canonical(value))).collect();
            serde_json::to_string(&sorted).unwrap_or_default()
        }
        Value::Array(items) => items.iter().map(canonical).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// One answer. Standard columns have ids such as `FULL_NAME`, `EMAIL`, `PHONE_NUMBER`; a custom question's id is the question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserColumn {
    #[serde(default, deserialize_with = "lenient::text")]
    pub column_id: String,
    #[serde(default, deserialize_with = "lenient::some_text")]
    pub column_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub string_value: String,
}

impl LeadFormWebhook {
    /// A test from the console: accepted with 200, never a lead.
    pub fn is_test(&self) -> bool {
        self.marked_as_test == Some(true) || self.lead_id.starts_with("TeSter-")
    }

    /// The answer in a column.
    pub fn column(&self, id: &str) -> Option<&str> {
        self.user_column_data.iter().find(|column| column.column_id == id).map(|column| column.string_value.as_str())
    }
}

/// Google's forms have some ten questions; whoever has a key may write more.
const MOST_COLUMNS: usize = 100;

fn columns<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<UserColumn>, D::Error> {
    let mut columns: Vec<UserColumn> = lenient::list(d)?;
    columns.truncate(MOST_COLUMNS);
    for column in columns.iter_mut().filter(|column| column.column_id.is_empty()) {
        column.column_id = column.column_name.clone().unwrap_or_else(|| "unnamed".into());
    }
    Ok(columns)
}

fn lenient_time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Value::deserialize(d)?.as_str().and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn odd_types_cost_what_they_are_in_at_most() {
        let lead: LeadFormWebhook = serde_json::from_value(json!({
            "lead_id": 17, "form_id": null, "campaign_id": "", "creative_id": 0, "api_version": 1.0, "gcl_id": null, "is_test": "false",
            "user_column_data": [{"column_id": "CITY"}, {"column_id": "AGE", "string_value": 42}, {"column_name": "Town", "string_value": "Pune"},
                {"column_id": "X", "column_name": null, "string_value": null}, null, "x"],
        }))
        .unwrap();
        assert_eq!(
            (lead.lead_id.as_str(), lead.form_id.is_none(), lead.campaign_id.is_none(), lead.is_test()),
            ("17", true, true, false)
        );
        assert_eq!(
            (lead.column("AGE"), lead.column("Town"), lead.column("CITY")),
            (Some("42"), Some("Pune"), Some(""))
        );
        assert_eq!(lead.user_column_data.len(), 4);
        let many = vec![json!({"column_id": "A", "string_value": "a"}); 5000];
        for columns in [json!(null), json!({}), json!("x"), json!(many)] {
            let lead = json!({"lead_id": "a", "user_column_data": columns});
            assert!(serde_json::from_value::<LeadFormWebhook>(lead).unwrap().user_column_data.len() <= MOST_COLUMNS);
        }
    }

    #[test]
    fn a_lead_without_an_id_is_known_by_its_content() {
        let id = |lead: Value| with_id(lead)["lead_id"].as_str().unwrap_or_default().to_string();
        let answers = |name: &str| json!([{"column_id": "FULL_NAME", "string_value": name}]);
        let known = id(json!({"user_column_data": answers("Asha"), "form_id": 1}));
        assert!(known.starts_with(OF_CONTENT) && known.len() == OF_CONTENT.len() + 64, "{known}");
        for same in [
            json!({"form_id": 1, "user_column_data": [{"string_value": "Asha", "column_id": "FULL_NAME"}]}),
            json!({"lead_id": "", "user_column_data": answers("Asha"), "form_id": 1}),
            json!({"lead_id": null, "user_column_data": answers("Asha"), "form_id": 1}),
            json!({"lead_id": " ", "user_column_data": answers("Asha"), "form_id": 1}),
        ] {
            assert_eq!(id(same), known);
        }
        assert_ne!(id(json!({"user_column_data": answers("Uwe"), "form_id": 1})), known);
        assert_ne!(id(json!({"user_column_data": answers("Asha"), "form_id": 2})), known);
        assert_eq!((id(json!({"lead_id": "a"})), id(json!({"lead_id": "TeSter-1"}))), ("a".into(), "TeSter-1".into()));
        assert_eq!(with_id(json!({"lead_id": 17}))["lead_id"], 17);
        assert_eq!(with_id(json!(["no lead"])), json!(["no lead"]));
    }

    #[test]
    fn numbers_come_as_numbers_or_strings_and_tests_are_told_in_two_ways() {
        let lead: LeadFormWebhook = serde_json::from_value(json!({
            "lead_id": "a", "form_id": 40000000017u64, "campaign_id": "20000000017", "future_field": {"x": 1},
            "lead_submit_time": "soon", "user_column_data": [{"column_id": "EMAIL", "string_value": "a@example.com"}],
        }))
        .unwrap();
        assert_eq!(lead.form_id.as_ref().unwrap().as_str(), "40000000017");
        assert_eq!(lead.campaign_id.as_ref().unwrap().as_str(), "20000000017");
        assert_eq!(lead.column("EMAIL"), Some("a@example.com"));
        assert_eq!(lead.lead_submit_time, None);
        assert!(!lead.is_test());
        for test in [json!({"lead_id": "a", "is_test": true}), json!({"lead_id": "TeSter-1"})] {
            assert!(serde_json::from_value::<LeadFormWebhook>(test).unwrap().is_test());
        }
    }
}
