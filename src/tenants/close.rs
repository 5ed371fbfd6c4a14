//! Closing a tenant: by an owner, with thirty days in which an owner may look, take things along and open it again.
//!
//! A closing tenant is suspended, so that nothing leaves in its name, its keys are refused and its ads rest; only its owners get in,
//! and they read. Who owes money pays first: a folder above knows ([`Owes`]). When the days are over, [`super::erase`] takes it away.

use validator::Validate;

use super::access::{Caller, Role};
use super::configure::{lock, record_update};
use super::erase;
use super::facts::{TenantBefore, TenantClosing, TenantFact};
use super::model::{Tenant, TenantStatus};
use super::passkeys::Site;
use super::passkeys::answer::Credential;
use super::second_factor::proof::{self, Means, OwnProof};
use super::store::{self, invitations, sessions};
use crate::base::bounded::{Line, Text};
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;

const GRACE_DAYS: i64 = 30;

/// What the tenant still has to pay, in words that follow "This tenant"; `None` when nothing.
#[derive(Clone, Copy)]
pub struct Owes(pub fn(&mut TenantTx<'_>) -> Result<Option<String>>);

/// That it is an owner who means it: by the password, with a code where they have a second factor; or by a passkey instead of both.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "monsoon-over-andheri", "code": null, "reason": "We have merged with another business."}))]
pub struct TenantClosure {
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<Secret>,
    /// Of an authenticator app, or a recovery code, where the owner has a second factor.
    pub code: Option<Line<1, 40>>,
    /// `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
    /// Why, for the platform's operators.
    pub reason: Option<Text<0, 500>>,
}

impl TenantClosure {
    /// Who means it, and why.
    pub(super) fn parts(self) -> (OwnProof, Option<String>) {
        let Self { current_password, code, credential, reason } = self;
        (OwnProof { current_password, code, credential }, reason.map(Into::into))
    }
}

/// # Errors
/// `user.owner_required`.
pub(super) fn require_owner(caller: &Caller) -> Result<()> {
    if caller.role() == Some(Role::Owner) {
        return Ok(());
    }
    Err(Error::forbidden("user.owner_required", "Only an owner may do this."))
}

/// Closes the tenant of this transaction.
///
/// # Errors
/// `request.invalid` without a proof that still holds; `tenant.money_owed`, `tenant.closing`.
pub fn close(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    (user, means): (UserId, Means),
    reason: Option<String>,
) -> Result<Tenant> {
    proof::demand(&mut tx.platform(), key, site, user, means)?;
    let mut tenant = lock(tx)?;
    if let Some(closes_at) = tenant.closes_at {
        return Err(Error::conflict(
            "tenant.closing",
            format!("This tenant is being closed: it is erased at {closes_at}."),
        ));
    }
    let owes = tx.platform().reactions().hook::<Owes>();
    if let Some(owed) = owes.map(|Owes(owed)| owed(tx)).transpose()?.flatten() {
        return Err(Error::conflict("tenant.money_owed", format!("This tenant {owed}. Pay first, then close it.")));
    }
    let previous = TenantBefore { status: Some(tenant.status), ..TenantBefore::default() };
    let closes_at = tx.now().plus(chrono::Duration::days(GRACE_DAYS));
    (tenant.status, tenant.closes_at) = (TenantStatus::Suspended, Some(closes_at));
    let tenant = store::save(tx, &tenant)?;
    invitations::revoke_open(tx)?;
    sessions::revoke_of_others_than_owners(tx, "tenant_closing")?;
    erase::schedule(tx, closes_at)?;
    let fact = TenantClosing { closes_at: Some(closes_at), reason };
    tx.record(fact.told_as(TenantClosing::CLOSING).about(tenant.id.uuid()))?;
    tell(tx, &tenant, previous)?;
    Ok(tenant)
}

/// What stopped, or goes on, is told as when operators suspend a tenant and let it go on.
fn tell(tx: &mut TenantTx<'_>, tenant: &Tenant, previous: TenantBefore) -> Result<()> {
    record_update(tx, TenantFact { status: Some(tenant.status), previous: Some(previous), ..TenantFact::default() })
}

/// Opens a closing tenant again. Members log in anew; invitations and subscription are asked for anew.
///
/// # Errors
/// `tenant.not_closing`, `tenant.closed` when its days are over.
pub fn reopen(tx: &mut TenantTx<'_>) -> Result<Tenant> {
    let mut tenant = lock(tx)?;
    let closes_at =
        tenant.closes_at.ok_or_else(|| Error::conflict("tenant.not_closing", "This tenant is not being closed."))?;
    if closes_at <= tx.now() {
        return Err(Error::conflict("tenant.closed", "The days in which it could be opened again are over."));
    }
    let previous = TenantBefore { status: Some(tenant.status), ..TenantBefore::default() };
    (tenant.status, tenant.closes_at) = (TenantStatus::Active, None);
    let tenant = store::save(tx, &tenant)?;
    tx.record(TenantClosing::default().told_as(TenantClosing::REOPENED).about(tenant.id.uuid()))?;
    tell(tx, &tenant, previous)?;
    Ok(tenant)
}
