//! In which segments people are, and whom a rule finds.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::search::which;
use crate::base::Result;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::schema::{contacts, segment_members as members};
use crate::engine::db::TenantTx;
use crate::engine::each_engine;
use crate::engine::rules::{Moment, Rule};

pub fn memberships(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<BTreeMap<ContactId, BTreeSet<SegmentId>>> {
    let found: Vec<(ContactId, SegmentId)> = members::table
        .filter(members::tenant_id.eq(tx.tenant()).and(members::contact_id.eq_any(ids.to_vec())))
        .select((members::contact_id, members::segment_id))
        .load(tx.conn())?;
    let mut by_contact: BTreeMap<ContactId, BTreeSet<SegmentId>> = BTreeMap::new();
    for (contact, segment) in found {
        by_contact.entry(contact).or_default().insert(segment);
    }
    Ok(by_contact)
}

/// The ids of the next who satisfy it behind `after`, in order: for whoever takes them all, batch by batch.
pub fn page_of_ids(
    tx: &mut TenantTx<'_>,
    rule: &Rule,
    moment: &Moment,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let which = which(tx, rule, moment).beyond(contacts::id, after);
    let found = || contacts::table.filter(which).order(contacts::id).limit(limit).select(contacts::id);
    Ok(each_engine!(tx.conn(), c => found().load(c))?)
}
