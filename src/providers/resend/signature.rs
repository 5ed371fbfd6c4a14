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
