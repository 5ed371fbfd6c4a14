//! What was deleted, for whoever keeps a copy: the noun, the id and when, and nothing of what it was.
//!
//! Written by whatever deletes a row that is listed by change: [`rows!`](crate::rows) by itself, others by [`bury`]. Kept for
//! [`KEPT_DAYS`]; of each tenant the last one that is older stays, so that whoever comes with an older place is told that
//! something is forgotten ([`list`]) and whoever misses nothing goes on.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Where;
use super::page::{Order, Page, PageRequest};
use super::prepared::{prepared, value};
use super::schema::tombstones;
use super::scope::{PlatformTx, TenantTx};
use crate::base::id::{Guid, RawId, TenantId, Uuid};
use crate::base::time::{Instant, Timestamp};
use crate::base::{Error, ErrorKind, Result};
use crate::engine::events::SubjectType;
use crate::{beyond, each_engine};

crate::ids! {
    /// Of a tombstone itself.
    TombstoneId,
}

/// How long it is told that something was deleted.
pub const KEPT_DAYS: i64 = 90;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tombstones, treat_none_as_default_value = false)]
struct Row {
    tenant_id: TenantId,
    id: TombstoneId,
    noun: SubjectType,
    subject_id: RawId,
    deleted_at: Timestamp,
}

/// Something was deleted.
#[derive(Debug)]
pub struct Tombstone {
    pub noun: SubjectType,
    /// Of what was deleted.
    pub id: Uuid,
    pub deleted_at: Timestamp,
}

/// Notes that the tenant's row with this id is there no more.
pub fn bury(tx: &mut TenantTx<'_>, noun: &'static str, id: Uuid) -> Result<()> {
    let row = Row {
        tenant_id: tx.tenant(),
        id: TombstoneId::new(),
        noun: SubjectType::named(noun),
        subject_id: RawId(id),
        deleted_at: tx.now(),
    };
    diesel::insert_into(tombstones::table).values(&row).execute(tx.conn())?;
    Ok(())
}

crate::filter! {
    /// Which tombstones to list.
    pub struct TombstoneFilter of tombstones {
        /// What was deleted.
        #[param(inline)]
        noun: Option<SubjectType> => eq noun,
        /// At this moment or later.
        deleted_after: Option<Timestamp> => since deleted_at,
    }
}

/// In the order in which things were deleted, on and on; `about` leaves only what the caller may read, `None` all.
///
/// # Errors
/// `tombstone.forgotten` when what was deleted after that place is not kept any more.
pub fn list(
    tx: &mut TenantTx<'_>,
    filter: &TombstoneFilter,
    about: Option<&[SubjectType]>,
    page: &PageRequest,
) -> Result<Page<Tombstone>> {
    use tombstones::{deleted_at, id, noun, tenant_id};
    let asked = filter.deleted_after.map(|at| (at, Uuid::nil()));
    if let Some((at, last)) = page.changed::<Uuid>()?.or(asked)
        && is_forgotten(tx, at, last)?
    {
        let message = format!("What was deleted is told for {KEPT_DAYS} days. Copy everything anew.");
        return Err(Error::new(ErrorKind::Gone, "tombstone.forgotten", message));
    }
    let which = filter.narrow(Where::of(tx, tenant_id));
    let which = match about {
        Some([]) => which.or([]),
        Some(about) => which.any(noun, about),
        None => which,
    };
    let order = Order::by_change((deleted_at, id), |row: &Row| (row.deleted_at, row.id));
    let told = |row: Row| Tombstone { noun: row.noun, id: row.subject_id.0, deleted_at: row.deleted_at };
    Ok(tx.page(which, order, page)?.map(told))
}

fn kept_since(now: Timestamp) -> Timestamp {
    now.minus(chrono::Duration::days(KEPT_DAYS))
}

/// Whether something beyond this place is so old that others beyond it may have been forgotten.
fn is_forgotten(tx: &mut TenantTx<'_>, at: Timestamp, last: Uuid) -> Result<bool> {
    let before = kept_since(tx.now());
    if at >= before {
        return Ok(false);
    }
    let old = tombstones::table
        .filter(tombstones::tenant_id.eq(tx.tenant()).and(tombstones::deleted_at.lt(before)))
        .filter(beyond!("tombstones.deleted_at, tombstones.id", Instant => at, Guid => RawId(last)));
    Ok(old.select(tombstones::id).first::<TombstoneId>(tx.conn()).optional()?.is_some())
}

/// Forgets at most `limit` that are too old, but of each tenant the last of them; answers how many.
pub fn prune(tx: &mut PlatformTx<'_>, limit: i64) -> Result<usize> {
    let before = kept_since(tx.now());
    let old = prepared(
        [
            "DELETE FROM tombstones WHERE (tenant_id, id) IN (SELECT t.tenant_id, t.id FROM tombstones t WHERE t.deleted_at < ",
            " AND EXISTS (SELECT 1 FROM tombstones l WHERE l.tenant_id = t.tenant_id \
             AND (l.deleted_at, l.id) > (t.deleted_at, t.id) AND l.deleted_at < ",
            ") LIMIT ",
            ")",
        ],
        (value::<Instant, _>(before), value::<Instant, _>(before), value::<BigInt, _>(limit)),
    );
    Ok(each_engine!(tx.conn(), conn => old.execute(conn))?)
}
