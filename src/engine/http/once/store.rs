//! Kept answers: rows that are sealed, taken by whoever comes first, and forgotten after a day.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::in_progress;
use super::reply::Stored;
use crate::base::crypto::MasterKey;
use crate::base::time::Instant;
use crate::base::{Error, ErrorKind, Result};
use crate::each_engine;
use crate::engine::db::PlatformTx;
use crate::engine::db::error::is_lock_timeout;
use crate::engine::db::prepared::{prepared, value};
use crate::engine::db::schema::idempotency_keys;

pub(in crate::http) const PURPOSE: &str = "idempotency-with-authority";
/// Of answers that were stored without what they stood on.
pub(in crate::http) const FORMER_PURPOSE: &str = "idempotency";
pub const KEPT_HOURS: i64 = 24;

/// The key of a request, and what its caller may do.
pub(super) struct Claim {
    pub scope_hash: String,
    pub request_hash: String,
    pub authority: Vec<String>,
    /// Where the same request stands if it was answered under a former master key.
    pub former: Vec<Place>,
}

pub(super) struct Place {
    pub scope_hash: String,
    pub request_hash: String,
}

impl Claim {
    /// The same claim under the key it was stored with, if it was. Nothing is asked while there is one key.
    pub fn where_stored(mut self, tx: &mut PlatformTx<'_>) -> Result<Self> {
        for place in std::mem::take(&mut self.former) {
            let stored: Option<String> = idempotency_keys::table
                .find(&place.scope_hash)
                .filter(idempotency_keys::expires_at.gt(tx.now()))
                .select(idempotency_keys::request_hash)
                .first(tx.conn())
                .optional()?;
            if stored.as_ref() == Some(&place.request_hash) {
                let Place { scope_hash, request_hash } = place;
                return Ok(Self { scope_hash, request_hash, ..self });
            }
        }
        Ok(self)
    }
}

/// What is sealed: a body, and what the caller might do when it was answered.
#[derive(serde::Serialize, serde::Deserialize)]
struct Sealed {
    authority: Vec<String>,
    body: String,
}

fn open(key: &MasterKey, context: &str, sealed: &str) -> Result<Sealed> {
    if let Ok(plain) = key.open(PURPOSE, context, sealed) {
        return serde_json::from_slice(&plain).map_err(Error::internal);
    }
    let plain = key.open(FORMER_PURPOSE, context, sealed)?;
    Ok(Sealed { authority: Vec::new(), body: String::from_utf8(plain).map_err(Error::internal)? })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    request_hash: String,
    status: i32,
    body: String,
    etag: Option<String>,
    location: Option<String>,
}

/// Takes the key for this transaction, a new or an expired one; `false` when it was used before. A second process waits here for the first.
pub(super) fn reserve(tx: &mut PlatformTx<'_>, claim: &Claim) -> Result<bool> {
    let now = tx.now();
    let expires_at = now.plus(chrono::Duration::hours(KEPT_HOURS));
    let taken = each_engine!(tx.conn(), c => prepared(
        [
            "INSERT INTO idempotency_keys (scope_hash, request_hash, status, body, created_at, expires_at) VALUES (",
            ", ",
            ", 0, '', ",
            ", ",
            ") ON CONFLICT (scope_hash) DO UPDATE SET request_hash = excluded.request_hash, status = 0, body = '', etag = NULL, \
             location = NULL, created_at = excluded.created_at, expires_at = excluded.expires_at \
             WHERE idempotency_keys.expires_at <= excluded.created_at",
        ],
        (
            value::<Text, _>(&claim.scope_hash),
            value::<Text, _>(&claim.request_hash),
            value::<Instant, _>(now),
            value::<Instant, _>(expires_at),
        ),
    )
    .execute(c));
    match taken {
        Ok(taken) => Ok(taken == 1),
        Err(error) if is_lock_timeout(&error) => Err(in_progress()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn recall(tx: &mut PlatformTx<'_>, claim: &Claim, key: &MasterKey) -> Result<Stored> {
    let row: Row = idempotency_keys::table.find(&claim.scope_hash).select(Row::as_select()).first(tx.conn())?;
    if row.request_hash != claim.request_hash {
        let message = "This Idempotency-Key was used for another request. Use a new key for a new request.";
        return Err(Error::new(ErrorKind::Invalid, "idempotency.key_reused", message));
    }
    let Sealed { authority, body } = open(key, &claim.scope_hash, &row.body)?;
    if authority.iter().any(|held| !claim.authority.contains(held)) {
        let message = "You may do less now than when this was first asked, so its answer is not repeated.";
        return Err(Error::forbidden("auth.forbidden", message));
    }
    Ok(Stored {
        status: u16::try_from(row.status).map_err(Error::internal)?,
        body,
        etag: row.etag,
        location: row.location,
    })
}

pub(super) fn fulfil(tx: &mut PlatformTx<'_>, claim: &Claim, key: &MasterKey, stored: &Stored) -> Result<()> {
    let sealed = Sealed { authority: claim.authority.clone(), body: stored.body.clone() };
    let sealed = serde_json::to_vec(&sealed).map_err(Error::internal)?;
    diesel::update(idempotency_keys::table.find(&claim.scope_hash))
        .set((
            idempotency_keys::status.eq(i32::from(stored.status)),
            idempotency_keys::body.eq(key.seal(PURPOSE, &claim.scope_hash, &sealed)),
            idempotency_keys::etag.eq(&stored.etag),
            idempotency_keys::location.eq(&stored.location),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Forgets expired keys, the oldest first; at most `limit` at once.
pub fn prune(tx: &mut PlatformTx<'_>, limit: i64) -> Result<usize> {
    let expired: Vec<String> = idempotency_keys::table
        .filter(idempotency_keys::expires_at.le(tx.now()))
        .order(idempotency_keys::expires_at)
        .limit(limit)
        .select(idempotency_keys::scope_hash)
        .load(tx.conn())?;
    let gone = idempotency_keys::table.filter(idempotency_keys::scope_hash.eq_any(expired));
    Ok(diesel::delete(gone).execute(tx.conn())?)
}
