//! When a tenant's business is open: its hours and holidays in its own time zone.
//!
//! Days and hours are local; the zone's rules decide what a local time means on days when clocks change. A business that
//! closes at `00:00` closes at the end of the day.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, Timelike};
use chrono::{Datelike, TimeZone};
use chrono_tz::Tz;

use super::model::{Day, OpenHours, Settings};
use crate::base::time::Timestamp;

/// How far ahead [`next_opening`] looks: a whole year of holidays and more.
const HORIZON_DAYS: u64 = 400;

impl OpenHours {
    /// Opens before it closes.
    pub fn is_ordered(&self) -> bool {
        self.opens < self.closes || self.closes == NaiveTime::MIN
    }

    fn contains(&self, time: NaiveTime) -> bool {
        time >= self.opens && (time < self.closes || self.closes == NaiveTime::MIN)
    }

    fn minutes(&self) -> i64 {
        let from = i64::from(self.opens.num_seconds_from_midnight() / 60);
        let until = i64::from(self.closes.num_seconds_from_midnight() / 60);
        if until == 0 { 24 * 60 - from } else { until - from }
    }
}

fn hours_on(settings: &Settings, date: NaiveDate) -> Option<&OpenHours> {
    if settings.holidays.contains(&date) {
        return None;
    }
    settings.business_hours.get(&Day::from(date.weekday()))
}

/// Whether the business is open at `at`.
pub fn is_open(settings: &Settings, zone: Tz, at: Timestamp) -> bool {
    let local = at.utc().with_timezone(&zone);
    hours_on(settings, local.date_naive()).is_some_and(|hours| hours.contains(local.time()))
}

/// The first moment from `at` on when the business is open: `at` itself when it is open then. `None` when it does not
/// open within 400 days.
pub fn next_opening(settings: &Settings, zone: Tz, at: Timestamp) -> Option<Timestamp> {
    if is_open(settings, zone, at) {
        return Some(at);
    }
    let today = at.utc().with_timezone(&zone).date_naive();
    (0..HORIZON_DAYS)
        .filter_map(|ahead| today.checked_add_days(Days::new(ahead)))
        .filter_map(|date| opening_on(zone, date, hours_on(settings, date)?))
        .find(|opening| *opening > at)
}

/// The moment the doors open on `date`. When clocks skip that minute, the first one that exists before closing time.
fn opening_on(zone: Tz, date: NaiveDate, hours: &OpenHours) -> Option<Timestamp> {
    let opens = date.and_time(hours.opens);
    let opening: DateTime<Tz> = (0..hours.minutes())
        .find_map(|minute| zone.from_local_datetime(&(opens + Duration::minutes(minute))).earliest())?;
    Some(opening.with_timezone(&chrono::Utc).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }
    fn hours(opens: &str, closes: &str) -> OpenHours {
        serde_json::from_value(serde_json::json!({"opens": opens, "closes": closes})).unwrap()
    }
    /// Open every day.
    fn daily(opens: &str, closes: &str) -> Settings {
        let business_hours = Day::ALL.iter().map(|day| (*day, hours(opens, closes))).collect();
        Settings { business_hours, ..Settings::default() }
    }

    #[test]
    fn the_default_is_nine_to_six_in_the_tenants_zone() {
        let (settings, zone) = (Settings::default(), Tz::Asia__Kolkata);
        // 2026-11-20 is a Friday; India is 5:30 ahead of UTC.
        for (moment, open) in [
            ("2026-11-20T03:29:59Z", false),
            ("2026-11-20T03:30:00Z", true),
            ("2026-11-20T12:29:59Z", true),
            ("2026-11-20T12:30:00Z", false),
            ("2026-11-22T06:00:00Z", false),
        ] {
            assert_eq!(is_open(&settings, zone, at(moment)), open, "{moment}");
        }
        let saturday_evening = at("2026-11-21T13:00:00Z");
        assert_eq!(next_opening(&settings, zone, saturday_evening), Some(at("2026-11-23T03:30:00Z")));
        let noon = at("2026-11-20T06:30:00Z");
        assert_eq!(next_opening(&settings, zone, noon), Some(noon));
        let early = at("2026-11-20T01:00:00Z");
        assert_eq!(next_opening(&settings, zone, early), Some(at("2026-11-20T03:30:00Z")));
    }

    #[test]
    fn holidays_and_shut_businesses() {
        let zone = Tz::Asia__Kolkata;
        let holidays = vec!["2026-11-20".parse().unwrap()];
        let settings = Settings { holidays, ..Settings::default() };
        assert!(!is_open(&settings, zone, at("2026-11-20T06:30:00Z")));
        assert_eq!(next_opening(&settings, zone, at("2026-11-20T06:30:00Z")), Some(at("2026-11-21T03:30:00Z")));
        let never = Settings { business_hours: [].into(), ..Settings::default() };
        assert_eq!(next_opening(&never, zone, at("2026-11-20T06:30:00Z")), None);
    }

    #[test]
    fn hours_follow_the_clocks_when_they_change() {
        let zone = Tz::Europe__Berlin;
        let settings = daily("09:00", "18:00");
        // Clocks went forward on 2026-03-29 and back on 2026-10-25: 09:00 is 08:00Z in winter, 07:00Z in summer.
        assert_eq!(next_opening(&settings, zone, at("2026-03-28T20:00:00Z")), Some(at("2026-03-29T07:00:00Z")));
        assert_eq!(next_opening(&settings, zone, at("2026-10-24T20:00:00Z")), Some(at("2026-10-25T08:00:00Z")));
        // 02:30 does not exist on 2026-03-29: the doors open when the clock shows 03:00.
        let night = daily("02:30", "04:00");
        assert_eq!(next_opening(&night, zone, at("2026-03-28T22:00:00Z")), Some(at("2026-03-29T01:00:00Z")));
        assert!(is_open(&night, zone, at("2026-03-29T01:00:00Z")));
        // 02:30 happens twice on 2026-10-25: open from the first, and in both.
        assert_eq!(next_opening(&night, zone, at("2026-10-24T22:00:00Z")), Some(at("2026-10-25T00:30:00Z")));
        assert!(is_open(&night, zone, at("2026-10-25T00:45:00Z")) && is_open(&night, zone, at("2026-10-25T01:45:00Z")));
    }

    #[test]
    fn midnight_closes_the_day() {
        let all_day = daily("00:00", "00:00");
        assert!(all_day.business_hours.values().all(OpenHours::is_ordered));
        assert!(is_open(&all_day, Tz::UTC, at("2026-11-20T23:59:59Z")));
        assert!(!hours("18:00", "09:00").is_ordered() && !hours("09:00", "09:00").is_ordered());
    }
}
