//! Passkeys: keys in people's devices, bound to the platform's domain, that log them in without a password.
//!
//! Here stands what is said to authenticators ([`options`]), what they answer and whether it is believed ([`ceremony`], [`answer`]), and
//! the challenges that every answer is for ([`challenge`]). Who may add one, what one counts for at log-in, and what removing the last
//! one takes is the second factor's to say ([`super::second_factor`]).

pub mod answer;
pub mod ceremony;
pub mod challenge;
mod fault;
mod key;
pub mod options;
mod site;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbor4ii::core::Value;
use cbor4ii::core::dec::Decode as _;
use cbor4ii::core::utils::IoReader;

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::tenants::id::PasskeyId;
use crate::tenants::store::passkeys::Passkey;

pub use fault::Fault;
pub use site::Site;

/// The row of a passkey that was just made.
pub fn kept(now: Timestamp, site: &Site, user: UserId, name: String, answer: answer::Registered) -> Passkey {
    let made = answer.made;
    Passkey {
        id: PasskeyId::new(),
        user_id: user,
        name,
        credential_id: to_base64url(made.id),
        public_key: to_base64url(made.key.cose()),
        sign_count: i64::from(made.sign_count),
        transports: answer.transports.join(" "),
        can_be_backed_up: made.can_be_backed_up,
        is_backed_up: made.is_backed_up,
        version: 1,
        created_at: now,
        last_used_at: None,
        domain: Some(site.domain().to_string()),
    }
}

/// Takes the next CBOR off the front.
fn cbor(rest: &mut &[u8]) -> Result<Value, Fault> {
    let mut reader = IoReader::new(*rest);
    let value = Value::decode(&mut reader).map_err(|_| Fault::Malformed)?;
    *rest = reader.into_inner();
    Ok(value)
}

/// Base64 for URLs, with or without its padding.
fn base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

pub(super) fn to_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
