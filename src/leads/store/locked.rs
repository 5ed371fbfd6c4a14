//! Who is locked, of some: what events are to keep quiet about.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::base::Result;
use crate::contacts::id::LeadId;
use crate::contacts::schema::contact_identities;
use crate::engine::db::TenantTx;
use crate::leads::schema::leads;

/// Those of these leads that are locked.
pub fn locked_among(tx: &mut TenantTx<'_>, ids: BTreeSet<LeadId>) -> Result<Vec<LeadId>> {
    let locked = leads::table
        .filter(leads::tenant_id.eq(tx.tenant()).and(leads::is_locked.eq(true)))
        .filter(leads::id.eq_any(ids))
        .select(leads::id)
        .load(tx.conn())?;
    Ok(locked)
}

/// Those of these addresses by which a locked lead is known.
pub fn locked_addresses(tx: &mut TenantTx<'_>, spellings: BTreeSet<&str>) -> Result<Vec<String>> {
    let hidden = contact_identities::table
        .inner_join(
            leads::table.on(leads::tenant_id
                .eq(contact_identities::tenant_id)
                .and(leads::id.nullable().eq(contact_identities::lead_id))),
        )
        .filter(contact_identities::tenant_id.eq(tx.tenant()).and(leads::is_locked.eq(true)))
        .filter(contact_identities::value.eq_any(spellings))
        .select(contact_identities::value)
        .load(tx.conn())?;
    Ok(hidden)
}
