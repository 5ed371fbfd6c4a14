//! By which clocks a person lives, as far as it is known: their own zone, else those of their country.
//!
//! Of a country with several, the two whose clocks are furthest apart stand for all: what may happen by both may happen everywhere
//! in it. `zones.txt` has them, made from the zones of IANA's `zone.tab`.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono_tz::Tz;

use crate::base::dialling::country_of_ordinary;

static ZONES: LazyLock<HashMap<&'static str, Vec<Tz>>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        Some((words.next()?, words.filter_map(|zone| zone.parse().ok()).collect()))
    };
    include_str!("zones.txt").lines().filter_map(line).collect()
});

/// What is known of where a person is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whereabouts<'a> {
    /// IANA.
    pub time_zone: Option<&'a str>,
    /// ISO 3166-1 alpha-2, or anything else that somebody wrote.
    pub country: Option<&'a str>,
    /// E.164.
    pub phone: Option<&'a str>,
}

impl Whereabouts<'_> {
    /// One or two; the tenant's own where nothing is known.
    pub fn zones(self, tenants: Tz) -> Vec<Tz> {
        if let Some(zone) = self.time_zone.and_then(|name| name.parse().ok()) {
            return vec![zone];
        }
        let of_country = |code: &str| ZONES.get(code.to_ascii_uppercase().as_str());
        let own = self.country.and_then(of_country);
        let known = own.or_else(|| of_country(&country_of_ordinary(self.phone?)?));
        known.cloned().unwrap_or_else(|| vec![tenants])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_one() {
        for line in include_str!("zones.txt").lines() {
            let named = line.split(' ').count() - 1;
            assert!((1..=2).contains(&named), "{line}");
            assert_eq!(ZONES[&line[..2]].len(), named, "{line}");
        }
        assert!(ZONES.len() > 240);
    }

    #[test]
    fn the_nearest_knowledge_of_a_person_counts() {
        let tenants = Tz::Asia__Kolkata;
        let whole =
            Whereabouts { time_zone: Some("Europe/Berlin"), country: Some("US"), phone: Some("+97150123 4567") };
        assert_eq!(whole.zones(tenants), [Tz::Europe__Berlin]);
        let country = Whereabouts { time_zone: Some("Mars/Base"), ..whole };
        assert_eq!(country.zones(tenants), [Tz::America__New_York, Tz::Pacific__Honolulu]);
        let phone = Whereabouts { time_zone: None, country: Some("Somewhere"), phone: Some("+971501234567") };
        assert_eq!(phone.zones(tenants), [Tz::Asia__Dubai]);
        assert_eq!(Whereabouts::default().zones(tenants), [tenants]);
    }
}
