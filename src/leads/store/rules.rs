//! What rules about people ask of their leads; those under lock are none.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{RawId, UserId};
use crate::base::time::Timestamp;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::leads::model::{LeadSource, LeadStatus, LeadValidity};
use crate::leads::schema::leads;

/// What of a lead may be asked.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = leads)]
pub struct Known {
    pub person_id: RawId,
    pub source: LeadSource,
    pub status: LeadStatus,
    pub validity: LeadValidity,
    pub score: i32,
    pub assigned_to: Option<UserId>,
    pub received_at: Timestamp,
    pub closed_at: Option<Timestamp>,
}

/// The leads of these people.
pub fn of_people(tx: &mut TenantTx<'_>, people: Vec<RawId>) -> Result<Vec<Known>> {
    let theirs = leads::table
        .filter(leads::tenant_id.eq(tx.tenant()).and(leads::person_id.eq_any(people)))
        .filter(leads::is_locked.eq(false));
    Ok(theirs.select(Known::as_select()).load(tx.conn())?)
}

/// Whose these leads are.
pub fn people_of(tx: &mut TenantTx<'_>, ids: Vec<LeadId>) -> Result<HashMap<LeadId, RawId>> {
    let known = leads::table
        .filter(leads::tenant_id.eq(tx.tenant()).and(leads::id.eq_any(ids)))
        .filter(leads::is_locked.eq(false));
    let found: Vec<(LeadId, RawId)> = known.select((leads::id, leads::person_id)).load(tx.conn())?;
    Ok(found.into_iter().collect())
}
