//! Rate limits: a bucket per caller, a smaller one per address for what needs no credentials.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::base::{Error, Result};

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Which bucket a request draws from.
#[derive(Debug, Clone, Copy)]
pub enum Bucket {
    /// An authenticated caller: as many a minute as configured, in one burst if it likes.
    Caller,
    /// Sign-up, login and the like, per address: 30 a minute.
    Public,
}

/// Draws a minute on [`Bucket::Public`].
const PUBLIC_PER_MINUTE: u32 = 30;

impl Bucket {
    fn name(self) -> &'static str {
        match self {
            Bucket::Caller => "caller",
            Bucket::Public => "public",
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
    caller: Keyed,
    public: Keyed,
}

impl Limiter {
    /// `caller_per_minute` is what one authenticated caller may ask.
    pub fn new(enabled: bool, caller_per_minute: u32) -> Self {
        let keyed = |per_minute: u32| {
            let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
            RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>()
        };
        Self { enabled, caller_per_minute, caller: keyed(caller_per_minute), public: keyed(PUBLIC_PER_MINUTE) }
    }

    fn per_minute(&self, bucket: Bucket) -> u32 {
        match bucket {
            Bucket::Caller => self.caller_per_minute,
            Bucket::Public => PUBLIC_PER_MINUTE,
        }
    }

    /// Takes one from the bucket of `key`.
    ///
    /// # Errors
    /// `request.rate_limited` with how long to wait.
    pub fn take(&self, bucket: Bucket, key: &str) -> Result<Option<Standing>> {
        if !self.enabled {
            return Ok(None);
        }
        let keyed = match bucket {
            Bucket::Caller => &self.caller,
            Bucket::Public => &self.public,
        };
        match keyed.check_key(&key.to_string()) {
            Ok(snapshot) => Ok(Some(self.standing(bucket, snapshot.remaining_burst_capacity(), Duration::ZERO))),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                let message = format!("Too many requests. Wait {} s.", wait.as_secs().max(1));
                Err(Error::too_many("request.rate_limited", message).with_retry_after(wait.max(Duration::from_secs(1))))
            }
        }
    }

    fn standing(&self, bucket: Bucket, remaining: u32, wait: Duration) -> Standing {
        let name = bucket.name();
        Standing {
            policy: format!("\"{name}\";q={};w=60", self.per_minute(bucket)),
            state: format!("\"{name}\";r={remaining};t={}", wait.as_secs()),
        }
    }

    /// Forgets idle keys, so that memory stays bounded.
    pub fn tidy(&self) {
        self.caller.retain_recent();
        self.public.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_for_its_key_only() {
        let limiter = Limiter::new(true, 1200);
        for _ in 0..30 {
            assert!(limiter.take(Bucket::Public, "1.2.3.4").is_ok());
        }
        let refused = limiter.take(Bucket::Public, "1.2.3.4").unwrap_err();
        assert_eq!(refused.code(), "request.rate_limited");
        assert!(refused.retry_after().is_some());
        assert!(limiter.take(Bucket::Public, "5.6.7.8").is_ok());
    }

    #[test]
    fn a_caller_has_what_was_configured() {
        let limiter = Limiter::new(true, 2);
        let standing = limiter.take(Bucket::Caller, "key").unwrap().unwrap();
        assert_eq!((standing.policy.as_str(), standing.state.as_str()), ("\"caller\";q=2;w=60", "\"caller\";r=1;t=0"));
        assert!(limiter.take(Bucket::Caller, "key").is_ok());
        assert!(limiter.take(Bucket::Caller, "key").is_err());
    }
}
