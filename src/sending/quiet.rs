//! Times of day at which nothing leaves, by the clocks of whoever is written to.

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;

use crate::base::time::Timestamp;
use crate::tenants::model::{OpenHours, QuietHours};

/// From–to of every day, to exclusive; over midnight where it ends before it starts, and never where both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    starts: NaiveTime,
    ends: NaiveTime,
}

impl From<&QuietHours> for Quiet {
    fn from(hours: &QuietHours) -> Self {
        Self { starts: hours.starts, ends: hours.ends }
    }
}

/// However far apart clocks are, what is quiet by some of them all day is found in so many steps.
const STEPS: usize = 12;
/// For a period that is over midnight and begins in the hour that clocks skip.
const LONGEST_GAP_MINUTES: i64 = 24 * 60;

impl Quiet {
    /// The contrary of open hours.
    pub fn outside(hours: &OpenHours) -> Self {
        Self { starts: hours.closes, ends: hours.opens }
    }

    fn contains(self, time: NaiveTime) -> bool {
        if self.starts <= self.ends {
            time >= self.starts && time < self.ends
        } else {
            time >= self.starts || time < self.ends
        }
    }

    /// When it ends by this clock, if it lasts at `at`.
    fn end(self, zone: Tz, at: Timestamp) -> Option<Timestamp> {
        let local = at.utc().with_timezone(&zone);
        if !self.contains(local.time()) {
            return None;
        }
        let today = local.date_naive();
        let days = if local.time() < self.ends { [0, 1] } else { [1, 2] };
        let ends = days.into_iter().filter_map(|ahead| today.checked_add_days(Days::new(ahead)));
        ends.filter_map(|date| moment(zone, date, self.ends)).find(|end| *end > at)
    }

    /// `None`: it is quiet by none of these clocks. Else when it will be so, if it is ever.
    pub fn lasts(self, zones: &[Tz], at: Timestamp) -> Option<Option<Timestamp>> {
        let end = |at: Timestamp| zones.iter().filter_map(|zone| self.end(*zone, at)).max();
        let mut until = end(at)?;
        for _ in 0..STEPS {
            match end(until) {
                None => return Some(Some(until)),
                Some(later) => until = later,
            }
        }
        Some(None)
    }
}

/// The moment of a local time; where clocks skip it, the first one after.
fn moment(zone: Tz, date: NaiveDate, time: NaiveTime) -> Option<Timestamp> {
    let local = date.and_time(time);
    let found: DateTime<Tz> = (0..LONGEST_GAP_MINUTES)
        .find_map(|minute| zone.from_local_datetime(&(local + Duration::minutes(minute))).earliest())?;
    Some(found.with_timezone(&chrono::Utc).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn quiet(starts: &str, ends: &str) -> Quiet {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").unwrap();
        Quiet { starts: time(starts), ends: time(ends) }
    }

    #[test]
    fn a_night_is_quiet_by_the_persons_clock() {
        let night = quiet("21:00", "09:00");
        let india = [Tz::Asia__Kolkata];
        for (moment, until) in [
            ("2026-11-20T03:29:59Z", Some("2026-11-20T03:30:00Z")),
            ("2026-11-20T03:30:00Z", None),
            ("2026-11-20T15:29:59Z", None),
            ("2026-11-20T15:30:00Z", Some("2026-11-21T03:30:00Z")),
            ("2026-11-20T20:00:00Z", Some("2026-11-21T03:30:00Z")),
        ] {
            assert_eq!(night.lasts(&india, at(moment)), until.map(|until| Some(at(until))), "{moment}");
        }
        let noon = quiet("12:00", "14:00");
        assert_eq!(noon.lasts(&[Tz::UTC], at("2026-11-20T13:00:00Z")), Some(Some(at("2026-11-20T14:00:00Z"))));
        assert_eq!(noon.lasts(&[Tz::UTC], at("2026-11-20T14:00:00Z")), None);
        assert_eq!(quiet("09:00", "09:00").lasts(&india, at("2026-11-20T03:30:00Z")), None, "never");
    }

    #[test]
    fn in_a_country_of_many_clocks_nobody_is_woken() {
        let night = quiet("21:00", "09:00");
        let america = [Tz::America__New_York, Tz::Pacific__Honolulu];
        // 09:00 in Honolulu is 14:00 in New York; at 21:00 there it is over.
        for (moment, until) in [
            ("2026-11-20T15:00:00Z", Some("2026-11-20T19:00:00Z")),
            ("2026-11-20T19:00:00Z", None),
            ("2026-11-21T01:59:00Z", None),
            ("2026-11-21T02:00:00Z", Some("2026-11-21T19:00:00Z")),
        ] {
            assert_eq!(night.lasts(&america, at(moment)), until.map(|until| Some(at(until))), "{moment}");
        }
        let apart = [Tz::Pacific__Kiritimati, Tz::Atlantic__Azores];
        assert_eq!(quiet("12:00", "11:00").lasts(&apart, at("2026-11-20T15:00:00Z")), Some(None), "no hour is common");
    }

    #[test]
    fn clocks_that_change_are_followed() {
        // 02:30 does not exist in Berlin on 2026-03-29.
        let night = quiet("22:00", "02:30");
        let berlin = [Tz::Europe__Berlin];
        assert_eq!(night.lasts(&berlin, at("2026-03-29T00:30:00Z")), Some(Some(at("2026-03-29T01:00:00Z"))));
        let whole = quiet("21:00", "09:00");
        assert_eq!(whole.lasts(&berlin, at("2026-10-24T20:00:00Z")), Some(Some(at("2026-10-25T08:00:00Z"))));
    }
}
