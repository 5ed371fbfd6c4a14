//! The list of leads: filters, sorts and keyset pages, each on an index that begins with the tenant.

use std::collections::HashMap;

use diesel::prelude::*;

use super::filter::{LeadFilter, SourceCount};
use super::{Lead, counts};
use crate::base::id::{RawId, UserId};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people;
use crate::engine::db::Direction::{self, Asc, Desc};
use crate::engine::db::filter::{ColumnOf, Comparable};
use crate::engine::db::page::foreign_cursor;
use crate::engine::db::{Order, Page, PageRequest, TenantTx};
use crate::leads::schema::leads;
use crate::tenants::schema::users;

crate::text_enum! {
    /// How a list of leads is sorted; `-` is descending.
    pub enum LeadSort {
        CreatedDesc = "-created_at",
        CreatedAsc = "created_at",
        ReceivedDesc = "-received_at",
        ReceivedAsc = "received_at",
        ScoreDesc = "-score",
        ScoreAsc = "score",
        /// What was changed last comes last, for whoever keeps a copy.
        UpdatedAsc = "updated_at",
    }
}

/// Where a page of leads ended.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Place {
    sort: LeadSort,
    /// Microseconds since 1970, or a score.
    value: i64,
    id: LeadId,
}

/// One page.
///
/// # Errors
/// `cursor` is not one of this list in this order.
pub fn list(tx: &mut TenantTx<'_>, filter: &LeadFilter, sort: LeadSort, page: &PageRequest) -> Result<Page<Lead>> {
    let rows = filter.rows(tx)?;
    let created = |lead: &Lead| lead.created_at.micros();
    let received = |lead: &Lead| lead.received_at.micros();
    let scored = |lead: &Lead| i64::from(lead.score);
    let order = match sort {
        LeadSort::CreatedDesc => order(sort, Desc, leads::created_at, created, moment),
        LeadSort::CreatedAsc => order(sort, Asc, leads::created_at, created, moment),
        LeadSort::ReceivedDesc => order(sort, Desc, leads::received_at, received, moment),
        LeadSort::ReceivedAsc => order(sort, Asc, leads::received_at, received, moment),
        LeadSort::ScoreDesc => order(sort, Desc, leads::score, scored, score),
        LeadSort::ScoreAsc => order(sort, Asc, leads::score, scored, score),
        LeadSort::UpdatedAsc => {
            Order::by_change((leads::updated_at, leads::id), |lead: &Lead| (lead.updated_at, lead.id))
        }
    };
    tx.page(rows, order, page)
}

fn order<C, V>(
    sort: LeadSort,
    direction: Direction,
    column: C,
    value: fn(&Lead) -> i64,
    read: fn(i64) -> Option<V>,
) -> Order<Lead>
where
    C: ColumnOf<leads::table> + Copy,
    V: Comparable<C::SqlType> + 'static,
{
    let write = move |lead: &Lead| Place { sort, value: value(lead), id: lead.id };
    Order::spelled(direction, (column, leads::id), write, move |place: Place| {
        if place.sort != sort {
            return Err(Error::field("cursor", "invalid_value", "this cursor belongs to another sort order"));
        }
        Ok((read(place.value).ok_or_else(foreign_cursor)?, place.id))
    })
}

fn moment(micros: i64) -> Option<Timestamp> {
    Timestamp::from_micros(micros).filter(|at| at.is_storable())
}

fn score(value: i64) -> Option<i32> {
    i32::try_from(value).ok().filter(|score| (0..=100).contains(score))
}

/// Counts by source, for the tabs: from the counts that are kept where they know enough, otherwise by looking at each lead.
pub fn count_by_source(tx: &mut TenantTx<'_>, filter: &LeadFilter) -> Result<Vec<SourceCount>> {
    let mut counts: Vec<SourceCount> = match counts::kept(tx, filter)? {
        Some(counts) => counts,
        None => {
            let rows = filter.rows(tx)?;
            tx.count_by(leads::source, rows)?
        }
    };
    counts.sort_unstable();
    Ok(counts)
}

/// The names of the users some leads are assigned to, in one statement.
pub fn assignee_names(tx: &mut TenantTx<'_>, ids: &[UserId]) -> Result<HashMap<UserId, (Option<String>, String)>> {
    let rows: Vec<(UserId, Option<String>, String)> = users::table
        .filter(users::id.eq_any(ids.to_vec()))
        .select((users::id, users::name, users::email))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(id, name, email)| (id, (name, email))).collect())
}

/// The newest hundred leads of a person that are not under lock.
///
/// # Errors
/// `contact.not_found`.
pub fn of_contact(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<Vec<LeadId>> {
    people::require(tx, contact)?;
    Ok(leads::table
        .filter(
            leads::tenant_id
                .eq(tx.tenant())
                .and(leads::person_id.eq(RawId(contact.uuid())))
                .and(leads::is_locked.eq(false)),
        )
        .order(leads::id.desc())
        .limit(100)
        .select(leads::id)
        .load(tx.conn())?)
}

/// Open leads in the order of their ids, after one of them.
pub fn open_leads(tx: &mut TenantTx<'_>, after: Option<LeadId>, most: i64) -> Result<Vec<LeadId>> {
    let mut rows = leads::table
        .filter(leads::tenant_id.eq(tx.tenant()).and(leads::closed_at.is_null()))
        .order(leads::id.asc())
        .select(leads::id)
        .limit(most)
        .into_boxed();
    if let Some(after) = after {
        rows = rows.filter(leads::id.gt(after));
    }
    Ok(rows.load(tx.conn())?)
}
