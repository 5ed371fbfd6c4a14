//! What became of an e-mail. A permanent bounce and a complaint condemn the address, which the inbox sees to; a transient
//! bounce is only a failure.

use super::{Failure, read};
use crate::base::id::TenantId;
use crate::integrations::store::WebhookEvent;
use crate::providers::resend::EmailEvent;
use crate::providers::{DeliveryStatus, ErrorClass};
use crate::sending::MessageStatus;
use crate::sending::id::MessageId;
use crate::sending::status::StatusUpdate;

/// What a report says of an e-mail of ours; `None` when it is about nothing that gets delivered.
pub(super) fn update(event: &WebhookEvent) -> Result<Option<StatusUpdate>, Failure> {
    let told: EmailEvent = read(event)?;
    let (Some(status), Some(id)) = (status_of(&told), told.data.email_id.clone()) else { return Ok(None) };
    Ok(Some(StatusUpdate {
        provider: "resend",
        external_id: id,
        tenant_hint: told.tag("tenant_id").and_then(|id| id.parse::<TenantId>().ok()),
        message_hint: told.tag("message_id").and_then(|id| id.parse::<MessageId>().ok()),
        status,
        error_class: told.error_class(),
        error_code: told.error_class().map(|class| match &told.data.bounce {
            Some(bounce) => bounce.kind.clone(),
            None => class.to_string(),
        }),
        error_message: told.reason().map(str::to_string),
        at: told.created_at.unwrap_or(event.received_at).min(event.received_at),
    }))
}

fn status_of(event: &EmailEvent) -> Option<MessageStatus> {
    Some(match (event.kind.as_str(), event.error_class()) {
        ("email.clicked", _) => MessageStatus::Clicked,
        ("email.bounced", Some(ErrorClass::Unreachable)) => MessageStatus::Bounced,
        ("email.complained", _) => MessageStatus::Complained,
        ("email.suppressed", _) => MessageStatus::Suppressed,
        _ => match event.status()? {
            DeliveryStatus::Queued => MessageStatus::Queued,
            DeliveryStatus::Sent => MessageStatus::Sent,
            DeliveryStatus::Delivered => MessageStatus::Delivered,
            DeliveryStatus::Read => MessageStatus::Opened,
            DeliveryStatus::Failed => MessageStatus::Failed,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_events_become_statuses() {
        for (name, expected) in [
            ("email_delivered", Some(MessageStatus::Delivered)),
            ("email_opened", Some(MessageStatus::Opened)),
            ("email_bounced", Some(MessageStatus::Bounced)),
            ("email_bounced_transient", Some(MessageStatus::Failed)),
            ("email_complained", Some(MessageStatus::Complained)),
            ("email_failed", Some(MessageStatus::Failed)),
            ("email_contact_updated", None),
        ] {
            let path = format!("{}/../../tests/fixtures/resend/{name}.json", env!("CARGO_MANIFEST_DIR"));
            let event: EmailEvent = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            assert_eq!(status_of(&event), expected, "{name}");
        }
    }
}
