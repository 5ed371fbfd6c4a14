//! What a page hands to `navigator.credentials`, in the JSON of the specification.

use serde_json::{Value, json};

use super::challenge::{self, Given};
use super::key::ALGORITHMS;
use super::{Site, to_base64url};
use crate::base::id::UserId;
use crate::tenants::store::passkeys::Passkey;
use crate::tenants::store::people::User;

/// Credentials, as a browser is told of them.
fn named(passkeys: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| {
        let transports: Vec<&str> = passkey.transports().collect();
        json!({ "type": "public-key", "id": passkey.credential_id, "transports": transports })
    };
    passkeys.iter().map(one).collect()
}

/// By what an authenticator knows whose a passkey is: nothing that says who it is.
pub fn handle(user: UserId) -> Vec<u8> {
    user.uuid().as_bytes().to_vec()
}

/// For `navigator.credentials.create()`: a credential that the device finds by itself, and that asks who is there.
pub fn creation(site: &Site, platform_name: &str, user: &User, known: &[Passkey], given: &Given) -> Value {
    let algorithms = ALGORITHMS.map(|algorithm| json!({ "type": "public-key", "alg": algorithm }));
    json!({
        "rp": { "id": site.domain(), "name": platform_name },
        "user": {
            "id": to_base64url(handle(user.id)),
            "name": user.email,
            "displayName": user.name.as_ref().unwrap_or(&user.email),
        },
        "challenge": to_base64url(&given.bytes),
        "pubKeyCredParams": algorithms,
        "timeout": challenge::patience(),
        "excludeCredentials": named(known),
        "authenticatorSelection": {
            "residentKey": "required", "requireResidentKey": true, "userVerification": "required",
        },
        "attestation": "none",
    })
}

/// For `navigator.credentials.get()`: one of the credentials named, or whichever the device knows.
pub fn request(site: &Site, among: &[Passkey], given: &Given) -> Value {
    json!({
        "challenge": to_base64url(&given.bytes),
        "timeout": challenge::patience(),
        "rpId": site.domain(),
        "allowCredentials": named(among),
        // After a password it is enough that somebody is there.
        "userVerification": if among.is_empty() { "required" } else { "preferred" },
    })
}
