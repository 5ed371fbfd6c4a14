//! Rows of sessions and of every refresh token ever given out for them.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::tenants::id::SessionId;
use crate::tenants::schema::{refresh_tokens, sessions};

#[derive(Insertable)]
#[diesel(table_name = sessions, treat_none_as_default_value = false)]
struct NewSession {
    id: SessionId,
    tenant_id: TenantId,
    user_id: UserId,
    user_agent: Option<String>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Option<Timestamp>,
    revoked_reason: Option<String>,
}

pub(crate) fn create(
    tx: &mut TenantTx<'_>,
    user: UserId,
    user_agent: Option<String>,
    expires_at: Timestamp,
) -> Result<SessionId> {
    let now = tx.now();
    let row = NewSession {
        id: SessionId::new(),
        tenant_id: tx.tenant(),
        user_id: user,
        user_agent,
        created_at: now,
        last_used_at: now,
        expires_at,
        revoked_at: None,
        revoked_reason: None,
    };
    diesel::insert_into(sessions::table).values(&row).execute(tx.conn())?;
    Ok(row.id)
}

/// Stores the hash of a token; the token itself is nowhere but with its holder.
pub(crate) fn add_token(tx: &mut TenantTx<'_>, session: SessionId, token: &str, expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(sha256_hex(token)),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::expires_at.eq(expires_at),
            refresh_tokens::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// A refresh token with the session it renews.
#[derive(Debug, Clone)]
pub(crate) struct Presented {
    pub session: SessionId,
    pub tenant: TenantId,
    pub user: UserId,
    pub was_used: bool,
    pub given_at: Timestamp,
    /// Neither the token nor the session has expired, and nobody ended the session.
    pub is_live: bool,
}

pub(crate) fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Presented>> {
    type Row = (SessionId, TenantId, UserId, Option<Timestamp>, Timestamp, Timestamp, Timestamp, Option<Timestamp>);
    let now = tx.now();
    let found: Option<Row> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::token_hash.eq(sha256_hex(token)))
        .select((
            sessions::id,
            sessions::tenant_id,
            sessions::user_id,
            refresh_tokens::used_at,
            refresh_tokens::created_at,
            refresh_tokens::expires_at,
            sessions::expires_at,
            sessions::revoked_at,
        ))
        .first(tx.conn())
        .optional()?;
    Ok(found.map(|(session, tenant, user, used, given_at, token_until, session_until, revoked)| Presented {
        session,
        tenant,
        user,
        was_used: used.is_some(),
        given_at,
        is_live: token_until > now && session_until > now && revoked.is_none(),
    }))
}

/// Uses the token up; `false` when somebody was faster. On PostgreSQL the second of two waits here for the first.
pub(crate) fn use_token(tx: &mut TenantTx<'_>, token: &str) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(refresh_tokens::table.find(sha256_hex(token)))
        .filter(refresh_tokens::used_at.is_null())
        .set(refresh_tokens::used_at.eq(now))
        .execute(tx.conn())?;
    Ok(updated == 1)
}

pub(crate) fn extend(tx: &mut TenantTx<'_>, session: SessionId, expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    diesel::update(sessions::table.find(session))
        .filter(sessions::tenant_id.eq(tx.tenant()))
        .set((sessions::last_used_at.eq(now), sessions::expires_at.eq(expires_at)))
        .execute(tx.conn())?;
    Ok(())
}

/// Ends one session; `false` when it had ended before.
pub(crate) fn revoke(tx: &mut TenantTx<'_>, session: SessionId, reason: &str) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(sessions::table.find(session))
        .filter(sessions::tenant_id.eq(tx.tenant()).and(sessions::revoked_at.is_null()))
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(tx.conn())?;
    tx.note_change()?;
    Ok(updated == 1)
}

/// Ends the user's sessions in this tenant; answers how many.
pub(crate) fn revoke_of_member(tx: &mut TenantTx<'_>, user: UserId, reason: &str) -> Result<usize> {
    let now = tx.now();
    tx.note_change()?;
    Ok(diesel::update(sessions::table)
        .filter(sessions::tenant_id.eq(tx.tenant()).and(sessions::user_id.eq(user)))
        .filter(sessions::revoked_at.is_null())
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(tx.conn())?)
}

/// Ends the user's sessions in every tenant but `kept`: a changed password is changed everywhere.
pub(crate) fn revoke_others_across_tenants(
    tx: &mut PlatformTx<'_>,
    user: UserId,
    kept: SessionId,
    reason: &str,
) -> Result<usize> {
    let now = tx.now();
    tx.note_change(None)?;
    Ok(diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user).and(sessions::id.ne(kept)))
        .filter(sessions::revoked_at.is_null())
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(tx.conn())?)
}

/// Forgets sessions that expired, or were ended before `ended_before`, and tokens that expired, at most `limit` of these at
/// once: each refresh leaves one.
pub(crate) fn prune(tx: &mut PlatformTx<'_>, ended_before: Timestamp, limit: i64) -> Result<usize> {
    let now = tx.now();
    let old = sessions::expires_at.le(now).or(sessions::revoked_at.le(ended_before).assume_not_null());
    let gone = diesel::delete(sessions::table.filter(old)).execute(tx.conn())?;
    let expired: Vec<String> = refresh_tokens::table
        .filter(refresh_tokens::expires_at.le(now))
        .order(refresh_tokens::expires_at)
        .limit(limit)
        .select(refresh_tokens::token_hash)
        .load(tx.conn())?;
    let expired = refresh_tokens::table.filter(refresh_tokens::token_hash.eq_any(expired));
    Ok(gone + diesel::delete(expired).execute(tx.conn())?)
}
