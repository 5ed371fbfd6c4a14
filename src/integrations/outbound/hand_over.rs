//! What somebody leaves behind who is removed: their endpoints go on, since what is not delivered may be a lead nobody gets;
//! their keys have ended, and alerts go no longer to outside addresses that they added. Whoever runs the account is told of all
//! three, because a receiver or a mailbox may be the person's own, and a secret is one they know; or else it is the business' own
//! and missed.

use super::endpoint::host;
use super::store::endpoints as rows;
use crate::base::Result;
use crate::base::id::UserId;
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, NewEvent};
use crate::notify::recipients;

/// In the transaction of `user.removed`.
pub(super) fn record(tx: &mut TenantTx<'_>, event: &NewEvent) -> Result<()> {
    let Some(user) = event.subject_id().map(UserId::from_uuid) else { return Ok(()) };
    let recipients = recipients::withdraw_of(tx, user)?;
    let endpoints = rows::made_by(tx, user)?;
    let keys = event.values()["api_keys"].clone();
    if endpoints.is_empty() && recipients.is_empty() && keys.as_array().is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let hosts: Vec<String> = endpoints.iter().filter_map(|endpoint| host(&endpoint.url)).collect();
    let data = serde_json::json!({ "email": event.values()["email"], "hosts": hosts, "api_keys": keys,
        "recipients": recipients });
    tx.record(NewEvent::new(EventType::UserHandedOver).subject(user.uuid()).data(data))?;
    Ok(())
}
