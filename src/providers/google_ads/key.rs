//! The keys of lead form webhooks.

use serde_json::Value;

use crate::base::crypto::{Secret, constant_time_eq};

/// Is this one of ours? Nothing equals an empty key.
pub fn matches(configured: &[Secret], given: &str) -> bool {
    configured.iter().any(|key| constant_time_eq(given.as_bytes(), key.expose().as_bytes()))
}

/// The texts that stand as `google_key` in these bytes, found without parsing them: at most a few, none of them long. Whether one
/// is really the body's key is for whoever parses it.
pub fn keys_in(body: &[u8]) -> Vec<String> {
    const NAME: &[u8] = b"\"google_key\"";
    const MOST: usize = 4;
    const LONGEST: usize = 512;
    let mut found = Vec::new();
    let mut rest = body;
    while found.len() < MOST
        && let Some(at) = rest.windows(NAME.len()).position(|window| window == NAME)
    {
        // A quote that is escaped is in a text.
        let is_in_text = at > 0 && rest.get(at - 1) == Some(&b'\\');
        rest = rest.get(at + NAME.len()..).unwrap_or_default();
        if is_in_text {
            continue;
        }
        let value = rest.get(..LONGEST.min(rest.len())).unwrap_or_default().trim_ascii_start();
        let Some(value) = value.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else { continue };
        // Reads one value and stops at its end.
        let mut values = serde_json::Deserializer::from_slice(value).into_iter::<Value>();
        if let (b'"', Some(Ok(Value::String(key)))) = (value.first().copied().unwrap_or_default(), values.next()) {
            found.push(key);
        }
    }
    found
}

/// A text that holds the key, without it.
pub fn without_key(text: Value, key: &str) -> Value {
    match text {
        Value::String(text) => Value::String(text.replace(key, "…")),
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(name, item)| (name, without_key(item, key))).collect())
        }
        other => other,
    }
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
            keys_in(&case.body).iter().any(|key| matches(&[case.secret()], key))
        });
    }

    #[test]
    fn only_an_equal_key_matches() {
        let keys = [Secret::new("17"), Secret::new("other")];
        assert!(matches(&keys, "other") && !matches(&keys, "1") && !matches(&keys, ""));
        assert!(!matches(&[Secret::new("")], ""));
        assert!(!matches(&[], "17"));
    }

    #[test]
    fn the_key_is_found_in_bytes_that_are_no_json() {
        for (body, keys) in [
            (r#"{"google_key":"a"}"#, vec!["a"]),
            ("{\"x\":1,\n \"google_key\" : \t\"a\\/b\\u0041\"", vec!["a/bA"]),
            (r#"{"note":"\"google_key\":\"a\"","google_key":"b"}"#, vec!["b"]),
            (r#"{"google_key":17}{"google_key":null}{"google_key":["a"]}{"google_key"}"#, vec![]),
            (r#"{"google_key":"never ends"#, vec![]),
            ("", vec![]),
        ] {
            assert_eq!(keys_in(body.as_bytes()), keys, "{body}");
        }
        let many = r#""google_key":"x","#.repeat(1000);
        assert!(keys_in(many.as_bytes()).len() <= 4);
        assert_eq!(keys_in(format!("\"google_key\":\"{}\"", "x".repeat(1000)).as_bytes()), Vec::<String>::new());
    }
}
