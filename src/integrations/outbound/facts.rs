//! What happens to what a tenant is told by.

use super::model::{DisabledReason, WebhookEndpointStatus};
use crate::base::time::Timestamp;
use crate::engine::events::{EventType, Facts};
use crate::integrations::id::WebhookEndpointId;

crate::fact! {
    /// Where a tenant is told what happens, and what is done about it.
    EndpointFact as {
        /// Somebody tries an endpoint. It goes to that endpoint alone.
        PING = "webhook.ping" about "webhook_endpoint" says [endpoint_id] maybe [],
        /// An endpoint was registered.
        CREATED = "webhook_endpoint.created" says [event_types] maybe [host],
        /// An endpoint was changed.
        UPDATED = "webhook_endpoint.updated" says [changed, status] maybe [host],
        /// An endpoint was deleted.
        DELETED = "webhook_endpoint.deleted" says [] maybe [host],
        /// An endpoint has a new secret; the old one signs beside it for a while.
        SECRET_ROTATED = "webhook_endpoint.secret_rotated" says [previous_secret_expires_at] maybe [host],
        /// An endpoint was disabled because of how it answered.
        DISABLED = "webhook_endpoint.disabled" says [reason, status] maybe [host, failing_since],
        /// The events of a stretch of time are sent to an endpoint again.
        REPLAYED = "webhook_endpoint.replayed" says [occurred_after, occurred_before, include_delivered] maybe [],
        /// One delivery begins anew.
        DELIVERY_RETRIED = "webhook_delivery.retried" says [endpoint_id, event_type] maybe [],
    } {
        host: Option<String> = "hooks.abc.example",
        event_types: Option<Vec<String>> = ["lead.*", "message.received"],
        status: Option<WebhookEndpointStatus> = "disabled",
        changed: Option<Vec<String>> = ["event_types"],
        reason: Option<DisabledReason> = "failing",
        failing_since: Option<Timestamp>,
        previous_secret_expires_at: Option<Timestamp>,
        occurred_after: Option<Timestamp>,
        occurred_before: Option<Timestamp>,
        include_delivered: Option<bool>,
        endpoint_id: Option<WebhookEndpointId>,
        event_type: Option<EventType> = "lead.created",
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<EndpointFact>();
}
