//! Many people at once, by their ids.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::base::{Result, unicode};
use crate::contacts::id::ContactId;
use crate::contacts::schema::{contact_tags as tags, contacts};
use crate::engine::db::TenantTx;

/// Which of these are contacts of the tenant.
pub fn known(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<BTreeSet<ContactId>> {
    let mut known = BTreeSet::new();
    for some in ids.chunks(1_000) {
        let rows: Vec<ContactId> = contacts::table
            .filter(contacts::tenant_id.eq(tx.tenant()).and(contacts::id.eq_any(some.to_vec())))
            .select(contacts::id)
            .load(tx.conn())?;
        known.extend(rows);
    }
    Ok(known)
}

/// The next that have a tag, behind `after`, in the order of their ids.
pub fn tagged(tx: &mut TenantTx<'_>, tag: &str, after: Option<ContactId>, limit: usize) -> Result<Vec<ContactId>> {
    let mut query = tags::table
        .filter(tags::tenant_id.eq(tx.tenant()).and(tags::tag.eq(unicode::folded(tag))))
        .order(tags::contact_id)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(tags::contact_id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(tags::contact_id.gt(after));
    }
    Ok(query.load(tx.conn())?)
}
