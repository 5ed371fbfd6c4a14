//! Reading the `Authorization` header.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, web};

use crate::base::{Error, Result};
use crate::engine::db::{Actor, Origin};
use crate::engine::http::limits::{Bucket, Limiter};
use crate::engine::http::{RequestId, client_ip};

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
    let value = req.headers().get(header::AUTHORIZATION).ok_or_else(missing)?;
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

/// Draws from the caller's bucket and leaves the standing for the response headers.
pub(super) fn throttle(req: &HttpRequest, key: &str) -> Result<()> {
    take(req, Bucket::Caller, key)
}

fn take(req: &HttpRequest, bucket: Bucket, key: &str) -> Result<()> {
    let Some(limiter) = req.app_data::<web::Data<Limiter>>() else { return Ok(()) };
    if let Some(standing) = limiter.take(bucket, key)? {
        req.extensions_mut().insert(standing);
    }
    Ok(())
}

/// For operations without credentials: a small bucket per address.
pub(super) fn throttle_public(req: &HttpRequest) -> Result<()> {
    take(req, Bucket::Public, &client_ip(req))
}

/// What one attempt at a password costs its account out of 30 a minute: ten attempts a minute, wherever they come from.
const ATTEMPT_COST: usize = 3;

/// Counts an attempt to prove a password of `account`.
pub(super) fn throttle_attempt(req: &HttpRequest, account: &str) -> Result<()> {
    let Some(limiter) = req.app_data::<web::Data<Limiter>>() else { return Ok(()) };
    for _ in 0..ATTEMPT_COST {
        limiter.take(Bucket::Public, &format!("account:{account}"))?;
    }
    Ok(())
}

/// What calls us, for the list of sessions.
pub(super) fn user_agent(req: &HttpRequest) -> Option<String> {
    let text = req.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(200).collect())
}
