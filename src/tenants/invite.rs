//! Invitations: offered by a member or an operator, accepted with a token that works once within seven days.
//!
//! The token follows from the invitation's id and the master key, so that whoever writes the e-mail can tell it again;
//! what is stored is its hash. The e-mail itself is a reaction to `user.invited` (see [`crate::notify`]).

use validator::Validate;

use super::access::Role;
use super::log_in::{self, Proof};
use super::model::{MemberStatus, TenantStatus};
use super::name::Name;
use super::password;
use super::session::{self, SignedIn};
use super::store::invitations::{self, Invitation, InvitationStatus};
use super::store::{self, people};
use crate::base::crypto::{MasterKey, Secret};
use crate::base::email::Email;
use crate::base::id::InvitationId;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{PlatformScope, PlatformTx, TenantTx};
use crate::engine::events::{EventType, NewEvent};

const VALID_DAYS: i64 = 7;

/// Whom to invite, as what.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "asha@abc.example.com", "role": "agent"}))]
pub struct NewInvitation {
    pub email: Email,
    pub role: Role,
}

/// An invitation and what its receiver needs; the token is shown once.
pub struct Offered {
    pub invitation: Invitation,
    pub token: String,
    /// A page of the tenant's own frontend, or of the platform's, with the token.
    pub accept_url: String,
}

/// Offers a place. An open invitation of the same address is withdrawn: the newest one counts.
///
/// # Errors
/// `user.already_member`, also for a disabled member: make that one active instead.
pub fn invite(tx: &mut TenantTx<'_>, key: &MasterKey, email: &Email, role: Role, public_url: &str) -> Result<Offered> {
    lock_tenant(tx, "members")?;
    if let Some((user, _)) = people::credentials(&mut tx.platform(), email)? {
        refuse_member(tx, user)?;
    }
    invitations::revoke_of_address(tx, email.as_str())?;
    let id = InvitationId::new();
    let token = token_of(key, id);
    let expires_at = tx.now().plus(chrono::Duration::days(VALID_DAYS));
    let invitation = invitations::create(tx, id, email, role, &token, expires_at)?;
    let data = serde_json::json!({ "invitation_id": invitation.id, "email": invitation.email, "role": role });
    tx.record(NewEvent::new(EventType::UserInvited).data(data))?;
    let accept_url = store::current(tx)?.invitation_link(&token, public_url);
    Ok(Offered { accept_url, invitation, token })
}

fn token_of(key: &MasterKey, id: InvitationId) -> String {
    key.token("inv_", &format!("invitation:{id}"))
}

/// An invitation that can still be accepted, and who offered it, by name or else address; nobody when an operator or a key did.
pub fn pending(tx: &mut TenantTx<'_>, id: InvitationId) -> Result<Option<(Invitation, Option<String>)>> {
    let now = tx.now();
    let found = invitations::find(tx, id)?.filter(|row| row.status(now) == InvitationStatus::Pending);
    let Some(invitation) = found else { return Ok(None) };
    let inviter = invitation.invited_by.map(|user| people::user(&mut tx.platform(), user)).transpose()?;
    Ok(Some((invitation, inviter.map(|user| user.name.unwrap_or(user.email)))))
}

/// The link of an invitation, for its receiver alone; `None` when it cannot be accepted any more.
///
/// # Errors
/// Internal when the master key is another than the one it was made under.
pub fn link(tx: &mut TenantTx<'_>, key: &MasterKey, id: InvitationId, public_url: &str) -> Result<Option<String>> {
    if pending(tx, id)?.is_none() {
        return Ok(None);
    }
    let token = token_of(key, id);
    let presented = invitations::presented(&mut tx.platform(), &token)?;
    if presented.is_none_or(|invitation| invitation.id != id) {
        return Err(Error::internal("an invitation that was made under another master key"));
    }
    Ok(Some(store::current(tx)?.invitation_link(&token, public_url)))
}

fn refuse_member(tx: &mut TenantTx<'_>, user: crate::base::id::UserId) -> Result<()> {
    let membership = people::membership(tx, user)?;
    if membership.is_some_and(|found| found.status != MemberStatus::Removed) {
        return Err(Error::conflict("user.already_member", "This person is a member already."));
    }
    Ok(())
}

pub(super) fn not_found() -> Error {
    Error::not_found("invitation.not_found", "There is no such invitation.")
}

fn not_pending(status: InvitationStatus) -> Error {
    Error::conflict("invitation.not_pending", format!("This invitation is {status}. Ask for a new one."))
}

/// Withdraws an open invitation. Withdrawing it again changes nothing.
///
/// # Errors
/// `invitation.not_found`; `invitation.not_pending` when it was accepted.
pub fn withdraw(tx: &mut TenantTx<'_>, id: InvitationId) -> Result<()> {
    let invitation = invitations::find(tx, id)?.ok_or_else(not_found)?;
    if invitation.accepted_at.is_some() {
        return Err(not_pending(InvitationStatus::Accepted));
    }
    if invitations::revoke(tx, id)? {
        let data = serde_json::json!({ "invitation_id": id, "email": invitation.email });
        tx.record(NewEvent::new(EventType::UserInvitationRevoked).data(data))?;
    }
    Ok(())
}

/// What the receiver answers.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "inv_Q2Fubm90IGJlIGd1ZXNzZWQ", "name": "Asha Sharma", "password": "first-rain-in-june"}))]
pub struct AcceptInvitation {
    #[validate(length(min = 1, max = 200))]
    pub token: String,
    pub name: Option<Name>,
    /// A new one; or, when the address has an account, that account's.
    #[schema(value_type = String, format = Password, max_length = 128)]
    pub password: Secret,
}

/// Who accepts, as far as can be told before the transaction.
pub enum Acceptor {
    /// The address has an account and this is its password, if it is.
    Known(Option<Proof>),
    /// The address is new; this is the hash of the chosen password.
    New(String),
}

/// The address an invitation went to; `None` for a token nobody was given.
pub async fn invited_address(core: &Core, scope: PlatformScope, token: String) -> Result<Option<Email>> {
    let found = core.db.read(scope, move |tx: &mut PlatformTx<'_>| invitations::presented(tx, &token)).await?;
    found.map(|invitation| invitation.email.parse().map_err(Error::internal)).transpose()
}

/// Proves or hashes the password, the slow part.
pub async fn recognise(core: &Core, scope: PlatformScope, email: Email, password: Secret) -> Result<Acceptor> {
    let address = email.clone();
    let look = move |tx: &mut PlatformTx<'_>| people::credentials(tx, &address);
    if core.db.read(scope.clone(), look).await?.is_some() {
        return log_in::prove(core, scope, email, password).await.map(Acceptor::Known);
    }
    password::check(&password, Some(&email), "/password")?;
    password::hash(password).await.map(Acceptor::New)
}

/// Joins the tenant and starts a session.
///
/// # Errors
/// `invitation.not_found`, `invitation.not_pending`, `auth.invalid_credentials`, `user.already_member`, `tenant.suspended`.
pub fn accept(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    input: &AcceptInvitation,
    acceptor: Acceptor,
    user_agent: Option<String>,
) -> Result<SignedIn> {
    let invitation = invitations::presented(tx, &input.token)?.ok_or_else(not_found)?;
    let status = invitation.status(tx.now());
    if status != InvitationStatus::Pending {
        return Err(not_pending(status));
    }
    let tenant = store::find(tx, invitation.tenant_id)?.ok_or_else(not_found)?;
    if tenant.status == TenantStatus::Suspended {
        return Err(log_in::suspended());
    }
    let user = match acceptor {
        Acceptor::Known(Some(proof)) if proof.holds(tx)? => people::user(tx, proof.user)?,
        Acceptor::Known(_) => return Err(log_in::wrong_credentials()),
        Acceptor::New(hash) => {
            let email: Email = invitation.email.parse().map_err(Error::internal)?;
            let name = input.name.as_ref().map(|name| name.as_str().to_string());
            // Somebody took the address a moment ago: then the password has to be theirs.
            people::create_user(tx, &email, name, &hash)?.ok_or_else(log_in::wrong_credentials)?
        }
    };
    let tx = &mut tx.for_tenant(tenant.id);
    lock_tenant(tx, "members")?;
    refuse_member(tx, user.id)?;
    if !invitations::accept(tx, invitation.id)? {
        return Err(not_pending(InvitationStatus::Accepted));
    }
    people::join(tx, user.id, invitation.role)?;
    let data = serde_json::json!({ "email": user.email, "role": invitation.role, "invitation_id": invitation.id });
    tx.record(NewEvent::new(EventType::UserJoined).subject(user.id.uuid()).data(data))?;
    session::start(tx, key, user, user_agent)
}
