//! Tasks of a tenant's people: something to do until some moment, about a contact, a lead, both or neither. What operators have to do
//! is `ops`' and stands in another table.
//!
//! A task is open, done or cancelled, and any of these may follow any. That its moment has come is told once, by `task.due`, while it
//! is open ([`due`]): of each moment that it is moved to, anew. Which contact and which lead it is about are two answers: nothing here
//! tells whose a lead under lock is. Who is removed from the tenant has no open tasks any more; a contact that is deleted leaves its
//! tasks without it.

pub mod api;
mod due;
pub mod facts;
mod leave;
pub mod model;
pub mod store;
pub mod write;

pub use facts::{TaskFact, facts};
pub use store::newest;

use crate::contacts::people::ContactFact;
use crate::engine::events::Reactions;
use crate::engine::jobs::Registry;
use crate::tenants::facts::UserRemoved;

pub(super) fn jobs(registry: &mut Registry) {
    due::jobs(registry);
}

pub(super) fn reactions(reactions: &mut Reactions) {
    reactions.at_once(UserRemoved::TYPE, leave::of_user);
    reactions.at_once(ContactFact::DELETED, leave::of_contact);
}
