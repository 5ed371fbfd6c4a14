//! Rows of links that were mailed to set a new password. Each is for an address, whoever has it when the link is opened; the
//! token is stored as a hash.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::tenants::id::PasswordResetId;
use crate::tenants::schema::password_resets;

/// A link that was asked for.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = password_resets)]
pub struct Reset {
    pub id: PasswordResetId,
    pub email: String,
    pub expires_at: Timestamp,
}

pub(crate) fn create(
    tx: &mut PlatformTx<'_>,
    id: PasswordResetId,
    email: &str,
    token: &str,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(password_resets::table)
        .values((
            password_resets::id.eq(id),
            password_resets::email.eq(email),
            password_resets::token_hash.eq(sha256_hex(token)),
            password_resets::expires_at.eq(expires_at),
            password_resets::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Unless it was used or its time is over.
pub(crate) fn open(tx: &mut PlatformTx<'_>, id: PasswordResetId) -> Result<Option<Reset>> {
    let now = tx.now();
    let query = password_resets::table
        .find(id)
        .filter(password_resets::expires_at.gt(now).and(password_resets::used_at.is_null()));
    Ok(query.select(Reset::as_select()).first(tx.conn()).optional()?)
}

/// The open link behind a token.
pub(crate) fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Reset>> {
    let now = tx.now();
    let query = password_resets::table
        .filter(password_resets::token_hash.eq(sha256_hex(token)))
        .filter(password_resets::expires_at.gt(now).and(password_resets::used_at.is_null()));
    Ok(query.select(Reset::as_select()).first(tx.conn()).optional()?)
}

/// Uses the link behind a token up; of two at a time one gets it.
pub(crate) fn take(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Reset>> {
    let Some(found) = presented(tx, token)? else { return Ok(None) };
    let now = tx.now();
    let taken = diesel::update(password_resets::table.find(found.id))
        .filter(password_resets::used_at.is_null())
        .set(password_resets::used_at.eq(now))
        .execute(tx.conn())?;
    Ok((taken == 1).then_some(found))
}

/// Voids the open links of an address.
pub(crate) fn void(tx: &mut PlatformTx<'_>, email: &str) -> Result<()> {
    let now = tx.now();
    diesel::update(password_resets::table)
        .filter(password_resets::email.eq(email).and(password_resets::used_at.is_null()))
        .set(password_resets::used_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// Forgets links that ended before `before`.
pub(crate) fn prune(tx: &mut PlatformTx<'_>, before: Timestamp) -> Result<usize> {
    let over = password_resets::table.filter(password_resets::expires_at.le(before));
    Ok(diesel::delete(over).execute(tx.conn())?)
}
