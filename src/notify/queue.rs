//! Words for one outside address become a row and the job that hands it to a provider ([`super::deliver`]).

use super::model::NotificationKind;
use super::store::{self, Delivery};
use crate::base::Result;
use crate::base::id::EventId;
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobKind, NewJob};
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
    pub rendered: Rendered,
    /// When the lead came that waits for this to be read.
    pub lead_received_at: Option<Timestamp>,
}

/// One delivery and its job, once per event and address. Without a connected channel the row says so, and nothing waits in vain.
pub(super) fn put(tx: &mut TenantTx<'_>, words: Words, channel: Channel, address: String) -> Result<()> {
    let Words { event, kind, template_code, rendered, lead_received_at } = words;
    let is_connected = senders::platform(tx, channel)?.is_some();
    let now = tx.now();
    let delivery = Delivery {
        tenant_id: tx.tenant(),
        id: NotificationDeliveryId::new(),
        event_id: event,
        kind,
        channel,
        address,
        subject: rendered.subject,
        body: rendered.content,
        template_code: Some(template_code.into()),
        template_variables: Some(Json::of(&rendered.numbered)),
        status: if is_connected { MessageStatus::Queued } else { MessageStatus::Canceled },
        provider: None,
        external_id: None,
        error: (!is_connected).then(|| format!("config channel.not_connected: no sender for {channel}")),
        attempted_at: None,
        sent_at: None,
        created_at: now,
        updated_at: now,
    };
    if store::insert_delivery(tx, &delivery)? && is_connected {
        enqueue(tx, delivery.id, lead_received_at)?;
    }
    Ok(())
}
