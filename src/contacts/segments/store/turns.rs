//! Rows of `segment_turns`: when time alone may bring a contact into a segment, or out of it.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, SegmentId};
use crate::contacts::schema::segment_turns as turns;
use crate::engine::db::TenantTx;
use crate::engine::db::insert::OrIgnore;

/// Writes the moment, or that there is none.
pub fn set(tx: &mut TenantTx<'_>, segment: SegmentId, contact: ContactId, at: Option<Timestamp>) -> Result<()> {
    let key = (tx.tenant(), segment, contact);
    let Some(at) = at else {
        diesel::delete(turns::table.find(key)).execute(tx.conn())?;
        return Ok(());
    };
    if diesel::update(turns::table.find(key)).set(turns::turns_at.eq(at)).execute(tx.conn())? == 0 {
        let row = (
            turns::tenant_id.eq(tx.tenant()),
            turns::segment_id.eq(segment),
            turns::contact_id.eq(contact),
            turns::turns_at.eq(at),
        );
        OrIgnore(diesel::insert_into(turns::table).values(row)).execute(tx.conn())?;
    }
    Ok(())
}

/// Those that turn now, the earliest first.
pub fn due(tx: &mut TenantTx<'_>, limit: i64) -> Result<Vec<(SegmentId, ContactId)>> {
    let due = turns::table.filter(turns::tenant_id.eq(tx.tenant()).and(turns::turns_at.le(tx.now())));
    let first = due.order(turns::turns_at).limit(limit).select((turns::segment_id, turns::contact_id));
    Ok(first.load(tx.conn())?)
}

pub fn find(tx: &mut TenantTx<'_>, segment: SegmentId, contact: ContactId) -> Result<Option<Timestamp>> {
    let row = turns::table.find((tx.tenant(), segment, contact)).select(turns::turns_at);
    Ok(row.first(tx.conn()).optional()?)
}

/// A new rule turns at other moments.
pub fn forget(tx: &mut TenantTx<'_>, segment: SegmentId) -> Result<()> {
    let tenant = tx.tenant();
    diesel::delete(turns::table.filter(turns::tenant_id.eq(tenant).and(turns::segment_id.eq(segment))))
        .execute(tx.conn())?;
    Ok(())
}
