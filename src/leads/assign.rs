//! Giving a lead to a person of the tenant, and taking it back from one who left.

use super::facts::{LeadAssigned, LeadFact as _};
use super::store::{self, Lead};
use crate::base::id::UserId;
use crate::base::{Error, Result};
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::events::NewEvent;
use crate::tenants;
use crate::tenants::access::{Permission, Role};
use crate::tenants::facts::UserRemoved;

/// Assigns to an active member who may work on leads, or to nobody.
///
/// # Errors
/// `lead.not_found`, or the field `/user_id` when the user cannot take it.
pub fn assign_lead(tx: &mut TenantTx<'_>, id: LeadId, user: Option<UserId>) -> Result<Lead> {
    let mut lead = store::hold(tx, id)?;
    if let Some(user) = user {
        check_assignable(tx, user)?;
    }
    if lead.assigned_to == user {
        return Ok(lead.into_lead());
    }
    let from = lead.assigned_to;
    lead.assigned_to = user;
    lead.assigned_at = user.map(|_| tx.now());
    store::update(tx, &mut lead)?;
    tx.record(LeadAssigned { from, to: user }.of(id))?;
    Ok(lead.into_lead())
}

/// A person who was removed has no open leads any more, from the moment they are gone: those are anybody's to take. What is
/// closed keeps the name of who closed it. In the transaction of `user.removed`.
pub(super) fn release(tx: &mut TenantTx<'_>, event: &NewEvent, _: &UserRemoved) -> Result<()> {
    let Some(user) = event.subject().map(UserId::from_uuid) else { return Ok(()) };
    for id in store::release(tx, user)? {
        tx.record(LeadAssigned { from: Some(user), to: None }.of(id))?;
    }
    Ok(())
}

/// # Errors
/// The field `/user_id`.
pub fn check_assignable(tx: &mut TenantTx<'_>, user: UserId) -> Result<()> {
    let refuse = |why: &str| Err(Error::field("/user_id", "invalid_value", why));
    let members = tenants::store::members(tx)?;
    match members.iter().find(|member| member.user_id == user) {
        None => refuse("expected the id of a user of this tenant"),
        Some(member) if member.status != "active" => refuse("this user is not active"),
        Some(member) if !Role::permissions(member.role).contains(&Permission::LeadsWrite) => {
            refuse("this user's role cannot work on leads")
        }
        Some(_) => Ok(()),
    }
}
