//! Rows of `segment_members`: who is in a segment.

use std::collections::BTreeMap;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::{Guid, TenantId};
use crate::base::time::{Instant, Timestamp};
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::people::store::Contact;
use crate::contacts::schema::{contacts, segment_members as members};
use crate::engine::db::Direction::Asc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};
use crate::engine::each_engine;

/// A contact in a segment.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = members)]
pub struct Member {
    pub tenant_id: TenantId,
    pub segment_id: SegmentId,
    pub contact_id: ContactId,
    pub entered_at: Timestamp,
}

/// Those of a segment, in the order in which they became known.
pub fn list(tx: &mut TenantTx<'_>, segment: SegmentId, page: &PageRequest) -> Result<Page<(Member, Contact)>> {
    let which = Where::of(tx, members::tenant_id).is(members::segment_id, segment);
    let on = contacts::tenant_id.eq(members::tenant_id).and(contacts::id.eq(members::contact_id));
    let order = Order::by_id(Asc, members::contact_id, |(member, _): &(Member, Contact)| member.contact_id);
    tx.page(which.join(contacts::table, on), order, page)
}

/// The ids of a segment's members after this one, in order: for whoever takes them all, batch by batch.
pub fn page_of_ids(
    tx: &mut TenantTx<'_>,
    segment: SegmentId,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactId>> {
    let mut query = members::table
        .filter(members::tenant_id.eq(tx.tenant()).and(members::segment_id.eq(segment)))
        .order(members::contact_id)
        .limit(limit)
        .select(members::contact_id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(members::contact_id.gt(after));
    }
    Ok(query.load(tx.conn())?)
}

pub fn find(tx: &mut TenantTx<'_>, segment: SegmentId, contact: ContactId) -> Result<Option<Member>> {
    let row = members::table.find((tx.tenant(), segment, contact)).select(Member::as_select());
    Ok(row.first(tx.conn()).optional()?)
}

pub fn count(tx: &mut TenantTx<'_>, segment: SegmentId) -> Result<i64> {
    let own = members::table.filter(members::tenant_id.eq(tx.tenant()).and(members::segment_id.eq(segment)));
    Ok(own.count().get_result(tx.conn())?)
}

/// `false` when it was in already.
pub fn add(tx: &mut TenantTx<'_>, segment_id: SegmentId, contact_id: ContactId) -> Result<bool> {
    let row = Member { tenant_id: tx.tenant(), segment_id, contact_id, entered_at: tx.now() };
    Ok(OrIgnore(diesel::insert_into(members::table).values(&row)).execute(tx.conn())? == 1)
}

/// `false` when it was not in.
pub fn remove(tx: &mut TenantTx<'_>, segment: SegmentId, contact: ContactId) -> Result<bool> {
    Ok(diesel::delete(members::table.find((tx.tenant(), segment, contact))).execute(tx.conn())? == 1)
}

/// In which segments a contact is.
pub fn of_contact(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<Vec<SegmentId>> {
    let own = members::table.filter(members::tenant_id.eq(tx.tenant()).and(members::contact_id.eq(contact)));
    Ok(own.select(members::segment_id).load(tx.conn())?)
}

/// A stretch of a tenant's contacts: after one, up to another.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub after: Option<ContactId>,
    pub to: ContactId,
}

/// The next stretch of so many contacts, and who they are.
pub fn next_stretch(
    tx: &mut TenantTx<'_>,
    after: Option<ContactId>,
    limit: i64,
) -> Result<Option<(Stretch, Vec<ContactId>)>> {
    let mut query = contacts::table
        .filter(contacts::tenant_id.eq(tx.tenant()))
        .order(contacts::id)
        .limit(limit)
        .select(contacts::id)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(contacts::id.gt(after));
    }
    let ids: Vec<ContactId> = query.load(tx.conn())?;
    Ok(ids.last().copied().map(|to| (Stretch { after, to }, ids)))
}

/// Those who are in, of a stretch.
pub fn within(tx: &mut TenantTx<'_>, segment: SegmentId, stretch: Stretch) -> Result<Vec<ContactId>> {
    let mut query = members::table
        .filter(members::tenant_id.eq(tx.tenant()).and(members::segment_id.eq(segment)))
        .filter(members::contact_id.le(stretch.to))
        .order(members::contact_id)
        .select(members::contact_id)
        .into_boxed();
    if let Some(after) = stretch.after {
        query = query.filter(members::contact_id.gt(after));
    }
    Ok(query.load(tx.conn())?)
}

/// Contacts of a stretch, as a condition beside a rule's.
fn of_stretch(which: Where<contacts::table>, stretch: Stretch) -> Where<contacts::table> {
    which.beyond(contacts::id, stretch.after).that(contacts::id.le(stretch.to))
}

/// Those of a stretch whom the condition finds.
pub fn found(tx: &mut TenantTx<'_>, which: Where<contacts::table>, stretch: Stretch) -> Result<Vec<ContactId>> {
    let which = of_stretch(which, stretch);
    let found = || contacts::table.filter(which).order(contacts::id).select(contacts::id);
    Ok(each_engine!(tx.conn(), c => found().load(c))?)
}

/// Puts those of a stretch in whom the condition finds and who are not in yet. Answers how many came in.
pub fn fill(
    tx: &mut TenantTx<'_>,
    segment: SegmentId,
    which: Where<contacts::table>,
    stretch: Stretch,
) -> Result<usize> {
    use diesel::IntoSql as _;
    let (now, which) = (tx.now(), of_stretch(which, stretch));
    let is_in = || {
        let own =
            members::table.filter(members::tenant_id.eq(contacts::tenant_id).and(members::segment_id.eq(segment)));
        exists(own.filter(members::contact_id.eq(contacts::id)))
    };
    let found = || {
        let row = (contacts::tenant_id, segment.into_sql::<Guid>(), contacts::id, now.into_sql::<Instant>());
        contacts::table.filter(which).filter(not(is_in())).select(row)
    };
    let into = (members::tenant_id, members::segment_id, members::contact_id, members::entered_at);
    Ok(each_engine!(tx.conn(), c => found().insert_into(members::table).into_columns(into).execute(c))?)
}

/// How many of these pairs go where: a change of the count of each segment.
pub fn tallied(changes: impl IntoIterator<Item = (SegmentId, i64)>) -> BTreeMap<SegmentId, i64> {
    let mut tallied = BTreeMap::new();
    for (segment, change) in changes {
        *tallied.entry(segment).or_default() += change;
    }
    tallied
}
