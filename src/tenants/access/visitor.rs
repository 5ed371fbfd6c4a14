//! Callers of what anybody may read, and a tenant reads as it concerns the tenant.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{Anyone, Caller};
use crate::base::{Error, ErrorKind, Result};

/// Whoever calls. Credentials are not needed, but those that are shown must hold.
#[derive(Debug, Clone)]
pub enum Visitor {
    /// Somebody of a tenant, or an operator in one.
    Caller(Box<Caller>),
    /// Nobody, or somebody who is in no tenant now, such as an operator who names none.
    Anyone(Anyone),
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            match Caller::from_request(&req, &mut Payload::None).await {
                Ok(caller) => Ok(Self::Caller(Box::new(caller))),
                Err(error) if is_nobody_here(&error) => {
                    Anyone::from_request(&req, &mut Payload::None).await.map(Self::Anyone)
                }
                Err(error) => Err(error),
            }
        })
    }
}

/// Nothing was shown, or what holds and opens no tenant now: that of an operator who names none, or of somebody whose tenant
/// is suspended.
fn is_nobody_here(error: &Error) -> bool {
    let opens_none = matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Invalid | ErrorKind::NotFound);
    opens_none || matches!(error.code(), "auth.missing_credentials" | "auth.tenant_required")
}
