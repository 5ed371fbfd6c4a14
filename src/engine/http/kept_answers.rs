//! The answers kept for [`super::once`] as sealed values: which are not under the current master key, and how they come there.

use diesel::prelude::*;

use super::once::{FORMER_PURPOSE, PURPOSE};
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::PlatformTx;
use crate::engine::db::schema::idempotency_keys;
use crate::engine::reseal::Sealed;

/// See [`Sealed`].
pub fn sealed() -> Sealed {
    Sealed { name: "idempotency_keys", left, batch, opens }
}

fn left(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<i64> {
    let others = idempotency_keys::body.not_like(format!("{}%", key.mark()));
    let kept = idempotency_keys::body.ne("").and(idempotency_keys::expires_at.gt(tx.now()));
    Ok(idempotency_keys::table.filter(others.and(kept)).count().get_result(tx.conn())?)
}

fn batch(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let after: String = reading.after()?.unwrap_or_default();
    let others = idempotency_keys::body.not_like(format!("{}%", reading.key.mark()));
    let kept = idempotency_keys::body.ne("").and(idempotency_keys::expires_at.gt(tx.now()));
    let rows: Vec<(String, String)> = idempotency_keys::table
        .filter(idempotency_keys::scope_hash.gt(after).and(others).and(kept))
        .order(idempotency_keys::scope_hash)
        .limit(reading.limit)
        .select((idempotency_keys::scope_hash, idempotency_keys::body))
        .load(tx.conn())?;
    let mut changed = 0;
    for (scope_hash, sealed) in &rows {
        let Some((purpose, plain)) = opened(reading.key, scope_hash, sealed) else { continue };
        let anew = reading.key.seal(purpose, scope_hash, &plain);
        let unchanged = idempotency_keys::table.find(scope_hash).filter(idempotency_keys::body.eq(sealed));
        changed += diesel::update(unchanged).set(idempotency_keys::body.eq(anew)).execute(tx.conn())?;
    }
    Batch::of(reading, &rows, |(scope_hash, _)| scope_hash.clone(), i64::try_from(changed).unwrap_or(i64::MAX))
}

fn opens(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<Option<bool>> {
    let oldest: Option<(String, String)> = idempotency_keys::table
        .filter(idempotency_keys::body.ne("").and(idempotency_keys::expires_at.gt(tx.now())))
        .order(idempotency_keys::expires_at)
        .select((idempotency_keys::scope_hash, idempotency_keys::body))
        .first(tx.conn())
        .optional()?;
    Ok(oldest.map(|(scope_hash, sealed)| opened(key, &scope_hash, &sealed).is_some()))
}

fn opened(key: &MasterKey, scope_hash: &str, sealed: &str) -> Option<(&'static str, Vec<u8>)> {
    let open = |purpose| key.open(purpose, scope_hash, sealed).ok().map(|plain| (purpose, plain));
    open(PURPOSE).or_else(|| open(FORMER_PURPOSE))
}
