//! What happens to what a tenant is told by.

use super::model::{DisabledReason, WebhookEndpointStatus};
use crate::base::time::Timestamp;
use crate::engine::events::{EventType, Facts};
use crate::integrations::id::WebhookEndpointId;

crate::fact! {
    /// Where a tenant is told what happens, and what is done about it.
    EndpointFact as {
        /// Goes to its endpoint alone.
        PING = "webhook.ping" about "webhook_endpoint",
        CREATED = "webhook_endpoint.created",
        UPDATED = "webhook_endpoint.updated",
        DELETED = "webhook_endpoint.deleted",
        SECRET_ROTATED = "webhook_endpoint.secret_rotated",
        DISABLED = "webhook_endpoint.disabled",
        REPLAYED = "webhook_endpoint.replayed",
        DELIVERY_RETRIED = "webhook_delivery.retried",
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
