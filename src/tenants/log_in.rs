//! Logging in, and proving a password.
//!
//! A password is proved before the transaction ([`prove`], slow on purpose); inside it only the [`Proof`] is looked at, so
//! a password changed in between does not let the old one in.

use validator::Validate;

use super::access::Device;
use super::facts::UserLoginFailed;
use super::password::{self, Verdict};
use super::session::{self, SignedIn};
use super::store::people;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::email::Email;
use crate::base::id::{TenantId, UserId};
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{PageRequest, PlatformScope, PlatformTx, TenantScope, TenantTx};
use crate::engine::events::{self, EventFilter, SoleFact as _};

/// Failures noted in a tenant's trail per user and hour: what strangers do must not fill it.
const NOTED_AN_HOUR: u16 = 5;

/// Who wants in.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "owner@abc.example.com", "password": "monsoon-over-andheri"}))]
pub struct LogIn {
    pub email: Email,
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
    /// Which tenant, for people who belong to several; the first one joined when absent.
    pub tenant_id: Option<TenantId>,
    /// True: the tokens are kept in cookies, for a page in a browser. Refused from origins that the operator did not name.
    pub cookies: Option<bool>,
}

/// Somebody knew the password of this user.
#[derive(Clone)]
pub struct Proof {
    pub user: UserId,
    hash: String,
}

impl Proof {
    /// Whether the password is still the one that was proved.
    pub fn holds(&self, tx: &mut PlatformTx<'_>) -> Result<bool> {
        Ok(people::password_hash(tx, self.user)?.as_ref() == Some(&self.hash))
    }
}

/// `None` when the address or the password is wrong; both take the same time. A hash of an old spelling is made anew.
pub async fn prove(core: &Core, scope: PlatformScope, email: Email, password: Secret) -> Result<Option<Proof>> {
    // A second look, for when another log-in has made it anew meanwhile.
    for _ in 0..2 {
        let address = email.clone();
        let look = move |tx: &mut PlatformTx<'_>| people::credentials(tx, &address);
        let (user, hash) = core.db.read(scope.clone(), look).await?.unzip();
        let verdict = password::verify(password.clone(), hash.clone()).await?;
        let Some((user, hash)) = user.zip(hash) else { return Ok(None) };
        match verdict {
            Verdict::Wrong => return Ok(None),
            Verdict::Right => return Ok(Some(Proof { user, hash })),
            Verdict::RightOnce { rehashed } => {
                let new = rehashed.clone();
                let renew = move |tx: &mut PlatformTx<'_>| people::renew_hash(tx, user, &hash, &new);
                if core.db.write(scope.clone(), renew).await? {
                    return Ok(Some(Proof { user, hash: rehashed }));
                }
            }
        }
    }
    Ok(None)
}

/// Like [`prove`], for a user who is logged in.
pub async fn prove_user(core: &Core, scope: TenantScope, user: UserId, password: Secret) -> Result<Option<Proof>> {
    let look = move |tx: &mut TenantTx<'_>| people::password_hash(&mut tx.platform(), user);
    let hash = core.db.read(scope, look).await?;
    let verdict = password::verify(password, hash.clone()).await?;
    Ok(hash.filter(|_| verdict != Verdict::Wrong).map(|hash| Proof { user, hash }))
}

/// Notes in the tenants' trails that somebody failed to log in as one of theirs: after the answer, which takes the same time
/// whether or not there is such an account.
pub fn note_failure(core: &Core, scope: PlatformScope, email: Email, user_agent: Option<String>) {
    core.metrics.log_in_failures.inc();
    let db = core.db.clone();
    tokio::spawn(async move {
        let noted = db.write(scope, move |tx: &mut PlatformTx<'_>| record_failure(tx, &email, user_agent)).await;
        if let Err(error) = noted {
            tracing::warn!(error = %error.chain(), "a failed log-in could not be noted");
        }
    });
}

fn record_failure(tx: &mut PlatformTx<'_>, email: &Email, user_agent: Option<String>) -> Result<()> {
    let Some(user) = people::account(tx, email)? else { return Ok(()) };
    let hour_ago = tx.now().minus(chrono::Duration::hours(1));
    for entrance in people::entrances_across_tenants(tx, user.id)? {
        let tx = &mut tx.for_tenant(entrance.tenant_id);
        let filter = EventFilter {
            kind: Some(UserLoginFailed::TYPE),
            subject: Some((UserLoginFailed::TYPE.subject(), user.id.uuid())),
            occurred_after: Some(hour_ago),
            ..EventFilter::default()
        };
        if events::list(tx, &filter, &PageRequest::first(NOTED_AN_HOUR))?.data.len() < usize::from(NOTED_AN_HOUR) {
            let fact = UserLoginFailed { email: user.email.clone(), user_agent: user_agent.clone() };
            tx.record(fact.about(user.id.uuid()))?;
        }
    }
    Ok(())
}

pub(super) fn wrong_credentials() -> Error {
    Error::unauthenticated("auth.invalid_credentials", "The e-mail address or the password is wrong.")
}

/// The tenant asked for, or the first one that is open, if the user may enter it.
///
/// # Errors
/// `tenant.suspended`, `auth.no_membership`.
pub(super) fn entrance(tx: &mut PlatformTx<'_>, user: UserId, tenant: Option<TenantId>) -> Result<TenantId> {
    let entrances = people::entrances_across_tenants(tx, user)?;
    let wanted: Vec<_> = entrances.into_iter().filter(|e| tenant.is_none_or(|id| id == e.tenant_id)).collect();
    let Some(entrance) = wanted.iter().find(|entrance| entrance.is_open()) else {
        return Err(if wanted.is_empty() {
            Error::forbidden("auth.no_membership", "You are not an active member of a tenant that fits.")
        } else {
            suspended()
        });
    };
    Ok(entrance.tenant_id)
}

/// Starts a session there, for somebody who showed who they are.
///
/// # Errors
/// As [`entrance`].
pub(super) fn enter(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    user: UserId,
    tenant: Option<TenantId>,
    device: Device,
) -> Result<SignedIn> {
    let tenant = entrance(tx, user, tenant)?;
    let user = people::user(tx, user)?;
    session::start(&mut tx.for_tenant(tenant), key, user, device)
}

pub(super) fn suspended() -> Error {
    Error::forbidden("tenant.suspended", "This tenant is suspended. Ask the platform's support.")
}
