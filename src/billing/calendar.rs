//! Billing periods on the tenant's calendar. Pure.
//!
//! A period runs from local midnight to local midnight, a month apart, on the day of the month on which the
//! subscription was activated; months that lack that day end it on their last day, and the next longer month returns to
//! it. Only the first period starts at the very moment of activation. Periods are contiguous even when the tenant moves
//! to another zone: each starts where the last one ended.

use chrono::{Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::model::BillingInterval;
use crate::base::time::Timestamp;

/// No period is shorter: a boundary closer than this belongs to the period before (a tenant that moved its zone).
const SHORTEST_DAYS: i64 = 14;

/// The day of the month on which the subscription renews, 1 to 31.
pub fn anchor_day(at: Timestamp, zone: Tz) -> i32 {
    i32::try_from(at.utc().with_timezone(&zone).day()).unwrap_or(1)
}

/// When the period that starts at `start` ends, exclusive.
pub fn period_end(start: Timestamp, anchor_day: i32, zone: Tz) -> Timestamp {
    let earliest = start.plus(Duration::days(SHORTEST_DAYS));
    let first = start.utc().with_timezone(&zone).date_naive().with_day(1);
    (0..=2)
        .filter_map(|months| renewal_date(first?.checked_add_months(chrono::Months::new(months))?, anchor_day))
        .map(|date| midnight(date, zone))
        .find(|boundary| *boundary > earliest)
        .unwrap_or_else(|| start.plus(Duration::days(30)))
}

/// When what one payment is for ends, exclusive: a period, or twelve.
pub fn paid_until(start: Timestamp, interval: BillingInterval, anchor_day: i32, zone: Tz) -> Timestamp {
    let periods = if interval == BillingInterval::Annual { 12 } else { 1 };
    (0..periods).fold(start, |end, _| period_end(end, anchor_day, zone))
}

/// The anchor day in the month of `first`, or that month's last day.
fn renewal_date(first: NaiveDate, anchor_day: i32) -> Option<NaiveDate> {
    let last = first.checked_add_months(chrono::Months::new(1))?.pred_opt()?.day();
    first.with_day(u32::try_from(anchor_day).unwrap_or(1).clamp(1, last))
}

/// The first moment of a local day; where clocks skip midnight, the moment they skip to.
pub fn midnight(date: NaiveDate, zone: Tz) -> Timestamp {
    let mut time = date.and_time(NaiveTime::MIN);
    for _ in 0..16 {
        if let Some(at) = zone.from_local_datetime(&time).earliest() {
            return at.with_timezone(&Utc).into();
        }
        time += Duration::minutes(15);
    }
    Utc.from_utc_datetime(&date.and_time(NaiveTime::MIN)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn chain(start: &str, zone: Tz, count: usize) -> Vec<String> {
        let mut start = at(start);
        let anchor = anchor_day(start, zone);
        let mut ends = Vec::new();
        for _ in 0..count {
            start = period_end(start, anchor, zone);
            ends.push(start.to_string());
        }
        ends
    }

    #[test]
    fn renews_at_local_midnight_of_the_activation_day() {
        let zone = chrono_tz::Asia::Kolkata;
        // 00:30 on 1 October in Mumbai is still 30 September in UTC.
        let ends = chain("2026-09-30T19:00:00Z", zone, 2);
        assert_eq!(ends, ["2026-10-31T18:30:00Z", "2026-11-30T18:30:00Z"]);
    }

    #[test]
    fn a_missing_day_is_clamped_and_comes_back() {
        let ends = chain("2027-01-31T09:00:00Z", chrono_tz::UTC, 5);
        let days: Vec<&str> = ends.iter().map(|end| &end[..10]).collect();
        assert_eq!(days, ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30"]);
        assert_eq!(chain("2028-01-30T09:00:00Z", chrono_tz::UTC, 1), ["2028-02-29T00:00:00Z"]);
    }

    #[test]
    fn a_payment_is_for_one_period_or_twelve() {
        let (start, zone) = (at("2026-11-21T09:00:00Z"), chrono_tz::UTC);
        let until = |interval| paid_until(start, interval, 21, zone).to_string();
        assert_eq!(until(BillingInterval::Monthly), "2026-12-21T00:00:00Z");
        assert_eq!(until(BillingInterval::Annual), "2027-11-21T00:00:00Z");
    }

    #[test]
    fn follows_daylight_saving_time() {
        let ends = chain("2026-10-15T14:00:00Z", chrono_tz::America::New_York, 6);
        assert_eq!(ends[0], "2026-11-15T05:00:00Z");
        assert_eq!(ends[4], "2027-03-15T04:00:00Z");
    }

    #[test]
    fn a_midnight_that_clocks_skip_becomes_the_moment_they_skip_to() {
        // Santiago went from 24:00 on 7 September 2024 to 01:00.
        let end = period_end(at("2024-08-08T15:00:00Z"), 8, chrono_tz::America::Santiago);
        assert_eq!(end.to_string(), "2024-09-08T04:00:00Z");
    }

    #[test]
    fn a_tenant_that_moves_its_zone_gets_no_splinter_of_a_period() {
        let start = at("2026-12-20T18:30:00Z"); // 21 December 00:00 in Mumbai
        let end = period_end(start, 21, chrono_tz::America::New_York);
        assert_eq!(end.to_string(), "2027-01-21T05:00:00Z");
    }
}
