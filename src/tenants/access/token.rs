//! Access tokens: short-lived JWTs (HS256) under a key derived from the master key. The clock is ours, not the library's.

use jsonwebtoken::{Algorithm, Header, Validation};

use super::hs256;
use crate::base::crypto::MasterKey;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::tenants::id::SessionId;

/// How long an access token lives, in seconds.
pub const ACCESS_TOKEN_SECONDS: i64 = 900;
const ISSUER: &str = "leadwright";

/// What a token says. The role is not among it: it is looked up, so a change takes effect at once.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Claims {
    iss: String,
    pub sub: UserId,
    /// The tenant of the session.
    pub tid: TenantId,
    /// The session, so that a logout ends the token too.
    pub sid: SessionId,
    iat: i64,
    exp: i64,
}

/// Signs a token for a session.
pub fn issue(key: &MasterKey, now: Timestamp, user: UserId, tenant: TenantId, session: SessionId) -> Result<String> {
    let iat = now.seconds();
    let claims =
        Claims { iss: ISSUER.into(), sub: user, tid: tenant, sid: session, iat, exp: iat + ACCESS_TOKEN_SECONDS };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &hs256::signing(&key.derive("access-token")))
        .map_err(Error::internal)
}

/// # Errors
/// `auth.invalid_token` when it is not ours, `auth.token_expired` when its time has passed.
pub fn verify(key: &MasterKey, now: Timestamp, token: &str) -> Result<Claims> {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false; // compared with our own clock below
    rules.set_issuer(&[ISSUER]);
    rules.set_required_spec_claims(&["exp", "iss", "sub"]);
    let read = |key: MasterKey| {
        let verifying = hs256::verifying(&key.derive("access-token"));
        jsonwebtoken::decode::<Claims>(token, &verifying, &rules)
    };
    // Under the current key, or a former one while it is changed.
    let mut tried = key.each().map(read);
    let first = tried.next().ok_or_else(|| Error::internal("no master key"))?;
    let decoded = first.or_else(|error| tried.find_map(Result::ok).ok_or(error)).map_err(|error| {
        Error::unauthenticated("auth.invalid_token", "The access token is not valid.").with_source(error)
    })?;
    if decoded.claims.exp <= now.seconds() {
        return Err(Error::unauthenticated("auth.token_expired", "The access token has expired. Refresh it."));
    }
    Ok(decoded.claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_expire_by_our_clock_and_resist_other_keys() {
        let key = MasterKey::random();
        let now = Timestamp::from_seconds(1_795_165_200).unwrap();
        let token = issue(&key, now, UserId::new(), TenantId::new(), SessionId::new()).unwrap();
        assert!(verify(&key, now.plus(chrono::Duration::seconds(899)), &token).is_ok());
        let late = verify(&key, now.plus(chrono::Duration::seconds(900)), &token).unwrap_err();
        assert_eq!(late.code(), "auth.token_expired");
        assert_eq!(verify(&MasterKey::random(), now, &token).unwrap_err().code(), "auth.invalid_token");
        let both = format!("{},{}", MasterKey::random().to_base64(), key.to_base64());
        let both = MasterKey::from_base64(&both).unwrap();
        assert!(verify(&both, now, &token).is_ok(), "a former key's tokens go on");
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJpc3MiOiJsZWFkd3JpZ2h0In0.";
        assert_eq!(verify(&key, now, none).unwrap_err().code(), "auth.invalid_token");
    }
}
