//! Who is who: e-mail address, phone number and a platform's lead id → the person whom the tenant knows, and the newest lead that came
//! by it.
//!
//! The one table by which anybody is recognised: enquiries, messages and callers of the API ask here. The two answers do not depend
//! on each other: what came under lock alone has a lead and nobody's name, and whoever enters people never sees whether there is
//! one. A phone number stands here as its [`PhoneKey`]: one telephone is one person, however it is spelled. Whoever writes has
//! taken the tenant's turn (`lock_tenant(tx, "intake")`).

use diesel::prelude::*;

use super::super::model::IdentityKind;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::contacts::consents;
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::schema::contact_identities as identities;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::insert_few;

#[derive(Insertable)]
#[diesel(table_name = identities, treat_none_as_default_value = false)]
struct Row {
    tenant_id: TenantId,
    kind: IdentityKind,
    value: String,
    lead_id: Option<LeadId>,
    created_at: Timestamp,
    contact_id: Option<ContactId>,
}

impl Row {
    fn of(tx: &TenantTx<'_>, kind: IdentityKind, value: &str, whose: Whose) -> Self {
        let value = kind.key(value).into_string();
        let Whose { contact: contact_id, lead: lead_id } = whose;
        Self { tenant_id: tx.tenant(), kind, value, lead_id, created_at: tx.now(), contact_id }
    }
}

/// Whose an identity is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whose {
    /// Whom the tenant knows by it.
    pub contact: Option<ContactId>,
    /// The newest that came by it, under lock or not.
    pub lead: Option<LeadId>,
}

/// An identity and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub kind: IdentityKind,
    /// As it was asked for.
    pub value: String,
    pub whose: Whose,
}

/// Whose these identities are, for those that are somebody's.
pub fn owners(tx: &mut TenantTx<'_>, wanted: &[(IdentityKind, &str)]) -> Result<Vec<Owner>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<(IdentityKind, &str, PhoneKey)> =
        wanted.iter().map(|(kind, value)| (*kind, *value, kind.key(value))).collect();
    let kinds: Vec<IdentityKind> = wanted.iter().map(|(kind, _)| *kind).collect();
    let values: Vec<&str> = keys.iter().flat_map(|(_, _, key)| key.spellings()).collect();
    let found: Vec<(IdentityKind, String, Option<ContactId>, Option<LeadId>)> = identities::table
        .filter(identities::tenant_id.eq(tx.tenant()))
        .filter(identities::kind.eq_any(kinds).and(identities::value.eq_any(values)))
        .select((identities::kind, identities::value, identities::contact_id, identities::lead_id))
        .load(tx.conn())?;
    let owner = |(kind, value, key): &(IdentityKind, &str, PhoneKey)| {
        let known = |text: &str| found.iter().find(|(of, kept, ..)| of == kind && kept == text);
        let (.., contact, lead) = key.spellings().find_map(known)?;
        Some(Owner { kind: *kind, value: (*value).to_string(), whose: Whose { contact: *contact, lead: *lead } })
    };
    Ok(keys.iter().filter_map(owner).collect())
}

/// Whose this identity is.
pub fn owner(tx: &mut TenantTx<'_>, kind: IdentityKind, value: &str) -> Result<Option<Whose>> {
    Ok(owners(tx, &[(kind, value)])?.into_iter().next().map(|owner| owner.whose))
}

/// Whether two values are one identity.
pub fn is_same(kind: IdentityKind, one: Option<&str>, other: Option<&str>) -> bool {
    one.map(|value| kind.key(value)) == other.map(|value| kind.key(value))
}

/// Whose lead an identity is, over all tenants: for who writes to a number that several share.
pub fn leads_across_tenants(
    tx: &mut PlatformTx<'_>,
    kind: IdentityKind,
    value: &str,
) -> Result<Vec<(TenantId, LeadId)>> {
    let key = kind.key(value);
    let mut found: Vec<(TenantId, LeadId)> = identities::table
        .filter(identities::kind.eq(kind).and(identities::value.eq_any(key.spellings())))
        .filter(identities::lead_id.is_not_null())
        .order((identities::tenant_id, identities::created_at.desc()))
        .select((identities::tenant_id, identities::lead_id.assume_not_null()))
        .load(tx.conn())?;
    found.dedup_by_key(|(tenant, _)| *tenant);
    Ok(found)
}

/// Adds identities that nobody has.
pub fn add_all(tx: &mut TenantTx<'_>, whose: Whose, new: &[(IdentityKind, &str)]) -> Result<()> {
    let rows: Vec<Row> = new.iter().map(|(kind, value)| Row::of(tx, *kind, value, whose)).collect();
    insert_few!(tx.conn(), identities::table, &rows)?;
    Ok(())
}

/// Adds an identity, points it at the lead, if one is given, away from an older one, and makes it the contact's, unless it is
/// somebody's.
pub fn add(tx: &mut TenantTx<'_>, kind: IdentityKind, value: &str, whose: Whose) -> Result<()> {
    let row = Row::of(tx, kind, value, whose);
    if OrIgnore(diesel::insert_into(identities::table).values(&row)).execute(tx.conn())? == 1 {
        return Ok(());
    }
    let known = || identities::table.find((row.tenant_id, kind, &row.value));
    if let Some(lead) = whose.lead {
        diesel::update(known()).set(identities::lead_id.eq(lead)).execute(tx.conn())?;
    }
    if let Some(contact) = whose.contact {
        let free = known().filter(identities::contact_id.is_null());
        diesel::update(free).set(identities::contact_id.eq(contact)).execute(tx.conn())?;
    }
    Ok(())
}

/// Takes an identity from a lead; whom the tenant knows by it stays.
pub fn take_from_lead(tx: &mut TenantTx<'_>, lead: LeadId, kind: IdentityKind, value: &str) -> Result<()> {
    let (key, tenant) = (kind.key(value), tx.tenant());
    let own = || {
        identities::table
            .filter(identities::tenant_id.eq(tenant).and(identities::kind.eq(kind)))
            .filter(identities::value.eq_any(key.spellings()).and(identities::lead_id.eq(lead)))
    };
    let rows = own().filter(identities::contact_id.is_null());
    diesel::delete(rows).execute(tx.conn())?;
    diesel::update(own()).set(identities::lead_id.eq(None::<LeadId>)).execute(tx.conn())?;
    Ok(())
}

/// Takes identities from a contact: whatever lead came by one is recognised all the same. What was said for one about being written to
/// stays what this person said.
pub fn take_from_contact(tx: &mut TenantTx<'_>, contact: ContactId, kind: IdentityKind, values: &[&str]) -> Result<()> {
    let keys: Vec<PhoneKey> = values.iter().map(|value| kind.key(value)).collect();
    let spellings: Vec<&str> = keys.iter().flat_map(PhoneKey::spellings).collect();
    consents::adopt(tx, contact, &spellings)?;
    let tenant = tx.tenant();
    let own = || {
        identities::table
            .filter(identities::tenant_id.eq(tenant).and(identities::kind.eq(kind)))
            .filter(identities::value.eq_any(spellings.clone()).and(identities::contact_id.eq(contact)))
    };
    let rows = own().filter(identities::lead_id.is_null());
    diesel::delete(rows).execute(tx.conn())?;
    diesel::update(own()).set(identities::contact_id.eq(None::<ContactId>)).execute(tx.conn())?;
    Ok(())
}
