//! What the way of a message leaves behind: the row's own columns, the thread that brings the answer back, the lead's counters,
//! events, and who is not written to again.

use super::facts::MessageFact;
use super::model::MessageStatus;
use super::store::messages::Message;
use super::store::{conversations, messages};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::{Suppressed, SuppressionReason, consent};
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, Fact as _};
use crate::providers::ProviderError;
use crate::sending::id::MessageId;

pub(super) fn set_metadata(message: &mut Message, key: &str, value: serde_json::Value) {
    message.metadata.set(key, value);
}

pub(super) fn save(tx: &mut TenantTx<'_>, message: &Message, seen: MessageStatus) -> Result<()> {
    if messages::save(tx, message, seen)? {
        return Ok(());
    }
    Err(Error::conflict("message.changed", "The message changed at the same time."))
}

/// Applies `change` to the message as it stands; when a status callback moves it meanwhile, reads and decides again.
pub(super) fn update(
    tx: &mut TenantTx<'_>,
    id: MessageId,
    change: impl Fn(&mut Message, Timestamp),
) -> Result<(Message, Message)> {
    for _ in 0..5 {
        let gone = || Error::not_found("message.not_found", "There is no such message.");
        let before = messages::hold(tx, id)?.ok_or_else(gone)?;
        let mut after = before.clone();
        change(&mut after, tx.now());
        if messages::save(tx, &after, before.status)? {
            return Ok((before, after));
        }
    }
    Err(Error::unavailable("message.busy", "The message is being changed by others; trying again."))
}

pub(super) fn note(message: &mut Message, error: &ProviderError) {
    message.error_class = Some(error.class.to_string());
    message.error_code = Some(error.code.clone());
    message.error_message = Some(error.message.clone());
}

/// Ends what was not attempted, and says why.
pub(super) fn cancel(tx: &mut TenantTx<'_>, before: Message, code: &str, why: &str) -> Result<()> {
    let message = Message {
        status: MessageStatus::Canceled,
        error_code: Some(code.into()),
        error_message: Some(why.into()),
        failed_at: Some(tx.now()),
        ..before.clone()
    };
    save(tx, &message, before.status)?;
    record_failure(tx, &message)
}

/// The marks of a message that left: the thread that brings the answer back, the lead's counters, the event.
pub(super) fn record_sent(tx: &mut TenantTx<'_>, message: &Message) -> Result<()> {
    let at = message.sent_at.unwrap_or(tx.now());
    // The lead before its thread, as where the person's answer comes in: the other way round, each would wait for the other.
    crate::leads::rows::touch_contact(tx, message.lead_id, at)?;
    if let (Some(from), Some(to)) = (&message.from_address, &message.to_address) {
        conversations::save_thread(tx, message.channel, from, to, message.conversation_id, at)?;
    }
    record(tx, MessageFact::SENT, message)
}

pub(super) fn record_failure(tx: &mut TenantTx<'_>, message: &Message) -> Result<()> {
    record(tx, MessageFact::FAILED, message)
}

pub(super) fn record(tx: &mut TenantTx<'_>, kind: EventType, message: &Message) -> Result<()> {
    let mut fact = MessageFact {
        conversation_id: Some(message.conversation_id),
        channel: Some(message.channel),
        status: Some(message.status),
        ..MessageFact::default()
    };
    if kind == MessageFact::FAILED {
        let is_unknown = message.status == MessageStatus::Unknown;
        fact.class = if is_unknown { Some("unknown".into()) } else { message.error_class.clone() };
        fact.code = message.error_code.clone();
    }
    tx.record(fact.told_as(kind).about(message.id.uuid()).on(message.lead_id.uuid()))?;
    Ok(())
}

/// The person behind a message is not written to again from its sender.
pub(super) fn suppress(tx: &mut TenantTx<'_>, message: &Message, reason: SuppressionReason) -> Result<()> {
    let (Some(from), Some(to)) = (&message.from_address, &message.to_address) else { return Ok(()) };
    let tenant = message.tenant_id;
    // An e-mail address that bounces does so for every sender; a provider's block is of the number, whoever is behind it.
    let from = if reason == SuppressionReason::Bounced { "" } else { from.as_str() };
    let whose = match reason {
        SuppressionReason::ProviderOptOut => Suppressed::by_all(Some(tenant)),
        _ => Suppressed::by(tenant),
    };
    consent::suppress(&mut tx.platform(), message.channel, to, from, whose, reason)?;
    Ok(())
}
