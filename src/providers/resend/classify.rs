//! Resend's error names → [`ErrorClass`].

use serde::Deserialize;

use crate::providers::http::Answer;
use crate::providers::{ErrorClass, ProviderError};

pub(super) const PROVIDER: &str = "resend";

#[derive(Deserialize)]
struct ErrorBody {
    name: String,
    #[serde(default)]
    message: String,
}

/// Turns an answer that is not a success into its error.
pub(super) fn classify(answer: &Answer) -> ProviderError {
    let body = answer.json::<ErrorBody>();
    let class = match body.as_ref().map_or("", |body| body.name.as_str()) {
        "rate_limit_exceeded" => ErrorClass::Rate,
        "daily_quota_exceeded" | "monthly_quota_exceeded" => ErrorClass::Config,
        "application_error" | "internal_server_error" | "concurrent_idempotent_requests" => ErrorClass::Retry,
        "missing_api_key" | "restricted_api_key" | "invalid_api_key" | "invalid_access" | "security_error" => {
            ErrorClass::Auth
        }
        _ => match answer.status {
            401 => ErrorClass::Auth,
            429 => ErrorClass::Rate,
            500.. => ErrorClass::Retry,
            300..=399 => ErrorClass::Config,
            _ => ErrorClass::Permanent,
        },
    };
    let (code, message) = body
        .map_or_else(|| (format!("http_{}", answer.status), "no error body".into()), |body| (body.name, body.message));
    ProviderError::new(PROVIDER, class, code, message).after(answer.retry_after())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn the_recorded_errors_are_sorted() {
        let limited = classify(&fixtures::answer("resend", "error_rate_limit"));
        assert_eq!((limited.class, limited.retry_after), (ErrorClass::Rate, Some(std::time::Duration::from_secs(1))));
        for name in ["error_idempotent_conflict", "error_validation"] {
            assert_eq!(classify(&fixtures::answer("resend", name)).class, ErrorClass::Permanent, "{name}");
        }
        let named = |status, name: &str| Answer {
            status,
            headers: Default::default(),
            body: serde_json::to_vec(&serde_json::json!({"statusCode": status, "name": name, "message": ""})).unwrap(),
        };
        assert_eq!(
            classify(&named(429, "daily_quota_exceeded")).class,
            ErrorClass::Config,
            "waiting seconds is no use"
        );
        assert_eq!(classify(&named(409, "concurrent_idempotent_requests")).class, ErrorClass::Retry);
        assert_eq!(classify(&named(403, "invalid_api_key")).class, ErrorClass::Auth);
    }
}
