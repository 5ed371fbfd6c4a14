//! What somebody leaves behind who is removed: their endpoints go on, since what is not delivered may be a lead nobody gets;
//! their keys have ended, and alerts go no longer to outside addresses that they added. Whoever runs the account is told of all
//! three, because a receiver or a mailbox may be the person's own, and a secret is one they know; or else it is the business' own
//! and missed.

use super::endpoint::host;
use super::store::endpoints as rows;
use crate::base::Result;
use crate::base::id::UserId;
use crate::engine::db::TenantTx;
use crate::engine::events::{NewEvent, SoleFact as _};
use crate::notify::recipients;
use crate::tenants::facts::{UserHandedOver, UserRemoved};

/// In the transaction of `user.removed`.
pub(super) fn record(tx: &mut TenantTx<'_>, event: &NewEvent, removed: &UserRemoved) -> Result<()> {
    let Some(user) = event.subject().map(UserId::from_uuid) else { return Ok(()) };
    let recipients = recipients::withdraw_of(tx, user)?;
    let endpoints = rows::made_by(tx, user)?;
    if endpoints.is_empty() && recipients.is_empty() && removed.api_keys.is_empty() {
        return Ok(());
    }
    let hosts: Vec<String> = endpoints.iter().filter_map(|endpoint| host(&endpoint.url)).collect();
    let fact = UserHandedOver { email: removed.email.clone(), hosts, api_keys: removed.api_keys.clone(), recipients };
    tx.record(fact.about(user.uuid()))?;
    Ok(())
}
