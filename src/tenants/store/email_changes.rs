//! Rows of users who want another address, or have got it and may still get the former one back. Tokens are stored as hashes.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::tenants::id::EmailChangeId;
use crate::tenants::schema::email_changes;

/// A wish for another address, and what became of it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = email_changes)]
pub struct EmailChange {
    pub id: EmailChangeId,
    pub user_id: UserId,
    pub former: String,
    pub wanted: String,
    pub expires_at: Timestamp,
    pub changed_at: Option<Timestamp>,
    /// Until when the former address may take the account back; never where nobody had shown it to be theirs.
    pub undo_until: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A wish about to be noted: which address by which tokens.
pub(crate) struct Wish<'a> {
    pub id: EmailChangeId,
    pub user: UserId,
    pub former: &'a str,
    pub wanted: &'a str,
    pub token: &'a str,
    pub undo_token: &'a str,
    pub expires_at: Timestamp,
}

pub(crate) fn create(tx: &mut PlatformTx<'_>, wish: &Wish<'_>) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(email_changes::table)
        .values((
            email_changes::id.eq(wish.id),
            email_changes::user_id.eq(wish.user),
            email_changes::former.eq(wish.former),
            email_changes::wanted.eq(wish.wanted),
            email_changes::token_hash.eq(sha256_hex(wish.token)),
            email_changes::undo_hash.eq(sha256_hex(wish.undo_token)),
            email_changes::expires_at.eq(wish.expires_at),
            email_changes::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

pub(crate) fn find(tx: &mut PlatformTx<'_>, id: EmailChangeId) -> Result<Option<EmailChange>> {
    Ok(email_changes::table.find(id).select(EmailChange::as_select()).first(tx.conn()).optional()?)
}

/// The wish that a token of the new address leads to, whatever became of it.
pub(crate) fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<EmailChange>> {
    let query = email_changes::table.filter(email_changes::token_hash.eq(sha256_hex(token)));
    Ok(query.select(EmailChange::as_select()).first(tx.conn()).optional()?)
}

/// The change that a token of the former address may undo.
pub(crate) fn undoable(tx: &mut PlatformTx<'_>, undo_token: &str) -> Result<Option<EmailChange>> {
    let now = tx.now();
    let query = email_changes::table
        .filter(email_changes::undo_hash.eq(sha256_hex(undo_token)))
        .filter(email_changes::undo_until.gt(now).assume_not_null());
    Ok(query.select(EmailChange::as_select()).first(tx.conn()).optional()?)
}

/// Notes that the address is the new one; `false` when it was noted before.
pub(crate) fn mark_changed(tx: &mut PlatformTx<'_>, id: EmailChangeId, undo_until: Option<Timestamp>) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(email_changes::table.find(id))
        .filter(email_changes::changed_at.is_null())
        .set((email_changes::changed_at.eq(now), email_changes::undo_until.eq(undo_until)))
        .execute(tx.conn())?;
    Ok(updated == 1)
}

/// Drops the user's wishes that did not come true.
pub(crate) fn forget_open(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    let open = email_changes::table.filter(email_changes::user_id.eq(user).and(email_changes::changed_at.is_null()));
    diesel::delete(open).execute(tx.conn())?;
    Ok(())
}

/// Drops all of the user's, also the ways back.
pub(crate) fn forget_all(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    diesel::delete(email_changes::table.filter(email_changes::user_id.eq(user))).execute(tx.conn())?;
    Ok(())
}

/// Forgets what was wished for before `before`.
pub(crate) fn prune(tx: &mut PlatformTx<'_>, before: Timestamp) -> Result<usize> {
    let over = email_changes::table.filter(email_changes::created_at.le(before));
    Ok(diesel::delete(over).execute(tx.conn())?)
}
