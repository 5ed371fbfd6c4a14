//! Rows of links by which the holder of an account takes away a second factor that somebody else put before it. Tokens are stored as hashes.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::tenants::id::RejectionId;
use crate::tenants::schema::second_factor_rejections;

/// What may be rejected: whatever was put before the account since.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = second_factor_rejections)]
pub struct Rejection {
    pub id: RejectionId,
    pub user_id: UserId,
    /// The account's address then, whichever it has by now.
    pub email: String,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
}

pub(crate) fn create(tx: &mut PlatformTx<'_>, row: &Rejection, token: &str) -> Result<()> {
    diesel::insert_into(second_factor_rejections::table)
        .values((
            second_factor_rejections::id.eq(row.id),
            second_factor_rejections::user_id.eq(row.user_id),
            second_factor_rejections::email.eq(&row.email),
            second_factor_rejections::token_hash.eq(sha256_hex(token)),
            second_factor_rejections::expires_at.eq(row.expires_at),
            second_factor_rejections::created_at.eq(row.created_at),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Unless it was used or its time is over.
pub(crate) fn open(tx: &mut PlatformTx<'_>, id: RejectionId) -> Result<Option<Rejection>> {
    let now = tx.now();
    let query = second_factor_rejections::table.find(id).filter(second_factor_rejections::expires_at.gt(now));
    Ok(query.select(Rejection::as_select()).first(tx.conn()).optional()?)
}

/// The open link behind a token.
pub(crate) fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Rejection>> {
    let now = tx.now();
    let query = second_factor_rejections::table
        .filter(second_factor_rejections::token_hash.eq(sha256_hex(token)))
        .filter(second_factor_rejections::expires_at.gt(now));
    Ok(query.select(Rejection::as_select()).first(tx.conn()).optional()?)
}

/// Uses a link up, with those of whatever came later; of two at a time one gets it.
pub(crate) fn take(tx: &mut PlatformTx<'_>, row: &Rejection) -> Result<bool> {
    let taken = diesel::delete(second_factor_rejections::table.find(row.id)).execute(tx.conn())?;
    let is_later = second_factor_rejections::created_at.ge(row.created_at);
    let later = second_factor_rejections::user_id.eq(row.user_id).and(is_later);
    diesel::delete(second_factor_rejections::table.filter(later)).execute(tx.conn())?;
    Ok(taken == 1)
}

/// All of a user's.
pub(crate) fn forget(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    diesel::delete(second_factor_rejections::table.filter(second_factor_rejections::user_id.eq(user)))
        .execute(tx.conn())?;
    Ok(())
}

/// Forgets links that are over.
pub(crate) fn prune(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let now = tx.now();
    Ok(diesel::delete(second_factor_rejections::table.filter(second_factor_rejections::expires_at.le(now)))
        .execute(tx.conn())?)
}
