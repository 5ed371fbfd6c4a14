//! Words for one outside address become a row and the job that hands it to a provider ([`super::deliver`]).

use std::collections::BTreeMap;

use super::model::NotificationKind;
use super::store::{self, Delivery};
use crate::base::Result;
use crate::base::id::EventId;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobKind, NewJob};
use crate::language::Written;
use crate::notify::id::NotificationDeliveryId;
use crate::sending::templates::Rendered;
use crate::sending::{MessageStatus, senders};

/// Delivers one notification. It is tried for about eight hours: later it would be no news.
pub static DELIVER: JobKind = JobKind::new("notification.deliver").priority(2).max_attempts(18);

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Payload {
    pub delivery_id: NotificationDeliveryId,
    /// Of the lead that it tells of, who waits since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_received_at: Option<Timestamp>,
}

fn enqueue(tx: &mut TenantTx<'_>, delivery: NotificationDeliveryId, lead_received_at: Option<Timestamp>) -> Result<()> {
    let payload = Payload { delivery_id: delivery, lead_received_at };
    tx.enqueue(NewJob::new(&DELIVER, &payload).unique(delivery.to_string()))?;
    Ok(())
}

/// Words on their way out.
pub(super) struct Words {
    pub event: EventId,
    pub kind: NotificationKind,
    pub template_code: &'static str,
    pub content: Content,
    /// When the lead came that waits for this to be read.
    pub lead_received_at: Option<Timestamp>,
}

/// What is read: a letter, or a template that a provider approved.
pub(super) struct Content {
    pub subject: Option<String>,
    pub body: String,
    pub html: Option<String>,
    numbered: Option<BTreeMap<String, String>>,
}

impl From<Written> for Content {
    fn from(letter: Written) -> Self {
        Self { subject: Some(letter.subject), body: letter.text, html: Some(letter.html), numbered: None }
    }
}

impl From<Rendered> for Content {
    fn from(template: Rendered) -> Self {
        let Rendered { subject, content, numbered } = template;
        Self { subject, body: content, html: None, numbered: Some(numbered) }
    }
}

/// One delivery and its job, once per event and address. Without a connected channel the row says so, and nothing waits in vain.
pub(super) fn put(tx: &mut TenantTx<'_>, words: Words, channel: Channel, address: String) -> Result<()> {
    let Words { event, kind, template_code, content, lead_received_at } = words;
    let is_connected = senders::platform(tx, channel)?.is_some();
    let now = tx.now();
    let delivery = Delivery {
        tenant_id: tx.tenant(),
        id: NotificationDeliveryId::new(),
        event_id: event,
        kind,
        channel,
        address,
        subject: content.subject,
        body: content.body,
        template_code: Some(template_code.into()),
        template_variables: content.numbered.as_ref().map(Json::of),
        status: if is_connected { MessageStatus::Queued } else { MessageStatus::Canceled },
        provider: None,
        external_id: None,
        error: (!is_connected).then(|| format!("config channel.not_connected: no sender for {channel}")),
        attempted_at: None,
        sent_at: None,
        created_at: now,
        updated_at: now,
        html: content.html,
    };
    if store::insert_delivery(tx, &delivery)? && is_connected {
        enqueue(tx, delivery.id, lead_received_at)?;
    }
    Ok(())
}
