//! Conversations follow their lead: when its phone number or e-mail address changes, they write to the new one.
//!
//! Leads know nothing of conversations, so this follows from `lead.updated` and `lead.enquired`; and in the transaction of
//! the change itself, because whoever corrects a number writes to it next: the old one may be a stranger's. What is queued
//! and was not attempted yet follows too. An address that is taken away is taken away here as well, and what was to leave
//! for it is canceled.

use super::facts::ConversationFact;
use super::marks;
use super::model::Channel;
use super::store::conversations::Conversation;
use super::store::{conversations, messages};
use crate::base::Result;
use crate::base::id::EventId;
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::{self, Fact as _, NewEvent, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::leads;
use crate::leads::facts::{LeadEnquired, LeadUnlocked, LeadUpdated};
use crate::leads::model::IdentityKind;

/// What moved conversations in earlier versions; one that still waits ends the same.
pub static FOLLOW: JobKind = JobKind::new("conversation.follow_lead").priority(2);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    context.finish(move |tx| after(tx, event)).await
}

/// In the transaction of the change.
pub(super) fn updated(tx: &mut TenantTx<'_>, event: &NewEvent, fact: &LeadUpdated) -> Result<()> {
    match event.timeline() {
        Some(lead) if fact.touches_addresses() => follow(tx, LeadId::from_uuid(lead)),
        _ => Ok(()),
    }
}

/// In the transaction of the enquiry, which may tell where else the person is reached.
pub(super) fn enquired(tx: &mut TenantTx<'_>, event: &NewEvent, _: &LeadEnquired) -> Result<()> {
    event.timeline().map_or(Ok(()), |lead| follow(tx, LeadId::from_uuid(lead)))
}

/// In the transaction that unlocks the lead: what was held back of its conversations is shown from now on.
pub(super) fn unlocked(tx: &mut TenantTx<'_>, event: &NewEvent, _: &LeadUnlocked) -> Result<()> {
    event.timeline().map_or(Ok(()), |lead| conversations::note_changed(tx, LeadId::from_uuid(lead)))
}

fn after(tx: &mut TenantTx<'_>, event: EventId) -> Result<()> {
    let Some(event) = events::find(tx, event)? else { return Ok(()) };
    match (event.timeline, event.told::<LeadUpdated>()?) {
        (Some(lead), Some(fact)) if fact.touches_addresses() => follow(tx, LeadId::from_uuid(lead)),
        _ => Ok(()),
    }
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
        let fact = ConversationFact {
            changed: Some(vec!["person_address".into()]),
            by: Some("lead".into()),
            ..ConversationFact::default()
        };
        tx.record(fact.told_as(ConversationFact::UPDATED).about(conversation.id.uuid()).on(lead.id.uuid()))?;
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
        let touches = |names: &[&str]| {
            LeadUpdated { changed: names.iter().map(ToString::to_string).collect() }.touches_addresses()
        };
        assert!(touches(&["name", "phone"]) && touches(&["email"]));
        assert!(!touches(&["name", "status"]) && !touches(&[]));
        assert!(!serde_json::from_str::<LeadUpdated>("{}").unwrap().touches_addresses(), "of an earlier version");
    }
}
