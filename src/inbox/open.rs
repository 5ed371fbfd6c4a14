//! Opening conversations.

use serde_json::json;

use super::facts::ConversationFact;
use super::model::{Channel, ConversationStatus, Direction, MessageStatus, MessageType, preview};
use super::store::conversations::{self, Conversation, Touch};
use super::store::messages::{self, Message};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::id::LeadId;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::inbox::id::ConversationId;
use crate::leads::Brief;
use crate::leads::answers::in_words;
use crate::leads::model::IdentityKind;

/// A lead whose conversation is to be opened.
#[derive(Debug, Clone)]
pub struct LeadOpening {
    pub lead_id: LeadId,
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Question → answer, as given.
    pub form_responses: serde_json::Map<String, serde_json::Value>,
    pub received_at: Timestamp,
}

/// Opens the conversation on the best channel and pre-fills it with the answers: WhatsApp when there is a phone
/// number, else e-mail, else the web chat. The answers are the system's note, so they do not count as unread.
pub fn for_lead(tx: &mut TenantTx<'_>, lead: &LeadOpening) -> Result<ConversationId> {
    let (channel, address) = match (&lead.phone, &lead.email) {
        (Some(phone), _) => (Channel::Whatsapp, Some(phone.clone())),
        (None, Some(email)) => (Channel::Email, Some(email.clone())),
        (None, None) => (Channel::WebChat, None),
    };
    let (conversation, _) = opened(tx, lead.lead_id, channel, address)?;
    if let Some(content) = answers(lead) {
        let now = tx.now();
        let mut message = Message::new(tx.tenant(), conversation.id, lead.lead_id, channel, now);
        message.message_type = MessageType::Form;
        message.metadata = Json::of(&json!({"received_at": lead.received_at}));
        message.content = content;
        messages::insert(tx, &message)?;
        let line = preview(&message.content);
        let touch = Touch { direction: Direction::Internal, preview: &line, at: now, window_expires_at: None };
        conversations::touch(tx, conversation.id, &touch)?;
    }
    Ok(conversation.id)
}

/// `question: answer` by line, in the form's order.
fn answers(lead: &LeadOpening) -> Option<String> {
    let line = |(question, answer): (&String, &serde_json::Value)| Some(format!("{question}: {}", in_words(answer)?));
    let lines: Vec<String> = lead.form_responses.iter().filter_map(line).collect();
    (!lines.is_empty()).then(|| format!("{} sent a form.\n{}", lead.name, lines.join("\n")))
}

/// What was written to a person before there was a lead, which they answer now.
#[derive(Debug)]
pub struct Earlier<'a> {
    pub channel: Channel,
    pub person: &'a str,
    pub sender: &'a str,
    pub subject: Option<String>,
    pub text: String,
    /// How far it got.
    pub status: MessageStatus,
    pub sent_at: Timestamp,
    /// Where it came from, for its metadata.
    pub details: serde_json::Value,
}

/// The lead's conversation on a channel, which begins with what was written to the person and goes on from the same number.
pub fn beginning_with(tx: &mut TenantTx<'_>, lead: LeadId, earlier: Earlier<'_>) -> Result<ConversationId> {
    let Earlier { channel, person, sender, subject, text, status, sent_at, details } = earlier;
    let (conversation, _) = on_channel(tx, lead, channel, Some(person.to_string()))?;
    let mut message = Message::new(tx.tenant(), conversation.id, lead, channel, sent_at);
    message.direction = Direction::Outbound;
    message.subject = subject;
    message.content = text;
    message.from_address = Some(sender.into());
    message.to_address = Some(person.into());
    message.status = status;
    message.sent_at = Some(sent_at);
    message.metadata = Json::of(&details);
    messages::insert(tx, &message)?;
    let line = preview(&message.content);
    let touch = Touch { direction: Direction::Outbound, preview: &line, at: sent_at, window_expires_at: None };
    conversations::touch(tx, conversation.id, &touch)?;
    conversations::save_thread(tx, channel, sender, person, conversation.id, sent_at)?;
    Ok(conversation.id)
}

/// The lead's conversation on a channel, opened when there is none. The flag says that it is new.
pub(super) fn on_channel(
    tx: &mut TenantTx<'_>,
    lead: LeadId,
    channel: Channel,
    person_address: Option<String>,
) -> Result<(Conversation, bool)> {
    match conversations::find_for_lead(tx, lead, channel)? {
        Some(existing) => Ok((existing, false)),
        None => opened(tx, lead, channel, person_address),
    }
}

/// As [`on_channel`] for a lead that can hardly have one: it is written before it is looked for.
fn opened(
    tx: &mut TenantTx<'_>,
    lead: LeadId,
    channel: Channel,
    person_address: Option<String>,
) -> Result<(Conversation, bool)> {
    let now = tx.now();
    let conversation = Conversation {
        tenant_id: tx.tenant(),
        id: ConversationId::new(),
        lead_id: lead,
        channel,
        status: ConversationStatus::Open,
        person_address,
        sender_address: None,
        unread_count: 0,
        message_count: 0,
        last_message_at: Some(now),
        last_message_preview: None,
        last_inbound_at: None,
        window_expires_at: None,
        closed_at: None,
        archived_at: None,
        converted_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    if !conversations::insert(tx, &conversation)? {
        let raced = conversations::find_for_lead(tx, lead, channel)?;
        return raced.map(|existing| (existing, false)).ok_or_else(|| Error::internal("a conversation vanished"));
    }
    let fact = ConversationFact { channel: Some(channel), ..ConversationFact::default() };
    tx.record(fact.told_as(ConversationFact::OPENED).about(conversation.id.uuid()).on(lead.uuid()))?;
    Ok((conversation, true))
}

/// Where a lead is reached on a channel.
///
/// # Errors
/// `lead.no_address`: the lead has no number or address for it.
pub(super) fn address_of(lead: &Brief, channel: Channel) -> Result<Option<String>> {
    let (address, what) = match channel {
        Channel::Whatsapp | Channel::Sms => (lead.address(IdentityKind::Phone), "phone number"),
        Channel::Email => (lead.address(IdentityKind::Email), "e-mail address"),
        Channel::WebChat | Channel::Messenger | Channel::Instagram => return Ok(None),
    };
    match address {
        Some(address) => Ok(Some(address.to_string())),
        None => {
            Err(Error::conflict("lead.no_address", format!("This lead has no {what}, so {channel} cannot reach it.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_keep_the_forms_order_and_skip_what_is_empty() {
        let form = json!({"budget": "₹80L-1Cr", "areas": ["Andheri", "Goregaon"], "company": null, "note": " "});
        let opening = LeadOpening {
            lead_id: LeadId::new(),
            name: "Rajesh".into(),
            phone: None,
            email: None,
            form_responses: form.as_object().unwrap().clone(),
            received_at: Timestamp::from_seconds(0).unwrap(),
        };
        assert_eq!(answers(&opening).unwrap(), "Rajesh sent a form.\nbudget: ₹80L-1Cr\nareas: Andheri, Goregaon");
        assert!(answers(&LeadOpening { form_responses: Default::default(), ..opening }).is_none());
    }
}
