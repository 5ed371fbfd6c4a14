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
    /// An authenticated caller: 1,200 requests a minute, bursts up to 1,200.
    Caller,
    /// Sign-up, login and the like, per address: 30 a minute.
    Public,
}

impl Bucket {
    fn per_minute(self) -> u32 {
        match self {
            Bucket::Caller => 1200,
            Bucket::Public => 30,
        }
    }
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
    caller: Keyed,
    public: Keyed,
}

impl Limiter {
    pub fn new(enabled: bool) -> Self {
        let keyed = |bucket: Bucket| {
            let quota = Quota::per_minute(NonZeroU32::new(bucket.per_minute()).unwrap_or(NonZeroU32::MIN));
            RateLimiter::keyed(quota).with_middleware::<StateInformationMiddleware>()
        };
        Self { enabled, caller: keyed(Bucket::Caller), public: keyed(Bucket::Public) }
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
            Ok(snapshot) => Ok(Some(Self::standing(bucket, snapshot.remaining_burst_capacity(), Duration::ZERO))),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                let message = format!("Too many requests. Wait {} s.", wait.as_secs().max(1));
                Err(Error::too_many("request.rate_limited", message).with_retry_after(wait.max(Duration::from_secs(1))))
            }
        }
    }

    fn standing(bucket: Bucket, remaining: u32, wait: Duration) -> Standing {
        let name = bucket.name();
        Standing {
            policy: format!("\"{name}\";q={};w=60", bucket.per_minute()),
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
        let limiter = Limiter::new(true);
        for _ in 0..30 {
            assert!(limiter.take(Bucket::Public, "1.2.3.4").is_ok());
        }
        let refused = limiter.take(Bucket::Public, "1.2.3.4").unwrap_err();
        assert_eq!(refused.code(), "request.rate_limited");
        assert!(refused.retry_after().is_some());
        assert!(limiter.take(Bucket::Public, "5.6.7.8").is_ok());
    }
}
