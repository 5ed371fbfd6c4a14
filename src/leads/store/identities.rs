//! Who is who: e-mail, phone and platform lead id → the newest lead of that person.
//!
//! A phone number stands here as its [`PhoneKey`]: one telephone is one person, however it is spelled.

use diesel::prelude::*;

use super::super::model::IdentityKind;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::insert_few;
use crate::leads::schema::lead_identities as identities;

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
    Ok(owners(tx, &[(kind, value)])?.into_iter().next().map(|(_, _, lead)| lead))
}

/// The leads that these identities point at, for those that are known; each with the value that was asked for.
pub fn owners(tx: &mut TenantTx<'_>, wanted: &[(IdentityKind, &str)]) -> Result<Vec<(IdentityKind, String, LeadId)>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<(IdentityKind, &str, PhoneKey)> =
        wanted.iter().map(|(kind, value)| (*kind, *value, key_of(*kind, value))).collect();
    let kinds: Vec<IdentityKind> = wanted.iter().map(|(kind, _)| *kind).collect();
    let values: Vec<&str> = keys.iter().flat_map(|(_, _, key)| key.spellings()).collect();
    let found: Vec<(IdentityKind, String, LeadId)> = identities::table
        .filter(identities::tenant_id.eq(tx.tenant()))
        .filter(identities::kind.eq_any(kinds).and(identities::value.eq_any(values)))
        .select((identities::kind, identities::value, identities::lead_id))
        .load(tx.conn())?;
    let owner = |(kind, value, key): &(IdentityKind, &str, PhoneKey)| {
        let known =
            |text: &str| found.iter().find(|(of, kept, _)| of == kind && kept == text).map(|(_, _, lead)| *lead);
        key.spellings().find_map(known).map(|lead| (*kind, (*value).to_string(), lead))
    };
    Ok(keys.iter().filter_map(owner).collect())
}

/// What an identity is written down as; the other spellings of a number may stand in rows that were kept as they came.
pub(super) fn key_of(kind: IdentityKind, value: &str) -> PhoneKey {
    match kind {
        IdentityKind::Phone => PhoneKey::of(value),
        IdentityKind::Email | IdentityKind::PlatformLead => PhoneKey::exactly(value),
    }
}

/// Whether two values are one identity.
pub fn is_same(kind: IdentityKind, one: Option<&str>, other: Option<&str>) -> bool {
    one.map(|value| key_of(kind, value)) == other.map(|value| key_of(kind, value))
}

/// Whose lead an identity is, over all tenants: for who writes to a number that several share.
pub fn leads_across_tenants(
    tx: &mut PlatformTx<'_>,
    kind: IdentityKind,
    value: &str,
) -> Result<Vec<(TenantId, LeadId)>> {
    let key = key_of(kind, value);
    let mut found: Vec<(TenantId, LeadId)> = identities::table
        .filter(identities::kind.eq(kind).and(identities::value.eq_any(key.spellings())))
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
        value: key_of(*kind, value).into_string(),
        lead_id: lead,
        created_at,
    };
    let rows: Vec<Row> = new.iter().map(row).collect();
    insert_few!(tx.conn(), identities::table, &rows)?;
    Ok(())
}

/// Points an identity at a lead, away from an older one.
pub fn add_identity(tx: &mut TenantTx<'_>, lead: LeadId, kind: IdentityKind, value: &str) -> Result<()> {
    let value = key_of(kind, value).into_string();
    let row = Row { tenant_id: tx.tenant(), kind, value, lead_id: lead, created_at: tx.now() };
    if OrIgnore(diesel::insert_into(identities::table).values(&row)).execute(tx.conn())? == 0 {
        diesel::update(identities::table.find((tx.tenant(), kind, &row.value)))
            .set(identities::lead_id.eq(lead))
            .execute(tx.conn())?;
    }
    Ok(())
}

pub fn remove_identity(tx: &mut TenantTx<'_>, lead: LeadId, kind: IdentityKind, value: &str) -> Result<()> {
    let key = key_of(kind, value);
    let rows = identities::table
        .filter(identities::tenant_id.eq(tx.tenant()).and(identities::kind.eq(kind)))
        .filter(identities::value.eq_any(key.spellings()).and(identities::lead_id.eq(lead)));
    diesel::delete(rows).execute(tx.conn())?;
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
