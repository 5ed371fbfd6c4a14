//! The shared key of lead form webhooks.

use serde_json::Value;

use crate::base::crypto::{Secret, constant_time_eq};

/// True when `google_key` is a non-empty string equal to one of ours. Null, numbers, arrays and absence match nothing.
pub fn key_matches(configured: &[Secret], value: &Value) -> bool {
    let Some(given) = value.as_str() else { return false };
    configured.iter().any(|key| constant_time_eq(given.as_bytes(), key.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;
    use crate::providers::google_ads::LeadFormWebhook;

    #[test]
    fn every_recorded_webhook_is_judged_as_recorded() {
        fixtures::check("google_ads", |case| {
            let lead: LeadFormWebhook = serde_json::from_slice(&case.body).unwrap();
            assert_eq!(lead.is_test(), case.name.starts_with("lead_is_test"), "{}", case.name);
            if let Some(dedupe) = case.meta["dedupe_key"].as_str() {
                assert_eq!(lead.lead_id, dedupe);
            }
            key_matches(&[case.secret()], &lead.google_key)
        });
    }

    #[test]
    fn only_an_equal_string_matches() {
        let keys = [Secret::new("17"), Secret::new("other")];
        assert!(key_matches(&keys, &serde_json::json!("other")));
        for bad in [serde_json::json!(17), serde_json::json!(["17"]), serde_json::json!({"17": 1}), Value::Null] {
            assert!(!key_matches(&keys, &bad), "{bad}");
        }
        assert!(!key_matches(&[Secret::new("")], &serde_json::json!("")));
        assert!(!key_matches(&[], &serde_json::json!("17")));
    }
}
