//! Svix signatures: the Standard Webhooks scheme under `svix-…` header names.

use crate::base::crypto::Secret;
use crate::providers::standard_webhooks::{self, Headers};

/// Accepts when the signature matches under any secret and the timestamp is within `tolerance` seconds of `now`
/// ([`standard_webhooks::TOLERANCE_SECONDS`] is what Svix itself uses). Deduplicate by `id`.
pub fn verify(
    id: Option<&str>,
    timestamp: Option<&str>,
    raw_body: &[u8],
    signature: Option<&str>,
    secrets: &[Secret],
    now: i64,
    tolerance: i64,
) -> bool {
    let (Some(id), Some(timestamp), Some(signature)) = (id, timestamp, signature) else { return false };
    standard_webhooks::verify(Headers { id, timestamp, signature }, raw_body, secrets, now, tolerance)
}

/// Have the headers the form of a signature of about now? What has not is refused before its body is read.
pub fn is_signature(
    id: Option<&str>,
    timestamp: Option<&str>,
    signature: Option<&str>,
    now: i64,
    tolerance: i64,
) -> bool {
    let is_recent = timestamp
        .and_then(|text| text.parse::<i64>().ok())
        .is_some_and(|at| now.saturating_sub(at).saturating_abs() <= tolerance);
    let is_known = signature.is_some_and(|text| text.split_ascii_whitespace().any(|value| value.starts_with("v1,")));
    id.is_some_and(|id| !id.is_empty()) && is_recent && is_known
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;
    use crate::providers::standard_webhooks::TOLERANCE_SECONDS;

    #[test]
    fn every_recorded_webhook_is_judged_as_recorded() {
        fixtures::check("resend", |case| {
            let (id, at, signature) =
                (case.header("svix-id"), case.header("svix-timestamp"), case.header("svix-signature"));
            verify(id, at, &case.body, signature, &[case.secret()], case.clock, TOLERANCE_SECONDS)
        });
    }
}
