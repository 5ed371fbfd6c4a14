//! Delivery receipts.
//!
//! A receipt is matched by the provider's id; when that is not recorded yet, because the receipt overtook our own record or
//! the answer to the send was lost, by the ids that the callback's address carries, and the message adopts the provider's id.

use super::facts::MessageFact;
use super::marks;
use super::model::{MessageStatus, SenderType};
use super::store::messages::{self, Message};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::SuppressionReason;
use crate::engine::db::PlatformTx;
use crate::engine::events::EventType;
use crate::providers::ErrorClass;
use crate::sending::status::StatusUpdate;

/// Applies it; `false` when no message of ours is meant.
pub fn apply(tx: &mut PlatformTx<'_>, update: StatusUpdate) -> Result<bool> {
    for _ in 0..5 {
        let Some(found) = find(tx, &update)? else { return Ok(false) };
        let tenant = &mut tx.for_tenant(found.tenant_id);
        let Some(before) = messages::hold(tenant, found.id)? else { return Ok(false) };
        let mut after = before.clone();
        if !change(&mut after, &update) {
            return Ok(true);
        }
        let mut tenant = tx.for_tenant(before.tenant_id);
        if !messages::save(&mut tenant, &after, before.status)? {
            continue; // it moved since we read it
        }
        if before.sent_at.is_none() && after.sent_at.is_some() {
            marks::record_sent(&mut tenant, &after)?;
        }
        let is_moved = before.status != after.status;
        if (is_moved || before.error_class != after.error_class)
            && let Some(reason) = consequence(&after, &update)
        {
            marks::suppress(&mut tenant, &after, reason)?;
        }
        if is_moved && let Some(kind) = event(after.status) {
            marks::record(&mut tenant, kind, &after)?;
        }
        // Overtaken by the read receipt, it moves nothing; that the message was delivered is a fact all the same.
        let is_overtaken = after.status != MessageStatus::Delivered && before.delivered_at != after.delivered_at;
        if is_overtaken {
            marks::record(&mut tenant, MessageFact::DELIVERED, &after)?;
        }
        return Ok(true);
    }
    Err(Error::unavailable("message.busy", "The message is being changed by others; trying again."))
}

fn find(tx: &mut PlatformTx<'_>, update: &StatusUpdate) -> Result<Option<Message>> {
    if let Some(message) = messages::find_external(tx, update.provider, &update.external_id)? {
        return Ok((message.sender_type != SenderType::Lead).then_some(message));
    }
    let (Some(tenant), Some(id)) = (update.tenant_hint, update.message_hint) else { return Ok(None) };
    let hinted = messages::find(&mut tx.for_tenant(tenant), id)?;
    // A message that has another id already was sent twice; the receipt is of the one that is not ours any more.
    Ok(hinted.filter(|message| message.external_id.is_none() && message.sender_type != SenderType::Lead))
}

/// Applies a report to a message; `false` when nothing changes.
fn change(message: &mut Message, update: &StatusUpdate) -> bool {
    let adopts = message.external_id.is_none();
    if adopts {
        message.provider = Some(update.provider.into());
        message.external_id = Some(update.external_id.clone());
    }
    // A report about a message that waits for its next attempt tells that the last one went through after all.
    let report = if update.status == MessageStatus::Queued { MessageStatus::Sent } else { update.status };
    let moved = message.status.after(report);
    if let Some(status) = moved {
        message.status = status;
        if is_bad_end(status) {
            message.failed_at = Some(update.at);
        }
    }
    // A failure may be told twice, and its reason only the second time; what is known already is not wiped out.
    let learns = is_bad_end(message.status) && message.status == report && update.error_code.is_some();
    let learns = learns && (moved.is_some() || message.error_code.is_none());
    if moved.is_some_and(is_bad_end) || learns {
        message.error_class = update.error_class.map(|class| class.to_string());
        message.error_code = update.error_code.clone();
        message.error_message = update.error_message.clone();
    }
    let at = update.at;
    if message.status.has_left() {
        message.sent_at.get_or_insert(at);
    }
    match report {
        MessageStatus::Delivered => _ = message.delivered_at.get_or_insert(at),
        MessageStatus::Read => _ = message.read_at.get_or_insert(at),
        MessageStatus::Opened => note_once(message, "opened_at", at),
        MessageStatus::Clicked => note_once(message, "clicked_at", at),
        _ => {}
    }
    adopts || moved.is_some() || learns || report == MessageStatus::Delivered
}

fn is_bad_end(status: MessageStatus) -> bool {
    matches!(status, MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::Complained)
}

/// Keeps when something happened first.
fn note_once(message: &mut Message, name: &str, at: Timestamp) {
    if message.metadata.value()[name].is_null() {
        message.metadata.set(name, serde_json::json!(at));
    }
}

fn consequence(message: &Message, update: &StatusUpdate) -> Option<SuppressionReason> {
    match (message.status, update.error_class) {
        (MessageStatus::Bounced, _) => Some(SuppressionReason::Bounced),
        (MessageStatus::Complained, _) => Some(SuppressionReason::Complained),
        (MessageStatus::Failed, Some(ErrorClass::OptOut)) => Some(SuppressionReason::ProviderOptOut),
        _ => None,
    }
}

fn event(status: MessageStatus) -> Option<EventType> {
    match status {
        MessageStatus::Delivered => Some(MessageFact::DELIVERED),
        MessageStatus::Read => Some(MessageFact::READ),
        MessageStatus::Opened => Some(MessageFact::OPENED),
        MessageStatus::Clicked => Some(MessageFact::CLICKED),
        MessageStatus::Failed | MessageStatus::Bounced | MessageStatus::Complained => Some(MessageFact::FAILED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::TenantId;
    use crate::contacts::id::LeadId;
    use crate::inbox::id::ConversationId;
    use crate::inbox::model::Channel;

    fn message(status: MessageStatus) -> Message {
        let at = Timestamp::from_seconds(0).unwrap();
        let new = Message::new(TenantId::new(), ConversationId::new(), LeadId::new(), Channel::Whatsapp, at);
        Message { status, ..new }
    }

    fn report(status: MessageStatus, seconds: i64) -> StatusUpdate {
        StatusUpdate {
            provider: "twilio",
            external_id: "SM1".into(),
            tenant_hint: None,
            message_hint: None,
            status,
            error_class: Some(ErrorClass::OptOut),
            error_code: Some("63014".into()),
            error_message: None,
            at: Timestamp::from_seconds(seconds).unwrap(),
        }
    }

    #[test]
    fn a_receipt_that_overtakes_our_record_gives_the_message_its_id() {
        let mut message = message(MessageStatus::Sending);
        assert!(change(&mut message, &report(MessageStatus::Queued, 5)));
        assert_eq!((message.status, message.external_id.as_deref()), (MessageStatus::Sent, Some("SM1")));
        assert_eq!(message.sent_at.unwrap().seconds(), 5);
    }

    #[test]
    fn a_late_delivery_receipt_adds_its_time_and_nothing_else() {
        let mut message = message(MessageStatus::Sending);
        change(&mut message, &report(MessageStatus::Read, 9));
        change(&mut message, &report(MessageStatus::Delivered, 8));
        assert_eq!(message.status, MessageStatus::Read);
        assert_eq!(message.delivered_at.unwrap().seconds(), 8);
        assert!(!change(&mut message, &report(MessageStatus::Sent, 10)));
        assert!(!change(&mut message, &report(MessageStatus::Failed, 10)) && message.error_code.is_none());
    }

    #[test]
    fn a_reason_that_comes_late_is_kept_and_none_is_wiped_out() {
        let mut message = message(MessageStatus::Sent);
        let bare = StatusUpdate { error_class: None, error_code: None, ..report(MessageStatus::Failed, 3) };
        assert!(change(&mut message, &bare) && message.error_code.is_none());
        assert!(change(&mut message, &report(MessageStatus::Failed, 4)));
        assert_eq!(message.error_code.as_deref(), Some("63014"));
        assert_eq!(message.failed_at.unwrap().seconds(), 3);
        assert!(!change(&mut message, &bare) && message.error_code.is_some());
    }

    #[test]
    fn an_opening_is_no_reading() {
        let mut message = message(MessageStatus::Delivered);
        assert!(change(&mut message, &report(MessageStatus::Opened, 3)));
        assert_eq!((message.read_at, event(message.status)), (None, Some(MessageFact::OPENED)));
        assert!(change(&mut message, &report(MessageStatus::Clicked, 4)));
        assert_eq!(event(message.status), Some(MessageFact::CLICKED));
        assert_eq!(message.metadata.value()["opened_at"], "1970-01-01T00:00:03Z");
    }

    #[test]
    fn an_opt_out_told_by_a_receipt_suppresses() {
        let mut message = message(MessageStatus::Sent);
        let update = report(MessageStatus::Failed, 3);
        assert!(change(&mut message, &update));
        assert_eq!(consequence(&message, &update), Some(SuppressionReason::ProviderOptOut));
        assert_eq!(event(message.status), Some(MessageFact::FAILED));
    }
}
