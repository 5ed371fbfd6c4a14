//! Consent: who refused to be written to, from which sender. By which words is in [`super::words`].

use serde_json::json;

use super::model::{Channel, SuppressionReason};
use super::store;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::db::PlatformTx;
use crate::engine::events::{EventType, NewEvent};

pub use super::words::{Word, word};

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
