//! Invitations: offered by a member or an operator, accepted with a token that works once within seven days.
//!
//! There are two tokens. The one in the e-mail shows that whoever has it reads the mailbox. The one in the answer to whoever
//! invites shows nothing of that, so it makes no account for somebody else's address: it serves people who have an account,
//! colleagues under the inviter's own domain, and whom an operator vouches for. Both follow from the invitation's id and the
//! master key, so that whoever writes the e-mail can tell it again; what is stored is their hashes. The e-mail itself is a
//! reaction to `user.invited` (see `notify`).

use validator::Validate;

use super::access::{Device, Role};
use super::facts::InvitationFact;
use super::log_in::{self, Proof};
use super::look_alike;
use super::mailboxes::is_shared_by_strangers;
use super::model::{MemberStatus, TenantStatus};
use super::name::Name;
use super::passkeys::Site;
use super::passkeys::answer::{Credential, Refused};
use super::password;
use super::second_factor;
use super::second_factor::proof::{self, Means};
use super::session::{self, SignedIn};
use super::store::invitations::{self, Invitation, InvitationStatus, Presented, Tokens};
use super::store::{self, keys, people};
use super::verify;
use crate::base::bounded::Line;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::email::Email;
use crate::base::id::ApiKeyId;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{Actor, PlatformScope, PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::engine::tally::{Span, Tally};
use crate::tenants::id::InvitationId;

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
/// `user.already_member`, also for a disabled member: make that one active instead. `invitation.limit_reached`.
pub fn invite(tx: &mut TenantTx<'_>, key: &MasterKey, email: &Email, role: Role, app_url: &str) -> Result<Offered> {
    lock_tenant(tx, "members")?;
    if let Some((user, _)) = people::credentials(&mut tx.platform(), email)? {
        refuse_member(tx, user)?;
    }
    count(tx)?;
    invitations::revoke_of_address(tx, email.as_str())?;
    let id = InvitationId::new();
    let tokens = Tokens {
        mailed: key.token(PREFIX, &mailed_purpose(id)),
        shown: key.token(PREFIX, &format!("invitation-shown:{id}")),
    };
    let expires_at = tx.now().plus(chrono::Duration::days(VALID_DAYS));
    let invitation = invitations::create(tx, id, email, role, &tokens, expires_at)?;
    let token = tokens.shown;
    let fact = InvitationFact { role: Some(role), ..told(&invitation) };
    tx.record(fact.told_as(InvitationFact::INVITED))?;
    let accept_url = store::current(tx)?.invitation_link(&token, app_url);
    Ok(Offered { accept_url, invitation, token })
}

const PREFIX: &str = "inv_";

fn mailed_purpose(id: InvitationId) -> String {
    format!("invitation:{id}")
}

/// Invitations a day, before a plan was chosen and then.
const A_DAY: (u32, u32) = (5, 20);

/// Each is a mail to whomever the tenant names. Operators may invite as many as they like.
fn count(tx: &mut TenantTx<'_>) -> Result<()> {
    if matches!(tx.actor(), Actor::Operator(_)) {
        return Ok(());
    }
    let usual = if store::has_plan(tx)? { A_DAY.1 } else { A_DAY.0 };
    let most = store::current(tx)?.agreed.invitations_a_day.unwrap_or(usual);
    let tally = Tally { tenant: tx.tenant(), kind: "invitations", subject: "", span: Span::day(tx.now()) };
    if tally.take(&mut tx.platform(), most)? {
        return Ok(());
    }
    let until = tally.span.ends_at;
    let message =
        format!("{most} invitations were made today. Go on at {until}, or ask the platform's operators for more.");
    let wait = until.since(tx.now()).to_std().unwrap_or_default();
    Err(Error::too_many("invitation.limit_reached", message).with_retry_after(wait))
}

/// An invitation that can still be accepted, and who offered it, by name or else address; nobody when an operator or a key did.
pub fn pending(tx: &mut TenantTx<'_>, id: InvitationId) -> Result<Option<(Invitation, Option<String>)>> {
    let now = tx.now();
    let found = invitations::find(tx, id)?.filter(|row| row.status(now) == InvitationStatus::Pending);
    let Some(invitation) = found else { return Ok(None) };
    if let Some(key) = invitation.made_by_key
        && !keys::is_live(tx, key)?
    {
        return Ok(None);
    }
    let inviter = invitation.invited_by.map(|user| people::user(&mut tx.platform(), user)).transpose()?;
    Ok(Some((invitation, inviter.map(|user| user.name.unwrap_or(user.email)))))
}

/// The link of an invitation, for its receiver alone; `None` when it cannot be accepted any more.
///
/// # Errors
/// Internal when the master key is another than the one it was made under.
pub fn link(tx: &mut TenantTx<'_>, key: &MasterKey, id: InvitationId, app_url: &str) -> Result<Option<String>> {
    if pending(tx, id)?.is_none() {
        return Ok(None);
    }
    let mut is_its = |token: &str| {
        let presented = invitations::presented(&mut tx.platform(), token)?;
        Ok::<_, Error>(presented.is_some_and(|found| found.invitation.id == id))
    };
    let token = key.token_known(PREFIX, &mailed_purpose(id), &mut is_its)?;
    if !is_its(&token)? {
        return Err(Error::internal("an invitation that was made under another master key"));
    }
    Ok(Some(store::current(tx)?.invitation_link(&token, app_url)))
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

/// Withdraws what a member offered and may not offer any more: with `rest` the role left to them, or nothing left.
pub(super) fn withdraw_of(tx: &mut TenantTx<'_>, user: crate::base::id::UserId, rest: Option<Role>) -> Result<()> {
    let withdrawn = invitations::revoke_made_by(tx, user, rest)?;
    record_withdrawn(tx, withdrawn)
}

/// Withdraws what a key offered that ends.
pub(super) fn withdraw_of_key(tx: &mut TenantTx<'_>, key: ApiKeyId) -> Result<()> {
    let withdrawn = invitations::revoke_made_by_key(tx, key)?;
    record_withdrawn(tx, withdrawn)
}

fn told(invitation: &Invitation) -> InvitationFact {
    InvitationFact { invitation_id: Some(invitation.id), email: Some(invitation.email.clone()), role: None }
}

fn record_withdrawn(tx: &mut TenantTx<'_>, withdrawn: Vec<Invitation>) -> Result<()> {
    for invitation in withdrawn {
        tx.record(told(&invitation).told_as(InvitationFact::REVOKED))?;
    }
    Ok(())
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
        tx.record(told(&invitation).told_as(InvitationFact::REVOKED))?;
    }
    Ok(())
}

/// What the receiver answers.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "inv_Q2Fubm90IGJlIGd1ZXNzZWQ", "name": "Asha Sharma", "password": "first-rain-in-june"}))]
pub struct AcceptInvitation {
    pub token: Line<1, 200>,
    pub name: Option<Name>,
    /// A new one; or, when the address has an account, that account's.
    #[schema(value_type = Option<String>, format = Password, max_length = 128)]
    pub password: Option<Secret>,
    /// Of the account's second factor, where it has one: a code of the device or a recovery code.
    pub code: Option<Line<1, 40>>,
    /// Instead of password and code, when the address has an account: `credential.toJSON()` of a passkey of it, used for the options of
    /// `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
}

/// Who accepts, as far as can be told before the transaction.
pub enum Acceptor {
    /// The address has an account and this is its password, if it is; or this token makes no account for it.
    Known(Option<Proof>),
    /// The address is new; this is the hash of the chosen password, and what is wrong with it.
    New(String, Result<()>),
    /// What a device of theirs said, which is looked at in the transaction.
    Shown(Credential),
}

/// What can be told from a token before the password is looked at.
pub struct Offer {
    pub email: Email,
    is_mailed: bool,
}

/// The offer behind a token; `None` for a token nobody was given.
pub async fn offer(core: &Core, scope: PlatformScope, token: String) -> Result<Option<Offer>> {
    let read = move |tx: &mut PlatformTx<'_>| {
        let Some(found) = invitations::presented(tx, &token)? else { return Ok(None) };
        let email: Email = found.invitation.email.parse().map_err(Error::internal)?;
        Ok(Some(Offer { email, is_mailed: found.is_mailed }))
    };
    core.db.read(scope, read).await
}

/// Whether who has this token may take the address: the mailbox is theirs, a colleague vouches, or an operator does.
fn makes_accounts(tx: &mut PlatformTx<'_>, found: &Presented) -> Result<bool> {
    let invitation = &found.invitation;
    if found.is_mailed || invitation.by_operator {
        return Ok(true);
    }
    let Some(inviter) = invitation.invited_by else { return Ok(false) };
    let inviter = people::user(tx, inviter)?;
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_string());
    let (own, invited) = (domain(&inviter.email), domain(&invitation.email));
    Ok(inviter.email_verified_at.is_some() && own == invited && own.is_some_and(|own| !is_shared_by_strangers(&own)))
}

/// Proves or hashes the password, the slow part: the same work whether or not there is an account. Whether the token may make
/// one is decided in [`accept`].
///
/// # Errors
/// `request.invalid` for neither a password nor a credential, or both.
pub async fn recognise(core: &Core, scope: PlatformScope, offer: Offer, input: &AcceptInvitation) -> Result<Acceptor> {
    let password = match (&input.password, &input.credential) {
        (Some(password), None) => password.clone(),
        (None, Some(credential)) => return Ok(Acceptor::Shown(credential.clone())),
        (Some(_), Some(_)) => {
            return Err(Error::field("/credential", "not_both", "send this or a password, and not both"));
        }
        (None, None) => {
            let rule = "choose a password, or send that of the address' account, or the credential of a passkey of it";
            return Err(Error::field("/password", "required", rule));
        }
    };
    let Offer { email, is_mailed } = offer;
    let address = email.clone();
    let look = move |tx: &mut PlatformTx<'_>| people::account(tx, &address);
    let account = core.db.read(scope.clone(), look).await?;
    // Judged and hashed or compared, whether or not there is an account: how long it takes tells nothing.
    let checked = password::check(&password, &[email.as_str()], "/password").await;
    if account.is_some() {
        let proof = log_in::prove(core, scope, email.clone(), password.clone()).await?;
        // Somebody took the address and never read its mail: whoever reads it now is the one it belongs to.
        let is_squatted = is_mailed && account.is_some_and(|user| user.email_verified_at.is_none());
        if proof.is_some() || !is_squatted {
            return Ok(Acceptor::Known(proof));
        }
    }
    // The same work for one that will not do, which may be of any length.
    let hashed = if checked.is_ok() { password } else { Secret::new("-") };
    Ok(Acceptor::New(password::hash(hashed).await?, checked))
}

/// Joins the tenant and starts a session.
///
/// # Errors
/// `invitation.not_found`, `invitation.not_pending`, `auth.invalid_credentials`, `user.already_member`, `tenant.suspended`.
pub fn accept(
    tx: &mut PlatformTx<'_>,
    (key, site): (&MasterKey, &Site),
    platform_name: &str,
    input: &AcceptInvitation,
    acceptor: Acceptor,
    device: Device,
) -> Result<SignedIn> {
    let found = invitations::presented(tx, &input.token)?.ok_or_else(not_found)?;
    let may_be_new = makes_accounts(tx, &found)?;
    let Presented { invitation, is_mailed } = found;
    let status = invitation.status(tx.now());
    if status != InvitationStatus::Pending {
        return Err(not_pending(status));
    }
    // One whose key has expired meanwhile; a revoked key's are withdrawn at once.
    if let Some(key) = invitation.made_by_key
        && !keys::is_live(&mut tx.for_tenant(invitation.tenant_id), key)?
    {
        return Err(not_pending(InvitationStatus::Revoked));
    }
    let tenant = store::find(tx, invitation.tenant_id)?.ok_or_else(not_found)?;
    if tenant.status == TenantStatus::Suspended {
        return Err(log_in::suspended());
    }
    let user = match acceptor {
        Acceptor::Known(Some(proof)) if proof.holds(tx)? => {
            second_factor::require(tx, key, proof.user, input.code.as_deref())?;
            people::user(tx, proof.user)?
        }
        Acceptor::Known(_) => return Err(log_in::wrong_credentials()),
        Acceptor::Shown(credential) => {
            let email: Email = invitation.email.parse().map_err(Error::internal)?;
            let user = people::account(tx, &email)?.ok_or_else(|| Refused::Unknown.at_credential())?;
            proof::demand(tx, key, site, user.id, Means::Passkey(credential))?;
            user
        }
        Acceptor::New(hash, checked) if may_be_new => {
            checked?;
            look_alike::refuse(input.name.as_ref(), "/name", platform_name)?;
            let email: Email = invitation.email.parse().map_err(Error::internal)?;
            let name = input.name.as_ref().map(|name| name.as_str().to_string());
            if is_mailed {
                people::release_unverified(tx, &email)?;
            }
            // Somebody took the address a moment ago: then the password has to be theirs.
            people::create_user(tx, &email, name, &hash)?.ok_or_else(log_in::wrong_credentials)?
        }
        Acceptor::New(..) => return Err(log_in::wrong_credentials()),
    };
    let tx = &mut tx.for_tenant(tenant.id);
    lock_tenant(tx, "members")?;
    refuse_member(tx, user.id)?;
    if !invitations::accept(tx, invitation.id)? {
        return Err(not_pending(InvitationStatus::Accepted));
    }
    people::join(tx, user.id, invitation.role)?;
    let fact = InvitationFact {
        invitation_id: Some(invitation.id),
        email: Some(user.email.clone()),
        role: Some(invitation.role),
    };
    tx.record(fact.told_as(InvitationFact::JOINED).about(user.id.uuid()))?;
    if is_mailed {
        verify::mark(&mut tx.platform(), user.id)?;
    }
    let user = people::user(&mut tx.platform(), user.id)?;
    match user.email_verified_at {
        Some(_) => verify::vouch(tx, &user, invitation.role)?,
        None => verify::ask(tx, key, &user)?,
    }
    session::start(tx, key, user, device)
}
