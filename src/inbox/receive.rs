//! What comes in from a provider finds its conversation, and STOP and START are obeyed.
//!
//! A tenant's own sender belongs to one tenant. Whose a message on a shared one is, [`route`] decides. What is unclear or
//! nobody's is shown to no tenant: it stays with the webhook that brought it, where a person of the platform assigns it. A
//! stranger who writes to a tenant's own sender is a new lead, which intake makes.

use serde_json::json;

use super::after_hours;
use super::facts::{ConversationFact, MessageFact};
use super::marks::set_metadata;
use super::model::{
    Channel, ConversationStatus, Direction, MessageStatus, MessageType, SenderType, WINDOW_HOURS, attachments_in_words,
    preview, written_at,
};
use super::open;
use super::route::{self, Whose};
use super::send;
use super::store::conversations::{self, Conversation, Touch};
use super::store::messages::{self, Message};
use crate::base::id::TenantId;
use crate::base::json::Json;
use crate::base::{Error, Result};
use crate::contacts::{Suppressed, SuppressionReason, consent};
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::inbox::id::ConversationId;
use crate::leads;
use crate::leads::model::IdentityKind;
use crate::sending::id::MessageId;

pub use super::model::Inbound;

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
    /// A word that is obeyed and was for nobody, or for several.
    Obeyed,
    /// Someone new, on this tenant's own sender.
    Stranger(TenantId),
    /// Each of these may be meant.
    Unclear(Vec<TenantId>),
    /// Nobody here knows this person.
    Unknown,
}

/// Stores a message in its tenant's conversation and acts on STOP and START, which count even when nobody is found.
pub fn from_provider(tx: &mut PlatformTx<'_>, inbound: &Inbound) -> Result<InboundOutcome> {
    if messages::find_external(tx, inbound.provider, &inbound.external_id)?.is_some() {
        return Ok(InboundOutcome::Duplicate);
    }
    let (number, owner) = route::our_number(tx, inbound.channel, &inbound.sender_address)?;
    match owner {
        Some(tenant) => on_own_number(tx, inbound, tenant, &number),
        None => on_shared_number(tx, inbound, &number),
    }
}

/// Gives a message that waited to the tenant a person of the platform chose.
///
/// # Errors
/// `webhook_event.no_lead` when that tenant does not know the person.
pub fn assign(tx: &mut PlatformTx<'_>, inbound: &Inbound, tenant: TenantId) -> Result<InboundOutcome> {
    if messages::find_external(tx, inbound.provider, &inbound.external_id)?.is_some() {
        return Ok(InboundOutcome::Duplicate);
    }
    let (number, _) = route::our_number(tx, inbound.channel, &inbound.sender_address)?;
    let Some(conversation) = within(&mut tx.for_tenant(tenant), inbound.channel, &inbound.person_address)? else {
        let message = "That tenant has no lead with this number or address.";
        return Err(Error::conflict("webhook_event.no_lead", message));
    };
    deliver(tx, inbound, tenant, conversation, Some(&number))
}

fn word_of(inbound: &Inbound) -> Option<consent::Word> {
    inbound.opt_out.or_else(|| consent::word(&inbound.content))
}

fn on_own_number(tx: &mut PlatformTx<'_>, inbound: &Inbound, tenant: TenantId, number: &str) -> Result<InboundOutcome> {
    let (channel, person, word) = (inbound.channel, inbound.person_address.as_str(), word_of(inbound));
    match word {
        Some(consent::Word::Stop) => {
            let reason = SuppressionReason::StopWord;
            consent::suppress(tx, channel, person, number, Suppressed::by_all(Some(tenant)), reason)?;
        }
        Some(consent::Word::Start) => _ = consent::lift(tx, channel, person, number, Some(tenant))?,
        None => {}
    }
    match within(&mut tx.for_tenant(tenant), channel, person)? {
        Some(conversation) => deliver(tx, inbound, tenant, conversation, None),
        None if word.is_some() => Ok(InboundOutcome::Obeyed),
        None => Ok(InboundOutcome::Stranger(tenant)),
    }
}

fn on_shared_number(tx: &mut PlatformTx<'_>, inbound: &Inbound, number: &str) -> Result<InboundOutcome> {
    let (channel, person, at) = (inbound.channel, inbound.person_address.as_str(), inbound.received_at);
    let quoted = route::quoted(tx, inbound)?;
    let (threads, is_quoted) = match quoted {
        Some(thread) => (vec![thread], true),
        None => (route::threads(tx, channel, number, person)?, false),
    };
    let mut meant = if is_quoted { Whose::One(0) } else { route::whose(&threads, at) };
    let word = word_of(inbound);
    match word {
        Some(consent::Word::Stop) => {
            let refused = if is_quoted { vec![0] } else { route::refused(&threads, at) };
            let reason = SuppressionReason::StopWord;
            for one in &refused {
                let whose = Suppressed::by(threads[*one].tenant);
                consent::suppress(tx, channel, person, number, whose, reason)?;
            }
            if refused.is_empty() {
                consent::suppress(tx, channel, person, number, Suppressed::by_all(None), reason)?;
            }
            // Whoever is refused reads it, and nobody else; several are told by what they may not do any more.
            meant = match refused.as_slice() {
                [one] => Whose::One(*one),
                _ => Whose::Nobody,
            };
        }
        Some(consent::Word::Start) => {
            let tenant = if let Whose::One(one) = meant { Some(threads[one].tenant) } else { None };
            consent::lift(tx, channel, person, number, tenant)?;
        }
        None => {}
    }
    match meant {
        Whose::One(one) => {
            let thread = &threads[one];
            let tenant = &mut tx.for_tenant(thread.tenant);
            let conversation = match thread.conversation {
                Some(id) => conversations::get(tenant, id)?,
                None => open::on_channel(tenant, thread.lead, channel, Some(person.to_string()))?.0,
            };
            // A refusal is no conversation that goes on.
            let heard_on = (word != Some(consent::Word::Stop)).then_some(number);
            deliver(tx, inbound, thread.tenant, conversation, heard_on)
        }
        _ if word.is_some() => Ok(InboundOutcome::Obeyed),
        Whose::Unclear(list) => Ok(InboundOutcome::Unclear(list.into_iter().map(|i| threads[i].tenant).collect())),
        Whose::Nobody => Ok(InboundOutcome::Unknown),
    }
}

fn deliver(
    tx: &mut PlatformTx<'_>,
    inbound: &Inbound,
    tenant: TenantId,
    conversation: Conversation,
    heard_on: Option<&str>,
) -> Result<InboundOutcome> {
    let tenant_tx = &mut tx.for_tenant(tenant);
    let Some(message) = store(tenant_tx, inbound, &conversation)? else { return Ok(InboundOutcome::Duplicate) };
    if let Some(number) = heard_on {
        let (channel, person, at) = (inbound.channel, &inbound.person_address, inbound.received_at);
        conversations::note_heard(tenant_tx, channel, number, person, conversation.id, at)?;
    }
    Ok(InboundOutcome::Delivered { tenant, conversation: conversation.id, message })
}

/// Within a tenant: the conversation with this person, or a new one with the lead that has this number or address.
fn within(tx: &mut TenantTx<'_>, channel: Channel, person: &str) -> Result<Option<Conversation>> {
    if let Some(conversation) = conversations::find_by_person(tx, channel, person)? {
        return Ok(Some(conversation));
    }
    let kind = match channel {
        Channel::Whatsapp | Channel::Sms => IdentityKind::Phone,
        Channel::Email => IdentityKind::Email,
        Channel::WebChat | Channel::Messenger | Channel::Instagram => return Ok(None),
    };
    let Some(lead) = leads::rows::find_by_identity(tx, kind, person)? else { return Ok(None) };
    let (conversation, _) = open::on_channel(tx, lead, channel, Some(person.to_string()))?;
    Ok(Some(conversation))
}

/// `None` when another delivery of the same message was faster.
fn store(tx: &mut TenantTx<'_>, inbound: &Inbound, conversation: &Conversation) -> Result<Option<MessageId>> {
    let kinds = inbound.attachments.as_array().map(Vec::as_slice).unwrap_or_default();
    let message_type = match kinds.first() {
        None => MessageType::Text,
        Some(first) if first["kind"] == "location" => MessageType::Location,
        Some(_) => MessageType::Media,
    };
    // By when it was told, not by when it is stored: its first try may have failed and a later message been faster.
    // The clock is asked anew: after a wait for another's lock this transaction's moment lies before what was written meanwhile.
    let at = written_at(inbound.received_at, tx.clock_now(), conversation.last_message_at);
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
    leads::rows::touch_activity(tx, conversation.lead_id, inbound.received_at)?;
    conversations::touch(tx, conversation.id, &touch)?;
    // Read again, now that the row is ours: it may have been closed or set aside since the message found its way here.
    let conversation = &conversations::get(tx, conversation.id)?;
    let reopened = send::reopen(tx, conversation)?;
    wake(tx, &reopened)?;
    after_hours::consider(tx, &message)?;
    let fact = MessageFact {
        conversation_id: Some(conversation.id),
        channel: Some(inbound.channel),
        preview: Some(line),
        ..MessageFact::default()
    };
    tx.record(fact.told_as(MessageFact::RECEIVED).about(message.id.uuid()).on(conversation.lead_id.uuid()))?;
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
    conversations::save_state(tx, &awake, conversation.standing())?;
    let fact = ConversationFact {
        status: Some(status),
        archived: Some(false),
        by: Some("message".into()),
        ..ConversationFact::default()
    };
    let event = fact.told_as(ConversationFact::UPDATED).about(conversation.id.uuid());
    tx.record(event.on(conversation.lead_id.uuid()))?;
    Ok(())
}
