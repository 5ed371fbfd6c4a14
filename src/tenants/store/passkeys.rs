//! Rows of passkeys, and of the challenges that were answered by one.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Desc;
use crate::engine::db::error::is_unique_violation;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, Where};
use crate::tenants::id::PasskeyId;
use crate::tenants::schema::{passkey_challenges_used, passkeys, users};

/// What one of a user's devices logs in with.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys, treat_none_as_default_value = false)]
pub struct Passkey {
    pub id: PasskeyId,
    pub user_id: UserId,
    pub name: String,
    /// By which its device knows it; base64 for URLs.
    pub credential_id: String,
    /// COSE; base64 for URLs.
    pub public_key: String,
    pub sign_count: i64,
    /// How its device may be reached, with blanks between them.
    pub transports: String,
    pub can_be_backed_up: bool,
    pub is_backed_up: bool,
    pub version: i32,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    /// Which it is bound to; nobody knows it of one that was added before it was noted.
    pub domain: Option<String>,
}

impl Passkey {
    pub fn transports(&self) -> impl Iterator<Item = &str> {
        self.transports.split_whitespace()
    }

    /// Does a browser find it where the platform is now?
    pub fn is_of(&self, domain: &str) -> bool {
        self.domain.as_deref().is_none_or(|own| own == domain)
    }
}

/// Keeps the user's second factors still until the transaction ends.
pub(crate) fn hold_user(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    let row = users::table.find(user).select(users::id);
    let _: UserId = crate::held!(tx.conn(), row, get_result)?;
    Ok(())
}

/// `false` when there is a passkey of this credential.
pub(crate) fn insert(tx: &mut PlatformTx<'_>, passkey: &Passkey) -> Result<bool> {
    match diesel::insert_into(passkeys::table).values(passkey).execute(tx.conn()) {
        Ok(_) => {}
        Err(error) if is_unique_violation(&error) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    // A tenant may ask for a second factor.
    tx.note_change(None)?;
    Ok(true)
}

/// Newest first.
pub(crate) fn list(tx: &mut PlatformTx<'_>, user: UserId, page: &PageRequest) -> Result<Page<Passkey>> {
    let which = Where::everywhere(tx).is(passkeys::user_id, user);
    tx.page(which, Order::by_id(Desc, passkeys::id, |row: &Passkey| row.id), page)
}

/// All of a user's that a browser finds where the platform is now.
pub(crate) fn usable(tx: &mut PlatformTx<'_>, user: UserId, domain: &str) -> Result<Vec<Passkey>> {
    let own = passkeys::table.filter(passkeys::user_id.eq(user)).order(passkeys::id);
    let mut found: Vec<Passkey> = own.select(Passkey::as_select()).load(tx.conn())?;
    found.retain(|passkey| passkey.is_of(domain));
    Ok(found)
}

pub(crate) fn count(tx: &mut PlatformTx<'_>, user: UserId) -> Result<i64> {
    Ok(passkeys::table.filter(passkeys::user_id.eq(user)).count().get_result(tx.conn())?)
}

pub(crate) fn find(tx: &mut PlatformTx<'_>, user: UserId, id: PasskeyId) -> Result<Option<Passkey>> {
    let own = passkeys::table.find(id).filter(passkeys::user_id.eq(user)).select(Passkey::as_select());
    Ok(own.first(tx.conn()).optional()?)
}

pub(crate) fn by_credential(tx: &mut PlatformTx<'_>, credential_id: &str) -> Result<Option<Passkey>> {
    let one = passkeys::table.filter(passkeys::credential_id.eq(credential_id)).select(Passkey::as_select());
    Ok(one.first(tx.conn()).optional()?)
}

/// As it is now: of two uses at a time the second looks at what the first left.
pub(crate) fn hold_by_credential(tx: &mut PlatformTx<'_>, credential_id: &str) -> Result<Option<Passkey>> {
    let one = passkeys::table.filter(passkeys::credential_id.eq(credential_id)).select(passkeys::id);
    let held: QueryResult<PasskeyId> = crate::held!(tx.conn(), one, get_result);
    if held.optional()?.is_none() {
        return Ok(None);
    }
    by_credential(tx, credential_id)
}

/// Writes the name, under the next version.
pub(crate) fn rename(tx: &mut PlatformTx<'_>, passkey: &mut Passkey) -> Result<()> {
    passkey.version += 1;
    diesel::update(passkeys::table.find(passkey.id))
        .set((passkeys::name.eq(&passkey.name), passkeys::version.eq(passkey.version)))
        .execute(tx.conn())?;
    Ok(())
}

/// Writes what the use of now told.
pub(crate) fn note_use(tx: &mut PlatformTx<'_>, passkey: &Passkey) -> Result<()> {
    let now = tx.now();
    diesel::update(passkeys::table.find(passkey.id))
        .set((
            passkeys::sign_count.eq(passkey.sign_count),
            passkeys::is_backed_up.eq(passkey.is_backed_up),
            passkeys::last_used_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub(crate) fn delete(tx: &mut PlatformTx<'_>, id: PasskeyId) -> Result<()> {
    diesel::delete(passkeys::table.find(id)).execute(tx.conn())?;
    tx.note_change(None)
}

/// All of a user's.
pub(crate) fn delete_all(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).execute(tx.conn())?;
    tx.note_change(None)
}

/// Those that were added since.
pub(crate) fn delete_since(tx: &mut PlatformTx<'_>, user: UserId, since: Timestamp) -> Result<()> {
    let newer = passkeys::table.filter(passkeys::user_id.eq(user).and(passkeys::created_at.ge(since)));
    diesel::delete(newer).execute(tx.conn())?;
    tx.note_change(None)
}

/// Uses a challenge up; `false` when it was before.
pub(crate) fn use_challenge(tx: &mut PlatformTx<'_>, challenge: &[u8], expires_at: Timestamp) -> Result<bool> {
    let used = diesel::insert_into(passkey_challenges_used::table).values((
        passkey_challenges_used::challenge_hash.eq(sha256_hex(challenge)),
        passkey_challenges_used::expires_at.eq(expires_at),
    ));
    Ok(OrIgnore(used).execute(tx.conn())? == 1)
}

/// Forgets challenges that are over anyway.
pub(crate) fn prune(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let now = tx.now();
    let over = passkey_challenges_used::table.filter(passkey_challenges_used::expires_at.le(now));
    Ok(diesel::delete(over).execute(tx.conn())?)
}
