//! `monthly_cap` and `total_budget`: what an ad campaign may not spend beyond.
//!
//! Ad platforms tell what was spent late, or not at all yet. What is known before any spending is what was allowed: a local day
//! on which it runs may cost its daily budget. So each day is committed before it begins, and a day that does not fit any more
//! does not begin: the ad campaign pauses, until the next month where the month's limit stopped it. A day once begun may
//! be finished. A lowered budget counts as the whole one, which errs on the side of spending less. Each day is looked at in
//! [`super::days`].

use chrono::{Datelike, Months, NaiveDate};

use super::model::{MONTHLY_CAP_REACHED, TOTAL_BUDGET_REACHED};
use super::store::{self, AdCampaign, Committed};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::billing::calendar::midnight;
use crate::engine::db::TenantTx;
use crate::tenants;

/// A limit that leaves no room for today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// There is room again from then on.
    Month(Timestamp),
    Total,
}

impl Reached {
    pub fn reason(self) -> &'static str {
        match self {
            Self::Month(_) => MONTHLY_CAP_REACHED,
            Self::Total => TOTAL_BUDGET_REACHED,
        }
    }

    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Month(at) => Some(at),
            Self::Total => None,
        }
    }
}

/// Which limit another day at `daily` would pass.
fn passed(daily: i64, monthly_cap: Option<i64>, total_budget: Option<i64>, so_far: Committed) -> Option<&'static str> {
    if so_far.has_today {
        return None;
    }
    let is_passed = |limit: Option<i64>, spent: i64| limit.is_some_and(|limit| spent.saturating_add(daily) > limit);
    if is_passed(total_budget, so_far.total) {
        return Some(TOTAL_BUDGET_REACHED);
    }
    is_passed(monthly_cap, so_far.month).then_some(MONTHLY_CAP_REACHED)
}

/// Commits today where it fits, else says what it would pass; the caller saves the row. Before its start nothing is
/// committed.
pub(super) fn commit(tx: &mut TenantTx<'_>, campaign: &mut AdCampaign) -> Result<Option<Reached>> {
    let now = tx.now();
    let is_limited = campaign.monthly_cap.is_some() || campaign.total_budget.is_some();
    if !is_limited || campaign.start_at.is_some_and(|at| at > now) {
        campaign.committed_until = None;
        return Ok(None);
    }
    let zone = tenants::store::current(tx)?.time_zone;
    let today = now.utc().with_timezone(&zone).date_naive();
    let so_far = store::committed(tx, campaign.id, today)?;
    match passed(campaign.daily_budget, campaign.monthly_cap, campaign.total_budget, so_far) {
        Some(MONTHLY_CAP_REACHED) => Ok(Some(Reached::Month(midnight(next_month(today), zone)))),
        Some(_) => Ok(Some(Reached::Total)),
        None => {
            store::commit(tx, campaign.id, today, campaign.daily_budget)?;
            campaign.committed_until = today.succ_opt().map(|day| midnight(day, zone));
            Ok(None)
        }
    }
}

fn next_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_only_where_its_whole_budget_fits_and_goes_on_once_begun() {
        let so_far = |month, total| Committed { has_today: false, month, total };
        let (cap, all) = (Some(1_500_000), Some(2_000_000));
        assert_eq!(passed(80_000, cap, None, so_far(1_420_000, 1_420_000)), None, "to the last rupee");
        assert_eq!(passed(80_000, cap, None, so_far(1_420_001, 1_420_001)), Some(MONTHLY_CAP_REACHED));
        assert_eq!(passed(80_000, cap, all, so_far(0, 1_920_001)), Some(TOTAL_BUDGET_REACHED));
        assert_eq!(passed(80_000, cap, all, so_far(1_500_000, 2_000_000)), Some(TOTAL_BUDGET_REACHED), "for good");
        assert_eq!(passed(80_000, None, None, so_far(i64::MAX, i64::MAX)), None);
        let begun = Committed { has_today: true, month: 1_500_000, total: 1_500_000 };
        assert_eq!(passed(80_000, cap, cap, begun), None);
    }

    #[test]
    fn the_next_month_is_the_next_one_in_december_too() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(next_month(day("2026-12-31")), day("2027-01-01"));
        assert_eq!(next_month(day("2027-01-31")), day("2027-02-01"));
    }
}
