//! Rate limits: a bucket per caller and per tenant, and one per place for each kind of thing that needs no credentials.
//!
//! Keys are ids of our own or parsed addresses ([`Source`]), never what a stranger wrote. Their number is bounded: beyond
//! it, whoever is new shares one bucket.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use prometheus::IntCounterVec;

use super::guesses::{Attempt, Guesses, refused};
use super::source::Source;
use crate::base::Result;

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// The keys of one bucket.
struct Keys {
    keyed: Keyed,
    draws: AtomicU64,
    is_full: AtomicBool,
}

/// Keys in one bucket at a time, and those that come until somebody looks.
const CAPACITY: usize = 50_000;
/// To count the keys takes longer than a draw, so it is done at one of so many.
const LOOKS: u64 = 64;
/// Who shares when there are more.
const OTHERS: &str = "others";

crate::text_enum! {
    /// Which bucket a request draws from.
    pub enum Bucket {
        /// An authenticated caller: as many a minute as configured, in one burst if it likes.
        Caller = "caller",
        /// All callers of a tenant together: twice as many.
        Tenant = "tenant",
        /// Signing up, per place.
        SignUp = "sign_up",
        /// Logging in, per place, whether right or wrong; failures are counted by [`Guesses`] besides.
        LogIn = "log_in",
        /// Renewing one session, wherever from.
        Session = "session",
        /// Price lists and mailed links, per place.
        Public = "public",
        /// Credentials that nobody has, per place.
        Stranger = "stranger",
        /// Asking for mailed links to set a new password, per place.
        Recovery = "recovery",
    }
}

impl Bucket {
    /// Draws a minute, and in one burst.
    fn quota(self, caller_per_minute: u32) -> (u32, u32) {
        match self {
            Bucket::Caller => (caller_per_minute, caller_per_minute),
            Bucket::Tenant => {
                (caller_per_minute.saturating_mul(2), caller_per_minute.saturating_add(caller_per_minute / 2))
            }
            Bucket::SignUp => (20, 20),
            Bucket::LogIn => (300, 300),
            Bucket::Session => (20, 20),
            Bucket::Public => (120, 120),
            Bucket::Stranger => (60, 60),
            Bucket::Recovery => (10, 10),
        }
    }
}

/// What the `RateLimit` and `RateLimit-Policy` headers say.
#[derive(Debug, Clone)]
pub struct Standing {
    pub policy: String,
    pub state: String,
}

/// The buckets of this process.
pub struct Limiter {
    enabled: bool,
    caller_per_minute: u32,
    buckets: Vec<Keys>,
    guesses: Arc<Guesses>,
    refusals: Option<IntCounterVec>,
    started: Instant,
    /// In seconds since the start.
    made_room_at: AtomicU64,
}

impl Limiter {
    /// `caller_per_minute` is what one authenticated caller may ask.
    pub fn new(enabled: bool, caller_per_minute: u32) -> Self {
        let keyed = |bucket: &Bucket| {
            let (per_minute, burst) = bucket.quota(caller_per_minute);
            let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::per_minute(at_least_one(per_minute)).allow_burst(at_least_one(burst));
            let keyed = RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>();
            Keys { keyed, draws: AtomicU64::new(0), is_full: AtomicBool::new(false) }
        };
        let buckets = Bucket::ALL.iter().map(keyed).collect();
        Self {
            enabled,
            caller_per_minute,
            buckets,
            guesses: Arc::default(),
            refusals: None,
            started: Instant::now(),
            made_room_at: AtomicU64::new(0),
        }
    }

    /// Whom it refuses is counted there, by bucket.
    pub fn counted(self, refusals: IntCounterVec) -> Self {
        Self { refusals: Some(refusals), ..self }
    }

    fn count_refusal(&self, bucket: &str) {
        if let Some(refusals) = &self.refusals {
            refusals.with_label_values(&[bucket]).inc();
        }
    }

    fn bucket(&self, bucket: Bucket) -> &Keys {
        &self.buckets[bucket as usize]
    }

    /// Takes one from the bucket of `key`.
    ///
    /// # Errors
    /// `request.rate_limited` with how long to wait.
    pub fn take(&self, bucket: Bucket, key: String) -> Result<Option<Standing>> {
        Ok(self.draw(bucket, key)?.map(|remaining| self.standing(bucket, remaining)))
    }

    /// The same where nobody is told how many remain.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn draw(&self, bucket: Bucket, key: String) -> Result<Option<u32>> {
        if !self.enabled {
            return Ok(None);
        }
        let keys = self.bucket(bucket);
        let key = if self.is_full(keys) { OTHERS.to_string() } else { key };
        match keys.keyed.check_key(&key) {
            Ok(snapshot) => Ok(Some(snapshot.remaining_burst_capacity())),
            Err(not_until) => {
                self.count_refusal(bucket.as_str());
                Err(refused(not_until.wait_time_from(DefaultClock::default().now())))
            }
        }
    }

    fn is_full(&self, keys: &Keys) -> bool {
        if keys.draws.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOKS) {
            if keys.keyed.len() >= CAPACITY && self.may_make_room() {
                keys.keyed.retain_recent();
            }
            keys.is_full.store(keys.keyed.len() >= CAPACITY, Ordering::Relaxed);
        }
        keys.is_full.load(Ordering::Relaxed)
    }

    /// Takes one from the bucket of a place.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_at(&self, bucket: Bucket, source: Source) -> Result<Option<Standing>> {
        self.take(bucket, source.to_string())
    }

    /// Counts an attempt to prove the password of `account`.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn attempt(&self, source: Source, account: &str) -> Result<Attempt> {
        if !self.enabled {
            return Ok(Attempt::uncounted());
        }
        self.guesses.begin(source, account).inspect_err(|_| self.count_refusal("guesses"))
    }

    /// Looking through all keys takes a while, so it is done once a second.
    fn may_make_room(&self) -> bool {
        let now = self.started.elapsed().as_secs() + 1;
        self.made_room_at.fetch_max(now, Ordering::Relaxed) < now
    }

    fn standing(&self, bucket: Bucket, remaining: u32) -> Standing {
        let (per_minute, _) = bucket.quota(self.caller_per_minute);
        Standing {
            policy: format!("\"{bucket}\";q={per_minute};w=60"),
            state: format!("\"{bucket}\";r={remaining};t=0"),
        }
    }

    /// Forgets idle keys, so that memory stays bounded.
    pub fn tidy(&self) {
        self.buckets.iter().for_each(|keys| keys.keyed.retain_recent());
        self.guesses.tidy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_for_its_key_only() {
        let limiter = Limiter::new(true, 1200);
        for _ in 0..20 {
            assert!(limiter.take(Bucket::SignUp, "1.2.3.4".into()).is_ok());
        }
        let refused = limiter.take(Bucket::SignUp, "1.2.3.4".into()).unwrap_err();
        assert_eq!(refused.code(), "request.rate_limited");
        assert!(refused.retry_after().is_some());
        assert!(limiter.take(Bucket::SignUp, "5.6.7.8".into()).is_ok());
        assert!(limiter.take(Bucket::Public, "1.2.3.4".into()).is_ok(), "and for its kind only");
    }

    #[test]
    fn a_caller_has_what_was_configured() {
        let limiter = Limiter::new(true, 2);
        let standing = limiter.take(Bucket::Caller, "key".into()).unwrap().unwrap();
        assert_eq!((standing.policy.as_str(), standing.state.as_str()), ("\"caller\";q=2;w=60", "\"caller\";r=1;t=0"));
        assert!(limiter.take(Bucket::Caller, "key".into()).is_ok());
        assert!(limiter.take(Bucket::Caller, "key".into()).is_err());
    }

    #[test]
    fn every_bucket_stands_at_its_own_place() {
        assert!(Bucket::ALL.iter().enumerate().all(|(at, bucket)| *bucket as usize == at));
    }

    #[test]
    fn strangers_beyond_number_share_a_bucket() {
        let limiter = Limiter::new(true, 1200);
        for n in 0..u32::try_from(CAPACITY).unwrap() + 200 {
            let _ = limiter.take_at(Bucket::Public, Source::Address(std::net::Ipv4Addr::from(n).into()));
        }
        assert!(limiter.bucket(Bucket::Public).keyed.len() <= CAPACITY + usize::try_from(LOOKS).unwrap());
    }
}
