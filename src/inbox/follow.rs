//! Conversations follow their lead: when its phone number or e-mail address changes, they write to the new one.
//!
//! Leads know nothing of conversations, so this follows from `lead.updated` and `lead.enquired`; and in the transaction of
//! the change itself, because whoever corrects a number writes to it next: the old one may be a stranger's. What is queued
//! and was not attempted yet follows too. An address that is taken away is taken away here as well, and what was to leave
//! for it is canceled.

use serde_json::json;

use super::marks;
use super::model::Channel;
use super::store::conversations::Conversation;
use super::store::{conversations, messages};
use crate::base::Result;
use crate::base::id::{EventId, LeadId};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::{self, Event, EventType, NewEvent, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::leads;
use crate::leads::model::IdentityKind;

/// What moved conversations in earlier versions; one that still waits ends the same.
pub static FOLLOW: JobKind = JobKind::new("conversation.follow_lead").priority(2);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context.finish(move |tx| after(tx, event)).await
}

/// In the transaction of the change.
pub(super) fn at_once(tx: &mut TenantTx<'_>, event: &NewEvent) -> Result<()> {
    match event.lead_id() {
        Some(lead) if event.changes("phone") || event.changes("email") || event.kind() == EventType::LeadEnquired => {
            follow(tx, lead)
        }
        _ => Ok(()),
    }
}

fn after(tx: &mut TenantTx<'_>, event: EventId) -> Result<()> {
    match events::find(tx, event)? {
        Some(Event { lead_id: Some(lead), data, .. }) if touches_addresses(&data) => follow(tx, lead),
        _ => Ok(()),
    }
}

fn touches_addresses(data: &serde_json::Value) -> bool {
    let changed = data["changed"].as_array().map(Vec::as_slice).unwrap_or_default();
    changed.iter().any(|field| field == "phone" || field == "email")
}

/// Gives a lead's conversations the addresses the lead has now.
pub(super) fn follow(tx: &mut TenantTx<'_>, lead: LeadId) -> Result<()> {
    // Changes of leads take turns under this lock: what is read here is still true when it is written.
    lock_tenant(tx, "intake")?;
    let lead = leads::brief(tx, lead)?;
    let (phone, email) = (lead.address(IdentityKind::Phone), lead.address(IdentityKind::Email));
    for (channel, address) in [(Channel::Whatsapp, phone), (Channel::Sms, phone), (Channel::Email, email)] {
        let Some(conversation) = conversations::find_for_lead(tx, lead.id, channel)? else { continue };
        if conversation.person_address.as_deref() == address {
            continue;
        }
        conversations::set_person(tx, conversation.id, address)?;
        redirect(tx, &conversation, address)?;
        let event = NewEvent::new(EventType::ConversationUpdated).subject(conversation.id.uuid()).lead(lead.id);
        tx.record(event.data(json!({"changed": ["person_address"], "by": "lead"})))?;
    }
    Ok(())
}

/// What waits in a conversation leaves for the new address, or not at all.
fn redirect(tx: &mut TenantTx<'_>, conversation: &Conversation, address: Option<&str>) -> Result<()> {
    for message in messages::waiting(tx, conversation.id)? {
        match address {
            Some(address) => messages::redirect(tx, message.id, address)?,
            None => marks::cancel(tx, message, "lead.no_address", "The address was taken away from the lead.")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_matter() {
        assert!(touches_addresses(&json!({"changed": ["name", "phone"]})));
        assert!(touches_addresses(&json!({"changed": ["email"]})));
        assert!(!touches_addresses(&json!({"changed": ["name", "status"]})));
        assert!(!touches_addresses(&json!({})));
    }
}
