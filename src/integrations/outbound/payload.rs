//! What an endpoint is sent: the event as it stands in the events table, without what a locked lead hides.

use crate::base::id::{EventId, TenantId};
use crate::base::time::Timestamp;
use crate::engine::events::{Event, EventType, SubjectType};

/// The body of a webhook, by the Standard Webhooks specification.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = WebhookPayload, example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "type": "lead.status_changed", "timestamp": "2026-11-20T09:00:01Z",
    "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a10", "subject_type": "lead", "subject_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
    "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "data": {"from": "new", "to": "contacted"}}))]
pub struct Payload {
    /// The event's id, the same as in the header `webhook-id`: the same in every attempt and every replay.
    pub id: EventId,
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When it happened.
    pub timestamp: Timestamp,
    pub tenant_id: TenantId,
    /// What it is about.
    pub subject_type: SubjectType,
    #[schema(value_type = Option<String>, format = Uuid)]
    pub subject_id: Option<uuid::Uuid>,
    /// The lead on whose timeline it is.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub lead_id: Option<uuid::Uuid>,
    /// What there is to know besides; read the resource for more. While a lead is locked, what names its person is null.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

impl Payload {
    pub fn of(tenant: TenantId, event: Event) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            timestamp: event.occurred_at,
            tenant_id: tenant,
            subject_type: event.subject_type,
            subject_id: event.subject_id,
            lead_id: event.timeline,
            data: event.data,
        }
    }
}
