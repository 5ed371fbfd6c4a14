//! Who is who: e-mail, phone and platform lead id → the newest lead of that person.

use diesel::prelude::*;

use super::super::model::IdentityKind;
use crate::base::Result;
use crate::base::id::{LeadId, TenantId};
use crate::base::time::Timestamp;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::lead_identities as identities;
use crate::insert_few;

#[derive(Insertable)]
#[diesel(table_name = identities, treat_none_as_default_value = false)]
struct Row {
    tenant_id: TenantId,
    kind: IdentityKind,
    value: String,
    lead_id: LeadId,
    created_at: Timestamp,
}

/// The lead this identity points at.
pub fn find_by_identity(tx: &mut TenantTx<'_>, kind: IdentityKind, value: &str) -> Result<Option<LeadId>> {
    Ok(identities::table.find((tx.tenant(), kind, value)).select(identities::lead_id).first(tx.conn()).optional()?)
}

/// The leads that these identities point at, for those that are known.
pub fn owners(tx: &mut TenantTx<'_>, wanted: &[(IdentityKind, &str)]) -> Result<Vec<(IdentityKind, String, LeadId)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (kinds, values): (Vec<_>, Vec<_>) = wanted.iter().copied().unzip();
    let found: Vec<(IdentityKind, String, LeadId)> = identities::table
        .filter(identities::tenant_id.eq(tx.tenant()))
        .filter(identities::kind.eq_any(kinds).and(identities::value.eq_any(values)))
        .select((identities::kind, identities::value, identities::lead_id))
        .load(tx.conn())?;
    Ok(found.into_iter().filter(|(kind, value, _)| wanted.contains(&(*kind, value.as_str()))).collect())
}

/// Whose lead an identity is, over all tenants: for who writes to a number that several share.
pub fn leads_across_tenants(tx: &mut PlatformTx<'_>, kind: IdentityKind, value: &str) -> Result<Vec<(TenantId, LeadId)>> {
    let mut found: Vec<(TenantId, LeadId)> = identities::table
        .filter(identities::kind.eq(kind).and(identities::value.eq(value)))
        .order((identities::tenant_id, identities::created_at.desc()))
        .select((identities::tenant_id, identities::lead_id))
        .load(tx.conn())?;
    found.dedup_by_key(|(tenant, _)| *tenant);
    Ok(found)
}

/// Adds identities that nobody has.
pub fn add_identities(tx: &mut TenantTx<'_>, lead: LeadId, new: &[(IdentityKind, &str)]) -> Result<()> {
    let (tenant_id, created_at) = (tx.tenant(), tx.now());
    let row = |(kind, value): &(IdentityKind, &str)| Row {
        tenant_id,
        kind: *kind,
        value: (*value).into(),
        lead_id: lead,
        created_at,
    };
    let rows: Vec<Row> = new.iter().map(row).collect();
    insert_few!(tx.conn(), diesel::insert_into(identities::table).values(&rows))?;
    Ok(())
}

/// Points an identity at a lead, away from an older one.
pub fn add_identity(tx: &mut TenantTx<'_>, lead: LeadId, kind: IdentityKind, value: &str) -> Result<()> {
    let row = Row { tenant_id: tx.tenant(), kind, value: value.into(), lead_id: lead, created_at: tx.now() };
    if OrIgnore(diesel::insert_into(identities::table).values(&row)).execute(tx.conn())? == 0 {
        diesel::update(identities::table.find((tx.tenant(), kind, value)))
            .set(identities::lead_id.eq(lead))
            .execute(tx.conn())?;
    }
    Ok(())
}

pub fn remove_identity(tx: &mut TenantTx<'_>, lead: LeadId, kind: IdentityKind, value: &str) -> Result<()> {
    diesel::delete(identities::table.find((tx.tenant(), kind, value)).filter(identities::lead_id.eq(lead)))
        .execute(tx.conn())?;
    Ok(())
}

/// All identities of one lead.
pub fn identities_of(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<Vec<(IdentityKind, String)>> {
    Ok(identities::table
        .filter(identities::tenant_id.eq(tx.tenant()).and(identities::lead_id.eq(lead)))
        .order((identities::kind, identities::value))
        .select((identities::kind, identities::value))
        .load(tx.conn())?)
}
