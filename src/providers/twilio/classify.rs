//! Twilio's numeric codes → [`ErrorClass`]. The same table serves answers and status callbacks.

use serde::Deserialize;

use crate::providers::http::Answer;
use crate::providers::{ErrorClass, ProviderError};

pub(super) const PROVIDER: &str = "twilio";

#[derive(Deserialize)]
struct ErrorBody {
    code: u32,
    #[serde(default)]
    message: String,
}

/// The class of a code; `status` is the HTTP status it came with (200 for a callback), which counts only when the code is unknown.
pub fn class_of(code: u32, status: u16) -> ErrorClass {
    match code {
        21610 | 63014 => ErrorClass::OptOut,
        63016 => ErrorClass::Window,
        63024 | 63003 | 21211 | 21214 | 21217 | 21614 | 30005 | 30006 => ErrorClass::Unreachable,
        20429 | 14107 | 63018 | 63038 | 30022 | 21611 => ErrorClass::Rate,
        30001 | 30003 | 30008 | 30017 | 63012 | 63021 => ErrorClass::Retry,
        20003 => ErrorClass::Auth,
        20404 | 21606 | 21659 | 30002 | 30034 | 21408 | 63007 | 63015 => ErrorClass::Config,
        _ if status >= 500 => ErrorClass::Retry,
        _ if status == 429 => ErrorClass::Rate,
        _ if status == 401 => ErrorClass::Auth,
        _ => ErrorClass::Permanent,
    }
}

/// Turns an answer that is not a success into its error.
pub(super) fn classify(answer: &Answer) -> ProviderError {
    let error = match answer.json::<ErrorBody>() {
        Some(body) => {
            ProviderError::new(PROVIDER, class_of(body.code, answer.status), body.code.to_string(), body.message)
        }
        None => {
            let class = match answer.status {
                // A gateway in between gave up waiting; what stands behind it may have done the work.
                502 | 504 => ErrorClass::Ambiguous,
                300..=399 => ErrorClass::Config,
                status => class_of(0, status),
            };
            ProviderError::new(PROVIDER, class, format!("http_{}", answer.status), "no error body")
        }
    };
    error.after(answer.retry_after())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn the_recorded_errors_are_sorted() {
        for (name, class) in [
            ("error_20003", ErrorClass::Auth),
            ("error_20429", ErrorClass::Rate),
            ("error_21211_invalid_to", ErrorClass::Unreachable),
            ("error_21610_opted_out", ErrorClass::OptOut),
        ] {
            assert_eq!(classify(&fixtures::answer("twilio", name)).class, class, "{name}");
        }
    }

    #[test]
    fn the_unknown_is_permanent_and_a_gateways_silence_is_ambiguous() {
        assert_eq!(class_of(12345, 400), ErrorClass::Permanent);
        assert_eq!(class_of(12345, 503), ErrorClass::Retry);
        let bare = |status| classify(&Answer { status, headers: Default::default(), body: b"<html>".to_vec() }).class;
        assert_eq!(bare(504), ErrorClass::Ambiguous);
        assert_eq!(bare(503), ErrorClass::Retry);
        assert_eq!(bare(302), ErrorClass::Config);
    }
}
