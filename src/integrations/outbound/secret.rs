//! An endpoint's secrets: made here, sealed at rest, and both at work while a rotation overlaps.

use super::store::endpoints::{self as store, Endpoint, Secrets};
use crate::base::crypto::{MasterKey, Secret};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::PlatformTx;
use crate::engine::reseal::Sealed;
use crate::integrations::id::WebhookEndpointId;
use crate::providers::standard_webhooks;

const PURPOSE: &str = "outbound-webhooks";

/// A new secret, open and sealed for this endpoint.
pub(super) fn mint(key: &MasterKey, endpoint: WebhookEndpointId) -> (Secret, String) {
    let secret = standard_webhooks::new_secret();
    let sealed = key.seal(PURPOSE, &endpoint.to_string(), secret.expose().as_bytes());
    (secret, sealed)
}

/// The secrets that sign at this moment: the newest first, then the one it replaced while the overlap lasts.
pub(super) fn at_work(key: &MasterKey, endpoint: &Endpoint, now: Timestamp) -> Result<Vec<Secret>> {
    let previous =
        endpoint.previous_secret.as_deref().filter(|_| endpoint.previous_secret_expires_at.is_some_and(|at| at > now));
    let open = |sealed: &str| {
        let bytes = key.open(PURPOSE, &endpoint.id.to_string(), sealed)?;
        String::from_utf8(bytes).map(Secret::new).map_err(Error::internal)
    };
    std::iter::once(endpoint.secret.as_str()).chain(previous).map(open).collect()
}

/// See [`Sealed`].
pub fn sealed() -> Sealed {
    Sealed { name: "webhook_endpoints", left, batch, opens }
}

fn left(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<i64> {
    store::sealed_otherwise(tx, &key.mark())
}

fn batch(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let rows = store::next_sealed_otherwise(tx, &reading.key.mark(), reading.after()?, reading.limit)?;
    let mut changed = 0;
    for row in &rows {
        let secret = anew(reading.key, row.id, &row.secret);
        let previous = row.previous_secret.as_deref().map(|sealed| anew(reading.key, row.id, sealed));
        if let (Some(secret), true) = (secret, previous.as_ref().is_none_or(Option::is_some)) {
            changed += store::reseal(tx, row, &secret, previous.flatten().as_deref())?;
        }
    }
    Batch::of(reading, &rows, |row| (row.tenant_id, row.id), i64::try_from(changed).unwrap_or(i64::MAX))
}

fn opens(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<Option<bool>> {
    let oldest: Option<Secrets> = store::oldest_secrets(tx)?;
    Ok(oldest.map(|row| anew(key, row.id, &row.secret).is_some()))
}

/// The same under the current key; `None` when none of the keys opens it.
fn anew(key: &MasterKey, endpoint: WebhookEndpointId, sealed: &str) -> Option<String> {
    let plain = key.open(PURPOSE, &endpoint.to_string(), sealed).ok()?;
    Some(key.seal(PURPOSE, &endpoint.to_string(), &plain))
}
