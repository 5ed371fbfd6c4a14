//! A period of one meter, and a line of its ledger.

use super::meter::{EntryKind, Meter};
use super::quota::Quota;
use crate::base::money::Currency;
use crate::base::time::Timestamp;
use crate::billing::id::{SubscriptionId, UsageEntryId, UsagePeriodId};
use crate::billing::schema::{usage_entries, usage_periods};
use crate::contacts::id::LeadId;

/// One meter in one period: the row, without whose it is and when it was written.
#[derive(Debug, Clone, diesel::Queryable, diesel::Selectable, diesel::Insertable, diesel::AsChangeset)]
#[diesel(table_name = usage_periods, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct UsagePeriod {
    pub id: UsagePeriodId,
    #[diesel(skip_update)]
    pub subscription_id: SubscriptionId,
    #[diesel(skip_update)]
    pub meter: Meter,
    pub period_start: Timestamp,
    /// Exclusive.
    pub period_end: Timestamp,
    #[diesel(embed)]
    pub quota: Quota,
    /// What leads received in it are metered by; `None` in periods older than this note: the subscription's.
    pub plan_code: Option<String>,
    pub plan_version: Option<i32>,
}

impl UsagePeriod {
    pub fn covers(&self, at: Timestamp) -> bool {
        self.period_start <= at && at < self.period_end
    }
}

/// A line of the ledger: the row, without whose it is and what makes it happen once.
#[derive(Debug, Clone, diesel::Queryable, diesel::Selectable, diesel::Insertable)]
#[diesel(table_name = usage_entries, treat_none_as_default_value = false)]
pub struct UsageEntry {
    pub id: UsageEntryId,
    /// `None`: held back before there was any plan.
    pub period_id: Option<UsagePeriodId>,
    pub meter: Meter,
    pub kind: EntryKind,
    pub quantity: i32,
    pub lead_id: Option<LeadId>,
    pub amount_due: i64,
    pub notional_amount: i64,
    pub currency: Currency,
    pub reason: Option<String>,
    pub occurred_at: Timestamp,
    pub created_at: Timestamp,
}
