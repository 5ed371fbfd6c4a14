//! What is left of a period and what the next lead is paid with. Pure.
//!
//! Units are consumed base first, then rollover, then credits. Unused base units roll over into the next period
//! only; what was rolled over is never rolled over again. Unused credits stay until they are used.

use super::meter::MeterKind;
use super::plan::Pricing;
use crate::billing::schema::usage_periods;

crate::text_enum! {
    /// What happens to leads beyond the quota.
    pub enum OveragePolicy {
        /// They are delivered and billed; ads keep running.
        Bill = "bill",
        /// They are kept with masked contact data; ads pause.
        Block = "block",
        /// They are delivered and billed; ads slow down to a small daily budget, or pause where a budget is not the ad
        /// campaign's own.
        Slow = "slow",
    }
}

/// The counters of one period, among its columns.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, diesel::Queryable, diesel::Selectable, diesel::Insertable, diesel::AsChangeset,
)]
#[diesel(table_name = usage_periods, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Quota {
    /// Units the plan includes; `None` is unlimited.
    pub base: Option<i32>,
    /// Unused base units of the period before.
    pub rollover: i32,
    /// Granted by operators, and what is left of earlier grants.
    pub credits: i32,
    /// Delivered leads, overage among them; held back ones are not.
    pub used: i32,
    pub overage: i32,
}

impl Quota {
    /// With a base, and nothing used of it.
    pub fn of(base: Option<i32>) -> Self {
        Self { base, rollover: 0, credits: 0, used: 0, overage: 0 }
    }

    fn included(&self) -> i32 {
        (self.used - self.overage).max(0)
    }

    /// Units included in all; `None` is unlimited.
    pub fn available(&self) -> Option<i32> {
        self.base.map(|base| base.saturating_add(self.rollover).saturating_add(self.credits))
    }

    /// Units left; `None` is unlimited.
    pub fn remaining(&self) -> Option<i32> {
        self.available().map(|available| (available - self.included()).max(0))
    }

    /// What the next unit comes from, or `None` when nothing included is left.
    pub fn next(&self) -> Option<MeterKind> {
        let Some(base) = self.base else { return Some(MeterKind::Quota) };
        let taken = self.included();
        if taken < base {
            Some(MeterKind::Quota)
        } else if taken < base.saturating_add(self.rollover) {
            Some(MeterKind::Rollover)
        } else if taken < base.saturating_add(self.rollover).saturating_add(self.credits) {
            Some(MeterKind::Credit)
        } else {
            None
        }
    }

    /// The counters after one more lead of this kind.
    pub fn after(mut self, kind: MeterKind) -> Self {
        match kind {
            MeterKind::Quota | MeterKind::Rollover | MeterKind::Credit | MeterKind::PerLead => self.used += 1,
            MeterKind::Overage => {
                self.used += 1;
                self.overage += 1;
            }
            MeterKind::Repeat | MeterKind::Blocked | MeterKind::Unreachable => {}
        }
        self
    }

    /// Unused base units that go into the next period, at most `percent` of the base.
    pub fn carried(&self, percent: i32) -> i32 {
        let Some(base) = self.base else { return 0 };
        let cap = i64::from(base) * i64::from(percent.max(0)) / 100;
        (base - self.included()).max(0).min(i32::try_from(cap).unwrap_or(i32::MAX))
    }

    /// How many rollover units were consumed.
    pub fn rollover_used(&self) -> i32 {
        self.base.map_or(0, |base| (self.included() - base).clamp(0, self.rollover))
    }

    /// How many credits were consumed.
    pub fn credits_used(&self) -> i32 {
        let before = |base: i32| base.saturating_add(self.rollover);
        self.base.map_or(0, |base| (self.included() - before(base)).clamp(0, self.credits))
    }

    /// Takes the unused credits out of a period that is over.
    pub fn take_credits(&mut self) -> i32 {
        let used = self.credits_used();
        let unused = self.credits - used;
        self.credits = used;
        unused
    }
}

/// What may happen in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is delivered: the trial ended unpaid, the subscription is paused, over, or not paid yet.
    Closed,
    /// What is included and nothing beyond: a trial, or a subscription that owes money.
    Included,
    /// Beyond what is included, the tenant's policy decides.
    Full(OveragePolicy),
}

/// How a lead is paid for. `price` is what a lead beyond the included ones costs, when the plan sells any.
pub fn decide(standing: Standing, pricing: Pricing, quota: &Quota, price: Option<i64>) -> MeterKind {
    match (standing, pricing) {
        (Standing::Closed, _) | (Standing::Included, Pricing::PerLead) => MeterKind::Blocked,
        (Standing::Full(_), Pricing::PerLead) if price.is_some() => MeterKind::PerLead,
        (Standing::Full(_), Pricing::PerLead) => MeterKind::Blocked,
        (Standing::Included, Pricing::Subscription) => quota.next().unwrap_or(MeterKind::Blocked),
        (Standing::Full(policy), Pricing::Subscription) => quota.next().unwrap_or(match (policy, price) {
            (OveragePolicy::Bill | OveragePolicy::Slow, Some(_)) => MeterKind::Overage,
            _ => MeterKind::Blocked,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCTOBER: Quota = Quota { base: Some(50), rollover: 5, credits: 0, used: 0, overage: 0 };

    fn deliver(mut quota: Quota, leads: usize, standing: Standing) -> (Quota, Vec<MeterKind>) {
        let mut kinds = Vec::new();
        for _ in 0..leads {
            let kind = decide(standing, Pricing::Subscription, &quota, Some(40_000));
            quota = quota.after(kind);
            kinds.push(kind);
        }
        (quota, kinds)
    }

    #[test]
    fn the_worked_example_of_a_month_with_rollover_and_overage() {
        let bill = Standing::Full(OveragePolicy::Bill);
        for (delivered, remaining) in [(0, 55), (12, 43), (30, 25), (50, 5), (52, 3), (55, 0)] {
            let (quota, _) = deliver(OCTOBER, delivered, bill);
            assert_eq!(quota.remaining(), Some(remaining), "after {delivered}");
        }
        let (quota, kinds) = deliver(OCTOBER, 58, bill);
        assert_eq!((quota.used, quota.overage, quota.remaining()), (58, 3, Some(0)));
        assert!(kinds[..50].iter().all(|k| *k == MeterKind::Quota));
        assert!(kinds[50..55].iter().all(|k| *k == MeterKind::Rollover));
        assert!(kinds[55..].iter().all(|k| *k == MeterKind::Overage));
        assert_eq!(quota.carried(100), 0, "nothing rolls over when all was used");
    }

    #[test]
    fn only_unused_base_units_roll_over_and_never_twice() {
        let (september, _) = deliver(Quota { rollover: 0, ..OCTOBER }, 45, Standing::Included);
        assert_eq!(september.carried(100), 5);
        let idle = Quota { rollover: 5, ..OCTOBER };
        assert_eq!(idle.carried(100), 50, "the five expire, the fifty roll");
        assert_eq!(idle.carried(20), 10, "at most the plan's share of the base");
        let unlimited = Quota { base: None, ..OCTOBER };
        assert_eq!(
            (unlimited.carried(100), unlimited.remaining(), unlimited.next()),
            (0, None, Some(MeterKind::Quota))
        );
    }

    #[test]
    fn credits_come_last_and_are_counted_apart() {
        let (quota, kinds) = deliver(Quota { credits: 2, ..OCTOBER }, 56, Standing::Included);
        assert_eq!(kinds[55], MeterKind::Credit);
        assert_eq!((quota.rollover_used(), quota.credits_used(), quota.remaining()), (5, 1, Some(1)));
    }

    #[test]
    fn beyond_the_quota_the_standing_decides() {
        let full = Quota { used: 55, ..OCTOBER };
        let cases = [
            (Standing::Full(OveragePolicy::Bill), Some(40_000), MeterKind::Overage),
            (Standing::Full(OveragePolicy::Slow), Some(40_000), MeterKind::Overage),
            (Standing::Full(OveragePolicy::Block), Some(40_000), MeterKind::Blocked),
            (Standing::Full(OveragePolicy::Bill), None, MeterKind::Blocked),
            (Standing::Included, Some(40_000), MeterKind::Blocked),
            (Standing::Closed, Some(40_000), MeterKind::Blocked),
        ];
        for (standing, price, kind) in cases {
            assert_eq!(decide(standing, Pricing::Subscription, &full, price), kind, "{standing:?}");
        }
        assert_eq!(decide(Standing::Closed, Pricing::Subscription, &OCTOBER, None), MeterKind::Blocked);
        let bill = Standing::Full(OveragePolicy::Bill);
        assert_eq!(decide(bill, Pricing::PerLead, &full, Some(2_000)), MeterKind::PerLead);
        assert_eq!(decide(Standing::Included, Pricing::PerLead, &full, Some(2_000)), MeterKind::Blocked);
    }

    #[test]
    fn a_downgrade_below_what_was_used_leaves_nothing_and_owes_nothing() {
        let downgraded = Quota { base: Some(10), rollover: 0, credits: 0, used: 40, overage: 0 };
        assert_eq!((downgraded.remaining(), downgraded.next(), downgraded.carried(100)), (Some(0), None, 0));
    }
}
