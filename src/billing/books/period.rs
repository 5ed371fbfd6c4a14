//! The periods that begin, restart or grow because of what somebody did; those that time brings are in [`super::settle`].

use super::Books;
use crate::base::Result;
use crate::billing::model::{Meter, Quota, Subscription, UsagePeriod};
use crate::billing::store;

impl Books<'_, '_> {
    /// The latest period of a subscription.
    pub fn latest(&mut self, subscription: &Subscription) -> Result<Option<UsagePeriod>> {
        store::period_of(self.tx, Meter::Leads, subscription.id)
    }

    /// The first period: of the trial, or an empty one that waits for activation.
    pub fn open_first(&mut self, subscription: &Subscription, base: Option<i32>) -> Result<()> {
        self.insert_period(&UsagePeriod::of(subscription, Quota::of(base)))
    }

    /// The period that starts with activation. A trial's unused units do not roll over: they were never paid for. Credits do.
    pub fn restart(&mut self, subscription: &Subscription, base: Option<i32>) -> Result<()> {
        let now = subscription.current_period_start;
        let Some(mut last) = self.latest(subscription)? else { return self.open_first(subscription, base) };
        if last.period_start >= now || last.period_start == last.period_end {
            // It waited for activation, or both happened in the same moment: the row becomes the paid period.
            let quota = Quota { base, ..last.quota };
            let paid = UsagePeriod { id: last.id, ..UsagePeriod::of(subscription, quota) };
            return self.save_period(&paid);
        }
        let credits = last.quota.take_credits();
        last.period_end = last.period_end.min(now);
        self.save_period(&last)?;
        self.insert_period(&UsagePeriod::of(subscription, Quota { credits, ..Quota::of(base) }))
    }

    /// Another plan's base in the running period; what was used of the old one stays used.
    pub fn enlarge(&mut self, subscription: &Subscription, base: Option<i32>) -> Result<()> {
        let Some(mut running) = self.latest(subscription)? else { return Ok(()) };
        running.quota.base = base;
        running.plan_code = Some(subscription.plan_code.clone());
        running.plan_version = Some(subscription.plan_version);
        self.save_period(&running)
    }
}
