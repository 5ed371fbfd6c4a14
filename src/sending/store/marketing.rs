//! Rows of `marketing_days`: how many marketing messages a person was sent on a day.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::Integer;

use crate::base::Result;
use crate::base::id::Guid;
use crate::base::time::{Instant, Timestamp};
use crate::contacts::id::ContactId;
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::{DbConn, PlatformTx, TenantTx};
use crate::sending::schema::marketing_days;

/// Those of these people, from a day on.
pub fn of(
    tx: &mut TenantTx<'_>,
    people: &[ContactId],
    from: Timestamp,
) -> Result<HashMap<ContactId, Vec<(Timestamp, u32)>>> {
    let rows: Vec<(ContactId, Timestamp, i32)> = marketing_days::table
        .filter(marketing_days::tenant_id.eq(tx.tenant()).and(marketing_days::contact_id.eq_any(people.to_vec())))
        .filter(marketing_days::day.ge(from))
        .select((marketing_days::contact_id, marketing_days::day, marketing_days::count))
        .load(tx.conn())?;
    let mut found: HashMap<ContactId, Vec<(Timestamp, u32)>> = HashMap::new();
    for (contact, day, count) in rows {
        found.entry(contact).or_default().push((day, u32::try_from(count).unwrap_or(0)));
    }
    Ok(found)
}

/// Counts one more to this person on this day.
pub fn count(tx: &mut TenantTx<'_>, contact: ContactId, day: Timestamp) -> Result<()> {
    const INSERT: &str = "INSERT INTO marketing_days (tenant_id, contact_id, day, count) VALUES (";
    const COUNT: &str = ") ON CONFLICT (tenant_id, contact_id, day) DO UPDATE SET count = marketing_days.count + 1";
    let pieces = [INSERT, ", ", ", ", ", ", COUNT];
    let values = (
        value::<Guid, _>(tx.tenant()),
        value::<Guid, _>(contact),
        value::<Instant, _>(day),
        value::<Integer, _>(1_i32),
    );
    match tx.conn() {
        DbConn::Postgres(conn) => prepared(pieces, values).execute(conn)?,
        DbConn::Sqlite(conn) => prepared(pieces, values).execute(conn)?,
    };
    Ok(())
}

/// Forgets days before `before`, the oldest first. Answers how many rows went; when `limit` or more, there may be others.
pub fn prune(tx: &mut PlatformTx<'_>, before: Timestamp, limit: i64) -> Result<usize> {
    let old: Vec<Timestamp> = marketing_days::table
        .filter(marketing_days::day.lt(before))
        .order(marketing_days::day)
        .limit(limit)
        .select(marketing_days::day)
        .load(tx.conn())?;
    let (Some(oldest), Some(newest)) = (old.first(), old.last()) else { return Ok(0) };
    Ok(diesel::delete(marketing_days::table.filter(marketing_days::day.between(*oldest, *newest)))
        .execute(tx.conn())?)
}
