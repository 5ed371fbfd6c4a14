//! Changing and removing members, and the rules of rank.
//!
//! Nobody raises anybody above themselves: a role may be given or touched only by a caller who holds all its permissions,
//! and an owner only by an owner (or an operator). A tenant always keeps one active owner.

use validator::Validate;

use super::access::{Caller, Role};
use super::facts::{MemberBefore, UserPasswordChanged, UserRemoved, UserUpdated};
use super::invite;
use super::keys;
use super::model::MemberStatus;
use super::passkeys::Site;
use super::passkeys::answer::Credential;
use super::password;
use super::second_factor::proof::{self, Means, OwnProof};
use super::store::people::{self, Membership, Person};
use super::store::{email_changes, resets, sessions};
use super::verify;
use crate::base::bounded::Line;
use crate::base::changes::Changes;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::db::dialect::lock_tenant;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{Fact as _, SoleFact as _};
use crate::engine::http::IfMatch;
use crate::tenants::id::SessionId;

crate::text_enum! {
    /// What a member's status can be set to.
    pub enum MemberStanding { Active = "active", Disabled = "disabled" }
}

crate::patch! {
    /// A change to a member; what is absent stays.
    #[schema(example = json!({"role": "agent"}))]
    pub struct MemberPatch {
        pub role: Given<Role>,
        /// A disabled member is logged out and may not log in.
        pub status: Given<MemberStanding>,
    }
}

/// # Errors
/// `user.owner_required`, `auth.forbidden`.
pub(super) fn require_rank(caller: &Caller, role: Role) -> Result<()> {
    if role == Role::Owner && caller.role() != Some(Role::Owner) && !caller.is_operator() {
        return Err(Error::forbidden("user.owner_required", "Only an owner may do this to an owner."));
    }
    if role.permissions().is_subset(caller.permissions()) {
        return Ok(());
    }
    let message = format!("The role {role} may do more than you may, so you cannot give it, change it or take it.");
    Err(Error::forbidden("auth.forbidden", message))
}

fn find_locked(tx: &mut TenantTx<'_>, user: UserId) -> Result<Person> {
    lock_tenant(tx, "members")?;
    people::person(tx, user)?.ok_or_else(not_found)
}

pub(super) fn not_found() -> Error {
    Error::not_found("user.not_found", "There is no such user.")
}

/// Changes role or status of a member.
///
/// # Errors
/// `user.not_found`, `user.last_owner`, field errors, and those of rank, and `request.precondition_failed`.
pub fn change(
    tx: &mut TenantTx<'_>,
    caller: &Caller,
    user: UserId,
    patch: MemberPatch,
    if_match: &IfMatch,
) -> Result<Person> {
    let (account, before) = find_locked(tx, user)?;
    if_match.check(before.version)?;
    let (mut role, mut status) = (before.role, before.status);
    let mut changes = Changes::default();
    changes.set("role", &mut role, patch.role);
    let standing = patch.status.map(|standing| match standing {
        MemberStanding::Active => MemberStatus::Active,
        MemberStanding::Disabled => MemberStatus::Disabled,
    });
    changes.set("status", &mut status, standing);
    if changes.is_empty() {
        return Ok((account, before));
    }
    require_rank(caller, before.role)?;
    require_rank(caller, role)?;
    keep_an_owner(tx, &before, role == Role::Owner && status == MemberStatus::Active)?;
    let after = people::set_standing(tx, user, role, status)?;
    let is_active = status == MemberStatus::Active;
    if !is_active {
        sessions::revoke_of_member(tx, user, "disabled")?;
    }
    // Their keys may do no more than they may themselves, at every request; see `access`.
    invite::withdraw_of(tx, user, is_active.then_some(role))?;
    let fact = UserUpdated {
        role: Some(after.role),
        status: Some(after.status),
        previous: Some(MemberBefore { role: before.role, status: before.status }),
        ..UserUpdated::default()
    };
    tx.record(fact.told_as(UserUpdated::TYPE).about(user.uuid()))?;
    if after.status == MemberStatus::Active {
        verify::vouch(tx, &account, after.role)?;
    }
    Ok((account, after))
}

/// Takes a member out. The row stays, because leads and events name the person.
///
/// # Errors
/// `user.not_found`, `user.last_owner`, and those of rank.
pub fn remove(tx: &mut TenantTx<'_>, caller: &Caller, user: UserId) -> Result<()> {
    let (account, before) = find_locked(tx, user)?;
    require_rank(caller, before.role)?;
    keep_an_owner(tx, &before, false)?;
    take_out(tx, account, &before)
}

/// Leaves a tenant at one's own wish.
///
/// # Errors
/// `tenant.not_found` for who is no member, `user.last_owner`.
pub fn leave(tx: &mut TenantTx<'_>, user: UserId) -> Result<()> {
    lock_tenant(tx, "members")?;
    let unknown = || Error::not_found("tenant.not_found", "You are not a member of such a tenant.");
    let (account, before) = people::person(tx, user)?.ok_or_else(unknown)?;
    keep_an_owner(tx, &before, false)?;
    take_out(tx, account, &before)
}

fn take_out(tx: &mut TenantTx<'_>, account: people::User, before: &Membership) -> Result<()> {
    let user = account.id;
    people::set_standing(tx, user, before.role, MemberStatus::Removed)?;
    sessions::revoke_of_member(tx, user, "removed")?;
    invite::withdraw_of(tx, user, None)?;
    let api_keys = keys::revoke_of(tx, user)?;
    let fact = UserRemoved { email: Some(account.email), role: Some(before.role), api_keys };
    tx.record(fact.about(user.uuid()))?;
    Ok(())
}

/// Whom the tenant is handed to, and that it is an owner who means it: by the password, or by one of their passkeys.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "current_password": "monsoon-over-andheri"}))]
pub struct TenantTransfer {
    pub user_id: UserId,
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<Secret>,
    /// Of an authenticator app, or a recovery code. The password is enough without one; one that is sent must be right.
    pub code: Option<Line<1, 40>>,
    /// Instead of the password: `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
}

impl TenantTransfer {
    /// To whom, and who means it.
    pub fn parts(self) -> (UserId, OwnProof) {
        let Self { user_id, current_password, code, credential } = self;
        (user_id, OwnProof { current_password, code, credential })
    }
}

/// Makes another active member an owner in the place of this one, who is an admin from now on. Answers the new owner.
///
/// # Errors
/// `request.invalid` without a proof that still holds, or for oneself; `user.not_found`, `user.not_active`.
pub fn transfer(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    (from, means): (UserId, Means),
    to: UserId,
) -> Result<Person> {
    proof::demand_one(&mut tx.platform(), key, site, from, means)?;
    if from == to {
        return Err(Error::field("/user_id", "unchanged", "you own it already; name another member"));
    }
    let (_, mine) = find_locked(tx, from)?;
    let (account, theirs) = people::person(tx, to)?.ok_or_else(not_found)?;
    if theirs.status != MemberStatus::Active {
        return Err(Error::conflict(
            "user.not_active",
            "A disabled member cannot own the tenant. Make them active first.",
        ));
    }
    let after = reassign(tx, &theirs, Role::Owner)?;
    reassign(tx, &mine, Role::Admin)?;
    invite::withdraw_of(tx, from, Some(Role::Admin))?;
    verify::vouch(tx, &account, Role::Owner)?;
    Ok((account, after))
}

fn reassign(tx: &mut TenantTx<'_>, before: &Membership, role: Role) -> Result<Membership> {
    let after = people::set_standing(tx, before.user_id, role, before.status)?;
    let fact = UserUpdated {
        role: Some(after.role),
        status: Some(after.status),
        previous: Some(MemberBefore { role: before.role, status: before.status }),
        ..UserUpdated::default()
    };
    tx.record(fact.told_as(UserUpdated::TYPE).about(before.user_id.uuid()))?;
    Ok(after)
}

fn keep_an_owner(tx: &mut TenantTx<'_>, before: &Membership, stays_owner: bool) -> Result<()> {
    if before.is_active_owner() && !stays_owner && people::count_active_owners(tx)? < 2 {
        let message = "This is the tenant's last owner. Make somebody else an owner first.";
        return Err(Error::conflict("user.last_owner", message));
    }
    Ok(())
}

/// The new password, and that it is the user who wants it: by the one of now, or by one of their passkeys, which whoever knows no
/// password sets one with.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "monsoon-over-andheri", "new_password": "first-rain-in-june"}))]
pub struct PasswordChange {
    #[schema(value_type = Option<String>, format = Password)]
    pub current_password: Option<Secret>,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 128)]
    pub new_password: Secret,
    /// Of an authenticator app, or a recovery code. The password is enough without one; one that is sent must be right.
    pub code: Option<Line<1, 40>>,
    /// Instead of the password: `credential.toJSON()` of a passkey of yours, used for the options of `POST /v1/auth/passkey/options`.
    #[schema(value_type = Option<Object>)]
    pub credential: Option<Credential>,
}

impl PasswordChange {
    /// Who wants it, and the new password.
    pub fn parts(self) -> (OwnProof, Secret) {
        let Self { current_password, new_password, code, credential } = self;
        (OwnProof { current_password, code, credential }, new_password)
    }
}

/// Hashes the new password of somebody with this address if it will do.
pub(super) async fn hash_new(password: Secret, email: &str) -> Result<String> {
    password::check(&password, &[email], "/new_password").await?;
    password::hash(password).await
}

/// Sets the password and ends every other session of the user, in every tenant.
///
/// # Errors
/// `request.invalid` without a proof that still holds.
pub fn change_password(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    site: &Site,
    (user, means): (UserId, Means),
    session: SessionId,
    new_hash: &str,
) -> Result<people::User> {
    let platform: &mut PlatformTx<'_> = &mut tx.platform();
    proof::demand_one(platform, key, site, user, means)?;
    people::set_password(platform, user, new_hash)?;
    let ended = sessions::revoke_across_tenants(platform, user, Some(session), "password_changed")?;
    let user = people::user(platform, user)?;
    // Whoever else knew the old one may have asked for these.
    resets::void(platform, &user.email)?;
    email_changes::forget_open(platform, user.id)?;
    let sessions_ended = i64::try_from(ended.len()).unwrap_or(i64::MAX);
    let fact = UserPasswordChanged { sessions_ended, by_mailed_link: Some(false) };
    tx.record(fact.about(user.id.uuid()))?;
    Ok(user)
}
