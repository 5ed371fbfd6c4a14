//! `monthly_cap` and `total_budget`: what an ad campaign may not spend beyond.
//!
//! Ad platforms tell what was spent late, or not at all yet. What is known before any spending is what was allowed: a local day
//! on which it runs may cost its daily budget. So each day is committed before it begins, and a day that does not fit any more
//! does not begin: the ad campaign pauses, until the next month where the month's limit stopped it. A day once begun may
//! be finished. A lowered budget counts as the whole one, which errs on the side of spending less.

use chrono::{Datelike, Months, NaiveDate};

use super::model::{Asker, CampaignStatus, Delivery, MONTHLY_CAP_REACHED, Step, TOTAL_BUDGET_REACHED};
use super::status;
use super::store::{self, AdCampaign, Committed};
use crate::base::Result;
use crate::base::id::AdCampaignId;
use crate::base::time::Timestamp;
use crate::billing::calendar::midnight;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::http::IfMatch;
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants;

/// Commits the days that begin, and stops or starts what a limit asks to.
pub static KEEP_LIMITS: JobKind = JobKind::new("ad_campaign.keep_limits").periodic();

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

/// The periodic job behind [`KEEP_LIMITS`].
pub(super) async fn keep(ctx: JobContext) -> Result<Outcome> {
    const AT_ONCE: i64 = 200;
    ctx.finish_platform(|tx: &mut PlatformTx<'_>| {
        for (tenant, id) in store::to_commit(tx, AT_ONCE)? {
            keep_one(&mut tx.for_tenant(tenant), id)?;
        }
        Ok(())
    })
    .await
}

fn keep_one(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<()> {
    store::lock(tx)?;
    let mut campaign = store::get(tx, id)?;
    if campaign.status == CampaignStatus::Paused && campaign.status_reason.as_deref() == Some(MONTHLY_CAP_REACHED) {
        status::take(tx, id, Step::Resume, None, Asker::Engine, &IfMatch::default())?;
        return Ok(());
    }
    let is_running = campaign.status == CampaignStatus::Active && campaign.desired_delivery != Delivery::Paused;
    if !is_running {
        // Whoever lets it run again commits that day.
        campaign.committed_until = None;
        return store::save_commitment(tx, &campaign);
    }
    match commit(tx, &mut campaign)? {
        Some(limit) => status::stop_at(tx, campaign, limit, false).map(|_| ()),
        None => store::save_commitment(tx, &campaign),
    }
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
