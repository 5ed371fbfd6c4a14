//! API keys: made, rotated with an overlap, revoked. Nobody hands out more than they hold, nor for longer.
//!
//! A key that manages keys is bound like a person and by its own end besides: what it makes or changes ends no later than
//! itself, and ends when it is revoked; so do the open invitations it made. What replaces a key by rotation takes over what that
//! one made. A member answers for the keys made in their name: these end when the member is removed, and do no more than the
//! member may at any moment (see [`super::access`]).

use std::collections::BTreeSet;

use validator::Validate;

use super::access::{Caller, Permission};
use super::facts::ApiKeyFact;
use super::invite;
use super::name::Name;
use super::store::keys::{self as rows, ApiKey};
use crate::base::changes::Changes;
use crate::base::crypto::random_token;
use crate::base::id::{ApiKeyId, UserId};
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{Actor, TenantTx};
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;

/// How many keys of a tenant may work at once. While rotations overlap there may be twice as many.
pub const MOST_KEYS: i64 = 100;
/// A day: what both keys of a rotation share when nothing else is said.
const DEFAULT_OVERLAP_SECONDS: i64 = 86_400;

crate::inputs! {
    /// A key to be made.
    #[schema(example = json!({"name": "Website", "scopes": ["leads:read", "leads:write"]}))]
    pub struct NewApiKey,
    /// A change to a key; null makes it work until it is revoked.
    #[schema(example = json!({"name": "Website (old)", "expires_at": "2027-01-01T00:00:00Z"}))]
    ApiKeyPatch {
        pub name: Name,
        /// At least one, and none that the caller lacks.
        #[validate(length(min = 1, max = 50))]
        #[schema(min_items = 1, max_items = 50)]
        made pub scopes: Vec<Permission>,
        /// In the future; without it the key works until it is revoked.
        pub expires_at: Option<Timestamp>,
    }
}

/// How to rotate.
#[derive(Debug, Clone, Default, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 3600}))]
pub struct Rotation {
    /// How long the old key still works: 0 to a week, a day when absent.
    #[validate(range(min = 0, max = 604_800))]
    #[schema(minimum = 0, maximum = 604_800)]
    pub overlap_seconds: Option<i64>,
}

/// A key and its secret, shown once.
pub struct Minted {
    pub api_key: ApiKey,
    pub key: String,
}

fn refuse_past(expires_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Error::field("/expires_at", "invalid_value", "expected a time in the future"));
    }
    Ok(())
}

fn not_found() -> Error {
    Error::not_found("api_key.not_found", "There is no such API key.")
}

pub(super) fn find(tx: &mut TenantTx<'_>, id: ApiKeyId) -> Result<ApiKey> {
    rows::find(tx, id)?.ok_or_else(not_found)
}

fn refuse_too_many(tx: &mut TenantTx<'_>, most: i64) -> Result<()> {
    lock_tenant(tx, "api_keys")?;
    if rows::count_live(tx)? < most {
        return Ok(());
    }
    let message = format!("{most} API keys work already. Revoke one first.");
    Err(Error::conflict("api_key.limit_reached", message))
}

/// # Errors
/// `request.invalid` at each scope the caller lacks; `api_key.limit_reached`.
pub fn create(tx: &mut TenantTx<'_>, caller: &Caller, new: &NewApiKey) -> Result<Minted> {
    refuse_past(new.expires_at, tx.now())?;
    let lacking = new.scopes.iter().enumerate().filter(|(_, scope)| !caller.may(**scope));
    let errors: Vec<FieldError> = lacking
        .map(|(index, scope)| {
            let rule = format!("you do not have {scope} yourself");
            FieldError::new(format!("/scopes/{index}"), "not_held", rule)
        })
        .collect();
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    let scopes: BTreeSet<Permission> = new.scopes.iter().copied().collect();
    let scopes: Vec<Permission> = scopes.into_iter().collect();
    let key = random_token("lw_");
    // Without a wish it ends with the key that makes it.
    let expires_at = new.expires_at.or(own_end(tx)?);
    if is_beyond_own_end(tx, expires_at)? {
        return Err(Error::field("/expires_at", "not_held", "a key makes none that lives longer than itself"));
    }
    let person = rows::person_behind(tx)?;
    refuse_too_many(tx, MOST_KEYS)?;
    let api_key = rows::create(tx, &key, new.name.as_str(), &scopes, expires_at, person)?;
    let fact = ApiKeyFact { scopes: Some(api_key.scopes.clone()), ..told(&api_key) };
    tx.record(fact.told_as(ApiKeyFact::CREATED).about(api_key.id.uuid()))?;
    Ok(Minted { api_key, key })
}

/// When the calling key ends; `None` for a key without an end, and for everybody else.
fn own_end(tx: &mut TenantTx<'_>) -> Result<Option<Timestamp>> {
    let Actor::ApiKey(id) = tx.actor() else { return Ok(None) };
    Ok(rows::find(tx, id)?.and_then(|key| key.expires_at.into_iter().chain(key.revoked_at).min()))
}

/// Whether something that ends at `end` (or never) outlives the calling key.
fn is_beyond_own_end(tx: &mut TenantTx<'_>, end: Option<Timestamp>) -> Result<bool> {
    Ok(own_end(tx)?.is_some_and(|own| end.is_none_or(|end| end > own)))
}

/// Nobody touches a key that may do more than they may.
fn require_all_scopes(caller: &Caller, key: &ApiKey) -> Result<()> {
    let Some(scope) = key.scopes.iter().find(|scope| !caller.may(**scope)) else { return Ok(()) };
    let message = format!("This API key has the scope {scope}, which you do not have, so you cannot change it.");
    Err(Error::forbidden("auth.forbidden", message))
}

fn outlives() -> Error {
    Error::forbidden("auth.forbidden", "A key gives no key, itself included, a life longer than its own.")
}

fn find_locked(tx: &mut TenantTx<'_>, id: ApiKeyId) -> Result<ApiKey> {
    lock_tenant(tx, "api_keys")?;
    find(tx, id)
}

/// # Errors
/// `api_key.not_found`, `api_key.ended`, `auth.forbidden`, and `request.precondition_failed`.
pub fn change(
    tx: &mut TenantTx<'_>,
    caller: &Caller,
    id: ApiKeyId,
    patch: ApiKeyPatch,
    if_match: &IfMatch,
) -> Result<ApiKey> {
    let mut key = find_locked(tx, id)?;
    if_match.check(key.version)?;
    require_live(&key, tx.now())?;
    require_all_scopes(caller, &key)?;
    let mut changes = Changes::default();
    changes.set("name", &mut key.name, patch.name);
    let before = key.expires_at;
    if !patch.expires_at.is_absent() {
        changes.set("expires_at", &mut key.expires_at, patch.expires_at);
        refuse_past(key.expires_at, tx.now())?;
        let is_longer = before.is_some_and(|before| key.expires_at.is_none_or(|after| after > before));
        if is_longer && is_beyond_own_end(tx, key.expires_at)? {
            return Err(outlives());
        }
    }
    if changes.is_empty() {
        return Ok(key);
    }
    rows::save(tx, &mut key)?;
    shorten_made_by(tx, &key)?;
    let expires_at = key.expires_at.map_or(Patch::Null, Patch::Value);
    let fact = ApiKeyFact { expires_at, ..told(&key) };
    tx.record(fact.told_as(ApiKeyFact::UPDATED).about(id.uuid()))?;
    Ok(key)
}

fn require_live(key: &ApiKey, now: Timestamp) -> Result<()> {
    if key.is_live(now) {
        return Ok(());
    }
    Err(Error::conflict("api_key.ended", "This API key has expired or was revoked. Create a new one."))
}

/// Refuses the key from now on, and what it made. Revoking it again changes nothing.
pub fn revoke(tx: &mut TenantTx<'_>, id: ApiKeyId) -> Result<()> {
    let key = find_locked(tx, id)?;
    end(tx, key)
}

/// Revokes what a removed member answers for.
pub(super) fn revoke_of(tx: &mut TenantTx<'_>, user: UserId) -> Result<Vec<String>> {
    lock_tenant(tx, "api_keys")?;
    let mut names = Vec::new();
    for key in rows::live_of(tx, user)? {
        names.push(key.name.clone());
        // It may have ended a moment ago, with the key that made it.
        let key = find(tx, key.id)?;
        end(tx, key)?;
    }
    Ok(names)
}

fn told(key: &ApiKey) -> ApiKeyFact {
    ApiKeyFact { name: Some(key.name.clone()), ..ApiKeyFact::default() }
}

/// With what it made, what that made, and so on.
fn end(tx: &mut TenantTx<'_>, key: ApiKey) -> Result<()> {
    let now = tx.now();
    let (mut ending, mut seen) = (vec![key], BTreeSet::new());
    while let Some(mut key) = ending.pop() {
        if !seen.insert(key.id) {
            continue;
        }
        if key.revoked_at.is_none_or(|at| at > now) {
            key.revoked_at = Some(now);
            rows::save(tx, &mut key)?;
            tx.record(told(&key).told_as(ApiKeyFact::REVOKED).about(key.id.uuid()))?;
        }
        invite::withdraw_of_key(tx, key.id)?;
        ending.extend(rows::made_by(tx, key.id)?);
    }
    Ok(())
}

/// What a key made ends no later than the key does now.
fn shorten_made_by(tx: &mut TenantTx<'_>, key: &ApiKey) -> Result<()> {
    let mut shortened = vec![key.clone()];
    while let Some(maker) = shortened.pop() {
        let Some(end) = maker.expires_at else { continue };
        for mut made in rows::made_by(tx, maker.id)? {
            if made.expires_at.is_none_or(|at| at > end) {
                made.expires_at = Some(end);
                rows::save(tx, &mut made)?;
                shortened.push(made);
            }
        }
    }
    Ok(())
}

/// A new key with the same name, scopes and expiry; the old one works until the overlap ends.
///
/// # Errors
/// `api_key.ended`, `api_key.already_rotated`, `api_key.limit_reached`; `auth.forbidden` when the key may do more than the caller.
pub fn rotate(tx: &mut TenantTx<'_>, caller: &Caller, id: ApiKeyId, rotation: &Rotation) -> Result<Minted> {
    let mut old = find_locked(tx, id)?;
    let now = tx.now();
    require_live(&old, now)?;
    if old.replaced_by.is_some() {
        let message = "This API key was rotated before. Rotate the one that replaced it.";
        return Err(Error::conflict("api_key.already_rotated", message));
    }
    require_all_scopes(caller, &old)?;
    if is_beyond_own_end(tx, old.expires_at)? {
        return Err(outlives());
    }
    refuse_too_many(tx, 2 * MOST_KEYS)?;
    let key = random_token("lw_");
    let person = rows::person_behind(tx)?.or(old.created_by);
    let new = rows::create(tx, &key, &old.name, &old.scopes, old.expires_at, person)?;
    if rows::calling_key(tx) != Some(old.id) {
        rows::hand_over(tx, old.id, new.id)?;
    }
    let overlap = rotation.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECONDS);
    old.revoked_at = Some(now.plus(chrono::Duration::seconds(overlap)));
    old.replaced_by = Some(new.id);
    rows::save(tx, &mut old)?;
    let fact = ApiKeyFact { replaced_by: Some(new.id), valid_until: old.revoked_at, ..ApiKeyFact::default() };
    tx.record(fact.told_as(ApiKeyFact::ROTATED).about(id.uuid()))?;
    Ok(Minted { api_key: new, key })
}
