//! How the secrets of second factors come under another master key.

use super::PURPOSE;
use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::id::UserId;
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::PlatformTx;
use crate::engine::reseal::Sealed;
use crate::tenants::store::second_factors as store;

pub fn sealed() -> Sealed {
    Sealed { name: "second_factors", left, batch, opens }
}

fn left(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<i64> {
    store::sealed_otherwise(tx, &key.mark())
}

fn batch(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let rows = store::next_sealed_otherwise(tx, &reading.key.mark(), reading.after()?, reading.limit)?;
    let mut changed = 0;
    for row in &rows {
        if let Some(secret) = anew(reading.key, row.user_id, &row.secret) {
            changed += store::reseal(tx, row, &secret)?;
        }
    }
    Batch::of(reading, &rows, |row| row.user_id, i64::try_from(changed).unwrap_or(i64::MAX))
}

fn opens(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<Option<bool>> {
    Ok(store::oldest(tx)?.map(|row| anew(key, row.user_id, &row.secret).is_some()))
}

/// The same under the current key; `None` when none of the keys opens it.
fn anew(key: &MasterKey, user: UserId, sealed: &str) -> Option<String> {
    let plain = key.open(PURPOSE, &user.to_string(), sealed).ok()?;
    Some(key.seal(PURPOSE, &user.to_string(), &plain))
}
