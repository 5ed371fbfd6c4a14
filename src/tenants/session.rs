//! Starting and renewing sessions: a short access token, and a refresh token that works once.
//!
//! Every refresh gives out a new refresh token and remembers the old one. A second use of an old one means that somebody
//! copied it: the session ends ([`end_reused`]) and its holder logs in again.

use super::Tenant;
use super::access::token;
use super::facts::SessionFact;
use super::store::people::User;
use super::store::{self, people, sessions};
use crate::base::crypto::{MasterKey, random_token};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::tenants::id::SessionId;

/// A session that is not refreshed for so long ends.
pub const IDLE_DAYS: i64 = 30;

/// Who is in, and the tokens to prove it.
#[derive(Debug)]
pub struct SignedIn {
    pub tenant: Tenant,
    pub user: User,
    pub tokens: Tokens,
}

/// What a session gives its holder; shown once.
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(••••)")
    }
}

/// The name of [`Error`] for a refresh token that was used before.
pub const REUSED: &str = "auth.refresh_reused";

/// Starts a session of `user` in the tenant of this transaction.
pub(super) fn start(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    user: User,
    user_agent: Option<String>,
) -> Result<SignedIn> {
    let expires_at = tx.now().plus(chrono::Duration::days(IDLE_DAYS));
    let session = sessions::create(tx, user.id, user_agent, expires_at)?;
    let tokens = give_tokens(tx, key, &user, session)?;
    let fact = SessionFact { user_id: Some(user.id) };
    tx.record(fact.told_as(SessionFact::STARTED).about(session.uuid()))?;
    Ok(SignedIn { tenant: store::current(tx)?, user, tokens })
}

fn give_tokens(tx: &mut TenantTx<'_>, key: &MasterKey, user: &User, session: SessionId) -> Result<Tokens> {
    let now = tx.now();
    let refresh_token = random_token("rt_");
    sessions::add_token(tx, session, &refresh_token, now.plus(chrono::Duration::days(IDLE_DAYS)))?;
    Ok(Tokens { access_token: token::issue(key, now, user.id, tx.tenant(), session)?, refresh_token })
}

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// `auth.invalid_refresh_token`, `auth.session_ended`, or [`REUSED`]: then call [`end_reused`] in a transaction of its
/// own, since this one is rolled back.
pub fn refresh(tx: &mut PlatformTx<'_>, key: &MasterKey, refresh_token: &str) -> Result<SignedIn> {
    let unknown = || Error::unauthenticated("auth.invalid_refresh_token", "This refresh token is not valid.");
    let ended = || Error::unauthenticated("auth.session_ended", "This session has ended. Log in again.");
    let reused = || {
        let message = "This refresh token was used before, so its session was ended. Log in again.";
        Error::unauthenticated(REUSED, message)
    };
    let presented = sessions::presented(tx, refresh_token)?.ok_or_else(unknown)?;
    if presented.was_used {
        return Err(reused());
    }
    if !presented.is_live {
        return Err(ended());
    }
    let entrances = people::entrances_across_tenants(tx, presented.user)?;
    let entrance = entrances.into_iter().find(|entrance| entrance.tenant_id == presented.tenant);
    if !entrance.is_some_and(|entrance| entrance.is_open()) {
        return Err(ended());
    }
    let user = people::user(tx, presented.user)?;
    let tx = &mut tx.for_tenant(presented.tenant);
    if !sessions::use_token(tx, refresh_token)? {
        return Err(reused());
    }
    sessions::extend(tx, presented.session, tx.now().plus(chrono::Duration::days(IDLE_DAYS)))?;
    let tokens = give_tokens(tx, key, &user, presented.session)?;
    Ok(SignedIn { tenant: store::current(tx)?, user, tokens })
}

/// The session of a refresh token, whatever became of it.
pub fn of_token(tx: &mut PlatformTx<'_>, refresh_token: &str) -> Result<Option<SessionId>> {
    Ok(sessions::presented(tx, refresh_token)?.map(|presented| presented.session))
}

/// Whether tokens that were given out once may be handed to the same request again: their session goes on, they were not used,
/// and the password is still the one of then.
pub fn is_fresh(tx: &mut PlatformTx<'_>, answer: &serde_json::Value) -> Result<bool> {
    let Some(token) = answer["refresh_token"].as_str() else { return Ok(false) };
    let Some(presented) = sessions::presented(tx, token)? else { return Ok(false) };
    let changed_at = people::password_changed_at(tx, presented.user)?;
    let is_old = changed_at.is_some_and(|changed_at| changed_at >= presented.given_at);
    Ok(presented.is_live && !presented.was_used && !is_old)
}

/// Ends the session of a refresh token that was used twice.
pub fn end_reused(tx: &mut PlatformTx<'_>, refresh_token: &str) -> Result<()> {
    let Some(presented) = sessions::presented(tx, refresh_token)? else { return Ok(()) };
    let tx = &mut tx.for_tenant(presented.tenant);
    if sessions::revoke(tx, presented.session, "reuse_detected")? {
        let fact = SessionFact { user_id: Some(presented.user) };
        tx.record(fact.told_as(SessionFact::REUSE_DETECTED).about(presented.session.uuid()))?;
    }
    Ok(())
}

/// Ends a session at its holder's wish.
pub fn log_out(tx: &mut TenantTx<'_>, session: SessionId) -> Result<()> {
    if sessions::revoke(tx, session, "logged_out")? {
        let fact = SessionFact { user_id: tx.actor().id().map(UserId::from_uuid) };
        tx.record(fact.told_as(SessionFact::ENDED).about(session.uuid()))?;
    }
    Ok(())
}
