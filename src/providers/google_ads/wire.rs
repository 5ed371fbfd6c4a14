//! The lead form webhook's JSON. Unknown fields are ignored: Google adds some without notice.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::base::time::Timestamp;
use crate::providers::Digits;

/// One submitted lead form.
#[derive(Debug, Clone, Deserialize)]
pub struct LeadFormWebhook {
    /// Unique over all forms: the key to deduplicate by.
    pub lead_id: String,
    #[serde(default)]
    pub user_column_data: Vec<UserColumn>,
    #[serde(default)]
    pub api_version: Option<String>,
    #[serde(default)]
    pub form_id: Option<Digits>,
    #[serde(default)]
    pub campaign_id: Option<Digits>,
    #[serde(default)]
    pub adgroup_id: Option<Digits>,
    #[serde(default)]
    pub creative_id: Option<Digits>,
    #[serde(default)]
    pub asset_group_id: Option<Digits>,
    /// Of any JSON type, so that a wrong one is refused as a wrong key and not as bad JSON.
    #[serde(default)]
    pub google_key: Value,
    #[serde(default, rename = "is_test")]
    marked_as_test: Option<bool>,
    #[serde(default)]
    pub gcl_id: Option<String>,
    #[serde(default, deserialize_with = "lenient_time")]
    pub lead_submit_time: Option<Timestamp>,
}

/// One answer. Standard columns have ids such as `FULL_NAME`, `EMAIL`, `PHONE_NUMBER`; a custom question's id is the question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserColumn {
    pub column_id: String,
    #[serde(default)]
    pub column_name: Option<String>,
    #[serde(default)]
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

fn lenient_time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Value::deserialize(d)?.as_str().and_then(|text| text.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
