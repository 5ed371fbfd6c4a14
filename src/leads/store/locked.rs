//! Who is locked, of some: what events are to keep quiet about.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::db::schema::{lead_identities, leads};

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
    let hidden = lead_identities::table
        .inner_join(
            leads::table
                .on(leads::tenant_id.eq(lead_identities::tenant_id).and(leads::id.eq(lead_identities::lead_id))),
        )
        .filter(lead_identities::tenant_id.eq(tx.tenant()).and(leads::is_locked.eq(true)))
        .filter(lead_identities::value.eq_any(spellings))
        .select(lead_identities::value)
        .load(tx.conn())?;
    Ok(hidden)
}
