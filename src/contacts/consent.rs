//! Consent: who refused to be written to, from which sender.
//!
//! The words are those US carriers and Twilio treat as opt-out by default
//! (<https://help.twilio.com/articles/223134027>); they count only when they are the whole message, so that "please don't
//! stop" stops nothing. YES is not among the words of return: people answer questions with it.

use serde_json::json;

use super::model::{Channel, SuppressionReason};
use super::store;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::PlatformTx;
use crate::engine::events::{EventType, NewEvent};

/// What a person said about being written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Stop,
    Start,
}

/// The word a whole message consists of, if it is one.
pub fn word(text: &str) -> Option<Word> {
    match text.trim().trim_end_matches(['.', '!']).to_ascii_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => Some(Word::Stop),
        "START" | "UNSTOP" => Some(Word::Start),
        _ => None,
    }
}

/// Suppresses `address` on `channel` for messages from `sender_address`; an empty one means every sender of the channel.
/// `tenant` is whose conversation led to it, where that is known. `false` when it was suppressed before.
pub fn suppress(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant: Option<TenantId>,
    reason: SuppressionReason,
) -> Result<bool> {
    let Some(id) = store::insert(tx, channel, address, sender_address, tenant, reason)? else { return Ok(false) };
    let event = NewEvent::new(EventType::SuppressionCreated).subject(id.uuid()).data(json!({
        "channel": channel, "address": address, "sender_address": sender_address, "reason": reason,
    }));
    record(tx, tenant, event)?;
    Ok(true)
}

/// Lifts what [`suppress`] wrote for exactly this sender. `false` when nothing was suppressed.
pub fn lift(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant: Option<TenantId>,
) -> Result<bool> {
    let Some(id) = store::lift(tx, channel, address, sender_address)? else { return Ok(false) };
    let event = NewEvent::new(EventType::SuppressionLifted)
        .subject(id.uuid())
        .data(json!({"channel": channel, "address": address, "sender_address": sender_address}));
    record(tx, tenant, event)?;
    Ok(true)
}

/// May this sender not write to this address?
pub fn is_suppressed(tx: &mut PlatformTx<'_>, channel: Channel, address: &str, sender_address: &str) -> Result<bool> {
    store::is_suppressed(tx, channel, address, sender_address)
}

fn record(tx: &mut PlatformTx<'_>, tenant: Option<TenantId>, event: NewEvent) -> Result<()> {
    match tenant {
        Some(tenant) => tx.for_tenant(tenant).record(event)?,
        None => tx.record(event)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_message_is_a_word() {
        for text in ["STOP", " stop ", "Stop.", "StopAll", "unsubscribe", "cancel", "END", "quit!"] {
            assert_eq!(word(text), Some(Word::Stop), "{text}");
        }
        for text in ["start", "UNSTOP"] {
            assert_eq!(word(text), Some(Word::Start), "{text}");
        }
        for text in ["", "yes", "please stop", "don't stop", "STOP it", "restart", "end of month"] {
            assert_eq!(word(text), None, "{text}");
        }
    }
}
