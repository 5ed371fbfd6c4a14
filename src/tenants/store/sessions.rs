//! Rows of sessions and of every refresh token ever given out for them.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::tenants::access::{Device, Role};
use crate::tenants::id::SessionId;
use crate::tenants::schema::{memberships, refresh_tokens, sessions, tenants};

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
    address: Option<String>,
}

pub(crate) fn create(tx: &mut TenantTx<'_>, user: UserId, device: Device, expires_at: Timestamp) -> Result<SessionId> {
    let now = tx.now();
    let row = NewSession {
        id: SessionId::new(),
        tenant_id: tx.tenant(),
        user_id: user,
        user_agent: device.user_agent,
        created_at: now,
        last_used_at: now,
        expires_at,
        revoked_at: None,
        revoked_reason: None,
        address: device.address,
    };
    diesel::insert_into(sessions::table).values(&row).execute(tx.conn())?;
    Ok(row.id)
}

/// A live session as its user sees it, and the name of its tenant.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub tenant_id: TenantId,
    pub user_agent: Option<String>,
    pub address: Option<String>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
}

/// The user's live sessions in every tenant, newest first.
pub(crate) fn list_across_tenants(
    tx: &mut PlatformTx<'_>,
    user: UserId,
    page: &PageRequest,
) -> Result<Page<(Session, String)>> {
    use sessions::{created_at, id};
    let now = tx.now();
    let which = Where::everywhere(tx)
        .is(sessions::user_id, user)
        .has(sessions::revoked_at, Some(false))
        .beyond(sessions::expires_at, Some(now));
    let rows = tx.page(which, Order::by(Desc, (created_at, id), |row: &Session| (row.created_at, row.id)), page)?;
    rows.with(|rows| {
        let ids: Vec<TenantId> = rows.iter().map(|row| row.tenant_id).collect();
        let names = tenants::table.filter(tenants::id.eq_any(ids)).select((tenants::id, tenants::name));
        let names: Vec<(TenantId, String)> = names.load(tx.conn())?;
        let name = |tenant: TenantId| names.iter().find(|one| one.0 == tenant).map(|one| one.1.clone());
        Ok(rows.into_iter().map(|row| (row.clone(), name(row.tenant_id).unwrap_or_default())).collect())
    })
}

/// Where a session of the user's is, if it is theirs.
pub(crate) fn tenant_of_own(tx: &mut PlatformTx<'_>, user: UserId, session: SessionId) -> Result<Option<TenantId>> {
    let own = sessions::table.find(session).filter(sessions::user_id.eq(user)).select(sessions::tenant_id);
    Ok(own.first(tx.conn()).optional()?)
}

/// Stores the hash of a token; the token itself is nowhere but with its holder. One that is there already stays as it is.
pub(crate) fn add_token(tx: &mut TenantTx<'_>, session: SessionId, token: &str, expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    let insert = diesel::insert_into(refresh_tokens::table).values((
        refresh_tokens::token_hash.eq(sha256_hex(token)),
        refresh_tokens::session_id.eq(session),
        refresh_tokens::expires_at.eq(expires_at),
        refresh_tokens::created_at.eq(now),
    ));
    OrIgnore(insert).execute(tx.conn())?;
    Ok(())
}

/// A refresh token with the session it renews.
#[derive(Debug, Clone)]
pub(crate) struct Presented {
    pub session: SessionId,
    pub tenant: TenantId,
    pub user: UserId,
    pub used_at: Option<Timestamp>,
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
        used_at: used,
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

/// Ends the sessions of everybody in this tenant who does not own it.
pub(crate) fn revoke_of_others_than_owners(tx: &mut TenantTx<'_>, reason: &str) -> Result<()> {
    let now = tx.now();
    tx.note_change()?;
    let owners = memberships::table
        .filter(memberships::tenant_id.eq(tx.tenant()).and(memberships::role.eq(Role::Owner)))
        .select(memberships::user_id);
    diesel::update(sessions::table)
        .filter(sessions::tenant_id.eq(tx.tenant()).and(sessions::revoked_at.is_null()))
        .filter(sessions::user_id.ne_all(owners))
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(tx.conn())?;
    Ok(())
}

/// Ends the user's sessions in every tenant but `kept`: a changed password is changed everywhere. Answers which.
pub(crate) fn revoke_across_tenants(
    tx: &mut PlatformTx<'_>,
    user: UserId,
    kept: Option<SessionId>,
    reason: &str,
) -> Result<Vec<(TenantId, SessionId)>> {
    let now = tx.now();
    tx.note_change(None)?;
    let live = sessions::table
        .filter(sessions::user_id.eq(user).and(sessions::revoked_at.is_null()))
        .select((sessions::tenant_id, sessions::id));
    let mut live: Vec<(TenantId, SessionId)> = live.load(tx.conn())?;
    live.retain(|(_, session)| Some(*session) != kept);
    let ids: Vec<SessionId> = live.iter().map(|(_, session)| *session).collect();
    diesel::update(sessions::table)
        .filter(sessions::id.eq_any(ids).and(sessions::revoked_at.is_null()))
        .set((sessions::revoked_at.eq(now), sessions::revoked_reason.eq(reason)))
        .execute(tx.conn())?;
    Ok(live)
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
