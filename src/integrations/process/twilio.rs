//! Messages from people, and how far ours got.

use serde_json::json;

use super::{Done, Failure, read, settle};
use crate::base::Error;
use crate::base::id::{MessageId, TenantId};
use crate::contacts::consent;
use crate::engine::jobs::{JobContext, Outcome};
use crate::inbox::model::{Channel, MessageStatus};
use crate::inbox::receive::{self, Inbound, InboundOutcome};
use crate::inbox::status::StatusUpdate;
use crate::integrations::store::WebhookEvent;
use crate::providers::twilio::{InboundText, OptOutWord, TextStatus};
use crate::providers::{DeliveryStatus, TextChannel};

const PROVIDER: &str = "twilio";

#[derive(serde::Deserialize)]
struct Stored {
    form: Vec<(String, String)>,
    /// Our id, from the address Twilio called.
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    tenant_id: Option<String>,
}

fn malformed(why: String) -> Failure {
    Failure::Final("malformed", Error::malformed("webhook.malformed", why))
}

pub(super) async fn message(ctx: &JobContext, event: &WebhookEvent) -> Result<Outcome, Failure> {
    let text = InboundText::from_pairs(&read::<Stored>(event)?.form).map_err(malformed)?;
    let media = text.media.iter().map(|media| json!({"url": media.url, "content_type": media.content_type}));
    let inbound = Inbound {
        channel: match text.channel {
            TextChannel::Whatsapp => Channel::Whatsapp,
            TextChannel::Sms => Channel::Sms,
        },
        provider: PROVIDER,
        attachments: media.collect(),
        content: if text.body.is_empty() { text.button_text.unwrap_or_default() } else { text.body },
        external_id: text.message_sid,
        sender_address: text.to,
        person_address: text.from,
        profile_name: text.profile_name,
        opt_out: text.opt_out.and_then(|word| match word {
            OptOutWord::Stop => Some(consent::Word::Stop),
            OptOutWord::Start => Some(consent::Word::Start),
            OptOutWord::Help => None,
        }),
        received_at: event.received_at,
    };
    settle(ctx, event, move |tx| {
        Ok(match receive::from_provider(tx, inbound)? {
            InboundOutcome::Delivered { tenant, .. } => Done { outcome: "delivered", tenant: Some(tenant) },
            InboundOutcome::Duplicate => Done { outcome: "duplicate", tenant: None },
            InboundOutcome::Unknown => Done { outcome: "unknown_person", tenant: None },
        })
    })
    .await
}

/// What a report says of a message of ours; `None` when it is about nothing that gets delivered.
pub(super) fn update(event: &WebhookEvent) -> Result<Option<StatusUpdate>, Failure> {
    let stored: Stored = read(event)?;
    let told = TextStatus::from_pairs(&stored.form).map_err(malformed)?;
    let Some(delivery) = told.status else { return Ok(None) };
    Ok(Some(StatusUpdate {
        provider: PROVIDER,
        external_id: told.message_sid,
        tenant_hint: stored.tenant_id.and_then(|id| id.parse::<TenantId>().ok()),
        message_hint: stored.message_id.and_then(|id| id.parse::<MessageId>().ok()),
        status: match delivery {
            DeliveryStatus::Queued => MessageStatus::Queued,
            DeliveryStatus::Sent => MessageStatus::Sent,
            DeliveryStatus::Delivered => MessageStatus::Delivered,
            DeliveryStatus::Read => MessageStatus::Read,
            DeliveryStatus::Failed => MessageStatus::Failed,
        },
        error_class: told.error_class,
        error_code: told.error_code,
        error_message: told.explanation,
        at: event.received_at,
    }))
}
