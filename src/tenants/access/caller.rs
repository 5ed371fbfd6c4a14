//! The caller inside a tenant.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::credential::{self, Credential};
use super::known::KnownTenant;
use super::permission::{Entitlements, Feature, Permission, Role};
use super::remembered::{KeyHolder, remembered};
use super::store::{self, OperatorKeyFound};
use super::token;
use crate::base::id::{TenantId, UserId};
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{Actor, Origin, PlatformScope, PlatformTx, TenantScope};
use crate::engine::http::once::{self, Authority};
use crate::engine::http::pipeline::note_caller;
use crate::engine::http::volume::weigh;
use crate::tenants::id::SessionId;

/// An authenticated user, API key, or operator who named a tenant, and what it may do there.
#[derive(Debug, Clone)]
pub struct Caller {
    scope: TenantScope,
    permissions: Arc<BTreeSet<Permission>>,
    entitlements: Entitlements,
    role: Option<Role>,
    session: Option<SessionId>,
    known: KnownTenant,
}

/// What the caller of this request may do; left by whoever authenticates it.
#[derive(Clone)]
pub(super) struct Granted(pub Arc<BTreeSet<Permission>>);

impl Caller {
    pub fn scope(&self) -> TenantScope {
        self.scope.clone()
    }
    pub fn tenant(&self) -> TenantId {
        self.scope.tenant()
    }
    pub fn actor(&self) -> Actor {
        self.scope.actor()
    }
    /// The user's role; API keys and operators have none.
    pub fn role(&self) -> Option<Role> {
        self.role
    }
    /// The session of a user's access token; API keys and operators have none.
    pub fn session(&self) -> Option<SessionId> {
        self.session
    }
    /// What the caller may do here.
    pub fn permissions(&self) -> &BTreeSet<Permission> {
        &self.permissions
    }
    /// The tenant's own row.
    pub fn known_tenant(&self) -> KnownTenant {
        self.known.clone()
    }
    /// What the tenant's plan includes.
    pub fn entitlements(&self) -> &Entitlements {
        &self.entitlements
    }
    pub fn is_operator(&self) -> bool {
        matches!(self.actor(), Actor::Operator(_))
    }

    /// # Errors
    /// `auth.operator_required` for users and API keys of tenants.
    pub fn require_operator(&self) -> Result<()> {
        if self.is_operator() { Ok(()) } else { Err(super::operator::forbidden()) }
    }

    /// # Errors
    /// `auth.forbidden`, naming the missing permission.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.permissions.contains(&permission) {
            return Ok(());
        }
        Err(Error::forbidden("auth.forbidden", format!("This needs the permission {permission}.")))
    }

    /// What an answer to this caller stands on: it is not repeated to one who may do less.
    fn authority(&self) -> Authority {
        let role = self.role.map(|role| format!("role {role}"));
        Authority(self.permissions.iter().map(ToString::to_string).chain(role).collect())
    }

    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// The tenant chose a plan, be it over or not paid yet.
    pub fn has_plan(&self) -> bool {
        self.entitlements.has_plan()
    }

    /// # Errors
    /// `feature_not_in_plan`. Operators are not bound by a tenant's plan.
    pub fn require_feature(&self, feature: Feature) -> Result<()> {
        if self.is_operator() { Ok(()) } else { self.entitlements.require(feature) }
    }

    /// For what belongs to a person: notifications, preferences.
    ///
    /// # Errors
    /// `auth.user_required` for API keys and operators.
    pub fn require_user(&self) -> Result<UserId> {
        let message = "Only a logged-in user can do this, not an API key or an operator.";
        self.actor().user().ok_or_else(|| Error::forbidden("auth.user_required", message))
    }
}

/// Reading and writing where the caller may: `core.write(&caller, |tx| …)`.
impl From<&Caller> for TenantScope {
    fn from(caller: &Caller) -> Self {
        caller.scope()
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let core = req.app_data::<web::Data<Core>>().ok_or_else(|| Error::internal("no core"))?.clone();
            let found = match credential::read(&req)? {
                Credential::Token(token) => by_token(&req, &core, &token).await,
                Credential::Key(key) => by_key(&req, &core, key).await,
            };
            let caller = credential::refuse_strangers(&req, found)?;
            note_caller(caller.actor(), Some(caller.tenant()));
            let key = format!("{}:{:?}", caller.actor().kind(), caller.actor().id());
            credential::throttle(&req, key, (!caller.is_operator()).then(|| caller.tenant()))?;
            if !caller.is_operator() {
                weigh(&req, caller.tenant())?;
            }
            req.extensions_mut().insert(Granted(caller.permissions.clone()));
            if once::is_asked_for(&req) {
                req.extensions_mut().insert(caller.authority());
            }
            Ok(caller)
        })
    }
}

/// What a member may always do: everything about their own account.
fn is_about_oneself(path: &str) -> bool {
    path == "/v1/me" || path.starts_with("/v1/me/") || path.starts_with("/v1/auth/")
}

fn anonymous() -> PlatformScope {
    PlatformScope::mint(Origin { actor: Actor::Anonymous, request_id: None })
}

async fn by_token(req: &HttpRequest, core: &Core, text: &str) -> Result<Caller> {
    let claims = token::verify(&core.master_key, core.clock.now(), text)?;
    let (session, tenant, user) = (claims.sid, claims.tid, claims.sub);
    let found = remembered(req).session(core, session, tenant, user).await?;
    let ended = || Error::unauthenticated("auth.session_ended", "This session has ended. Log in again.");
    let found = found.ok_or_else(ended)?;
    if found.lacks_second_factor && !is_about_oneself(req.path()) {
        let message =
            "This tenant asks its members for a second factor. Put one before your account: POST /v1/me/second-factor.";
        return Err(Error::forbidden("auth.second_factor_needed", message));
    }
    Ok(Caller {
        scope: TenantScope::mint(tenant, credential::origin(req, Actor::User(user))),
        permissions: found.permissions.clone(),
        entitlements: found.entitlements.clone(),
        role: Some(found.role),
        session: Some(session),
        known: found.known.clone(),
    })
}

async fn by_key(req: &HttpRequest, core: &Core, key: String) -> Result<Caller> {
    let invalid =
        || Error::unauthenticated("auth.invalid_key", "This API key is not valid: unknown, expired or revoked.");
    let found = match remembered(req).key(core, &key).await?.ok_or_else(invalid)? {
        KeyHolder::Tenant(found) => found,
        KeyHolder::Operator(found) => return as_operator(req, core, &found).await,
    };
    found.entitlements.require(Feature::ApiAccess)?;
    let (tenant, id) = (found.tenant, found.id);
    if found.last_noted.is_due(core.clock.now()) {
        core.db.write(anonymous(), move |tx: &mut PlatformTx<'_>| store::touch_key(tx, tenant, id)).await?;
    }
    Ok(Caller {
        scope: TenantScope::mint(tenant, credential::origin(req, Actor::ApiKey(id))),
        permissions: found.scopes.clone(),
        entitlements: found.entitlements.clone(),
        role: None,
        session: None,
        known: found.known.clone(),
    })
}

async fn as_operator(req: &HttpRequest, core: &Core, found: &OperatorKeyFound) -> Result<Caller> {
    let operator = super::operator::noted(core, found).await?;
    let named = req.headers().get("x-tenant-id").and_then(|value| value.to_str().ok());
    let named = named.ok_or_else(|| {
        Error::malformed("auth.tenant_required", "An operator names the tenant to act in by the header X-Tenant-Id.")
    })?;
    let absent = || Error::not_found("tenant.not_found", "There is no such tenant.");
    let tenant: TenantId = named.parse().map_err(|_| absent())?;
    let entitlements = core
        .db
        .read(anonymous(), move |tx: &mut PlatformTx<'_>| store::tenant_entitlements(tx, tenant))
        .await?
        .ok_or_else(absent)?;
    Ok(Caller {
        scope: TenantScope::mint(tenant, credential::origin(req, Actor::Operator(operator))),
        permissions: Arc::new(Permission::ALL.iter().copied().collect()),
        entitlements,
        role: None,
        session: None,
        known: KnownTenant::default(),
    })
}
