//! `google.rpc` errors with their `GoogleAdsFailure` → [`ErrorClass`].

use std::time::Duration;

use serde_json::Value;

use crate::providers::http::Answer;
use crate::providers::{ErrorClass, ProviderError};

pub(super) const PROVIDER: &str = "google_ads";

/// Turns an answer that is not a success into its error.
pub(super) fn classify(answer: &Answer) -> ProviderError {
    let body: Value = answer.json().unwrap_or_default();
    // Google answers some endpoints with a list of one.
    let error = if body.is_array() { &body[0]["error"] } else { &body["error"] };
    let failure = error["details"].as_array().into_iter().flatten().find_map(|detail| detail["errors"].get(0));
    let (family, reason) = failure
        .and_then(|failure| failure["errorCode"].as_object()?.iter().next())
        .map_or(("", ""), |(family, reason)| (family.as_str(), reason.as_str().unwrap_or("")));
    let status = error["status"].as_str().unwrap_or("");

    let class = match (family, reason) {
        ("quotaError", "RESOURCE_EXHAUSTED" | "RESOURCE_TEMPORARILY_EXHAUSTED") => ErrorClass::Rate,
        ("authenticationError", _) => ErrorClass::Auth,
        ("authorizationError", _) => ErrorClass::Config,
        ("internalError", "TRANSIENT_ERROR") => ErrorClass::Retry,
        _ => match (status, answer.status) {
            ("UNAUTHENTICATED", _) | (_, 401) => ErrorClass::Auth,
            ("PERMISSION_DENIED", _) | (_, 403) => ErrorClass::Config,
            ("RESOURCE_EXHAUSTED", _) | (_, 429) => ErrorClass::Rate,
            ("UNAVAILABLE" | "DEADLINE_EXCEEDED" | "INTERNAL" | "ABORTED", _) | (_, 500..) => ErrorClass::Retry,
            (_, 300..=399) => ErrorClass::Config,
            _ => ErrorClass::Permanent,
        },
    };
    let wait = failure
        .and_then(|failure| failure["details"]["quotaErrorDetails"]["retryDelay"].as_str())
        .and_then(protobuf_duration)
        .or_else(|| answer.retry_after());
    let code = match (family, status) {
        ("", "") => format!("http_{}", answer.status),
        ("", status) => status.to_string(),
        (family, _) => format!("{family}.{reason}"),
    };
    let message = failure.and_then(|failure| failure["message"].as_str()).or(error["message"].as_str()).unwrap_or("");
    ProviderError::new(PROVIDER, class, code, message).after(wait.filter(|_| class == ErrorClass::Rate))
}

/// `30s`, `1.500s`
fn protobuf_duration(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn the_recorded_quota_error_names_its_wait() {
        let error = classify(&fixtures::answer("google_ads", "error"));
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Rate, "quotaError.RESOURCE_EXHAUSTED"));
        assert_eq!(error.retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn families_decide_before_the_status() {
        let answer = |status: u16, family: &str, reason: &str| Answer {
            status,
            headers: Default::default(),
            body: serde_json::to_vec(&serde_json::json!({"error": {"code": status, "message": "m", "details": [
                {"errors": [{"errorCode": {family: reason}, "message": "m"}]}]}}))
            .unwrap(),
        };
        assert_eq!(classify(&answer(400, "authenticationError", "OAUTH_TOKEN_INVALID")).class, ErrorClass::Auth);
        assert_eq!(classify(&answer(400, "internalError", "TRANSIENT_ERROR")).class, ErrorClass::Retry);
        assert_eq!(classify(&answer(400, "campaignError", "DUPLICATE_NAME")).class, ErrorClass::Permanent);
        let bare = |status| classify(&Answer { status, headers: Default::default(), body: b"oops".to_vec() });
        assert_eq!(bare(503).class, ErrorClass::Retry);
        assert_eq!(bare(404).class, ErrorClass::Permanent);
        assert_eq!(protobuf_duration("1.500s"), Some(Duration::from_millis(1500)));
        assert_eq!(protobuf_duration("-1s"), None);
    }
}
