//! Optimistic concurrency: `ETag` out, `If-Match` in.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::base::{Error, Result};

/// The entity tag of a resource's version.
pub fn of_version(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The `If-Match` header, when given.
#[derive(Debug, Clone, Default)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// # Errors
    /// `request.precondition_failed` when the resource has moved on.
    pub fn check(&self, version: i32) -> Result<()> {
        let Some(wanted) = &self.0 else { return Ok(()) };
        let tag = of_version(version);
        if wanted.split(',').map(str::trim).any(|candidate| candidate == "*" || candidate == tag) {
            return Ok(());
        }
        let message = "The resource has changed since you read it. Read it again, then repeat with its new ETag.";
        Err(Error::precondition_failed("request.precondition_failed", message))
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = req.headers().get(header::IF_MATCH).map(|v| v.to_str().unwrap_or("unreadable").to_string());
        ready(Ok(Self(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_only_for_the_current_version() {
        assert!(IfMatch(None).check(3).is_ok());
        assert!(IfMatch(Some("\"v2\", \"v3\"".into())).check(3).is_ok());
        assert!(IfMatch(Some("*".into())).check(3).is_ok());
        assert!(IfMatch(Some("\"v2\"".into())).check(3).is_err());
        assert!(IfMatch(Some("unreadable".into())).check(3).is_err());
    }
}
