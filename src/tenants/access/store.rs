//! Looking credentials up. Each is one indexed query.

use std::collections::BTreeSet;
use std::sync::Arc;

use diesel::prelude::*;

use super::super::model::TenantStatus;
use super::known::KnownTenant;
use super::noted::LastNoted;
use super::permission::{Entitlements, Permission, Role};
use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{ApiKeyId, OperatorId, TenantId, UserId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::tenants::id::SessionId;
use crate::tenants::schema::{api_keys, memberships, operator_keys, passkeys, second_factors, sessions, tenants};

/// A live session and what its user may do now.
pub(super) struct SessionFound {
    pub tenant: TenantId,
    pub role: Role,
    pub permissions: Arc<BTreeSet<Permission>>,
    pub until: Timestamp,
    pub entitlements: Entitlements,
    /// The tenant asks its members for one, and this one has none.
    pub lacks_second_factor: bool,
    pub known: KnownTenant,
}

fn entitlements(stored: Option<Json>) -> Result<Entitlements> {
    Ok(Entitlements::of(stored.map(|json| json.read()).transpose()?))
}

/// The session, unless it ended or the membership or tenant is not active. Owners of a tenant that is being closed get in, and read.
pub(super) fn session(
    tx: &mut PlatformTx<'_>,
    session: SessionId,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<SessionFound>> {
    let now = tx.now();
    type Row = (Role, Timestamp, Option<Json>, TenantStatus, Option<Timestamp>, Json);
    let found: Option<Row> = sessions::table
        .inner_join(
            memberships::table
                .on(memberships::tenant_id.eq(sessions::tenant_id).and(memberships::user_id.eq(sessions::user_id))),
        )
        .inner_join(tenants::table.on(tenants::id.eq(sessions::tenant_id)))
        .filter(sessions::id.eq(session).and(sessions::tenant_id.eq(tenant)).and(sessions::user_id.eq(user)))
        .filter(sessions::revoked_at.is_null().and(sessions::expires_at.gt(now)))
        .filter(memberships::status.eq("active"))
        .select((
            memberships::role,
            sessions::expires_at,
            tenants::entitlements,
            tenants::status,
            tenants::closes_at,
            tenants::settings,
        ))
        .first(tx.conn())
        .optional()?;
    let Some((role, until, stored, status, closes_at, settings)) = found else { return Ok(None) };
    let is_active = status == TenantStatus::Active;
    let closes_at = closes_at.filter(|at| *at > now && role == Role::Owner);
    if !is_active && closes_at.is_none() {
        return Ok(None);
    }
    let mut permissions = role.permissions();
    permissions.retain(|permission| is_active || permission.as_str().ends_with(":read"));
    let is_asked = settings.value()["requires_second_factor"] == true;
    Ok(Some(SessionFound {
        tenant,
        role,
        permissions: Arc::new(permissions),
        until: closes_at.map_or(until, |closes_at| until.min(closes_at)),
        entitlements: entitlements(stored)?,
        lacks_second_factor: is_asked && !has_second_factor(tx, user)?,
        known: KnownTenant::default(),
    }))
}

fn has_second_factor(tx: &mut PlatformTx<'_>, user: UserId) -> Result<bool> {
    let enabled = second_factors::table.find(user).filter(second_factors::enabled_at.is_not_null());
    if enabled.count().get_result::<i64>(tx.conn())? > 0 {
        return Ok(true);
    }
    let passkeys = passkeys::table.filter(passkeys::user_id.eq(user));
    Ok(passkeys.count().get_result::<i64>(tx.conn())? > 0)
}

/// A live API key, of an active member or of nobody in particular.
pub(super) struct ApiKeyFound {
    pub tenant: TenantId,
    pub id: ApiKeyId,
    pub scopes: Arc<BTreeSet<Permission>>,
    pub entitlements: Entitlements,
    pub last_noted: LastNoted,
    /// When it expires or its rotation's overlap ends, whichever comes first.
    pub until: Option<Timestamp>,
    pub known: KnownTenant,
}

pub(super) fn api_key(tx: &mut PlatformTx<'_>, key: &str) -> Result<Option<ApiKeyFound>> {
    let now = tx.now();
    type Moments = (Option<Timestamp>, Option<Timestamp>, Option<Timestamp>);
    type Maker = (Option<UserId>, Option<Role>, Option<String>);
    type Row = (TenantId, ApiKeyId, Json, Moments, Option<Json>, Maker);
    let made_by =
        memberships::tenant_id.eq(api_keys::tenant_id).and(memberships::user_id.nullable().eq(api_keys::created_by));
    let found: Option<Row> = api_keys::table
        .inner_join(tenants::table.on(tenants::id.eq(api_keys::tenant_id)))
        .left_join(memberships::table.on(made_by))
        .filter(api_keys::key_hash.eq(sha256_hex(key)))
        .filter(api_keys::revoked_at.is_null().or(api_keys::revoked_at.gt(now)))
        .filter(api_keys::expires_at.is_null().or(api_keys::expires_at.gt(now)))
        .filter(tenants::status.eq("active"))
        .select((
            api_keys::tenant_id,
            api_keys::id,
            api_keys::scopes,
            (api_keys::last_used_at, api_keys::revoked_at, api_keys::expires_at),
            tenants::entitlements,
            (api_keys::created_by, memberships::role.nullable(), memberships::status.nullable()),
        ))
        .first(tx.conn())
        .optional()?;
    found
        .filter(|(.., (person, _, status))| person.is_none() || status.as_deref() == Some("active"))
        .map(|(tenant, id, scopes, (last_used_at, revoked_at, expires_at), stored, (_, role, _))| {
            let names: Vec<String> = scopes.read()?;
            // Never more than the member who answers for it may do now.
            let most = role.map(Role::permissions);
            let within = |scope: &Permission| most.as_ref().is_none_or(|most| most.contains(scope));
            let scopes = Arc::new(names.iter().filter_map(|name| name.parse().ok()).filter(within).collect());
            let until = revoked_at.into_iter().chain(expires_at).min();
            let last_noted = LastNoted::new(last_used_at);
            let (entitlements, known) = (entitlements(stored)?, KnownTenant::default());
            Ok(ApiKeyFound { tenant, id, scopes, entitlements, last_noted, until, known })
        })
        .transpose()
}

/// A live key of an operator.
pub(super) struct OperatorKeyFound {
    pub operator: OperatorId,
    pub id: ApiKeyId,
    pub last_noted: LastNoted,
    pub until: Option<Timestamp>,
}

pub(super) fn operator_key(tx: &mut PlatformTx<'_>, key: &str) -> Result<Option<OperatorKeyFound>> {
    let now = tx.now();
    let found: Option<(OperatorId, ApiKeyId, Option<Timestamp>, Option<Timestamp>)> = operator_keys::table
        .filter(operator_keys::key_hash.eq(sha256_hex(key)))
        .filter(operator_keys::revoked_at.is_null())
        .filter(operator_keys::expires_at.is_null().or(operator_keys::expires_at.gt(now)))
        .select((operator_keys::operator_id, operator_keys::id, operator_keys::last_used_at, operator_keys::expires_at))
        .first(tx.conn())
        .optional()?;
    Ok(found.map(|(operator, id, last_used_at, until)| {
        let last_noted = LastNoted::new(last_used_at);
        OperatorKeyFound { operator, id, last_noted, until }
    }))
}

pub(super) fn tenant_entitlements(tx: &mut PlatformTx<'_>, tenant: TenantId) -> Result<Option<Entitlements>> {
    let found: Option<Option<Json>> =
        tenants::table.find(tenant).select(tenants::entitlements).first(tx.conn()).optional()?;
    found.map(entitlements).transpose()
}

/// What the plan of this transaction's tenant includes, for work that no caller asks for.
pub fn entitlements_here(tx: &mut TenantTx<'_>) -> Result<Entitlements> {
    let tenant = tx.tenant();
    Ok(tenant_entitlements(&mut tx.platform(), tenant)?.unwrap_or_default())
}

/// Notes that a key was used.
pub(super) fn touch_key(tx: &mut PlatformTx<'_>, tenant: TenantId, id: ApiKeyId) -> Result<()> {
    let now = tx.now();
    diesel::update(api_keys::table.find((tenant, id))).set(api_keys::last_used_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Notes that an operator's key was used.
pub(super) fn touch_operator_key(tx: &mut PlatformTx<'_>, id: ApiKeyId) -> Result<()> {
    let now = tx.now();
    diesel::update(operator_keys::table.find(id)).set(operator_keys::last_used_at.eq(now)).execute(tx.conn())?;
    Ok(())
}
