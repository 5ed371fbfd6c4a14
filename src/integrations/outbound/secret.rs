//! An endpoint's secrets: made here, sealed at rest, and both at work while a rotation overlaps.

use super::store::endpoints::Endpoint;
use crate::base::crypto::{MasterKey, Secret};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
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
