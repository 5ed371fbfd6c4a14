//! A second factor: a code of an authenticator app besides the password, or a passkey; and recovery codes for whoever lost either.
//!
//! The secret is sealed under the master key, recovery codes are stored as hashes and work once, and so does each code of the
//! app. Tries are counted in the database before a code is looked at, so that many at a time are no way around it. Whoever
//! knows the password is answered a [`Challenge`](enter::Challenged) at log-in.

pub mod enter;
pub mod passkey_entry;
pub mod passkeys;
pub mod proof;
pub mod rejection;
pub mod reseal;
pub mod reset;
mod totp;

use validator::Validate;

use self::proof::{Means, OwnProof};
use super::facts::SecondFactorFact;
use super::passkeys::Site;
use super::passkeys::answer::Credential;
use super::store::people;
use super::store::second_factors::{self, SecondFactor};
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{EventType, Fact as _, platform_tenant};
use crate::engine::tally::{Span, Tally};

const PURPOSE: &str = "second-factor";
const RECOVERY_CODES: usize = 10;
/// Codes tried for one user within an hour, right or wrong.
const TRIES_AN_HOUR: u32 = 10;

/// How a user's second factor stands.
pub struct Standing {
    pub enabled_at: Option<Timestamp>,
    pub passkeys: i64,
    pub recovery_codes_left: i64,
}

pub fn standing(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Standing> {
    Ok(Standing {
        enabled_at: app(tx, user)?.and_then(|factor| factor.enabled_at),
        passkeys: super::store::passkeys::count(tx, user)?,
        recovery_codes_left: second_factors::count_recovery_codes(tx, user)?,
    })
}

/// Whether a password alone does not let the user in: they have an app, or a passkey.
pub fn is_enabled(tx: &mut PlatformTx<'_>, user: UserId) -> Result<bool> {
    Ok(app(tx, user)?.is_some() || super::store::passkeys::count(tx, user)? > 0)
}

/// Whether the user has one that lets in: passkeys of a former domain keep the password alone from doing so, and do not.
fn is_usable(tx: &mut PlatformTx<'_>, site: &Site, user: UserId) -> Result<bool> {
    Ok(app(tx, user)?.is_some() || !super::store::passkeys::usable(tx, user, site.domain())?.is_empty())
}

/// The authenticator app that is asked for codes.
fn app(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Option<SecondFactor>> {
    Ok(second_factors::find(tx, user)?.filter(|factor| factor.enabled_at.is_some()))
}

/// What an app is told, once.
pub struct Provisioned {
    /// In base32, for whoever types it.
    pub secret: String,
    /// `otpauth://totp/…`, for a QR code.
    pub uri: String,
}

/// Begins with a new secret; it is asked for once a code of it was given. One that was begun before is dropped.
///
/// # Errors
/// `request.invalid` without a proof that still holds; `second_factor.enabled`.
pub fn begin(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    user: UserId,
    means: Means,
    issuer: &str,
) -> Result<Provisioned> {
    let tx = &mut tx.platform();
    if app(tx, user)?.is_some() {
        let message = "A second factor is on already. Turn it off first to begin with another device.";
        return Err(Error::conflict("second_factor.enabled", message));
    }
    proof::demand(tx, key, site, user, means)?;
    let secret = totp::new_secret();
    second_factors::begin(tx, user, &key.seal(PURPOSE, &user.to_string(), &secret))?;
    let account = people::user(tx, user)?.email;
    Ok(Provisioned { secret: totp::spelled(&secret)?, uri: totp::uri(&secret, issuer, &account)? })
}

/// A code, as it was typed.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "287082"}))]
pub struct SecondFactorCode {
    pub code: Line<1, 40>,
}

/// The password, and a code or a recovery code; or a passkey instead of both.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "monsoon-over-andheri", "code": "287082"}))]
pub struct SecondFactorRemoval {
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<Secret>,
    pub code: Option<Line<1, 40>>,
    /// `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
    /// True: the authenticator app alone is removed.
    pub keeps_passkeys: Option<bool>,
}

impl SecondFactorRemoval {
    /// Who means it, and whether passkeys stay.
    pub fn parts(self) -> (OwnProof, bool) {
        let Self { current_password, code, credential, keeps_passkeys } = self;
        (OwnProof { current_password, code, credential }, keeps_passkeys == Some(true))
    }
}

/// Counts a try; commit it before the code is looked at.
///
/// # Errors
/// `second_factor.too_many_tries`, with how long to wait.
pub fn count_try(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    let (subject, span) = (user.to_string(), Span::hour(tx.now()));
    let tally = Tally { tenant: platform_tenant(), kind: "second_factor_tries", subject: &subject, span };
    if tally.take(tx, TRIES_AN_HOUR)? {
        return Ok(());
    }
    let message = format!("{TRIES_AN_HOUR} codes were tried within the hour. Go on at {}.", span.ends_at);
    let wait = span.ends_at.since(tx.now()).to_std().unwrap_or_default();
    Err(Error::too_many("second_factor.too_many_tries", message).with_retry_after(wait))
}

fn wrong_code() -> Error {
    let rule = "this is not a code of your device of now, nor a recovery code of yours; each works once";
    Error::field("/code", "wrong_code", rule)
}

/// Without what people type between the characters, and whatever the case.
fn tidy(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Uses up a code of the device. Under another master key than the secret was sealed with none is right, and recovery codes
/// still are.
fn use_code(tx: &mut PlatformTx<'_>, key: &MasterKey, factor: &SecondFactor, code: &str) -> Result<bool> {
    let secret = match key.open(PURPOSE, &factor.user_id.to_string(), &factor.secret) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::warn!(user = %factor.user_id, error = %error.chain(), "a second factor cannot be opened");
            return Ok(false);
        }
    };
    match totp::step_of(&secret, &tidy(code), tx.now())? {
        Some(step) => second_factors::use_step(tx, factor.user_id, step),
        None => Ok(false),
    }
}

/// Uses up a code of the device, or a recovery code.
///
/// # Errors
/// `request.invalid` at `/code`; `second_factor.not_enabled`.
pub(super) fn check(tx: &mut PlatformTx<'_>, key: &MasterKey, user: UserId, code: &str) -> Result<()> {
    if !is_enabled(tx, user)? {
        return Err(not_enabled());
    }
    if let Some(app) = app(tx, user)?
        && use_code(tx, key, &app, code)?
    {
        return Ok(());
    }
    if !second_factors::use_recovery_code(tx, user, &tidy(code))? {
        return Err(wrong_code());
    }
    record(tx, user, SecondFactorFact::RECOVERY_CODE_USED, SecondFactorFact::default())
}

fn not_enabled() -> Error {
    Error::conflict("second_factor.not_enabled", "No second factor is on. Begin with POST /v1/me/second-factor.")
}

/// For what a password opens besides logging in: a code too, where the user has a second factor.
///
/// # Errors
/// `request.invalid` at `/code`.
pub(super) fn require(tx: &mut PlatformTx<'_>, key: &MasterKey, user: UserId, code: Option<&str>) -> Result<()> {
    if !is_enabled(tx, user)? {
        return Ok(());
    }
    let Some(code) = code else {
        let rule = if app(tx, user)?.is_some() {
            "your account has a second factor: send a code of it, too"
        } else {
            "your account has passkeys: send the credential of one instead of the password, or a recovery code here"
        };
        return Err(Error::field("/code", "required", rule));
    };
    check(tx, key, user, code)
}

/// Told once, where the user began, with what is left.
fn record(tx: &mut PlatformTx<'_>, user: UserId, kind: EventType, fact: SecondFactorFact) -> Result<()> {
    let left = second_factors::count_recovery_codes(tx, user)?;
    let Some(tenant) = people::first_tenant(tx, user)? else { return Ok(()) };
    let passkeys_left = super::store::passkeys::count(tx, user)?;
    let fact = SecondFactorFact { recovery_codes_left: Some(left), passkeys_left: Some(passkeys_left), ..fact };
    tx.for_tenant(tenant).record(fact.told_as(kind).about(user.uuid()))?;
    Ok(())
}

/// The first code of the device: it is asked for from now on. Answers recovery codes, which are shown once, where it is the first second
/// factor; those that came with a passkey stay good.
///
/// # Errors
/// `second_factor.not_begun`, `second_factor.enabled`, `request.invalid` at `/code`.
pub fn confirm(tx: &mut TenantTx<'_>, key: &MasterKey, user: UserId, code: &str) -> Result<Option<Vec<String>>> {
    let tx = &mut tx.platform();
    super::store::passkeys::hold_user(tx, user)?;
    let factor = second_factors::find(tx, user)?.ok_or_else(|| {
        Error::conflict("second_factor.not_begun", "There is nothing to confirm. Begin with POST /v1/me/second-factor.")
    })?;
    if factor.enabled_at.is_some() {
        return Err(Error::conflict("second_factor.enabled", "This second factor is on already."));
    }
    if !use_code(tx, key, &factor, code)? {
        return Err(wrong_code());
    }
    let is_first = !is_enabled(tx, user)?;
    second_factors::enable(tx, user)?;
    let codes = if is_first { Some(give_recovery_codes(tx, user)?) } else { None };
    let rejection_id = rejection::offer(tx, key, user)?;
    record(tx, user, SecondFactorFact::ENABLED, SecondFactorFact { rejection_id, ..SecondFactorFact::default() })?;
    Ok(codes)
}

/// A code of the second factor, or one of your passkeys instead.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "287082"}))]
pub struct RecoveryCodesRenewal {
    /// Of an authenticator app, or a recovery code.
    pub code: Option<Line<1, 40>>,
    /// `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
}

/// Other recovery codes instead of those of before.
///
/// # Errors
/// `second_factor.not_enabled`, `request.invalid` at `/code` or `/credential`.
pub fn renew_recovery_codes(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    user: UserId,
    proof: RecoveryCodesRenewal,
) -> Result<Vec<String>> {
    let tx = &mut tx.platform();
    match (proof.code, proof.credential) {
        (Some(code), None) => check(tx, key, user, &code)?,
        (None, Some(credential)) => proof::demand(tx, key, site, user, Means::Passkey(credential))?,
        (Some(_), Some(_)) => {
            return Err(Error::field("/credential", "not_both", "send this or a code, and not both"));
        }
        (None, None) => {
            let rule = "send a code of your app, a recovery code, or the credential of a passkey";
            return Err(Error::field("/code", "required", rule));
        }
    }
    let codes = give_recovery_codes(tx, user)?;
    record(tx, user, SecondFactorFact::RECOVERY_CODES_RENEWED, SecondFactorFact::default())?;
    Ok(codes)
}

/// Eighty bits each, in characters that are not taken for each other: `abcd-efgh-jkmn-pqrs`.
fn give_recovery_codes(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Vec<String>> {
    const CHARACTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let one = || -> String {
        let chosen: [u8; 16] = rand::random();
        chosen.iter().map(|byte| char::from(CHARACTERS[usize::from(byte % 32)])).collect()
    };
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| one()).collect();
    second_factors::set_recovery_codes(tx, user, &codes)?;
    Ok(codes.iter().map(|code| [&code[..4], &code[4..8], &code[8..12], &code[12..]].join("-")).collect())
}

/// The password alone lets the user in again; or, where passkeys stay, the app is asked no more.
///
/// # Errors
/// `second_factor.not_enabled`, `request.invalid` where the proof is wrong.
pub fn remove(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    user: UserId,
    means: Means,
    keeps_passkeys: bool,
) -> Result<()> {
    use super::store::passkeys;
    let tx = &mut tx.platform();
    passkeys::hold_user(tx, user)?;
    let is_there = if keeps_passkeys { app(tx, user)?.is_some() } else { is_enabled(tx, user)? };
    if !is_there {
        return Err(not_enabled());
    }
    proof::demand(tx, key, site, user, means)?;
    second_factors::remove(tx, user)?;
    if !keeps_passkeys {
        passkeys::delete_all(tx, user)?;
    }
    if !is_enabled(tx, user)? {
        second_factors::set_recovery_codes(tx, user, &[])?;
    }
    record(tx, user, SecondFactorFact::DISABLED, SecondFactorFact::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_however_they_are_typed() {
        assert_eq!(tidy(" 287 082 "), "287082");
        assert_eq!(tidy("ABCD-efgh-jkmn-pqrs"), "abcdefghjkmnpqrs");
    }
}
