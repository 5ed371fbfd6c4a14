//! That it is the caller who means it, before something changes by which people get in.

use validator::Validate;

use super::require;
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::tenants::log_in::Proof;
use crate::tenants::passkeys::answer::{Credential, Refused, shown};
use crate::tenants::passkeys::challenge::Purpose;
use crate::tenants::passkeys::{Fault, Site};

/// Your password, with a code where you have a second factor; or one of your passkeys instead of both.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "monsoon-over-andheri"}))]
pub struct OwnProof {
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<Secret>,
    /// Of an authenticator app, or a recovery code, where the account has a second factor.
    pub code: Option<Line<1, 40>>,
    /// `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
}

/// By what it was proved, or not.
pub enum Means {
    Password(Option<Proof>, Option<Line<1, 40>>),
    Passkey(Credential),
}

/// A password takes a code with it where there is a second factor; a passkey counts for both.
///
/// # Errors
/// `request.invalid` at `/current_password`, `/code` or `/credential`.
pub fn demand(tx: &mut PlatformTx<'_>, key: &MasterKey, site: &Site, user: UserId, means: Means) -> Result<()> {
    match know(tx, key, site, user, means)? {
        Known::Password(code) => require(tx, key, user, code.as_deref()),
        Known::Passkey => Ok(()),
    }
}

/// Like [`demand`], for what a password alone does: another address, another password, another owner, none of which lets anybody in
/// past a second factor. No code is asked for, and one that is sent must be right.
///
/// # Errors
/// `request.invalid` at `/current_password`, `/code` or `/credential`.
pub fn demand_one(tx: &mut PlatformTx<'_>, key: &MasterKey, site: &Site, user: UserId, means: Means) -> Result<()> {
    match know(tx, key, site, user, means)? {
        Known::Password(Some(code)) => require(tx, key, user, Some(&code)),
        Known::Password(None) | Known::Passkey => Ok(()),
    }
}

/// What somebody proved themselves by.
enum Known {
    /// With the code that came with it, which nobody has looked at yet.
    Password(Option<Line<1, 40>>),
    Passkey,
}

/// Whether the password or the passkey is the user's.
fn know(tx: &mut PlatformTx<'_>, key: &MasterKey, site: &Site, user: UserId, means: Means) -> Result<Known> {
    match means {
        Means::Password(proof, code) => {
            let wrong = || Error::field("/current_password", "wrong_password", "this is not your current password");
            if !proof.ok_or_else(wrong)?.holds(tx)? {
                return Err(wrong());
            }
            Ok(Known::Password(code))
        }
        Means::Passkey(credential) => {
            let shown = shown(tx, key, site, &credential).map_err(Refused::at_credential)?;
            if shown.purpose != Purpose::Know {
                return Err(Refused::Challenge.at_credential());
            }
            if shown.passkey.user_id != user {
                return Err(Refused::Fault(Fault::Holder).at_credential());
            }
            Ok(Known::Passkey)
        }
    }
}
