//! Rows of mailed links that show whose mailbox it is. The token is stored as a hash.

use diesel::prelude::*;

use super::people;
use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::tenants::id::VerificationId;
use crate::tenants::schema::{email_verifications, tenants, users};

/// A link that was mailed to somebody.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = email_verifications)]
pub struct Verification {
    pub id: VerificationId,
    pub user_id: UserId,
    pub expires_at: Timestamp,
}

pub(crate) fn create(
    tx: &mut PlatformTx<'_>,
    id: VerificationId,
    user: UserId,
    token: &str,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(email_verifications::table)
        .values((
            email_verifications::id.eq(id),
            email_verifications::user_id.eq(user),
            email_verifications::token_hash.eq(sha256_hex(token)),
            email_verifications::expires_at.eq(expires_at),
            email_verifications::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Unless its time is over.
pub(crate) fn live(tx: &mut PlatformTx<'_>, id: VerificationId) -> Result<Option<Verification>> {
    let now = tx.now();
    let query = email_verifications::table.find(id).filter(email_verifications::expires_at.gt(now));
    Ok(query.select(Verification::as_select()).first(tx.conn()).optional()?)
}

/// The link behind a token: its holder proves the right to it by the token.
pub(crate) fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Verification>> {
    let now = tx.now();
    let query = email_verifications::table
        .filter(email_verifications::token_hash.eq(sha256_hex(token)))
        .filter(email_verifications::expires_at.gt(now));
    Ok(query.select(Verification::as_select()).first(tx.conn()).optional()?)
}

/// Links mailed to the user since.
pub(crate) fn count_since(tx: &mut PlatformTx<'_>, user: UserId, since: Timestamp) -> Result<i64> {
    let mailed = email_verifications::table
        .filter(email_verifications::user_id.eq(user).and(email_verifications::created_at.gt(since)));
    Ok(mailed.count().get_result(tx.conn())?)
}

/// `false` when it was known before.
pub(crate) fn mark_user(tx: &mut PlatformTx<'_>, user: UserId) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(users::table.find(user))
        .filter(users::email_verified_at.is_null())
        .set((users::email_verified_at.eq(now), users::updated_at.eq(now)))
        .execute(tx.conn())?;
    if updated == 1 {
        people::note_another(tx, user)?;
    }
    Ok(updated == 1)
}

/// As the tenant's next version; `false` when it was verified before.
pub(crate) fn mark_tenant(tx: &mut PlatformTx<'_>, tenant: TenantId) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(tenants::table.find(tenant))
        .filter(tenants::verified_at.is_null())
        .set((tenants::verified_at.eq(now), tenants::version.eq(tenants::version + 1), tenants::updated_at.eq(now)))
        .execute(tx.conn())?;
    Ok(updated == 1)
}

/// Forgets links that ended before `before`.
pub(crate) fn prune(tx: &mut PlatformTx<'_>, before: Timestamp) -> Result<usize> {
    let over = email_verifications::table.filter(email_verifications::expires_at.le(before));
    Ok(diesel::delete(over).execute(tx.conn())?)
}
