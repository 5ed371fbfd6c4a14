//! The Standard Webhooks signature: what Resend sends us (as Svix) and what we put on our own outbound webhooks.
//!
//! The signed text is `id.timestamp.body` over the raw bytes; the secret is the base64 after `whsec_`; the header carries one or more
//! `v1,<base64>` values separated by spaces, and unknown versions are skipped.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::base::crypto::{Secret, constant_time_eq};

/// How far a timestamp may be from our clock, in seconds, in either direction.
pub const TOLERANCE_SECONDS: i64 = 300;

/// The three headers of a webhook, under whatever names they travelled.
#[derive(Debug, Clone, Copy)]
pub struct Headers<'a> {
    pub id: &'a str,
    pub timestamp: &'a str,
    pub signature: &'a str,
}

/// `v1,<base64>` of the body under one secret, or `None` when the secret is not base64 (with or without `whsec_`).
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    Some(format!("v1,{}", STANDARD.encode(digest(secret, id, &timestamp.to_string(), body)?)))
}

/// A secret of 32 random bytes, as `whsec_` and base64.
pub fn new_secret() -> Secret {
    let bytes: [u8; 32] = rand::random();
    Secret::new(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// The value of `webhook-signature`: one signature per secret, separated by blanks, as during a rotation.
pub fn sign_all(secrets: &[Secret], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| sign(secret, id, timestamp, body)).collect();
    signatures.join(" ")
}

/// Accepts when any `v1` value matches any of the secrets and the timestamp is within `tolerance` seconds of `now`.
/// No secret, no headers and no timestamp accept nobody.
pub fn verify(headers: Headers<'_>, body: &[u8], secrets: &[Secret], now: i64, tolerance: i64) -> bool {
    let Ok(at) = headers.timestamp.parse::<i64>() else { return false };
    if headers.id.is_empty() || now.saturating_sub(at).saturating_abs() > tolerance {
        return false;
    }
    secrets.iter().filter_map(|secret| digest(secret, headers.id, headers.timestamp, body)).any(|expected| {
        headers
            .signature
            .split_ascii_whitespace()
            .filter_map(|value| value.strip_prefix("v1,"))
            .filter_map(|value| STANDARD.decode(value).ok())
            .any(|given| constant_time_eq(&given, &expected))
    })
}

fn digest(secret: &Secret, id: &str, timestamp: &str, body: &[u8]) -> Option<Vec<u8>> {
    let text = secret.expose();
    let key = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok().filter(|key| !key.is_empty())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn every_recorded_webhook_is_judged_as_recorded() {
        fixtures::check("standard_webhooks", |case| {
            let headers = Headers {
                id: case.header("webhook-id").unwrap_or(""),
                timestamp: case.header("webhook-timestamp").unwrap_or(""),
                signature: case.header("webhook-signature").unwrap_or(""),
            };
            verify(headers, &case.body, &[case.secret()], case.clock, TOLERANCE_SECONDS)
        });
    }

    #[test]
    fn signs_the_published_vector() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature =
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn during_a_rotation_both_secrets_sign() {
        let (old, new) = (new_secret(), new_secret());
        let signature = sign_all(&[new.clone(), old.clone()], "evt_1", 1_795_165_200, b"{}");
        assert_eq!(signature.split(' ').count(), 2);
        for secret in [old, new] {
            let headers = Headers { id: "evt_1", timestamp: "1795165200", signature: &signature };
            assert!(verify(headers, b"{}", &[secret], 1_795_165_200, TOLERANCE_SECONDS));
        }
    }

    #[test]
    fn an_empty_or_unreadable_secret_accepts_nobody() {
        for secret in ["", "whsec_", "not base64!"] {
            assert!(sign(&Secret::new(secret), "a", 1, b"").is_none(), "{secret:?}");
        }
        let headers = Headers { id: "a", timestamp: "9223372036854775807", signature: "v1," };
        assert!(!verify(headers, b"", &[Secret::new("whsec_")], i64::MIN, i64::MAX));
    }
}
