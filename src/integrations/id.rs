//! The ids of this folder's rows.

crate::engine::ids! {
    WebhookEventId, WebhookEndpointId, WebhookDeliveryId,
}
