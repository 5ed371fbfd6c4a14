//! Rows of `segments`, and how far each tenant's have followed what happened.

pub mod members;
pub mod turns;

use diesel::prelude::*;

use super::model::{SegmentKind, SegmentStatus};
use crate::base::Result;
use crate::base::id::{EventId, RawId, TenantId, UserId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::contacts::id::SegmentId;
use crate::contacts::schema::{segment_places as places, segments};
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::prepared::prepared;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::engine::rules::Written;

crate::record! {
    /// A group of contacts.
    pub struct Segment of segments,
    /// A segment: a group of contacts.
    #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "name": "VIPs of Mumbai", "description": null,
        "kind": "dynamic", "rule": {"all": [{"field": "city", "op": "eq", "value": "Mumbai"},
        {"field": "tags", "op": "contains", "value": "vip"}]}, "status": "ready", "members_count": 1200,
        "built_at": "2026-11-20T09:00:02Z", "created_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    shown as SegmentView {
        pub tenant_id: TenantId,
        shown id: SegmentId,
        shown name: String,
        shown description: Option<String>,
        shown kind: SegmentKind,
        /// Null of a static one.
        shown #[schema(value_type = Option<Written>)] rule: Option<Json>,
        shown status: SegmentStatus,
        shown members_count: i64,
        /// Counts the rules that it has had: a job for an older one has nothing to do.
        pub rule_version: i32,
        /// When the members were last gathered or compared as a whole.
        shown built_at: Option<Timestamp>,
        shown created_by: Option<UserId>,
        pub version: i32,
        shown created_at: Timestamp,
        shown updated_at: Timestamp,
    }
}

crate::rows!(segments: Segment, SegmentId, "segment" => insert, find, get, hold, save, count, room, delete);

crate::filter! {
    /// Which segments to list.
    pub struct SegmentFilter of segments {
        #[param(inline)]
        kind: Option<SegmentKind> => eq kind,
        #[param(inline)]
        status: Option<SegmentStatus> => eq status,
    }
}

/// Newest first.
pub fn list(tx: &mut TenantTx<'_>, filter: &SegmentFilter, page: &PageRequest) -> Result<Page<Segment>> {
    let which = filter.narrow(Where::of(tx, segments::tenant_id));
    tx.page(which, Order::by_id(Desc, segments::id, |row: &Segment| row.id), page)
}

/// Every dynamic one of the tenant, the oldest first.
pub fn dynamic(tx: &mut TenantTx<'_>) -> Result<Vec<Segment>> {
    let own = segments::table.filter(segments::tenant_id.eq(tx.tenant()).and(segments::kind.eq(SegmentKind::Dynamic)));
    Ok(own.order(segments::id).select(Segment::as_select()).load(tx.conn())?)
}

/// Moves the count, which is nobody's version: it changes with each person.
pub fn count_by(tx: &mut TenantTx<'_>, id: SegmentId, change: i64) -> Result<()> {
    if change != 0 {
        let row = segments::table.find((tx.tenant(), id));
        diesel::update(row).set(segments::members_count.eq(segments::members_count + change)).execute(tx.conn())?;
    }
    Ok(())
}

/// Writes how it stands, which is nobody's version either.
pub fn stands(tx: &mut TenantTx<'_>, id: SegmentId, status: SegmentStatus) -> Result<()> {
    let row = segments::table.find((tx.tenant(), id));
    diesel::update(row).set(segments::status.eq(status)).execute(tx.conn())?;
    Ok(())
}

/// Has it gathered anew: answers the version of the rule that it is gathered by.
pub fn rebuild(tx: &mut TenantTx<'_>, id: SegmentId) -> Result<i32> {
    let anew = (segments::status.eq(SegmentStatus::Building), segments::rule_version.eq(segments::rule_version + 1));
    let row = diesel::update(segments::table.find((tx.tenant(), id))).set(anew);
    Ok(row.returning(segments::rule_version).get_result(tx.conn())?)
}

/// Its members were gathered, or compared, as a whole.
pub fn settle(tx: &mut TenantTx<'_>, id: SegmentId, members: i64) -> Result<()> {
    let now = tx.now();
    let settled =
        (segments::members_count.eq(members), segments::status.eq(SegmentStatus::Ready), segments::built_at.eq(now));
    diesel::update(segments::table.find((tx.tenant(), id))).set(settled).execute(tx.conn())?;
    Ok(())
}

/// Up to which event they have followed.
pub fn place(tx: &mut TenantTx<'_>) -> Result<Option<EventId>> {
    Ok(places::table.find(tx.tenant()).select(places::after_event).first(tx.conn()).optional()?)
}

/// Follows from here on, unless they follow already.
pub fn begin(tx: &mut TenantTx<'_>) -> Result<()> {
    let from = tx.platform().horizon()?.id();
    let row = (places::tenant_id.eq(tx.tenant()), places::after_event.eq(from));
    OrIgnore(diesel::insert_into(places::table).values(row)).execute(tx.conn())?;
    Ok(())
}

pub fn advance(tx: &mut TenantTx<'_>, to: RawId) -> Result<()> {
    diesel::update(places::table.find(tx.tenant())).set(places::after_event.eq(to)).execute(tx.conn())?;
    Ok(())
}

/// Follows no more: there is no dynamic one left.
pub fn end(tx: &mut TenantTx<'_>) -> Result<()> {
    diesel::delete(places::table.find(tx.tenant())).execute(tx.conn())?;
    Ok(())
}

#[derive(QueryableByName)]
struct Whose {
    #[diesel(sql_type = crate::base::id::Guid)]
    tenant_id: TenantId,
}

/// Tenants with dynamic segments of whom something happened since, or whose people turn by time now.
pub fn tenants_with_news(tx: &mut PlatformTx<'_>, limit: i64) -> Result<Vec<TenantId>> {
    use crate::base::time::Instant;
    use crate::engine::db::prepared::value;
    use diesel::sql_types::BigInt;
    const NEWS: &str = "SELECT p.tenant_id FROM segment_places p WHERE EXISTS (SELECT 1 FROM events e \
        WHERE e.tenant_id = p.tenant_id AND e.id > p.after_event) OR EXISTS (SELECT 1 FROM segment_turns t \
        WHERE t.tenant_id = p.tenant_id AND t.turns_at <= ";
    let now = tx.now();
    let asked = || prepared([NEWS, ") LIMIT ", ""], (value::<Instant, _>(now), value::<BigInt, _>(limit)));
    let found: Vec<Whose> = crate::engine::each_engine!(tx.conn(), c => asked().load(c))?;
    Ok(found.into_iter().map(|one| one.tenant_id).collect())
}

/// Every tenant with dynamic segments, in order.
pub fn tenants_that_follow(tx: &mut PlatformTx<'_>, after: Option<TenantId>, limit: i64) -> Result<Vec<TenantId>> {
    let mut query = places::table.order(places::tenant_id).limit(limit).select(places::tenant_id).into_boxed();
    if let Some(after) = after {
        query = query.filter(places::tenant_id.gt(after));
    }
    Ok(query.load(tx.conn())?)
}
