//! What events keep quiet about while their lead is locked: whatever names the person or lets them be reached.
//!
//! Nothing is taken from the stored row: once the lead is unlocked, its events tell everything.

use std::collections::BTreeSet;

use super::store;
use crate::base::Result;
use crate::base::phone::PhoneKey;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::events::{Concern, Event};

/// Nulls what must not be known yet. Costs at most two statements, and none when no event holds anything personal.
pub(super) fn conceal(tx: &mut TenantTx<'_>, events: &mut [Event]) -> Result<()> {
    let of_leads: BTreeSet<LeadId> =
        events.iter().filter(|event| event.holds(Concern::Person)).filter_map(lead_of).collect();
    if !of_leads.is_empty() {
        let locked = store::locked_among(tx, of_leads)?;
        let is_locked = |event: &&mut Event| lead_of(event).is_some_and(|lead| locked.contains(&lead));
        events.iter_mut().filter(is_locked).for_each(|event| event.blank(Concern::Person));
    }
    let addresses: Vec<PhoneKey> = events.iter().filter_map(address).collect();
    if !addresses.is_empty() {
        let spellings: BTreeSet<&str> = addresses.iter().flat_map(PhoneKey::spellings).collect();
        let hidden = store::locked_addresses(tx, spellings)?;
        let hidden: Vec<PhoneKey> = hidden.iter().map(|value| PhoneKey::of(value)).collect();
        let is_hidden = |event: &&mut Event| address(event).is_some_and(|address| hidden.contains(&address));
        events.iter_mut().filter(is_hidden).for_each(|event| event.blank(Concern::Address));
    }
    Ok(())
}

/// The timeline that an event is on is a lead's.
fn lead_of(event: &Event) -> Option<LeadId> {
    event.timeline.map(LeadId::from_uuid)
}

/// By what identities are compared; an e-mail address is its own key.
fn address(event: &Event) -> Option<PhoneKey> {
    event.address().map(PhoneKey::of)
}
