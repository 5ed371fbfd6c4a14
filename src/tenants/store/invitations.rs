//! Rows of invitations. The token is stored as a hash and shown once.

use diesel::prelude::*;

use super::super::access::Role;
use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::email::Email;
use crate::base::id::{ApiKeyId, TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Actor, Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::tenants::id::InvitationId;
use crate::tenants::schema::invitations;

crate::text_enum! {
    /// What became of an invitation.
    pub enum InvitationStatus { Pending = "pending", Accepted = "accepted", Revoked = "revoked", Expired = "expired" }
}

/// An offer to join the tenant under a role.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub struct Invitation {
    pub tenant_id: TenantId,
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    pub invited_by: Option<UserId>,
    pub expires_at: Timestamp,
    pub accepted_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The platform's staff offered it.
    pub by_operator: bool,
    /// The key that offered it, and with which it ends.
    pub made_by_key: Option<ApiKeyId>,
}

impl Invitation {
    pub fn status(&self, now: Timestamp) -> InvitationStatus {
        if self.accepted_at.is_some() {
            InvitationStatus::Accepted
        } else if self.revoked_at.is_some() {
            InvitationStatus::Revoked
        } else if self.expires_at <= now {
            InvitationStatus::Expired
        } else {
            InvitationStatus::Pending
        }
    }
}

/// Both lead to one invitation.
pub(crate) struct Tokens {
    /// Stands in the mail alone: whoever has it reads the mailbox.
    pub mailed: String,
    /// Stands in the answer to whoever invites.
    pub shown: String,
}

pub(crate) fn create(
    tx: &mut TenantTx<'_>,
    id: InvitationId,
    email: &Email,
    role: Role,
    tokens: &Tokens,
    expires_at: Timestamp,
) -> Result<Invitation> {
    let (now, tenant) = (tx.now(), tx.tenant());
    let invited_by = super::keys::person_behind(tx)?;
    let made_by_key = super::keys::calling_key(tx);
    let by_operator = matches!(tx.actor(), Actor::Operator(_));
    diesel::insert_into(invitations::table)
        .values((
            invitations::tenant_id.eq(tenant),
            invitations::id.eq(id),
            invitations::email.eq(email.as_str()),
            invitations::role.eq(role),
            invitations::token_hash.eq(sha256_hex(&tokens.mailed)),
            invitations::shown_token_hash.eq(sha256_hex(&tokens.shown)),
            invitations::by_operator.eq(by_operator),
            invitations::made_by_key.eq(made_by_key),
            invitations::invited_by.eq(invited_by),
            invitations::expires_at.eq(expires_at),
            invitations::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    let email = email.as_str().to_string();
    let (accepted_at, revoked_at) = (None, None);
    Ok(Invitation {
        tenant_id: tenant,
        id,
        email,
        role,
        invited_by,
        expires_at,
        accepted_at,
        revoked_at,
        created_at: now,
        by_operator,
        made_by_key,
    })
}

pub(crate) fn find(tx: &mut TenantTx<'_>, id: InvitationId) -> Result<Option<Invitation>> {
    let query = invitations::table.find((tx.tenant(), id)).select(Invitation::as_select());
    Ok(query.first(tx.conn()).optional()?)
}

/// Newest first.
pub(crate) fn list(tx: &mut TenantTx<'_>, page: &PageRequest) -> Result<Page<Invitation>> {
    let all = Where::of(tx, invitations::tenant_id);
    tx.page(all, Order::by_id(Desc, invitations::id, |row: &Invitation| row.id), page)
}

/// An invitation somebody came with.
#[derive(Debug, Clone)]
pub(crate) struct Presented {
    pub invitation: Invitation,
    /// By the token in the mail, so it is their mailbox.
    pub is_mailed: bool,
}

/// The invitation behind a token, in whichever tenant: its holder proves the right to it by the token.
pub(crate) fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Presented>> {
    let hash = sha256_hex(token);
    let is_mailed = invitations::token_hash.eq(&hash);
    let found: Option<(Invitation, String)> = invitations::table
        .filter(is_mailed.or(invitations::shown_token_hash.eq(&hash)))
        .select((Invitation::as_select(), invitations::token_hash))
        .first(tx.conn())
        .optional()?;
    Ok(found.map(|(invitation, mailed)| Presented { invitation, is_mailed: mailed == hash }))
}

/// Withdraws every open invitation of this person that a holder of the role `rest` could not offer; answers them.
pub(crate) fn revoke_made_by(tx: &mut TenantTx<'_>, user: UserId, rest: Option<Role>) -> Result<Vec<Invitation>> {
    let (now, tenant) = (tx.now(), tx.tenant());
    let open = invitations::table
        .filter(invitations::tenant_id.eq(tenant).and(invitations::invited_by.eq(user)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .filter(invitations::expires_at.gt(now));
    let mut found: Vec<Invitation> = open.order(invitations::id).select(Invitation::as_select()).load(tx.conn())?;
    found.retain(|invitation| rest.is_none_or(|rest| !rest.may_offer(invitation.role)));
    for invitation in &found {
        revoke(tx, invitation.id)?;
    }
    Ok(found)
}

/// Withdraws every open invitation that this key offered; answers them.
pub(crate) fn revoke_made_by_key(tx: &mut TenantTx<'_>, key: ApiKeyId) -> Result<Vec<Invitation>> {
    let (now, tenant) = (tx.now(), tx.tenant());
    let open = invitations::table
        .filter(invitations::tenant_id.eq(tenant).and(invitations::made_by_key.eq(key)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .filter(invitations::expires_at.gt(now));
    let found: Vec<Invitation> = open.order(invitations::id).select(Invitation::as_select()).load(tx.conn())?;
    for invitation in &found {
        revoke(tx, invitation.id)?;
    }
    Ok(found)
}

/// Withdraws every open invitation.
pub(crate) fn revoke_open(tx: &mut TenantTx<'_>) -> Result<()> {
    let now = tx.now();
    diesel::update(invitations::table)
        .filter(invitations::tenant_id.eq(tx.tenant()))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .set(invitations::revoked_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// Uses the invitation up; `false` when it was not open any more.
pub(crate) fn accept(tx: &mut TenantTx<'_>, id: InvitationId) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(invitations::table.find((tx.tenant(), id)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .filter(invitations::expires_at.gt(now))
        .set(invitations::accepted_at.eq(now))
        .execute(tx.conn())?;
    Ok(updated == 1)
}

/// Withdraws the invitation; `false` when it was not open any more.
pub(crate) fn revoke(tx: &mut TenantTx<'_>, id: InvitationId) -> Result<bool> {
    let now = tx.now();
    let updated = diesel::update(invitations::table.find((tx.tenant(), id)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .set(invitations::revoked_at.eq(now))
        .execute(tx.conn())?;
    Ok(updated == 1)
}

/// Withdraws every open invitation of this address: the newest one counts.
pub(crate) fn revoke_of_address(tx: &mut TenantTx<'_>, email: &str) -> Result<()> {
    let now = tx.now();
    diesel::update(invitations::table)
        .filter(invitations::tenant_id.eq(tx.tenant()).and(invitations::email.eq(email)))
        .filter(invitations::accepted_at.is_null().and(invitations::revoked_at.is_null()))
        .set(invitations::revoked_at.eq(now))
        .execute(tx.conn())?;
    Ok(())
}

/// Forgets invitations that ended before `before`.
pub(crate) fn prune(tx: &mut PlatformTx<'_>, before: Timestamp) -> Result<usize> {
    Ok(diesel::delete(invitations::table.filter(invitations::expires_at.le(before))).execute(tx.conn())?)
}
