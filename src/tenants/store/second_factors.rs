//! Rows of second factors, of the codes for whoever lost theirs, and of log-ins that wait for a code.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::tenants::id::ChallengeId;
use crate::tenants::schema::{log_in_challenges, recovery_codes, second_factors};

/// What tells a user's codes.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = second_factors)]
pub struct SecondFactor {
    pub user_id: UserId,
    /// Sealed under the master key.
    pub secret: String,
    /// Since when it is asked for; before it was confirmed by a code it is not.
    pub enabled_at: Option<Timestamp>,
}

pub(crate) fn find(tx: &mut PlatformTx<'_>, user: UserId) -> Result<Option<SecondFactor>> {
    Ok(second_factors::table.find(user).select(SecondFactor::as_select()).first(tx.conn()).optional()?)
}

/// Begins anew with this secret; codes of before are void.
pub(crate) fn begin(tx: &mut PlatformTx<'_>, user: UserId, sealed: &str) -> Result<()> {
    remove(tx, user)?;
    let now = tx.now();
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(user),
            second_factors::secret.eq(sealed),
            second_factors::last_step.eq(0),
            second_factors::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// How many secrets do not begin with the mark of a key.
pub(crate) fn sealed_otherwise(tx: &mut PlatformTx<'_>, mark: &str) -> Result<i64> {
    let others = second_factors::table.filter(second_factors::secret.not_like(format!("{mark}%")));
    Ok(others.count().get_result(tx.conn())?)
}

/// The next of these by their user.
pub(crate) fn next_sealed_otherwise(
    tx: &mut PlatformTx<'_>,
    mark: &str,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<SecondFactor>> {
    let mut query = second_factors::table
        .filter(second_factors::secret.not_like(format!("{mark}%")))
        .order(second_factors::user_id)
        .limit(limit)
        .select(SecondFactor::as_select())
        .into_boxed();
    if let Some(user) = after {
        query = query.filter(second_factors::user_id.gt(user));
    }
    Ok(query.load(tx.conn())?)
}

/// Of the user with the smallest id.
pub(crate) fn oldest(tx: &mut PlatformTx<'_>) -> Result<Option<SecondFactor>> {
    let first = second_factors::table.order(second_factors::user_id).select(SecondFactor::as_select());
    Ok(first.first(tx.conn()).optional()?)
}

/// Writes the same secret, sealed anew, unless it was changed meanwhile: then it answers 0.
pub(crate) fn reseal(tx: &mut PlatformTx<'_>, read: &SecondFactor, secret: &str) -> Result<usize> {
    let unchanged = second_factors::table.find(read.user_id).filter(second_factors::secret.eq(&read.secret));
    Ok(diesel::update(unchanged).set(second_factors::secret.eq(secret)).execute(tx.conn())?)
}

/// Uses a step up; `false` when it, or a later one, was used before.
pub(crate) fn use_step(tx: &mut PlatformTx<'_>, user: UserId, step: i64) -> Result<bool> {
    let updated = diesel::update(second_factors::table.find(user))
        .filter(second_factors::last_step.lt(step))
        .set(second_factors::last_step.eq(step))
        .execute(tx.conn())?;
    Ok(updated == 1)
}

/// Asks for it from now on.
pub(crate) fn enable(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    let now = tx.now();
    diesel::update(second_factors::table.find(user)).set(second_factors::enabled_at.eq(now)).execute(tx.conn())?;
    // A tenant may ask for it.
    tx.note_change(None)
}

/// Takes it away; recovery codes stay.
pub(crate) fn remove(tx: &mut PlatformTx<'_>, user: UserId) -> Result<()> {
    diesel::delete(second_factors::table.find(user)).execute(tx.conn())?;
    tx.note_change(None)
}

/// Takes away what was begun since, with its recovery codes.
pub(crate) fn remove_since(tx: &mut PlatformTx<'_>, user: UserId, since: Timestamp) -> Result<()> {
    let newer = second_factors::table.find(user).filter(second_factors::created_at.ge(since));
    if newer.count().get_result::<i64>(tx.conn())? > 0 {
        remove(tx, user)?;
        set_recovery_codes(tx, user, &[])?;
    }
    Ok(())
}

/// Takes away what is asked for since, and what was begun and never asked for; recovery codes stay.
pub(crate) fn remove_enabled_since(tx: &mut PlatformTx<'_>, user: UserId, since: Timestamp) -> Result<()> {
    let is_older = find(tx, user)?.is_some_and(|factor| factor.enabled_at.is_some_and(|at| at < since));
    if is_older { Ok(()) } else { remove(tx, user) }
}

/// These recovery codes instead of those of before.
pub(crate) fn set_recovery_codes(tx: &mut PlatformTx<'_>, user: UserId, codes: &[String]) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(tx.conn())?;
    for code in codes {
        diesel::insert_into(recovery_codes::table)
            .values((recovery_codes::user_id.eq(user), recovery_codes::code_hash.eq(sha256_hex(code))))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// Uses a recovery code up; `false` when there is none like it.
pub(crate) fn use_recovery_code(tx: &mut PlatformTx<'_>, user: UserId, code: &str) -> Result<bool> {
    Ok(diesel::delete(recovery_codes::table.find((user, sha256_hex(code)))).execute(tx.conn())? == 1)
}

pub(crate) fn count_recovery_codes(tx: &mut PlatformTx<'_>, user: UserId) -> Result<i64> {
    Ok(recovery_codes::table.filter(recovery_codes::user_id.eq(user)).count().get_result(tx.conn())?)
}

/// Somebody who knew the password and has yet to give a code.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = log_in_challenges)]
pub struct Challenge {
    pub id: ChallengeId,
    pub user_id: UserId,
    /// Where they want in.
    pub tenant_id: Option<TenantId>,
    pub created_at: Timestamp,
}

pub(crate) fn challenge(
    tx: &mut PlatformTx<'_>,
    user: UserId,
    tenant: Option<TenantId>,
    token: &str,
    expires_at: Timestamp,
) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(log_in_challenges::table)
        .values((
            log_in_challenges::id.eq(ChallengeId::new()),
            log_in_challenges::user_id.eq(user),
            log_in_challenges::tenant_id.eq(tenant),
            log_in_challenges::token_hash.eq(sha256_hex(token)),
            log_in_challenges::expires_at.eq(expires_at),
            log_in_challenges::created_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// The open challenge behind a token.
pub(crate) fn challenged(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Challenge>> {
    let now = tx.now();
    let query = log_in_challenges::table
        .filter(log_in_challenges::token_hash.eq(sha256_hex(token)))
        .filter(log_in_challenges::expires_at.gt(now));
    Ok(query.select(Challenge::as_select()).first(tx.conn()).optional()?)
}

/// The open challenge of this id.
pub(crate) fn challenged_by_id(tx: &mut PlatformTx<'_>, id: ChallengeId) -> Result<Option<Challenge>> {
    let now = tx.now();
    let query = log_in_challenges::table.find(id).filter(log_in_challenges::expires_at.gt(now));
    Ok(query.select(Challenge::as_select()).first(tx.conn()).optional()?)
}

/// Uses a challenge up; of two at a time one gets it.
pub(crate) fn answer(tx: &mut PlatformTx<'_>, id: ChallengeId) -> Result<bool> {
    Ok(diesel::delete(log_in_challenges::table.find(id)).execute(tx.conn())? == 1)
}

/// Forgets challenges that nobody answered.
pub(crate) fn prune(tx: &mut PlatformTx<'_>) -> Result<usize> {
    let now = tx.now();
    Ok(diesel::delete(log_in_challenges::table.filter(log_in_challenges::expires_at.le(now))).execute(tx.conn())?)
}
