//! Reading the `Authorization` header, or the cookie of a browser without one.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::browser;
use crate::base::id::TenantId;
use crate::base::{Error, Result};
use crate::engine::db::{Actor, Origin};
use crate::engine::http::limits::{Bucket, Limiter};
use crate::engine::http::{Attempt, RequestId, Source};
use crate::tenants::id::SessionId;

/// What was presented. `lw_…` is a key, everything else a token.
pub(super) enum Credential {
    Key(String),
    Token(String),
}

pub(super) fn read(req: &HttpRequest) -> Result<Credential> {
    let missing = || {
        Error::unauthenticated(
            "auth.missing_credentials",
            "Send Authorization: Bearer with an access token or an API key.",
        )
    };
    let Some(value) = req.headers().get(header::AUTHORIZATION) else {
        return browser::access_token(req)?.map(Credential::Token).ok_or_else(missing);
    };
    let value = value.to_str().map_err(|_| missing())?;
    let (scheme, credential) = value.split_once(' ').ok_or_else(missing)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() || credential.len() > 4096 {
        return Err(missing());
    }
    Ok(if credential.starts_with("lw_") {
        Credential::Key(credential.into())
    } else {
        Credential::Token(credential.into())
    })
}

pub(super) fn origin(req: &HttpRequest, actor: Actor) -> Origin {
    Origin { actor, request_id: req.extensions().get::<RequestId>().map(|id| id.0.clone()) }
}

fn limiter(req: &HttpRequest) -> Option<web::Data<Limiter>> {
    req.app_data::<web::Data<Limiter>>().cloned()
}

/// Draws from a bucket and leaves the standing for the response headers.
fn take(req: &HttpRequest, bucket: Bucket, key: String) -> Result<()> {
    let Some(limiter) = limiter(req) else { return Ok(()) };
    if let Some(standing) = limiter.take(bucket, key)? {
        req.extensions_mut().insert(standing);
    }
    Ok(())
}

/// A caller has a bucket, and all callers of a tenant share one: its keys do not multiply what it may ask.
pub(super) fn throttle(req: &HttpRequest, key: String, tenant: Option<TenantId>) -> Result<()> {
    if let (Some(tenant), Some(limiter)) = (tenant, limiter(req)) {
        limiter.draw(Bucket::Tenant, tenant.to_string())?;
    }
    take(req, Bucket::Caller, key)
}

/// For operations without credentials: a bucket per place.
pub(super) fn throttle_at(req: &HttpRequest, bucket: Bucket) -> Result<()> {
    take(req, bucket, Source::of(req).to_string())
}

/// Whoever comes with credentials that nobody has is slowed down.
pub(super) fn refuse_strangers<T>(req: &HttpRequest, found: Result<T>) -> Result<T> {
    if let Err(error) = &found
        && matches!(error.code(), "auth.invalid_key" | "auth.invalid_token")
        && let Some(limiter) = limiter(req)
    {
        limiter.take_at(Bucket::Stranger, Source::of(req))?;
    }
    found
}

/// Counts attempts at passwords, and renewals of sessions.
#[derive(Clone)]
pub(super) struct Counter {
    limiter: Option<web::Data<Limiter>>,
    source: Source,
}

impl Counter {
    pub fn of(req: &HttpRequest) -> Self {
        Self { limiter: limiter(req), source: Source::of(req) }
    }
    pub fn attempt(&self, account: &str) -> Result<Attempt> {
        self.limiter.as_ref().map_or_else(|| Ok(Attempt::uncounted()), |limiter| limiter.attempt(self.source, account))
    }
    pub fn renewal(&self, session: SessionId) -> Result<()> {
        let taken = self.limiter.as_ref().map(|limiter| limiter.draw(Bucket::Session, session.to_string()));
        taken.transpose().map(|_| ())
    }
    pub fn stranger(&self) -> Result<()> {
        let taken = self.limiter.as_ref().map(|limiter| limiter.take_at(Bucket::Stranger, self.source));
        taken.transpose().map(|_| ())
    }
}

/// Where somebody logs in from, for the list of sessions.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// The `User-Agent` header, cut to 200 characters.
    pub user_agent: Option<String>,
    /// The client's address as limits count it: of IPv6 the network.
    pub address: Option<String>,
}

impl FromRequest for Device {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(req)))
    }
}

impl Device {
    pub(super) fn of(req: &HttpRequest) -> Self {
        let address = match Source::of(req) {
            Source::Unknown => None,
            source => Some(source.to_string()),
        };
        Self { user_agent: user_agent(req), address }
    }
}

fn user_agent(req: &HttpRequest) -> Option<String> {
    let text = req.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(200).collect())
}
