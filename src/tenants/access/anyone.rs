//! Callers without credentials, and how they are slowed down.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::credential::{self, Counter, Device};
use crate::base::email::Email;
use crate::base::{Error, Result};
use crate::engine::db::{Actor, PlatformScope};
use crate::engine::http::Attempt;
use crate::engine::http::limits::Bucket;
use crate::tenants::id::SessionId;

/// What a caller without credentials comes for: each has its own bucket.
pub trait Door: 'static {
    /// `None` where the handler counts by what it finds.
    const BUCKET: Option<Bucket>;
}

/// Price lists and mailed links.
#[derive(Debug, Clone)]
pub struct Public;
#[derive(Debug, Clone)]
pub struct SigningUp;
#[derive(Debug, Clone)]
pub struct LoggingIn;
/// Asking for a mailed link to set a new password.
#[derive(Debug, Clone)]
pub struct Recovering;
/// Renewing a session, which is counted by session: the server of a frontend does it for all its people.
#[derive(Debug, Clone)]
pub struct Renewing;

impl Door for Public {
    const BUCKET: Option<Bucket> = Some(Bucket::Public);
}
impl Door for SigningUp {
    const BUCKET: Option<Bucket> = Some(Bucket::SignUp);
}
impl Door for LoggingIn {
    const BUCKET: Option<Bucket> = Some(Bucket::LogIn);
}
impl Door for Recovering {
    const BUCKET: Option<Bucket> = Some(Bucket::Recovery);
}
impl Door for Renewing {
    const BUCKET: Option<Bucket> = None;
}

/// A caller without credentials, throttled by where it is and what it comes for.
#[derive(Debug, Clone)]
pub struct Anyone<D: Door = Public> {
    scope: PlatformScope,
    device: Device,
    door: PhantomData<D>,
}

impl<D: Door> Anyone<D> {
    pub fn scope(&self) -> PlatformScope {
        self.scope.clone()
    }
    /// Where the caller is.
    pub fn device(&self) -> Device {
        self.device.clone()
    }
}

impl<D: Door> FromRequest for Anyone<D> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let throttled = D::BUCKET.map_or(Ok(()), |bucket| credential::throttle_at(req, bucket));
        ready(throttled.map(|()| Self {
            scope: PlatformScope::mint(credential::origin(req, Actor::Anonymous)),
            device: Device::of(req),
            door: PhantomData,
        }))
    }
}

/// Slows down guessing: whoever is about to check a password has the attempt counted first.
pub struct Attempts(Counter);

impl Attempts {
    /// A failure, unless the answer is told that it succeeded.
    ///
    /// # Errors
    /// `request.rate_limited` when this place failed too often, with how long to wait.
    pub fn begin(&self, account: &Email) -> Result<Attempt> {
        self.0.attempt(account.as_str())
    }
}

impl FromRequest for Attempts {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Counter::of(req))))
    }
}

/// Counts renewals by session, and tokens that nobody was given by place.
#[derive(Clone)]
pub struct Renewals(Counter);

impl Renewals {
    /// # Errors
    /// `request.rate_limited`.
    pub fn count(&self, session: SessionId) -> Result<()> {
        self.0.renewal(session)
    }
    /// # Errors
    /// `request.rate_limited`.
    pub fn count_stranger(&self) -> Result<()> {
        self.0.stranger()
    }
}

impl FromRequest for Renewals {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Counter::of(req))))
    }
}
