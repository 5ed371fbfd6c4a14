//! Rows of tenants and their people.

use diesel::prelude::*;

use super::access::Role;
use super::model::{Tenant, TenantStatus};
use crate::base::id::{TenantId, UserId};
use crate::base::json::Json;
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::db::schema::{memberships, tenants, users};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenants, treat_none_as_default_value = false)]
pub(super) struct TenantRow {
    pub id: TenantId,
    pub name: String,
    pub slug: String,
    pub status: TenantStatus,
    pub time_zone: String,
    pub country: String,
    pub currency: Currency,
    pub settings: Json,
    pub profile: Json,
    pub audience: Json,
    pub entitlements: Option<Json>,
    pub onboarded_at: Option<Timestamp>,
    pub version: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = Error;
    fn try_from(row: TenantRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            name: row.name,
            slug: row.slug,
            status: row.status,
            time_zone: row.time_zone.parse().map_err(Error::internal)?,
            country: row.country,
            currency: row.currency,
            settings: row.settings.read()?,
            profile: row.profile.read()?,
            audience: row.audience.read()?,
            onboarded_at: row.onboarded_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The tenant of this transaction.
pub fn current(tx: &mut TenantTx<'_>) -> Result<Tenant> {
    let row: TenantRow = tenants::table.find(tx.tenant()).select(TenantRow::as_select()).first(tx.conn())?;
    row.try_into()
}

/// Keeps the features of the current plan beside the tenant, where authentication finds them. `None`: no plan chosen.
pub fn set_entitlements(tx: &mut TenantTx<'_>, features: Option<&[String]>) -> Result<()> {
    let stored = features.map(|names| Json::of(&names));
    diesel::update(tenants::table.find(tx.tenant())).set(tenants::entitlements.eq(stored)).execute(tx.conn())?;
    Ok(())
}

/// A person of the tenant.
#[derive(Debug, Clone)]
pub struct Member {
    pub user_id: UserId,
    pub email: String,
    pub name: Option<String>,
    pub role: Role,
    /// `active` or `disabled`.
    pub status: String,
    /// Notification preferences, as `notify` reads them.
    pub preferences: Json,
}

/// Everyone with a membership, active or not.
pub fn members(tx: &mut TenantTx<'_>) -> Result<Vec<Member>> {
    let rows = memberships::table
        .inner_join(users::table.on(users::id.eq(memberships::user_id)))
        .filter(memberships::tenant_id.eq(tx.tenant()))
        .order((memberships::created_at, memberships::user_id))
        .select((
            users::id,
            users::email,
            users::name,
            memberships::role,
            memberships::status,
            memberships::preferences,
        ))
        .load::<(UserId, String, Option<String>, Role, String, Json)>(tx.conn())?;
    let member =
        |(user_id, email, name, role, status, preferences)| Member { user_id, email, name, role, status, preferences };
    Ok(rows.into_iter().map(member).collect())
}
