//! How much one destination gets of what everybody sends through us.
//!
//! Whoever may name an address could have us call somebody who never asked for it, and many together could flood them. So calls are
//! counted where they arrive: by the domain that a name belongs to, and by each address that it has, whoever names it. Nobody
//! takes more than a third of what a destination gets, so that one sender keeps no other from it. A destination that has not
//! shown that it wants what it is sent gets fiftieth parts of all that. What does not fit is not lost: its sender is told when
//! there is room. Counts are this process' own, and their number is bounded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::base::time::Timestamp;

/// Counts at a time; beyond it, whatever is new shares one.
const CAPACITY: usize = 20_000;
const OTHERS: &str = "others";
/// One sender's part of a destination.
const OF_SENDER: f64 = 1.0 / 3.0;
/// What a destination gets that has not shown that it wants it.
const UNASKED: f64 = 1.0 / 50.0;
/// So many seconds' worth may go at once.
const BURST_SECONDS: f64 = 10.0;

/// Where a call arrives, by everything that it is counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination(Vec<String>);

impl Destination {
    /// `addresses` are those that the host has now, none where that is not known.
    pub(super) fn of(host: &str, addresses: &[IpAddr]) -> Self {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        // All names under one that can be registered are one owner's.
        let domain = psl::domain_str(&name).map_or(name.clone(), str::to_string);
        let mut keys: Vec<String> = addresses.iter().map(network).collect();
        if name.parse::<IpAddr>().is_err() && !name.starts_with('[') {
            keys.push(domain);
        }
        keys.sort();
        keys.dedup();
        Self(keys)
    }
}

/// An address; of IPv6 the network that one customer has.
fn network(address: &IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Level {
    taken: f64,
    at: Timestamp,
    per_second: f64,
}

impl Level {
    fn now(&self, now: Timestamp) -> f64 {
        let seconds = now.since(self.at).num_milliseconds().max(0) as f64 / 1000.0;
        (self.taken - seconds * self.per_second).max(0.0)
    }
}

/// The counts of this process.
pub(super) struct Pace {
    per_minute: Option<u32>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    levels: HashMap<String, Level>,
    /// Looking through all of them takes a while, so it is done once a second.
    tidied_at: Option<Timestamp>,
}

impl Counts {
    fn make_room(&mut self, now: Timestamp) {
        let is_long_ago = self.tidied_at.is_none_or(|at| now.since(at).num_milliseconds().abs() >= 1000);
        if self.levels.len() >= CAPACITY && is_long_ago {
            self.levels.retain(|_, level| level.now(now) > 0.0);
            self.tidied_at = Some(now);
        }
    }
}

impl Pace {
    /// Without a number everything fits.
    pub fn new(per_minute: Option<u32>) -> Self {
        Self { per_minute, counts: Mutex::default() }
    }

    pub fn is_limited(&self) -> bool {
        self.per_minute.is_some()
    }

    /// Counts one call, or answers when there is room for it.
    pub fn take(&self, to: &Destination, sender: &str, is_wanted: bool, now: Timestamp) -> Result<(), Timestamp> {
        let Some(per_minute) = self.per_minute else { return Ok(()) };
        let counts = &mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.make_room(now);
        let levels = &mut counts.levels;
        let (all, mine) = (format!("all {is_wanted}"), format!("{sender} {is_wanted}"));
        let mut counted = Vec::new();
        let mut wait: f64 = 0.0;
        for (lane, share) in [(all, 1.0), (mine, OF_SENDER)] {
            let share = if is_wanted { share } else { share * UNASKED };
            let per_second = f64::from(per_minute) * share / 60.0;
            let burst = (per_second * BURST_SECONDS).floor().max(1.0);
            for key in &to.0 {
                let key = format!("{lane} {key}");
                let key =
                    if levels.len() < CAPACITY || levels.contains_key(&key) { key } else { format!("{lane} {OTHERS}") };
                let taken = levels.get(&key).map_or(0.0, |level| level.now(now)) + 1.0;
                wait = wait.max((taken - burst) / per_second);
                counted.push((key, Level { taken, at: now, per_second }));
            }
        }
        if wait > 0.0 {
            let millis = (wait * 1000.0).ceil().min(3_600_000.0);
            return Err(now.plus(chrono::Duration::milliseconds(millis as i64 + 1)));
        }
        levels.extend(counted);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        "2026-11-20T09:00:00Z".parse().unwrap()
    }

    /// Of so many calls in this moment, how many fit?
    fn fit(pace: &Pace, (host, address): (&str, &str), sender: &str, is_wanted: bool, now: Timestamp) -> usize {
        let to = Destination::of(host, &[address.parse().unwrap()]);
        (0..1000).filter(|_| pace.take(&to, sender, is_wanted, now).is_ok()).count()
    }

    #[test]
    fn one_destination_gets_so_much_whoever_sends_and_by_whatever_name() {
        let pace = Pace::new(Some(600));
        let by = |n: usize| format!("tenant {n}");
        let all: usize = (0..20)
            .map(|n| fit(&pace, (&format!("h{n}.victim.example"), &format!("192.0.2.{n}")), &by(n), true, start()))
            .sum();
        assert_eq!(all, 100, "names under one domain are one destination");
        let pace = Pace::new(Some(600));
        let all: usize =
            (0..20).map(|n| fit(&pace, (&format!("hook.name{n}.example"), "192.0.2.1"), &by(n), true, start())).sum();
        assert_eq!(all, 100, "and so are names of one address");
        assert_eq!(fit(&pace, ("hook.other.example", "192.0.2.2"), &by(1), true, start()), 33, "another has its own");
    }

    #[test]
    fn one_sender_keeps_no_other_away_and_room_comes_back() {
        let pace = Pace::new(Some(600));
        let place = ("hooks.example.com", "192.0.2.1");
        assert_eq!(fit(&pace, place, "one", true, start()), 33);
        assert_eq!(fit(&pace, place, "two", true, start()), 33);
        let to = Destination::of(place.0, &["192.0.2.1".parse().unwrap()]);
        let at = pace.take(&to, "one", true, start()).unwrap_err();
        assert!(at > start() && at < start().plus(chrono::Duration::seconds(1)), "{at}");
        assert_eq!(pace.take(&to, "one", true, at), Ok(()));
        assert_eq!(fit(&pace, place, "one", true, at.plus(chrono::Duration::seconds(3))), 10);
    }

    #[test]
    fn who_has_not_asked_gets_little() {
        let pace = Pace::new(Some(3000));
        let place = ("victim.example", "192.0.2.1");
        let all: usize = (0..50).map(|n| fit(&pace, place, &format!("tenant {n}"), false, start())).sum();
        assert_eq!(all, 10, "a minute's sixty are ten in ten seconds");
        assert_eq!(fit(&pace, place, "tenant 1", true, start()), 166, "what is wanted is counted apart");
    }

    #[test]
    fn what_senders_invent_does_not_fill_the_memory() {
        let pace = Pace::new(Some(60));
        for n in 0..CAPACITY {
            let to = Destination::of(&format!("name{n}.example"), &[]);
            let _ = pace.take(&to, "one", true, start());
        }
        assert!(pace.counts.lock().unwrap().levels.len() <= CAPACITY + 4);
        assert_eq!(Pace::new(None).take(&Destination::of("a.example", &[]), "one", false, start()), Ok(()));
    }
}
