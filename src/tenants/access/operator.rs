//! The platform's staff.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::credential::{self, Credential};
use super::remembered::{KeyHolder, remembered};
use super::store::{self, OperatorKeyFound};
use crate::base::id::OperatorId;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{Actor, Origin, PlatformScope, PlatformTx};
use crate::engine::http::pipeline::note_caller;

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
            let found = credential::refuse_strangers(&req, holder(&req, &core).await)?;
            let id = noted(&core, &found).await?;
            note_caller(Actor::Operator(id), None);
            credential::throttle(&req, format!("operator:{id}"), None)?;
            Ok(Self { id, scope: PlatformScope::mint(credential::origin(&req, Actor::Operator(id))) })
        })
    }
}

async fn holder(req: &HttpRequest, core: &Core) -> Result<Arc<OperatorKeyFound>> {
    let key = match credential::read(req)? {
        Credential::Key(key) => key,
        Credential::Token(token) => {
            super::token::verify(&core.master_key, core.clock.now(), &token)?;
            return Err(forbidden());
        }
    };
    let invalid = || Error::unauthenticated("auth.invalid_key", "This key is not valid: unknown, expired or revoked.");
    match remembered(req).key(core, &key).await?.ok_or_else(invalid)? {
        KeyHolder::Operator(found) => Ok(found),
        KeyHolder::Tenant(_) => Err(forbidden()),
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
