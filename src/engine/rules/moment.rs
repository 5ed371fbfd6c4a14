//! When and where a rule is asked: now, and in whose calendar.

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use super::facts::DayOfYear;
use crate::base::time::Timestamp;

/// A moment, and the zone whose calendar says which day it is.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub now: Timestamp,
    pub zone: Tz,
}

/// The beginning of 1970, for rules that speak of no time.
impl Default for Moment {
    fn default() -> Self {
        Self { now: Timestamp::from(chrono::DateTime::UNIX_EPOCH), zone: Tz::UTC }
    }
}

impl Moment {
    pub fn today(&self) -> NaiveDate {
        self.now.utc().with_timezone(&self.zone).date_naive()
    }

    /// So many times 24 hours before now.
    pub(super) fn days_ago(&self, days: i64) -> Timestamp {
        later(self.now, -days)
    }

    /// When a day begins there; where clocks skip midnight, the moment they skip to.
    pub(super) fn begins(&self, date: NaiveDate) -> Timestamp {
        let midnight = date.and_time(NaiveTime::MIN);
        let first = (0..24 * 60).step_by(15).find_map(|minutes| {
            self.zone.from_local_datetime(&(midnight + chrono::Duration::minutes(minutes))).earliest()
        });
        first.map_or_else(|| midnight.and_utc().into(), |at| at.with_timezone(&chrono::Utc).into())
    }

    /// On which day of the calendar the day is kept next: today or later.
    pub(super) fn next(&self, day: DayOfYear) -> NaiveDate {
        let today = self.today();
        let this_year = kept_in(today.year(), day);
        if this_year >= today { this_year } else { kept_in(today.year() + 1, day) }
    }

    /// Does the day come within so many days of today, today included?
    pub(super) fn comes_within(&self, day: DayOfYear, days: i64) -> bool {
        (self.next(day) - self.today()).num_days() <= days
    }

    /// The days of the year from today on, so many days ahead, as ranges of [`DayOfYear::number`].
    pub(super) fn days_ahead(&self, days: i64) -> Vec<(i32, i32)> {
        if days >= 365 {
            return vec![(101, 1231)];
        }
        let (from, to) = (self.today(), plus(self.today(), days));
        let number = |date: NaiveDate| DayOfYear { month: date.month(), day: date.day() }.number();
        // What is not in the calendar of a year is kept on the day before.
        let last = |date: NaiveDate| if !date.leap_year() && number(date) == 228 { 229 } else { number(date) };
        if from.year() == to.year() {
            vec![(number(from), last(to))]
        } else {
            vec![(number(from), 1231), (101, last(to))]
        }
    }
}

/// So many times 24 hours later, as far as times go.
pub(super) fn later(at: Timestamp, days: i64) -> Timestamp {
    let moved = chrono::Duration::try_days(days).and_then(|by| at.utc().checked_add_signed(by));
    moved.map_or(at, Timestamp::from)
}

/// So many days of the calendar on, or back.
pub(super) fn plus(date: NaiveDate, days: i64) -> NaiveDate {
    let by = Days::new(days.unsigned_abs());
    let moved = if days < 0 { date.checked_sub_days(by) } else { date.checked_add_days(by) };
    moved.unwrap_or(date)
}

/// 29 February is kept on 28 February in years that have none.
fn kept_in(year: i32, day: DayOfYear) -> NaiveDate {
    let kept = NaiveDate::from_ymd_opt(year, day.month, day.day);
    kept.or_else(|| NaiveDate::from_ymd_opt(year, day.month, day.day.saturating_sub(1))).unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: Tz) -> Moment {
        Moment { now: text.parse().unwrap(), zone }
    }
    fn day(month: u32, day: u32) -> DayOfYear {
        DayOfYear { month, day }
    }

    #[test]
    fn the_29th_of_february_is_kept_on_the_28th_in_common_years() {
        let common = at("2027-02-28T12:00:00Z", Tz::UTC);
        assert!(common.comes_within(day(2, 29), 0) && common.comes_within(day(2, 28), 0));
        let leap = at("2028-02-28T12:00:00Z", Tz::UTC);
        assert!(!leap.comes_within(day(2, 29), 0) && leap.comes_within(day(2, 29), 1));
        assert!(!at("2027-03-01T12:00:00Z", Tz::UTC).comes_within(day(2, 29), 300));
    }

    #[test]
    fn today_is_the_zones() {
        let evening = at("2026-11-20T20:00:00Z", Tz::Asia__Kolkata);
        assert_eq!(evening.today().to_string(), "2026-11-21");
        assert_eq!(evening.begins(evening.today()).to_string(), "2026-11-20T18:30:00Z");
    }

    #[test]
    fn ranges_hold_just_the_days_that_come() {
        let all: Vec<DayOfYear> = (1..=12).flat_map(|month| (1..=31).map(move |d| day(month, d))).collect();
        let all = all.into_iter().filter(|day| NaiveDate::from_ymd_opt(2028, day.month, day.day).is_some());
        let all: Vec<DayOfYear> = all.collect();
        for start in ["2026-11-20", "2027-02-27", "2027-02-28", "2027-03-01", "2028-02-28", "2028-02-29", "2028-12-31"]
        {
            let moment = at(&format!("{start}T10:00:00Z"), Tz::UTC);
            for days in [0, 1, 2, 30, 100, 363, 364, 365, 400] {
                let ranges = moment.days_ahead(days);
                for day in &all {
                    let is_in = ranges.iter().any(|(low, high)| (*low..=*high).contains(&day.number()));
                    assert_eq!(is_in, moment.comes_within(*day, days), "{day} from {start} within {days}: {ranges:?}");
                }
            }
        }
    }
}
