//! Logging in with a second factor: the password gives a challenge, and a code with the challenge a session. A passkey answers the
//! challenge in [`super::passkey_entry`].

use validator::Validate;

use super::super::access::Device;
use super::super::log_in::{self, Proof};
use super::super::passkeys::Site;
use super::super::session::SignedIn;
use super::super::store::second_factors::{self, Challenge};
use super::super::store::{passkeys, people};
use super::check;
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, random_token};
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::tenants::id::ChallengeId;

const VALID_MINUTES: i64 = 10;

/// What is answered to the password of somebody who has a second factor; shown once.
pub struct Challenged {
    pub token: String,
    pub methods: Vec<Method>,
    pub expires_at: Timestamp,
}

crate::text_enum! {
    /// By what a challenge is answered.
    pub enum Method {
        /// Of an authenticator app, or a recovery code.
        Code = "code",
        /// By `POST /v1/auth/passkey/options` with the challenge, and `POST /v1/auth/passkey`.
        Passkey = "passkey",
    }
}

/// What the user has, the more comfortable first. A recovery code is always taken.
fn methods(tx: &mut PlatformTx<'_>, site: &Site, user: UserId) -> Result<Vec<Method>> {
    let is_usable = !passkeys::usable(tx, user, site.domain())?.is_empty();
    Ok(if is_usable { vec![Method::Passkey, Method::Code] } else { vec![Method::Code] })
}

impl std::fmt::Debug for Challenged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Challenged(••••)")
    }
}

/// Asks for a code or a passkey.
fn challenge(tx: &mut PlatformTx<'_>, site: &Site, user: UserId, tenant: Option<TenantId>) -> Result<Challenged> {
    let methods = methods(tx, site, user)?;
    let (token, expires_at) = (random_token("chl_"), tx.now().plus(chrono::Duration::minutes(VALID_MINUTES)));
    second_factors::challenge(tx, user, tenant, &token, expires_at)?;
    Ok(Challenged { token, methods, expires_at })
}

/// The challenge that was answered to the password, and a code of the device or a recovery code.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"challenge": "chl_Q2Fubm90IGJlIGd1ZXNzZWQ", "code": "287082"}))]
pub struct ChallengeAnswer {
    pub challenge: Line<1, 200>,
    pub code: Line<1, 40>,
    /// True: the tokens are kept in cookies, for a page in a browser. Refused from origins that the operator did not name.
    pub cookies: Option<bool>,
}

pub(super) fn unknown() -> Error {
    let message = "This challenge is not valid any more: it works once, within ten minutes. Log in again.";
    Error::unauthenticated("auth.invalid_challenge", message)
}

/// The challenge behind a token, unless the password was changed since.
///
/// # Errors
/// `auth.invalid_challenge`.
pub fn challenged(tx: &mut PlatformTx<'_>, token: &str) -> Result<Challenge> {
    let challenge = second_factors::challenged(tx, token)?.ok_or_else(unknown)?;
    still_good(tx, challenge)
}

/// [`challenged`], by its id.
pub(super) fn challenged_by_id(tx: &mut PlatformTx<'_>, id: ChallengeId) -> Result<Challenge> {
    let challenge = second_factors::challenged_by_id(tx, id)?.ok_or_else(unknown)?;
    still_good(tx, challenge)
}

fn still_good(tx: &mut PlatformTx<'_>, challenge: Challenge) -> Result<Challenge> {
    let changed_at = people::password_changed_at(tx, challenge.user_id)?;
    if changed_at.is_some_and(|at| at >= challenge.created_at) {
        return Err(unknown());
    }
    Ok(challenge)
}

/// Starts the session that was asked for with the password.
///
/// # Errors
/// `auth.invalid_challenge`, `request.invalid` at `/code`, and those of logging in.
pub fn enter(tx: &mut PlatformTx<'_>, key: &MasterKey, answer: &ChallengeAnswer, device: Device) -> Result<SignedIn> {
    let challenge = challenged(tx, &answer.challenge)?;
    check(tx, key, challenge.user_id, &answer.code)?;
    answered(tx, key, &challenge, device)
}

/// Uses the challenge up, which was answered, and starts its session.
pub(super) fn answered(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    challenge: &Challenge,
    device: Device,
) -> Result<SignedIn> {
    if !second_factors::answer(tx, challenge.id)? {
        return Err(unknown());
    }
    log_in::enter(tx, key, challenge.user_id, challenge.tenant_id, device)
}

/// What the right password leads to.
#[derive(Debug)]
pub enum Entry {
    In(Box<SignedIn>),
    Challenged(Challenged),
}

/// Starts a session in the tenant asked for, or asks for a code first.
///
/// # Errors
/// `auth.invalid_credentials`, `tenant.suspended`, `auth.no_membership`.
pub fn after_password(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    site: &Site,
    proof: &Proof,
    tenant: Option<TenantId>,
    device: Device,
) -> Result<Entry> {
    if !proof.holds(tx)? {
        return Err(log_in::wrong_credentials());
    }
    if super::is_enabled(tx, proof.user)? {
        // Who has no place to enter learns it before a code is asked for.
        log_in::entrance(tx, proof.user, tenant)?;
        return challenge(tx, site, proof.user, tenant).map(Entry::Challenged);
    }
    log_in::enter(tx, key, proof.user, tenant, device).map(|signed_in| Entry::In(Box::new(signed_in)))
}
