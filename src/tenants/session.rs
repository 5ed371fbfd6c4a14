//! Starting and renewing sessions: a short access token, and a refresh token that works once.
//!
//! Every refresh gives out a new refresh token and remembers the old one. A second use of an old one means that somebody
//! copied it: the session ends ([`end_reused`]) and its holder logs in again. Within a moment of the first use it means that two
//! tabs refreshed together: the second is given the very token that the first was. It follows from the master key and the old
//! one, so that it can be told again without being stored, and a family never has two ends: a thief who was as quick as
//! that is noticed at the next refresh.

use super::Tenant;
use super::access::{Device, token};
use super::facts::SessionFact;
use super::store::people::User;
use super::store::{self, people, sessions};
use crate::base::crypto::{MasterKey, random_token, sha256_hex};
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::tenants::id::SessionId;

/// A session that is not refreshed for so long ends.
pub const IDLE_DAYS: i64 = 30;
/// So long after its use a refresh token gives out again what it gave then.
pub const OVERLAP_SECONDS: i64 = 20;
/// Refreshes that fit into the overlap, at most.
const MOST_IN_OVERLAP: usize = 32;

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
pub(super) fn start(tx: &mut TenantTx<'_>, key: &MasterKey, user: User, device: Device) -> Result<SignedIn> {
    let expires_at = tx.now().plus(chrono::Duration::days(IDLE_DAYS));
    let session = sessions::create(tx, user.id, device, expires_at)?;
    let refresh_token = random_token("rt_");
    let tokens = give_tokens(tx, key, &user, session, refresh_token)?;
    let fact = SessionFact { user_id: Some(user.id) };
    tx.record(fact.told_as(SessionFact::STARTED).about(session.uuid()))?;
    Ok(SignedIn { tenant: store::current(tx)?, user, tokens })
}

fn give_tokens(
    tx: &mut TenantTx<'_>,
    key: &MasterKey,
    user: &User,
    session: SessionId,
    refresh_token: String,
) -> Result<Tokens> {
    let now = tx.now();
    sessions::add_token(tx, session, &refresh_token, now.plus(chrono::Duration::days(IDLE_DAYS)))?;
    Ok(Tokens { access_token: token::issue(key, now, user.id, tx.tenant(), session)?, refresh_token })
}

/// What the use of a refresh token gives out.
fn successor(key: &MasterKey, refresh_token: &str) -> String {
    key.token("rt_", &format!("refresh:{}", sha256_hex(refresh_token)))
}

fn is_within_overlap(now: Timestamp, used_at: Timestamp) -> bool {
    now.since(used_at) <= chrono::Duration::seconds(OVERLAP_SECONDS)
}

/// The unused token that a token used a moment ago led to; `None` when one on the way was used too long ago.
fn latest(tx: &mut PlatformTx<'_>, key: &MasterKey, refresh_token: &str) -> Result<Option<String>> {
    let mut token = refresh_token.to_string();
    for _ in 0..MOST_IN_OVERLAP {
        // Nobody was given one under this master key, so it is new.
        let Some(presented) = sessions::presented(tx, &token)? else { return Ok(Some(token)) };
        match presented.used_at {
            None => return Ok(Some(token)),
            Some(used_at) if is_within_overlap(tx.now(), used_at) => token = successor(key, &token),
            Some(_) => return Ok(None),
        }
    }
    Ok(None)
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
    if presented.used_at.is_some_and(|used_at| !is_within_overlap(tx.now(), used_at)) {
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
    let is_first = sessions::use_token(&mut tx.for_tenant(presented.tenant), refresh_token)?;
    let next = match is_first {
        true => successor(key, refresh_token),
        false => latest(tx, key, refresh_token)?.ok_or_else(reused)?,
    };
    let tx = &mut tx.for_tenant(presented.tenant);
    sessions::extend(tx, presented.session, tx.now().plus(chrono::Duration::days(IDLE_DAYS)))?;
    let tokens = give_tokens(tx, key, &user, presented.session, next)?;
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
    Ok(presented.is_live && presented.used_at.is_none() && !is_old)
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
