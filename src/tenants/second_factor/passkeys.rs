//! A user's passkeys: adding, naming and removing them. Each is a second factor too, so the last one goes as that does.

use serde_json::Value;
use validator::Validate;

use super::proof::{self, Means};
use super::{give_recovery_codes, is_enabled, is_usable, rejection};
use crate::base::crypto::MasterKey;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{EventType, Fact as _};
use crate::engine::http::IfMatch;
use crate::tenants::facts::PasskeyFact;
use crate::tenants::id::{PasskeyId, RejectionId};
use crate::tenants::name::Name;
use crate::tenants::passkeys::answer::{Credential, Refused, registered};
use crate::tenants::passkeys::challenge::{self, Purpose};
use crate::tenants::passkeys::{Site, kept, options};
use crate::tenants::store::passkeys::{self as rows, Passkey};
use crate::tenants::store::people;

/// So many of a user's.
pub const MOST: i64 = 20;

/// What a page hands to its browser.
pub struct Begun {
    pub options: Value,
    pub expires_at: Timestamp,
}

fn refuse_too_many(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    if rows::count(tx, user)? < MOST {
        return Ok(());
    }
    Err(Error::conflict("passkey.limit_reached", format!("You have {MOST} passkeys already. Remove one first.")))
}

/// Begins with a passkey of somebody who proved themselves.
///
/// # Errors
/// `request.invalid` where the proof is wrong, `passkey.limit_reached`.
pub fn begin(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    platform_name: &str,
    user: UserId,
    means: Means,
) -> Result<Begun> {
    let tx = &mut tx.platform();
    proof::demand(tx, key, site, user, means)?;
    refuse_too_many(tx, user)?;
    let given = challenge::give(key, tx.now(), Purpose::Add(user))?;
    let (holder, known) = (people::user(tx, user)?, rows::usable(tx, user, site.domain())?);
    let options = options::creation(site, platform_name, &holder, &known, &given);
    Ok(Begun { options, expires_at: given.expires_at })
}

/// A passkey that a device has made.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Phone", "credential": {"id": "QUJD", "rawId": "QUJD", "type": "public-key",
    "response": {"clientDataJSON": "e30", "attestationObject": "oA", "transports": ["internal", "hybrid"]},
    "clientExtensionResults": {}}}))]
pub struct NewPasskey {
    /// By which you know it again.
    pub name: Name,
    /// What `navigator.credentials.create()` gave: its `toJSON()`.
    #[schema(value_type = Object)]
    pub credential: Credential,
}

/// A passkey, and recovery codes where it is the first second factor.
pub struct Added {
    pub passkey: Passkey,
    pub recovery_codes: Option<Vec<String>>,
}

/// Adds a passkey to the account that its challenge was given to.
///
/// # Errors
/// `request.invalid` at `/credential`, `passkey.already_registered`, `passkey.limit_reached`.
pub fn add(tx: &mut TenantTx<'_>, key: &MasterKey, site: &Site, user: UserId, new: NewPasskey) -> Result<Added> {
    let tx = &mut tx.platform();
    rows::hold_user(tx, user)?;
    let answer = registered(tx, key, site, &new.credential).map_err(Refused::at_credential)?;
    if answer.purpose != Purpose::Add(user) {
        return Err(Refused::Challenge.at_credential());
    }
    refuse_too_many(tx, user)?;
    let is_first = !is_enabled(tx, user)?;
    let passkey = kept(tx.now(), site, user, new.name.into_string(), answer);
    if !rows::insert(tx, &passkey)? {
        return Err(Error::conflict("passkey.already_registered", "There is an account with this passkey."));
    }
    let recovery_codes = if is_first { Some(give_recovery_codes(tx, user)?) } else { None };
    let rejection_id = rejection::offer(tx, key, user)?;
    record(tx, &passkey, PasskeyFact::ADDED, rejection_id)?;
    Ok(Added { passkey, recovery_codes })
}

/// Told once, where the user began.
fn record(
    tx: &mut PlatformTx<'_>,
    passkey: &Passkey,
    kind: EventType,
    rejection_id: Option<RejectionId>,
) -> Result<()> {
    let Some(tenant) = people::first_tenant(tx, passkey.user_id)? else { return Ok(()) };
    let fact = PasskeyFact { passkey_id: Some(passkey.id), name: Some(passkey.name.clone()), rejection_id };
    tx.for_tenant(tenant).record(fact.told_as(kind).about(passkey.user_id.uuid()))?;
    Ok(())
}

/// # Errors
/// `passkey.not_found`, also for somebody else's.
pub fn get(tx: &mut PlatformTx<'_>, user: UserId, id: PasskeyId) -> Result<Passkey> {
    let unknown = || Error::not_found("passkey.not_found", "There is no such passkey of yours.");
    rows::find(tx, user, id)?.ok_or_else(unknown)
}

crate::patch! {
    /// A change to a passkey.
    #[schema(example = json!({"name": "Old phone"}))]
    pub struct PasskeyPatch of Passkey {
        pub name: Given<Name>,
    }
}

/// # Errors
/// `passkey.not_found`, `request.precondition_failed`.
pub fn change(
    tx: &mut TenantTx<'_>,
    user: UserId,
    id: PasskeyId,
    mut patch: PasskeyPatch,
    if_match: &IfMatch,
) -> Result<Passkey> {
    let tx = &mut tx.platform();
    rows::hold_user(tx, user)?;
    let mut passkey = get(tx, user, id)?;
    if_match.check(passkey.version)?;
    if patch.apply(&mut passkey).is_empty() {
        return Ok(passkey);
    }
    rows::rename(tx, &mut passkey)?;
    record(tx, &passkey, PasskeyFact::RENAMED, None)?;
    Ok(passkey)
}

/// It lets nobody in from now on. Sessions that it began go on.
///
/// # Errors
/// `passkey.not_found`, `passkey.last_second_factor`.
pub fn remove(tx: &mut TenantTx<'_>, site: &Site, user: UserId, id: PasskeyId) -> Result<()> {
    let tx = &mut tx.platform();
    rows::hold_user(tx, user)?;
    let passkey = get(tx, user, id)?;
    rows::delete(tx, id)?;
    // Those of a former domain let nobody in, so the last one of this domain is the last one.
    let was_usable = passkey.is_of(site.domain());
    let is_left = if was_usable { is_usable(tx, site, user)? } else { is_enabled(tx, user)? };
    if !is_left {
        let message = "This passkey is your only second factor. Remove that by POST /v1/me/second-factor/removal, which takes a proof.";
        return Err(Error::conflict("passkey.last_second_factor", message));
    }
    record(tx, &passkey, PasskeyFact::REMOVED, None)
}
