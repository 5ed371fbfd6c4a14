//! Delivery receipts of notifications: the same reports as for messages, for rows of ours that are not messages.

use super::store::{self, Delivery};
use crate::base::id::NotificationDeliveryId;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::inbox::model::MessageStatus;
use crate::inbox::status::StatusUpdate;

/// Applies a report that [`crate::inbox::status::apply`] found no message for; `false` when no notification is meant either.
/// The message hint carries our id whatever it names.
pub fn apply(tx: &mut PlatformTx<'_>, update: &StatusUpdate) -> Result<bool> {
    for _ in 0..5 {
        let Some(before) = find(tx, update)? else { return Ok(false) };
        let mut after = before.clone();
        if after.external_id.is_none() {
            after.provider = Some(update.provider.into());
            after.external_id = Some(update.external_id.clone());
        }
        let report = if update.status == MessageStatus::Queued { MessageStatus::Sent } else { update.status };
        if let Some(status) = before.status.after(report) {
            after.status = status;
            if let Some(code) = &update.error_code {
                let class = update.error_class.map_or("permanent", |class| class.as_str());
                after.error = Some(format!("{class} {code}: {}", update.error_message.as_deref().unwrap_or_default()));
            }
        }
        if after.status.has_left() {
            after.sent_at.get_or_insert(update.at);
        }
        if store::save_delivery(&mut tx.for_tenant(before.tenant_id), &after, before.status)? {
            return Ok(true);
        }
    }
    Err(Error::unavailable("notification.busy", "The notification is being changed by others; trying again."))
}

fn find(tx: &mut PlatformTx<'_>, update: &StatusUpdate) -> Result<Option<Delivery>> {
    if let Some(delivery) = store::find_external(tx, update.provider, &update.external_id)? {
        return Ok(Some(delivery));
    }
    let (Some(tenant), Some(hint)) = (update.tenant_hint, update.message_hint) else { return Ok(None) };
    let id = NotificationDeliveryId::from_uuid(hint.uuid());
    let hinted = store::find_delivery(&mut tx.for_tenant(tenant), id)?;
    Ok(hinted.filter(|delivery| delivery.external_id.is_none()))
}
