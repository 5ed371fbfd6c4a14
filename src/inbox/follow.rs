//! Conversations follow their lead: when its phone number or e-mail address changes, they write to the new one.
//!
//! Leads know nothing of conversations, so this is a reaction to `lead.updated`. It reads the lead as it is when the job
//! runs, so repeating it or running two out of order ends the same. An address that is taken away is taken away here too.

use serde_json::json;

use super::model::Channel;
use super::store::{conversations, leads};
use crate::base::Result;
use crate::base::id::{EventId, LeadId};
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::{self, Event, EventType, NewEvent, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};

/// Moves a lead's conversations to its new addresses; soon, because somebody may be about to write.
pub static FOLLOW: JobKind = JobKind::new("conversation.follow_lead").priority(2);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context.finish(move |tx| after(tx, event)).await
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
    let lead = leads::whole(tx, lead)?;
    for (channel, address) in
        [(Channel::Whatsapp, &lead.phone), (Channel::Sms, &lead.phone), (Channel::Email, &lead.email)]
    {
        let Some(conversation) = conversations::find_for_lead(tx, lead.id, channel)? else { continue };
        if conversation.person_address == *address {
            continue;
        }
        conversations::set_person(tx, conversation.id, address.as_deref())?;
        let event = NewEvent::new(EventType::ConversationUpdated).subject(conversation.id.uuid()).lead(lead.id);
        tx.record(event.data(json!({"changed": ["person_address"], "by": "lead"})))?;
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
