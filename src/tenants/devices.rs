//! Where somebody is logged in: a user's own sessions, over all their tenants, and ending them.

use super::facts::SessionFact;
use super::store::sessions;
use crate::base::id::{TenantId, UserId};
use crate::base::{Error, Result};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::tenants::id::SessionId;

fn record(tx: &mut PlatformTx<'_>, user: UserId, ended: Vec<(TenantId, SessionId)>) -> Result<()> {
    for (tenant, session) in ended {
        let fact = SessionFact { user_id: Some(user) };
        tx.for_tenant(tenant).record(fact.told_as(SessionFact::ENDED).about(session.uuid()))?;
    }
    Ok(())
}

/// Ends one of the user's sessions, in whichever tenant it is.
///
/// # Errors
/// `session.not_found`, also for one that has ended and for somebody else's.
pub fn end(tx: &mut TenantTx<'_>, user: UserId, session: SessionId) -> Result<()> {
    let tx = &mut tx.platform();
    let unknown = || Error::not_found("session.not_found", "There is no such session of yours, or it has ended.");
    let tenant = sessions::tenant_of_own(tx, user, session)?.ok_or_else(unknown)?;
    if !sessions::revoke(&mut tx.for_tenant(tenant), session, "ended_by_user")? {
        return Err(unknown());
    }
    record(tx, user, vec![(tenant, session)])
}

/// Ends all of the user's sessions but this one.
pub fn end_others(tx: &mut TenantTx<'_>, user: UserId, kept: SessionId) -> Result<()> {
    let tx = &mut tx.platform();
    let ended = sessions::revoke_across_tenants(tx, user, Some(kept), "ended_by_user")?;
    record(tx, user, ended)
}
