//! Operators, the platform's staff: their accounts and keys. They have no passwords.

use validator::Validate;

use super::facts::OperatorFact;
use super::name::Name;
use super::store::operators::{self as rows, OperatorAccount, OperatorKey};
use crate::base::crypto::random_token;
use crate::base::email::Email;
use crate::base::id::{ApiKeyId, OperatorId};
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::engine::db::dialect::lock_platform;
use crate::engine::events::{EventType, Fact as _};

/// An operator to be created.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Meera", "email": "meera@platform.example.com"}))]
pub struct NewOperator {
    pub name: Name,
    /// Where what the console shows them is mailed to as well.
    pub email: Option<Email>,
}

/// An operator's key to be made.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Laptop"}))]
pub struct NewOperatorKey {
    pub name: Name,
}

/// A key and its secret, shown once.
pub struct MintedKey {
    pub operator_key: OperatorKey,
    pub key: String,
}

/// An operator with a first key, shown once. For the command line: `admin create-operator`.
pub fn create_operator(tx: &mut PlatformTx<'_>, name: &str, email: Option<&Email>) -> Result<(OperatorId, String)> {
    let (account, minted) = create(tx, name, email)?;
    Ok((account.id, minted.key))
}

pub(super) fn create(
    tx: &mut PlatformTx<'_>,
    name: &str,
    email: Option<&Email>,
) -> Result<(OperatorAccount, MintedKey)> {
    let account = rows::create(tx, name, email.map(Email::as_str))?;
    let fact =
        OperatorFact { name: Some(account.name.clone()), email: account.email.clone(), ..OperatorFact::default() };
    tx.record(fact.told_as(OperatorFact::CREATED).about(account.id.uuid()))?;
    let minted = mint_key(tx, account.id, "first")?;
    Ok((account, minted))
}

/// Makes sure that `key` is a working key of an operator. Any number of processes may do so at each start.
///
/// # Errors
/// `config.operator_key` when the key is too weak, or was revoked.
pub fn ensure_operator(tx: &mut PlatformTx<'_>, name: &str, key: &str) -> Result<OperatorId> {
    let fits = key.starts_with("lw_") && key.len() >= 32 && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !fits {
        let rule = "LEADWRIGHT_OPERATOR_KEY must start with lw_ and have at least 32 visible ASCII characters";
        return Err(Error::invalid("config.operator_key", rule));
    }
    if let Some(found) = rows::key_of(tx, key)? {
        return still_working(tx, &found);
    }
    let account = rows::create(tx, name, None)?;
    if let Some(added) = rows::add_key(tx, account.id, "configured", key)? {
        let fact = OperatorFact { name: Some(account.name.clone()), ..OperatorFact::default() };
        tx.record(fact.told_as(OperatorFact::CREATED).about(account.id.uuid()))?;
        record_key(tx, OperatorFact::KEY_CREATED, &added)?;
        return Ok(account.id);
    }
    // Another process was faster.
    rows::discard(tx, account.id)?;
    let found = rows::key_of(tx, key)?.ok_or_else(|| Error::internal("the operator's key is neither new nor there"))?;
    still_working(tx, &found)
}

fn still_working(tx: &mut PlatformTx<'_>, key: &OperatorKey) -> Result<OperatorId> {
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|at| at <= tx.now()) {
        let rule = "LEADWRIGHT_OPERATOR_KEY names a key that was revoked or has expired; choose another";
        return Err(Error::invalid("config.operator_key", rule));
    }
    Ok(key.operator_id)
}

/// The e-mail addresses of the platform's staff.
pub fn addresses(tx: &mut PlatformTx<'_>) -> Result<Vec<String>> {
    rows::addresses(tx)
}

fn record_key(tx: &mut PlatformTx<'_>, kind: EventType, key: &OperatorKey) -> Result<()> {
    let fact = OperatorFact {
        key_id: Some(key.id),
        name: Some(key.name.clone()),
        prefix: Some(key.prefix.clone()),
        ..OperatorFact::default()
    };
    tx.record(fact.told_as(kind).about(key.operator_id.uuid()))?;
    Ok(())
}

fn mint_key(tx: &mut PlatformTx<'_>, operator: OperatorId, name: &str) -> Result<MintedKey> {
    let key = random_token("lw_");
    let operator_key = rows::add_key(tx, operator, name, &key)?.ok_or_else(|| Error::internal("a random key twice"))?;
    record_key(tx, OperatorFact::KEY_CREATED, &operator_key)?;
    Ok(MintedKey { operator_key, key })
}

fn not_found() -> Error {
    Error::not_found("operator.not_found", "There is no such operator.")
}

/// # Errors
/// `operator.not_found`.
pub(super) fn add_key(tx: &mut PlatformTx<'_>, operator: OperatorId, name: &Name) -> Result<MintedKey> {
    rows::find(tx, operator)?.ok_or_else(not_found)?;
    mint_key(tx, operator, name.as_str())
}

/// Refuses the key from now on. Revoking it again changes nothing.
///
/// # Errors
/// `operator.key_not_found`, `operator.last_key`.
pub(super) fn revoke_key(tx: &mut PlatformTx<'_>, operator: OperatorId, id: ApiKeyId) -> Result<()> {
    // Two at once would each leave the other's key, and together none.
    lock_platform(tx, "operator_keys")?;
    let key = rows::find_key(tx, operator, id)?
        .ok_or_else(|| Error::not_found("operator.key_not_found", "There is no such key."))?;
    if key.revoked_at.is_some() {
        return Ok(());
    }
    if rows::count_live_keys(tx)? < 2 {
        let message = "This is the last working key of any operator. Make another one first.";
        return Err(Error::conflict("operator.last_key", message));
    }
    rows::revoke_key(tx, id)?;
    record_key(tx, OperatorFact::KEY_REVOKED, &key)
}
