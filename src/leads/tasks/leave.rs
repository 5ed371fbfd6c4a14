//! What becomes of tasks when who should do them, or whom they are about, is there no more.

use super::facts::TaskFact;
use super::store::{self, Task};
use crate::base::Result;
use crate::base::id::UserId;
use crate::contacts::id::ContactId;
use crate::contacts::people::ContactFact;
use crate::engine::db::TenantTx;
use crate::engine::events::NewEvent;
use crate::tenants::facts::UserRemoved;

/// In the transaction of `user.removed`.
pub(super) fn of_user(tx: &mut TenantTx<'_>, event: &NewEvent, _: &UserRemoved) -> Result<()> {
    let Some(user) = event.subject().map(UserId::from_uuid) else { return Ok(()) };
    let released = store::release(tx, user)?;
    tell(tx, released, "assignee_id")
}

/// In the transaction of `contact.deleted`, before the contact's row goes.
pub(super) fn of_contact(tx: &mut TenantTx<'_>, event: &NewEvent, _: &ContactFact) -> Result<()> {
    let Some(contact) = event.subject().map(ContactId::from_uuid) else { return Ok(()) };
    let left = store::let_go(tx, contact)?;
    tell(tx, left, "contact_id")
}

fn tell(tx: &mut TenantTx<'_>, tasks: Vec<Task>, changed: &str) -> Result<()> {
    for task in tasks {
        let fact = TaskFact { changed: Some(vec![changed.into()]), ..TaskFact::of(&task) };
        tx.record(fact.told(&task, TaskFact::UPDATED))?;
    }
    Ok(())
}
