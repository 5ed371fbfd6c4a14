//! What events keep quiet about while their lead is locked: whatever names the person or lets them be reached.
//!
//! Nothing is taken from the stored row: once the lead is unlocked, its events tell everything.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::fields::{self, Concern};
use super::store::Event;
use crate::base::Result;
use crate::base::id::LeadId;
use crate::base::phone::PhoneKey;
use crate::engine::db::TenantTx;
use crate::engine::db::schema::{lead_identities, leads};

/// Nulls what must not be known yet. Costs at most two statements, and none when no event holds anything personal.
pub fn conceal(tx: &mut TenantTx<'_>, events: &mut [Event]) -> Result<()> {
    let of_leads: BTreeSet<LeadId> =
        events.iter().filter(|event| holds(event, Concern::Person)).filter_map(|event| event.lead_id).collect();
    if !of_leads.is_empty() {
        let locked: Vec<LeadId> = leads::table
            .filter(leads::tenant_id.eq(tx.tenant()).and(leads::is_locked.eq(true)))
            .filter(leads::id.eq_any(of_leads))
            .select(leads::id)
            .load(tx.conn())?;
        let is_locked = |event: &&mut Event| event.lead_id.is_some_and(|lead| locked.contains(&lead));
        events.iter_mut().filter(is_locked).for_each(|event| blank(event, Concern::Person));
    }
    let addresses: Vec<PhoneKey> = events.iter().filter_map(address).collect();
    if !addresses.is_empty() {
        let spellings: BTreeSet<&str> = addresses.iter().flat_map(PhoneKey::spellings).collect();
        let hidden: Vec<String> = lead_identities::table
            .inner_join(
                leads::table
                    .on(leads::tenant_id.eq(lead_identities::tenant_id).and(leads::id.eq(lead_identities::lead_id))),
            )
            .filter(lead_identities::tenant_id.eq(tx.tenant()).and(leads::is_locked.eq(true)))
            .filter(lead_identities::value.eq_any(spellings))
            .select(lead_identities::value)
            .load(tx.conn())?;
        let hidden: Vec<PhoneKey> = hidden.iter().map(|value| PhoneKey::of(value)).collect();
        let is_hidden = |event: &&mut Event| address(event).is_some_and(|address| hidden.contains(&address));
        events.iter_mut().filter(is_hidden).for_each(|event| blank(event, Concern::Address));
    }
    Ok(())
}

fn holds(event: &Event, concern: Concern) -> bool {
    fields::of(event.kind).iter().any(|field| field.concern == concern && !event.data[field.name].is_null())
}

/// By what identities are compared; an e-mail address is its own key.
fn address(event: &Event) -> Option<PhoneKey> {
    let field = fields::of(event.kind).iter().find(|field| field.concern == Concern::Address)?;
    event.data[field.name].as_str().map(PhoneKey::of)
}

fn blank(event: &mut Event, concern: Concern) {
    for field in fields::of(event.kind).iter().filter(|field| field.concern == concern) {
        if let Some(value) = event.data.get_mut(field.name) {
            *value = serde_json::Value::Null;
        }
    }
}
