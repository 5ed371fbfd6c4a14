//! The Graph API's error envelope → [`ErrorClass`]. Decided by code and subcode: the HTTP status is mostly 400 and the text changes.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::providers::http::Answer;
use crate::providers::{ErrorClass, ProviderError};

#[derive(Deserialize)]
struct ErrorEnvelope {
    error: GraphError,
}

#[derive(Debug, Default, Deserialize)]
struct GraphError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: i64,
    #[serde(default)]
    error_subcode: Option<i64>,
    #[serde(default)]
    is_transient: Option<bool>,
    #[serde(default)]
    error_user_msg: Option<String>,
    #[serde(default)]
    error_data: Value,
}

/// Turns an answer that is not a success into its error.
pub(super) fn classify(answer: &Answer) -> ProviderError {
    let Some(ErrorEnvelope { error }) = answer.json() else {
        let class = match answer.status {
            429 => ErrorClass::Rate,
            500.. => ErrorClass::Retry,
            300..=399 => ErrorClass::Config,
            _ => ErrorClass::Permanent,
        };
        return ProviderError::new(super::PROVIDER, class, format!("http_{}", answer.status), "no error envelope")
            .after(answer.retry_after());
    };
    let class = class(&error, answer.status);
    let wait = match (error.code, error.error_subcode) {
        // Four budget changes an hour: nothing shorter helps.
        (613, Some(1_487_632)) => Some(Duration::from_secs(3600)),
        _ if class == ErrorClass::Rate => regain_access(answer).or_else(|| answer.retry_after()),
        _ => None,
    };
    let code = match error.error_subcode {
        Some(subcode) => format!("{}/{subcode}", error.code),
        None => error.code.to_string(),
    };
    ProviderError::new(super::PROVIDER, class, code, explain(&error)).after(wait)
}

fn class(error: &GraphError, status: u16) -> ErrorClass {
    let subcode = error.error_subcode.unwrap_or(0);
    match error.code {
        4 | 17 | 32 | 613 | 80000..=80009 | 80014 => ErrorClass::Rate,
        190 | 102 | 104 => ErrorClass::Auth,
        10 if matches!(subcode, 2_018_278 | 1_545_041) => ErrorClass::Window,
        368 | 1_404_078 | 2_859_015 => ErrorClass::Config,
        551 => ErrorClass::Unreachable,
        1_545_041 => ErrorClass::Window,
        3 | 10 | 200..=299 => ErrorClass::Config,
        1 | 2 | 341 => ErrorClass::Retry,
        code if code < 0 || error.is_transient == Some(true) || status >= 500 => ErrorClass::Retry,
        _ => ErrorClass::Permanent,
    }
}

/// Meta's sentence for people when there is one, and the fields it blames. `error_data` is an object or JSON in a string.
fn explain(error: &GraphError) -> String {
    let mut text = error.message.clone();
    if let Some(user) = &error.error_user_msg {
        text = format!("{text} {user}");
    }
    let data = match &error.error_data {
        Value::String(json) => serde_json::from_str(json).unwrap_or(Value::Null),
        other => other.clone(),
    };
    let blamed: Vec<&str> = data["blame_field_specs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|spec| spec.as_array()?.iter().filter_map(Value::as_str).next_back())
        .collect();
    if !blamed.is_empty() {
        text = format!("{text} (fields: {})", blamed.join(", "));
    }
    text
}

/// The longest wait any of the rate headers names: minutes in the business use case header, seconds in the ad account's.
fn regain_access(answer: &Answer) -> Option<Duration> {
    let header = |name| answer.header(name).and_then(|text| serde_json::from_str::<Value>(text).ok());
    let minutes = header("x-business-use-case-usage").and_then(|usage| {
        let all = usage.as_object()?.values().filter_map(Value::as_array).flatten();
        all.filter_map(|one| one["estimated_time_to_regain_access"].as_u64()).max()
    });
    let seconds = header("x-ad-account-usage").and_then(|usage| usage["reset_time_duration"].as_u64());
    let longest = minutes.unwrap_or(0).saturating_mul(60).max(seconds.unwrap_or(0));
    (longest > 0).then(|| Duration::from_secs(longest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    fn error(body: Value) -> ProviderError {
        classify(&Answer {
            status: 400,
            headers: Default::default(),
            body: serde_json::to_vec(&serde_json::json!({ "error": body })).unwrap(),
        })
    }

    #[test]
    fn the_recorded_errors_are_sorted() {
        let limited = classify(&fixtures::answer("meta", "error_rate_limited_buc"));
        assert_eq!((limited.class, limited.code.as_str()), (ErrorClass::Rate, "80004/2446079"));
        assert_eq!(limited.retry_after, Some(Duration::from_secs(19 * 60)), "the header counts minutes");
        for (name, class, code) in [
            ("error_token_expired", ErrorClass::Auth, "190/463"),
            ("lead_get_no_permission", ErrorClass::Permanent, "100/33"),
            ("messenger_error_window", ErrorClass::Window, "10/2018278"),
            ("messenger_error_tag_removed", ErrorClass::Permanent, "100"),
        ] {
            let error = classify(&fixtures::answer("meta", name));
            assert_eq!((error.class, error.code.split('/').next()), (class, code.split('/').next()), "{name}: {error}");
        }
    }

    #[test]
    fn blamed_fields_are_named_from_an_object_or_from_a_string() {
        let recorded = classify(&fixtures::answer("meta", "campaign_create_validation_error"));
        assert_eq!(recorded.class, ErrorClass::Permanent);
        assert!(recorded.message.contains("is_adset_budget_sharing_enabled)"), "{}", recorded.message);
        let object = error(serde_json::json!({"code": 100, "message": "Invalid parameter",
            "error_data": {"blame_field_specs": [["name"]]}}));
        assert!(object.message.ends_with("(fields: name)"), "{}", object.message);
    }

    #[test]
    fn codes_decide_before_the_transient_mark_and_the_unknown_is_permanent() {
        use ErrorClass::*;
        for (body, expected) in [
            (serde_json::json!({"code": 4, "is_transient": true}), Rate),
            (serde_json::json!({"code": 190, "is_transient": true}), Auth),
            (serde_json::json!({"code": 2}), Retry),
            (serde_json::json!({"code": -3}), Retry),
            (serde_json::json!({"code": 99999, "is_transient": true}), Retry),
            (serde_json::json!({"code": 99999}), Permanent),
            (serde_json::json!({"code": 200}), Config),
            (serde_json::json!({"code": 10}), Config),
            (serde_json::json!({"code": 368}), Config),
            (serde_json::json!({"code": 551, "error_subcode": 1545041}), Unreachable),
            (serde_json::json!({"code": 2635}), Permanent),
        ] {
            assert_eq!(error(body.clone()).class, expected, "{body}");
        }
        let budget = error(serde_json::json!({"code": 613, "error_subcode": 1487632}));
        assert_eq!(budget.retry_after, Some(Duration::from_secs(3600)));
    }
}
