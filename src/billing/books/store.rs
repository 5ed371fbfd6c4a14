//! What is written in the books, by nobody else: lines of the ledger (never changed), periods, subscriptions.

use diesel::prelude::*;

use super::Books;
use crate::base::Result;
use crate::billing::model::{Subscription, UsageEntry, UsagePeriod};
use crate::billing::schema::{subscriptions, usage_entries, usage_periods};
use crate::billing::store::{EntryRow, SubscriptionRow};
use crate::keep;

impl Books<'_, '_> {
    /// Appends to the ledger. `dedupe_key` and `occurred_at` together happen once.
    pub fn append(&mut self, dedupe_key: &str, entry: UsageEntry) -> Result<()> {
        let row = EntryRow::of(self.tx.tenant(), dedupe_key, entry);
        diesel::insert_into(usage_entries::table).values(&row).execute(self.tx.conn())?;
        Ok(())
    }

    pub(super) fn insert_period(&mut self, period: &UsagePeriod) -> Result<()> {
        let (tx, quota) = (&mut *self.tx, period.quota);
        let now = tx.now();
        diesel::insert_into(usage_periods::table)
            .values((
                usage_periods::tenant_id.eq(tx.tenant()),
                usage_periods::id.eq(period.id),
                usage_periods::subscription_id.eq(period.subscription_id),
                usage_periods::meter.eq(period.meter),
                usage_periods::period_start.eq(period.period_start),
                usage_periods::period_end.eq(period.period_end),
                usage_periods::base.eq(quota.base),
                usage_periods::rollover.eq(quota.rollover),
                usage_periods::credits.eq(quota.credits),
                usage_periods::used.eq(quota.used),
                usage_periods::overage.eq(quota.overage),
                usage_periods::plan_code.eq(&period.plan_code),
                usage_periods::plan_version.eq(period.plan_version),
                usage_periods::created_at.eq(now),
                usage_periods::updated_at.eq(now),
            ))
            .execute(tx.conn())?;
        Ok(())
    }

    pub fn save_period(&mut self, period: &UsagePeriod) -> Result<()> {
        let (tx, quota) = (&mut *self.tx, period.quota);
        let (tenant, now) = (tx.tenant(), tx.now());
        keep!(
            tx.conn(),
            diesel::update(usage_periods::table.find((tenant, period.id))).set((
                usage_periods::period_start.eq(period.period_start),
                usage_periods::period_end.eq(period.period_end),
                usage_periods::base.eq(quota.base),
                usage_periods::rollover.eq(quota.rollover),
                usage_periods::credits.eq(quota.credits),
                usage_periods::used.eq(quota.used),
                usage_periods::overage.eq(quota.overage),
                usage_periods::plan_code.eq(&period.plan_code),
                usage_periods::plan_version.eq(period.plan_version),
                usage_periods::updated_at.eq(now),
            ))
        )?;
        Ok(())
    }

    /// Begins a subscription: it is the current one.
    pub fn begin(&mut self, subscription: &Subscription) -> Result<()> {
        let row = SubscriptionRow::from(subscription.clone());
        diesel::insert_into(subscriptions::table).values(&row).execute(self.tx.conn())?;
        self.current = Some(subscription.clone());
        Ok(())
    }

    /// Writes every column of the current subscription and raises the version.
    pub fn save(&mut self, subscription: &mut Subscription) -> Result<()> {
        subscription.touch(self.tx.now());
        let row = SubscriptionRow::from(subscription.clone());
        diesel::update(subscriptions::table.find((row.tenant_id, row.id))).set(row).execute(self.tx.conn())?;
        self.current = Some(subscription.clone()).filter(|subscription| subscription.ended_at.is_none());
        Ok(())
    }
}
