//! Logging in with a passkey: alone, since the device knows who it is and counts for two factors, or after the password.

use validator::Validate;

use super::enter;
use super::passkeys::Begun;
use crate::base::bounded::Line;
use crate::base::crypto::MasterKey;
use crate::base::id::TenantId;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::tenants::access::Device;
use crate::tenants::log_in;
use crate::tenants::passkeys::answer::{Credential, Refused, claimed, shown};
use crate::tenants::passkeys::challenge::{self, Purpose};
use crate::tenants::passkeys::{Fault, Site, options};
use crate::tenants::session::SignedIn;
use crate::tenants::store::passkeys as rows;
use crate::tenants::store::people::{self, User};

/// What a passkey is to be used for.
#[derive(Debug, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"challenge": null}))]
pub struct PasskeyUse {
    /// That `POST /v1/auth/login` answered to the password; without one the passkey logs in by itself.
    pub challenge: Option<Line<1, 200>>,
}

/// A challenge for whichever passkey the device knows, or for those of somebody who knew the password.
///
/// # Errors
/// `auth.invalid_challenge`; `request.invalid` at `/challenge` for somebody who has no passkeys.
pub fn begin(tx: &mut PlatformTx<'_>, key: &MasterKey, site: &Site, wish: &PasskeyUse) -> Result<Begun> {
    let (purpose, among) = match &wish.challenge {
        None => (Purpose::Know, Vec::new()),
        Some(token) => {
            let challenge = enter::challenged(tx, token)?;
            let among = rows::usable(tx, challenge.user_id, site.domain())?;
            if among.is_empty() {
                return Err(Error::field(
                    "/challenge",
                    "no_passkeys",
                    "this account has no passkeys of this domain; send a code",
                ));
            }
            (Purpose::Second(challenge.id), among)
        }
    };
    let given = challenge::give(key, tx.now(), purpose)?;
    Ok(Begun { options: options::request(site, &among, &given), expires_at: given.expires_at })
}

/// What a device answered, of somebody who wants in.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"credential": {"id": "QUJD", "rawId": "QUJD", "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"},
    "clientExtensionResults": {}}}))]
pub struct PasskeyLogIn {
    /// What `navigator.credentials.get()` gave: its `toJSON()`.
    #[schema(value_type = Object)]
    pub credential: Credential,
    /// Which tenant, for people who belong to several; the first one joined when absent. After a password it is the one named there.
    pub tenant_id: Option<TenantId>,
    /// True: the tokens are kept in cookies, for a page in a browser. Refused from origins that the operator did not name.
    pub cookies: Option<bool>,
}

/// Starts a session for whoever the passkey is of.
///
/// # Errors
/// `auth.invalid_passkey`, `auth.unknown_passkey`, `auth.invalid_challenge`, `request.invalid` at `/credential`, and those of logging in.
pub fn enter(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    site: &Site,
    answer: &PasskeyLogIn,
    device: Device,
) -> Result<SignedIn> {
    let shown = shown(tx, key, site, &answer.credential).map_err(Refused::at_the_door)?;
    let user = shown.passkey.user_id;
    match shown.purpose {
        Purpose::Know => log_in::enter(tx, key, user, answer.tenant_id, device),
        Purpose::Second(id) => {
            let challenge = enter::challenged_by_id(tx, id)?;
            if challenge.user_id != user {
                return Err(Refused::Fault(Fault::Holder).at_the_door());
            }
            enter::answered(tx, key, &challenge, device)
        }
        Purpose::Add(_) => Err(Refused::Challenge.at_the_door()),
    }
}

/// Whose passkey it says it is, for the trail of what failed.
pub fn holder(tx: &mut PlatformTx<'_>, credential: &Credential) -> Result<Option<User>> {
    let Some(passkey) = claimed(tx, credential)? else { return Ok(None) };
    people::user(tx, passkey.user_id).map(Some)
}
