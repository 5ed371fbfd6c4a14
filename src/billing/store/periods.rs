//! Rows of `usage_periods`: counters that the ledger could rebuild.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::id::{SubscriptionId, UsagePeriodId};
use crate::billing::model::{Meter, Quota, UsagePeriod};
use crate::billing::schema::usage_periods;
use crate::engine::db::TenantTx;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = usage_periods)]
struct PeriodRow {
    id: UsagePeriodId,
    subscription_id: SubscriptionId,
    meter: Meter,
    period_start: Timestamp,
    period_end: Timestamp,
    base: Option<i32>,
    rollover: i32,
    credits: i32,
    used: i32,
    overage: i32,
    plan_code: Option<String>,
    plan_version: Option<i32>,
}

impl From<PeriodRow> for UsagePeriod {
    fn from(row: PeriodRow) -> Self {
        Self {
            id: row.id,
            subscription_id: row.subscription_id,
            meter: row.meter,
            period_start: row.period_start,
            period_end: row.period_end,
            quota: Quota {
                base: row.base,
                rollover: row.rollover,
                credits: row.credits,
                used: row.used,
                overage: row.overage,
            },
            plan_code: row.plan_code,
            plan_version: row.plan_version,
        }
    }
}

/// The period a lead received at `at` belongs to: the one that covers it, or the next one after it (a lead older than
/// the subscription, or received while nothing was paid).
pub fn period_for(tx: &mut TenantTx<'_>, meter: Meter, at: Timestamp) -> Result<Option<UsagePeriod>> {
    let row: Option<PeriodRow> = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(meter)))
        .filter(usage_periods::period_end.gt(at))
        .order((usage_periods::period_end, usage_periods::id))
        .select(PeriodRow::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row.map(UsagePeriod::from))
}

/// The latest period of all.
pub fn last_period(tx: &mut TenantTx<'_>, meter: Meter) -> Result<Option<UsagePeriod>> {
    let row: Option<PeriodRow> = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(meter)))
        .order((usage_periods::period_end.desc(), usage_periods::id.desc()))
        .select(PeriodRow::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row.map(UsagePeriod::from))
}

/// The latest period of one subscription.
pub fn period_of(tx: &mut TenantTx<'_>, meter: Meter, subscription: SubscriptionId) -> Result<Option<UsagePeriod>> {
    let row: Option<PeriodRow> = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(meter)))
        .filter(usage_periods::subscription_id.eq(subscription))
        .order((usage_periods::period_end.desc(), usage_periods::id.desc()))
        .select(PeriodRow::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row.map(UsagePeriod::from))
}

/// The period of the same subscription that starts where this one ends.
pub fn successor(tx: &mut TenantTx<'_>, period: &UsagePeriod) -> Result<Option<UsagePeriod>> {
    let row: Option<PeriodRow> = usage_periods::table
        .filter(usage_periods::tenant_id.eq(tx.tenant()).and(usage_periods::meter.eq(period.meter)))
        .filter(usage_periods::subscription_id.eq(period.subscription_id))
        .filter(usage_periods::period_start.eq(period.period_end).and(usage_periods::id.ne(period.id)))
        .select(PeriodRow::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row.map(UsagePeriod::from))
}
