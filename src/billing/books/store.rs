//! What is written in the books, by nobody else: lines of the ledger (never changed), periods, subscriptions.

use diesel::prelude::*;

use super::Books;
use crate::base::Result;
use crate::billing::model::{Subscription, UsageEntry, UsagePeriod};
use crate::billing::schema::{subscriptions, usage_entries, usage_periods};
use crate::keep;

impl Books<'_, '_> {
    /// Appends to the ledger. `dedupe_key` and `occurred_at` together happen once.
    pub fn append(&mut self, dedupe_key: &str, entry: UsageEntry) -> Result<()> {
        let of_it = (usage_entries::tenant_id.eq(self.tx.tenant()), usage_entries::dedupe_key.eq(dedupe_key));
        diesel::insert_into(usage_entries::table).values((of_it, entry)).execute(self.tx.conn())?;
        Ok(())
    }

    pub(super) fn insert_period(&mut self, period: &UsagePeriod) -> Result<()> {
        let (tenant, now) = (self.tx.tenant(), self.tx.now());
        let written = (usage_periods::created_at.eq(now), usage_periods::updated_at.eq(now));
        diesel::insert_into(usage_periods::table)
            .values((usage_periods::tenant_id.eq(tenant), period, written))
            .execute(self.tx.conn())?;
        Ok(())
    }

    pub fn save_period(&mut self, period: &UsagePeriod) -> Result<()> {
        let (row, now) = (usage_periods::table.find((self.tx.tenant(), period.id)), self.tx.now());
        keep!(self.tx.conn(), diesel::update(row).set((period, usage_periods::updated_at.eq(now))))?;
        Ok(())
    }

    /// Begins a subscription: it is the current one.
    pub fn begin(&mut self, subscription: &Subscription) -> Result<()> {
        diesel::insert_into(subscriptions::table).values(subscription).execute(self.tx.conn())?;
        self.current = Some(subscription.clone());
        Ok(())
    }

    /// Writes every column of the current subscription and raises the version.
    pub fn save(&mut self, subscription: &mut Subscription) -> Result<()> {
        subscription.touch(self.tx.now());
        let row = subscriptions::table.find((subscription.tenant_id, subscription.id));
        diesel::update(row).set(&*subscription).execute(self.tx.conn())?;
        self.current = Some(subscription.clone()).filter(|subscription| subscription.ended_at.is_none());
        Ok(())
    }
}
