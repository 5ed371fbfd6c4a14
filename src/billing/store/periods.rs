//! Rows of `usage_periods`: counters that the ledger could rebuild.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::id::SubscriptionId;
use crate::billing::model::{Meter, UsagePeriod};
use crate::billing::schema::usage_periods;
use crate::engine::db::TenantTx;

/// The period a lead received at `at` belongs to: the one that covers it, or the next one after it (a lead older than
/// the subscription, or received while nothing was paid).
pub fn period_for(tx: &mut TenantTx<'_>, meter: Meter, at: Timestamp) -> Result<Option<UsagePeriod>> {
    let row = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(meter)))
        .filter(usage_periods::period_end.gt(at))
        .order((usage_periods::period_end, usage_periods::id))
        .select(UsagePeriod::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// The latest period of all.
pub fn last_period(tx: &mut TenantTx<'_>, meter: Meter) -> Result<Option<UsagePeriod>> {
    let row = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(meter)))
        .order((usage_periods::period_end.desc(), usage_periods::id.desc()))
        .select(UsagePeriod::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// The latest period of one subscription.
pub fn period_of(tx: &mut TenantTx<'_>, meter: Meter, subscription: SubscriptionId) -> Result<Option<UsagePeriod>> {
    let row = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(meter)))
        .filter(usage_periods::subscription_id.eq(subscription))
        .order((usage_periods::period_end.desc(), usage_periods::id.desc()))
        .select(UsagePeriod::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// The period of the same subscription that starts where this one ends.
pub fn successor(tx: &mut TenantTx<'_>, period: &UsagePeriod) -> Result<Option<UsagePeriod>> {
    let row = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(period.meter)))
        .filter(usage_periods::subscription_id.eq(period.subscription_id))
        .filter(usage_periods::period_start.eq(period.period_end).and(usage_periods::id.ne(period.id)))
        .select(UsagePeriod::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}
