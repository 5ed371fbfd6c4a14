//! Guesses at passwords, slowed down without locking anybody out.
//!
//! What is counted is failures: per place and account, per place, per site of an IPv6 customer (who has thousands of places), and
//! per account over all places. An attempt counts as one from its beginning, so that a hundred at a time are no way around it, and
//! success takes it back. The count of an account over all places slows those places that keep failing at it; beyond a count that
//! takes hundreds of places, also places where nobody ever knew its password. The account's holder, who got in there before, gets in
//! at once, however much others guess.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::source::Source;
use crate::base::{Error, Result};

/// A refusal with how long to wait.
pub(super) fn refused(wait: Duration) -> Error {
    let wait = wait.max(Duration::from_secs(1));
    let message = format!("Too many requests. Wait {} s.", wait.as_secs());
    Error::too_many("request.rate_limited", message).with_retry_after(wait)
}

/// Failures at once, and how many are forgiven a minute.
struct Allowance {
    most: f64,
    per_minute: f64,
}

/// One place at one account.
const PAIR: Allowance = Allowance { most: 10.0, per_minute: 6.0 };
/// One place at all accounts: an office with forgetful people passes, a list of addresses does not.
const PLACE: Allowance = Allowance { most: 20.0, per_minute: 12.0 };
/// All places at one account.
const ACCOUNT: Allowance = Allowance { most: 50.0, per_minute: 1.0 };
/// One site at one account, and at all: offices have one, too.
const SITE_PAIR: Allowance = Allowance { most: 30.0, per_minute: 12.0 };
const SITE: Allowance = Allowance { most: 100.0, per_minute: 60.0 };
/// All places where nobody got into the account before, at one account.
const STRANGERS: Allowance = Allowance { most: 300.0, per_minute: 30.0 };
/// From so many failures of its own on, a place is counted among those who guess at an account.
const SUSPECT: f64 = 3.0;
/// More than are counted at a time in any honest use; strangers can invent as many as they like.
const CAPACITY: usize = 100_000;

type Key = [u8; 16];

#[derive(Clone, Copy)]
struct Tally {
    level: f64,
    at: Instant,
    per_minute: f64,
}

impl Tally {
    fn now(&self, now: Instant) -> f64 {
        let minutes = now.saturating_duration_since(self.at).as_secs_f64() / 60.0;
        (self.level - minutes * self.per_minute).max(0.0)
    }
}

/// The counts of this process.
#[derive(Default)]
pub struct Guesses(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    tallies: HashMap<Key, Tally>,
    /// Where somebody got into an account: places with accounts.
    known: HashSet<Key>,
}

/// One attempt, a failure until it is told otherwise.
#[must_use]
pub struct Attempt(Option<(Arc<Guesses>, Vec<Key>)>);

impl Attempt {
    /// One that nobody counts.
    pub fn uncounted() -> Self {
        Self(None)
    }

    /// It was right: not counted, and what this place failed at this account before is forgiven.
    pub fn succeeded(self) {
        let Some((guesses, keys)) = self.0 else { return };
        let Some((pair, others)) = keys.split_first() else { return };
        let now = Instant::now();
        let counts = &mut *guesses.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.tallies.remove(pair);
        for key in others {
            if let Some(tally) = counts.tallies.get_mut(key) {
                (tally.level, tally.at) = ((tally.now(now) - 1.0).max(0.0), now);
            }
        }
        if counts.known.len() >= CAPACITY {
            counts.known.clear();
        }
        counts.known.insert(*pair);
    }
}

impl Guesses {
    /// # Errors
    /// `request.rate_limited` with how long to wait.
    pub fn begin(self: &Arc<Self>, source: Source, account: &str) -> Result<Attempt> {
        self.begin_at(Instant::now(), source, account)
    }

    fn begin_at(self: &Arc<Self>, now: Instant, source: Source, account: &str) -> Result<Attempt> {
        let pair = key(&format!("pair\n{source}\n{account}"));
        let Counts { tallies, known } = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let level = |key: &Key| tallies.get(key).map_or(0.0, |tally| tally.now(now));
        let is_suspect = level(&pair) >= SUSPECT;
        let mut checked = vec![
            (pair, PAIR, true),
            (key(&format!("place\n{source}")), PLACE, true),
            (key(&format!("account\n{account}")), ACCOUNT, is_suspect),
        ];
        if !known.contains(&pair) {
            checked.push((key(&format!("strangers\n{account}")), STRANGERS, true));
        }
        if let Some(site) = source.site() {
            checked.push((key(&format!("site pair\n{site}\n{account}")), SITE_PAIR, true));
            checked.push((key(&format!("site\n{site}")), SITE, true));
        }
        for (key, allowance, counts) in &checked {
            let above = level(key) + 1.0 - allowance.most;
            if *counts && above > 0.0 {
                return Err(refused(Duration::from_secs_f64(above * 60.0 / allowance.per_minute)));
            }
        }
        if tallies.len() + checked.len() > CAPACITY {
            make_room(tallies, now);
        }
        for (key, allowance, _) in &checked {
            let level = tallies.get(key).map_or(0.0, |tally| tally.now(now)) + 1.0;
            tallies.insert(*key, Tally { level, at: now, per_minute: allowance.per_minute });
        }
        let keys = checked.into_iter().map(|(key, ..)| key).collect();
        Ok(Attempt(Some((self.clone(), keys))))
    }

    /// Forgets what is forgiven.
    pub fn tidy(&self) {
        let now = Instant::now();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).tallies.retain(|_, tally| tally.now(now) > 0.0);
    }
}

/// Who failed least goes first.
fn make_room(tallies: &mut HashMap<Key, Tally>, now: Instant) {
    for least in [0.0, 1.0, 3.0] {
        tallies.retain(|_, tally| tally.now(now) > least);
        if tallies.len() < CAPACITY / 2 {
            return;
        }
    }
    tallies.clear();
}

fn key(text: &str) -> Key {
    let hash: [u8; 32] = Sha256::digest(text).into();
    let mut key = Key::default();
    key.copy_from_slice(&hash[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: u8) -> Source {
        Source::Address(std::net::Ipv4Addr::new(198, 51, 100, n).into())
    }

    #[test]
    fn others_guessing_does_not_keep_the_holder_out() {
        let guesses = Arc::new(Guesses::default());
        let now = Instant::now();
        let failed = |n: u8| guesses.begin_at(now, place(n), "owner@abc.example").is_ok();
        let let_through = (0..200).flat_map(|_| 1..=20).filter(|n| failed(*n)).count();
        assert!(let_through < 120, "{let_through} guesses of 4,000");
        assert!(failed(77), "the first attempt from elsewhere");
    }

    #[test]
    fn one_place_is_slowed_at_one_account_and_over_all() {
        let guesses = Arc::new(Guesses::default());
        let now = Instant::now();
        let passed =
            |n: usize, account: &str| (0..n).filter(|_| guesses.begin_at(now, place(1), account).is_ok()).count();
        assert_eq!(passed(30, "a@abc.example"), 10);
        assert_eq!(passed(30, "b@abc.example"), 10);
        assert_eq!(passed(30, "c@abc.example"), 0, "twenty failures from one place");
        let refused = guesses.begin_at(now, place(1), "c@abc.example").err().unwrap();
        assert!(refused.retry_after().is_some());
        let minute_later = now + Duration::from_secs(60);
        assert!(guesses.begin_at(minute_later, place(1), "c@abc.example").is_ok());
    }

    #[test]
    fn one_site_of_many_networks_is_slowed_and_hundreds_of_places_are() {
        let guesses = Arc::new(Guesses::default());
        let now = Instant::now();
        let network = |n: u16| Source::Address(std::net::Ipv6Addr::new(0x2001, 0x470, 0xabcd, n, 0, 0, 0, 0).into());
        let passed = (0..200).filter(|n| guesses.begin_at(now, network(*n), "owner@abc.example").is_ok()).count();
        assert_eq!(passed, 30);
        let passed =
            (0..200).filter(|n| guesses.begin_at(now, network(*n), &format!("{n}@abc.example")).is_ok()).count();
        assert_eq!(passed, 70, "a hundred failures in all");

        let far = |n: u32| Source::Address(std::net::Ipv4Addr::from(n << 12).into());
        guesses.begin_at(now, far(0), "owner@zenith.example").unwrap().succeeded();
        let passed = (1..2000).filter(|n| guesses.begin_at(now, far(*n), "owner@zenith.example").is_ok()).count();
        assert_eq!(passed, 300);
        assert!(guesses.begin_at(now, far(0), "owner@zenith.example").is_ok(), "the holder got in there before");
    }

    #[test]
    fn who_is_right_is_not_counted() {
        let guesses = Arc::new(Guesses::default());
        for _ in 0..500 {
            guesses.begin(place(1), "owner@abc.example").unwrap().succeeded();
        }
        assert!(guesses.begin(place(1), "owner@abc.example").is_ok());
    }

    #[test]
    fn what_strangers_invent_does_not_fill_the_memory() {
        let guesses = Arc::new(Guesses::default());
        let now = Instant::now();
        for n in 0..u32::try_from(CAPACITY).unwrap() {
            let source = Source::Address(std::net::Ipv4Addr::from(n).into());
            let _ = guesses.begin_at(now, source, &format!("{n}@abc.example"));
        }
        assert!(guesses.0.lock().unwrap().tallies.len() <= CAPACITY);
    }
}
