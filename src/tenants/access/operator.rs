//! The platform's staff, and callers without credentials.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::credential::{self, Credential};
use super::remembered::{KeyHolder, remembered};
use super::store::{self, OperatorKeyFound};
use crate::base::email::Email;
use crate::base::id::OperatorId;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{Actor, Origin, PlatformScope, PlatformTx};

/// An authenticated operator: sees every tenant.
#[derive(Debug, Clone)]
pub struct Operator {
    pub id: OperatorId,
    scope: PlatformScope,
}

impl Operator {
    pub fn scope(&self) -> PlatformScope {
        self.scope.clone()
    }
}

impl FromRequest for Operator {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let core = req.app_data::<web::Data<Core>>().ok_or_else(|| Error::internal("no core"))?.clone();
            let key = match credential::read(&req)? {
                Credential::Key(key) => key,
                Credential::Token(token) => {
                    super::token::verify(&core.master_key, core.clock.now(), &token)?;
                    return Err(forbidden());
                }
            };
            let invalid =
                || Error::unauthenticated("auth.invalid_key", "This key is not valid: unknown, expired or revoked.");
            let found = match remembered(&req).key(&core, &key).await?.ok_or_else(invalid)? {
                KeyHolder::Operator(found) => found,
                KeyHolder::Tenant(_) => return Err(forbidden()),
            };
            let id = noted(&core, &found).await?;
            credential::throttle(&req, &format!("operator:{id}"))?;
            Ok(Self { id, scope: PlatformScope::mint(credential::origin(&req, Actor::Operator(id))) })
        })
    }
}

/// What everybody else is told.
pub(super) fn forbidden() -> Error {
    Error::forbidden("auth.operator_required", "Only the platform's operators may do this.")
}

/// Whose key it is, after noting that it was used.
pub(super) async fn noted(core: &Core, key: &OperatorKeyFound) -> Result<OperatorId> {
    if key.last_noted.is_due(core.clock.now()) {
        let (scope, id) = (PlatformScope::mint(Origin { actor: Actor::Anonymous, request_id: None }), key.id);
        core.db.write(scope, move |tx: &mut PlatformTx<'_>| store::touch_operator_key(tx, id)).await?;
    }
    Ok(key.operator)
}

/// A caller without credentials, throttled by address: sign-up, login, invitations.
#[derive(Debug, Clone)]
pub struct Anyone {
    scope: PlatformScope,
    user_agent: Option<String>,
}

impl Anyone {
    pub fn scope(&self) -> PlatformScope {
        self.scope.clone()
    }
    /// The `User-Agent` header, cut to 200 characters.
    pub fn user_agent(&self) -> Option<String> {
        self.user_agent.clone()
    }
}

impl FromRequest for Anyone {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let throttled = credential::throttle_public(req);
        ready(throttled.map(|()| Self {
            scope: PlatformScope::mint(credential::origin(req, Actor::Anonymous)),
            user_agent: credential::user_agent(req),
        }))
    }
}

/// Slows down guessing: whoever is about to check a password counts the attempt against its account first.
pub struct Attempts(HttpRequest);

impl Attempts {
    /// # Errors
    /// `request.rate_limited` after ten attempts within a minute, with how long to wait.
    pub fn count(&self, account: &Email) -> Result<()> {
        credential::throttle_attempt(&self.0, account.as_str())
    }
}

impl FromRequest for Attempts {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(req.clone())))
    }
}
