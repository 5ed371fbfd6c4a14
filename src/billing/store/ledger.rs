//! Rows of `usage_entries`: append-only, never changed.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::billing::id::UsagePeriodId;
use crate::billing::model::{EntryKind, Meter, UsageEntry};
use crate::billing::schema::usage_entries;
use crate::contacts::id::LeadId;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};

/// The entry of the same person received from `from` to `to`, both inclusive.
pub fn metered_between(
    tx: &mut TenantTx<'_>,
    meter: Meter,
    dedupe_key: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Option<UsageEntry>> {
    let row = usage_entries::table
        .filter(usage_entries::tenant_id.eq(tx.tenant()).and(usage_entries::meter.eq(meter)))
        .filter(usage_entries::dedupe_key.eq(dedupe_key.to_owned()))
        .filter(usage_entries::occurred_at.ge(from).and(usage_entries::occurred_at.le(to)))
        .order(usage_entries::occurred_at.desc())
        .select(UsageEntry::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// What is still held back for this lead: 1, or 0 after its release.
pub fn held_back(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<i32> {
    let quantities: Vec<i32> = usage_entries::table
        .filter(usage_entries::tenant_id.eq(tx.tenant()).and(usage_entries::lead_id.eq(lead)))
        .filter(usage_entries::kind.eq(EntryKind::Blocked))
        .select(usage_entries::quantity)
        .load(tx.conn())?;
    Ok(quantities.into_iter().sum())
}

/// Every entry about holding back, oldest first.
pub fn blocked(tx: &mut TenantTx<'_>, meter: Meter) -> Result<Vec<UsageEntry>> {
    let rows = usage_entries::table
        .filter(usage_entries::tenant_id.eq(tx.tenant()).and(usage_entries::meter.eq(meter)))
        .filter(usage_entries::kind.eq(EntryKind::Blocked))
        .order((usage_entries::occurred_at, usage_entries::id))
        .select(UsageEntry::as_select())
        .load(tx.conn())?;
    Ok(rows)
}

/// The leads this person was metered for.
pub fn leads_of(tx: &mut TenantTx<'_>, meter: Meter, dedupe_key: &str) -> Result<Vec<LeadId>> {
    let leads: Vec<Option<LeadId>> = usage_entries::table
        .filter(usage_entries::tenant_id.eq(tx.tenant()).and(usage_entries::meter.eq(meter)))
        .filter(usage_entries::dedupe_key.eq(dedupe_key.to_owned()))
        .select(usage_entries::lead_id)
        .load(tx.conn())?;
    Ok(leads.into_iter().flatten().collect())
}

/// What the ledger says of one period.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub amount_due: i64,
    /// What was delivered is worth; what is held back is left out.
    pub notional_amount: i64,
    pub blocked: i32,
}

/// Sums over one period's entries, by the database.
pub fn totals(tx: &mut TenantTx<'_>, period: UsagePeriodId) -> Result<Totals> {
    // A sum of BIGINT is numeric on PostgreSQL, hence the casts.
    let sums: Vec<(EntryKind, i64, i64, i64)> = usage_entries::table
        .filter(usage_entries::tenant_id.eq(tx.tenant()).and(usage_entries::period_id.eq(period)))
        .group_by(usage_entries::kind)
        .select((
            usage_entries::kind,
            sql::<BigInt>("CAST(SUM(quantity) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(amount_due) AS BIGINT)"),
            sql::<BigInt>("CAST(SUM(notional_amount) AS BIGINT)"),
        ))
        .load(tx.conn())?;
    let blocked = sums.iter().find(|(kind, ..)| *kind == EntryKind::Blocked).map_or(0, |(_, quantity, ..)| *quantity);
    Ok(Totals {
        amount_due: sums.iter().map(|(_, _, due, _)| due).sum(),
        notional_amount: sums
            .iter()
            .filter(|(kind, ..)| *kind != EntryKind::Blocked)
            .map(|(.., notional)| notional)
            .sum(),
        blocked: i32::try_from(blocked).map_err(Error::internal)?,
    })
}

crate::filter! {
    /// Which entries to list.
    pub struct EntryFilter of usage_entries {
        kind: Option<EntryKind> => eq kind,
        lead_id: Option<LeadId> => eq lead_id,
        period_id: Option<UsagePeriodId> => eq period_id,
    }
}

/// Newest first.
pub fn entries(tx: &mut TenantTx<'_>, filter: &EntryFilter, page: &PageRequest) -> Result<Page<UsageEntry>> {
    let which = filter.narrow(Where::of(tx, usage_entries::tenant_id));
    tx.page(which, Order::by_id(Desc, usage_entries::id, |row: &UsageEntry| row.id), page)
}
