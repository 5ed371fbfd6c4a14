//! What happens to webhooks: to what providers call us with, and to what a tenant is told by.

use super::model::{WebhookKind, WebhookProvider};
use super::outbound::model::{DisabledReason, WebhookEndpointStatus};
use super::store::WebhookEvent;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::engine::events::{EventType, Facts};
use crate::integrations::id::WebhookEndpointId;
use crate::leads::id::AdCampaignId;

crate::fact! {
    /// An ad platform's console sent a test: it is no lead, and nothing is metered.
    LeadTestReceived = "lead.test_received" {
        platform: Option<WebhookProvider> = "meta",
        external_id: Option<String> = "1231231231230001",
        ad_campaign_id: Option<AdCampaignId>,
    }
}

crate::fact! {
    /// A provider's webhook that somebody has to look at, or did.
    WebhookEventFact as {
        FAILED = "webhook_event.failed",
        REPLAYED = "webhook_event.replayed",
        HELD = "webhook_event.held",
        ASSIGNED = "webhook_event.assigned",
    } {
        provider: Option<WebhookProvider> = "meta",
        kind: Option<WebhookKind> = "leadgen",
        external_id: Option<String> = "1231231231230001",
        outcome: Option<String> = "gave_up",
        was: Option<String> = "gave_up",
        assigned_to: Option<TenantId>,
    }
}

impl WebhookEventFact {
    /// Which webhook it is.
    pub fn of(row: &WebhookEvent) -> Self {
        Self {
            provider: Some(row.provider),
            kind: Some(row.kind),
            external_id: Some(row.external_id.clone()),
            ..Self::default()
        }
    }
}

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
    facts.add::<LeadTestReceived>().add_platforms::<WebhookEventFact>().add::<EndpointFact>();
}
