//! What comes in from a provider finds its conversation.
//!
//! A tenant's own sender belongs to one tenant. On a shared one the answer goes to the tenant that wrote to this person from
//! this sender last; how many others wrote within the week is kept on the message, because for them the guess may be
//! wrong. Nobody wrote: the message is nobody's, and stays with the webhook that brought it.

use serde_json::json;

use super::leave::set_metadata;
use super::model::{
    Channel, ConversationStatus, Direction, MessageStatus, MessageType, SenderType, WINDOW_HOURS, attachments_in_words, preview,
    written_at,
};
use super::open;
use super::send;
use super::store::conversations::{self, Conversation, Touch};
use super::store::messages::{self, Message};
use super::store::senders;
use crate::base::Result;
use crate::base::id::{ConversationId, MessageId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::contacts::{SuppressionReason, consent};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::{EventType, NewEvent};
use crate::leads;
use crate::leads::model::IdentityKind;

/// A message from a person, as a provider reported it.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub channel: Channel,
    pub provider: &'static str,
    /// The provider's id of the message.
    pub external_id: String,
    /// Our number or address (E.164 without any `whatsapp:` prefix).
    pub sender_address: String,
    /// The person's number or address.
    pub person_address: String,
    pub profile_name: Option<String>,
    pub content: String,
    /// `[{"kind": "media", "url": …, "content_type": …}, {"kind": "location", …}]`.
    pub attachments: serde_json::Value,
    /// What the provider told besides: buttons, lists, the ad that brought the person, and what we do not know.
    pub details: serde_json::Value,
    /// The provider's id of the message of ours that this one answers.
    pub replied_to: Option<String>,
    /// What the provider's own opt-out handling recognised; the text is read besides.
    pub opt_out: Option<consent::Word>,
    pub received_at: Timestamp,
}

/// Where it landed.
#[derive(Debug, Clone)]
pub enum InboundOutcome {
    Delivered {
        tenant: TenantId,
        conversation: ConversationId,
        message: MessageId,
    },
    /// Seen before.
    Duplicate,
    /// Nobody here ever wrote to this person from this sender.
    Unknown,
}

/// Where a message goes, and between how many tenants that was chosen.
struct Routed {
    tenant: TenantId,
    conversation: Conversation,
    candidates: usize,
}

/// Stores a message in its tenant's conversation and acts on STOP and START, which count even when nobody is found.
pub fn from_provider(tx: &mut PlatformTx<'_>, inbound: Inbound) -> Result<InboundOutcome> {
    if messages::find_external(tx, inbound.provider, &inbound.external_id)?.is_some() {
        return Ok(InboundOutcome::Duplicate);
    }
    let routed = route(tx, &inbound)?;
    let word = inbound.opt_out.or_else(|| consent::word(&inbound.content));
    let (channel, person, sender) = (inbound.channel, &inbound.person_address, &inbound.sender_address);
    let tenant = routed.as_ref().map(|routed| routed.tenant);
    let Some(routed) = routed else {
        obey(tx, word, channel, person, sender, tenant)?;
        return Ok(InboundOutcome::Unknown);
    };
    let Some(message) = store(&mut tx.for_tenant(routed.tenant), &inbound, &routed)? else {
        return Ok(InboundOutcome::Duplicate);
    };
    obey(tx, word, channel, person, sender, tenant)?;
    Ok(InboundOutcome::Delivered { tenant: routed.tenant, conversation: routed.conversation.id, message })
}

fn obey(
    tx: &mut PlatformTx<'_>,
    word: Option<consent::Word>,
    channel: Channel,
    person: &str,
    sender: &str,
    tenant: Option<TenantId>,
) -> Result<()> {
    match word {
        Some(consent::Word::Stop) => {
            consent::suppress(tx, channel, person, sender, tenant, SuppressionReason::StopWord)?;
        }
        Some(consent::Word::Start) => {
            consent::lift(tx, channel, person, sender, tenant)?;
        }
        None => {}
    }
    Ok(())
}

fn route(tx: &mut PlatformTx<'_>, inbound: &Inbound) -> Result<Option<Routed>> {
    let (channel, person) = (inbound.channel, inbound.person_address.as_str());
    let sender = senders::find(tx, channel, &inbound.sender_address)?;
    if let Some(tenant) = sender.and_then(|sender| sender.tenant_id) {
        let conversation = within(&mut tx.for_tenant(tenant), channel, person)?;
        return Ok(conversation.map(|conversation| Routed { tenant, conversation, candidates: 1 }));
    }
    let threads = conversations::threads(tx, channel, &inbound.sender_address, person)?;
    let Some((tenant, conversation, latest)) = threads.first().copied() else { return Ok(None) };
    let candidates = recent(latest, threads.iter().map(|(_, _, at)| *at));
    let conversation = conversations::get(&mut tx.for_tenant(tenant), conversation)?;
    Ok(Some(Routed { tenant, conversation, candidates }))
}

/// How many tenants wrote within a week of the latest one: that many might be meant.
fn recent(latest: Timestamp, threads: impl Iterator<Item = Timestamp>) -> usize {
    threads.filter(|at| latest.since(*at) <= chrono::Duration::days(7)).count()
}

/// A tenant's own sender: the conversation with this person, or a new one with the lead that has this number or address.
fn within(tx: &mut TenantTx<'_>, channel: Channel, person: &str) -> Result<Option<Conversation>> {
    if let Some(conversation) = conversations::find_by_person(tx, channel, person)? {
        return Ok(Some(conversation));
    }
    let kind = match channel {
        Channel::Whatsapp | Channel::Sms => IdentityKind::Phone,
        Channel::Email => IdentityKind::Email,
        Channel::WebChat | Channel::Messenger | Channel::Instagram => return Ok(None),
    };
    let Some(lead) = leads::store::find_by_identity(tx, kind, person)? else { return Ok(None) };
    let (conversation, _) = open::on_channel(tx, lead, channel, Some(person.to_string()))?;
    Ok(Some(conversation))
}

/// `None` when another delivery of the same message was faster.
fn store(tx: &mut TenantTx<'_>, inbound: &Inbound, routed: &Routed) -> Result<Option<MessageId>> {
    let conversation = &routed.conversation;
    let kinds = inbound.attachments.as_array().map(Vec::as_slice).unwrap_or_default();
    let message_type = match kinds.first() {
        None => MessageType::Text,
        Some(first) if first["kind"] == "location" => MessageType::Location,
        Some(_) => MessageType::Media,
    };
    // By when it was told, not by when it is stored: its first try may have failed and a later message been faster.
    let at = written_at(inbound.received_at, tx.now(), conversation.last_message_at);
    let mut message = Message {
        direction: Direction::Inbound,
        sender_type: SenderType::Lead,
        message_type,
        content: inbound.content.clone(),
        attachments: Json::from(inbound.attachments.clone()),
        from_address: Some(inbound.person_address.clone()),
        from_name: inbound.profile_name.clone(),
        to_address: Some(inbound.sender_address.clone()),
        provider: Some(inbound.provider.into()),
        external_id: Some(inbound.external_id.clone()),
        status: MessageStatus::Received,
        ..Message::new(tx.tenant(), conversation.id, conversation.lead_id, inbound.channel, at)
    };
    set_metadata(&mut message, "received_at", json!(inbound.received_at));
    if inbound.details.as_object().is_some_and(|details| !details.is_empty()) {
        set_metadata(&mut message, "details", inbound.details.clone());
    }
    if routed.candidates > 1 {
        set_metadata(&mut message, "ambiguous_candidates", json!(routed.candidates));
    }
    if !messages::insert(tx, &message)? {
        return Ok(None);
    }
    let line = match inbound.content.trim() {
        "" => attachments_in_words(&inbound.attachments),
        content => preview(content),
    };
    let window = inbound.received_at.plus(chrono::Duration::hours(WINDOW_HOURS));
    let touch = Touch {
        direction: Direction::Inbound,
        preview: &line,
        at,
        window_expires_at: (inbound.channel == Channel::Whatsapp).then_some(window),
    };
    // The lead before its conversation, as where a number is corrected.
    leads::store::touch_activity(tx, conversation.lead_id, inbound.received_at)?;
    conversations::touch(tx, conversation.id, &touch)?;
    // Read again, now that the row is ours: it may have been closed or set aside since the message found its way here.
    let conversation = &conversations::get(tx, conversation.id)?;
    let reopened = send::reopen(tx, conversation)?;
    wake(tx, &reopened)?;
    let event = NewEvent::new(EventType::MessageReceived).subject(message.id.uuid()).lead(conversation.lead_id);
    let data = json!({"conversation_id": conversation.id, "channel": inbound.channel, "preview": line});
    tx.record(event.data(data))?;
    Ok(Some(message.id))
}

/// Snoozed and archived conversations come back into view.
fn wake(tx: &mut TenantTx<'_>, conversation: &Conversation) -> Result<()> {
    let is_snoozed = conversation.status == ConversationStatus::Snoozed;
    if !is_snoozed && conversation.archived_at.is_none() {
        return Ok(());
    }
    let status = if is_snoozed { ConversationStatus::Open } else { conversation.status };
    let awake = Conversation { status, archived_at: None, ..conversation.clone() };
    conversations::save_state(tx, &awake)?;
    let event = NewEvent::new(EventType::ConversationUpdated).subject(conversation.id.uuid());
    tx.record(event.lead(conversation.lead_id).data(json!({"status": status, "archived": false, "by": "message"})))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_week_makes_an_answer_ambiguous() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let latest = at("2026-11-20T09:00:00Z");
        let threads = [latest, at("2026-11-13T09:00:00Z"), at("2026-11-13T08:59:59Z"), at("2026-01-01T00:00:00Z")];
        assert_eq!(recent(latest, threads.into_iter()), 2);
    }
}
