//! Counting the rows of one tenant after the other again, for whoever [keeps counts](crate::engine::db::kept_counts).

use diesel::prelude::*;

use crate::base::id::TenantId;
use crate::base::{Error, Result};
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::PlatformTx;
use crate::engine::db::kept_counts::{Collection, recount};
use crate::tenants::schema::tenants;

/// The next tenant's counts of a collection; see [`crate::engine::catch_up`].
pub fn recount_next(tx: &mut PlatformTx<'_>, reading: &Reading<'_>, of: &'static Collection) -> Result<Batch> {
    let mut next = tenants::table.order(tenants::id).select(tenants::id).limit(1).into_boxed();
    if let Some(after) = reading.after::<TenantId>()? {
        next = next.filter(tenants::id.gt(after));
    }
    let Some(tenant) = next.first::<TenantId>(tx.conn()).optional()? else { return Ok(Batch::default()) };
    let changed = recount(&mut tx.for_tenant(tenant), of)?;
    let last = serde_json::to_value(tenant).map_err(Error::internal)?;
    Ok(Batch { looked_at: 1, changed: i64::try_from(changed).unwrap_or(i64::MAX), last: Some(last) })
}
