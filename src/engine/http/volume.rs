//! How much a tenant may have written down in a day, whatever it is and by however many keys.
//!
//! Each change weighs what its body does, and a kilobyte at least. The day's allowance may be used at once and comes back
//! evenly, so there is no midnight to wait for. It is counted per process, like the rate limits.

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, web};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::body::MAX_BODY;
use crate::base::id::TenantId;
use crate::base::{Error, Result};

const DAY: Duration = Duration::from_secs(86_400);
const KILOBYTE: usize = 1024;

/// The allowances of this process; none while limits are off.
pub struct Volume(Option<DefaultKeyedRateLimiter<TenantId>>);

impl Volume {
    pub fn new(enabled: bool, megabytes_per_day: u32) -> Self {
        let kilobytes = NonZeroU32::new(megabytes_per_day.saturating_mul(1024)).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(DAY / kilobytes.get()).map(|quota| quota.allow_burst(kilobytes));
        Self(quota.filter(|_| enabled).map(RateLimiter::keyed))
    }

    /// # Errors
    /// `request.volume_exceeded`, with when there is room again.
    fn take(&self, tenant: TenantId, bytes: usize) -> Result<()> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        let kilobytes = u32::try_from(bytes.div_ceil(KILOBYTE)).unwrap_or(u32::MAX);
        let weight = NonZeroU32::new(kilobytes).unwrap_or(NonZeroU32::MIN);
        let wait = match limiter.check_key_n(&tenant, weight) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(not_until)) => not_until.wait_time_from(DefaultClock::default().now()),
            // More than a whole day's allowance.
            Err(_) => DAY,
        };
        let message = "This tenant has written as much as it may in a day. Room comes back little by little; ask for more if you need it.";
        Err(Error::too_many("request.volume_exceeded", message).with_retry_after(wait.max(Duration::from_secs(1))))
    }

    /// Forgets tenants that have their whole allowance.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}

/// Takes what this request is about to have written from its tenant's allowance. A body that does not say its length may
/// have the longest there is.
///
/// # Errors
/// See [`Volume`].
pub fn weigh(req: &HttpRequest, tenant: TenantId) -> Result<()> {
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let Some(volume) = req.app_data::<web::Data<Volume>>() else { return Ok(()) };
    let is_chunked = req.headers().contains_key(header::TRANSFER_ENCODING);
    let told = req.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    volume.take(tenant, if is_chunked { MAX_BODY } else { told.unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_so_much_a_day_and_others_have_theirs() {
        let (one, other) = (TenantId::new(), TenantId::new());
        let volume = Volume::new(true, 1);
        for _ in 0..1023 {
            volume.take(one, 10).expect("a kilobyte at least");
        }
        volume.take(one, 1024).expect("the last");
        let refused = volume.take(one, 1).expect_err("the day's allowance is used");
        assert_eq!(refused.code(), "request.volume_exceeded");
        assert!(
            refused.retry_after().is_some_and(|wait| wait > Duration::from_secs(60) && wait < Duration::from_secs(100))
        );
        volume.take(other, 1024 * 1024).expect("another's");
        assert!(volume.take(TenantId::new(), 2 * 1024 * 1024).is_err(), "more than there is in a day");
        let unlimited = Volume::new(false, 1);
        assert!((0..2000).all(|_| unlimited.take(one, 1024).is_ok()));
    }
}
