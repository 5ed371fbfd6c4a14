//! What people are told of that happens in folders this one does not stand on: the types by their names, and what is read of
//! them. That such types are declared is looked at when the program is assembled.

use crate::engine::events::EventType;

pub const ENDPOINT_DISABLED: EventType = EventType::named("webhook_endpoint.disabled");
pub const AD_CAMPAIGN_APPROVED: EventType = EventType::named("ad_campaign.approved");
pub const AD_CAMPAIGN_REJECTED: EventType = EventType::named("ad_campaign.rejected");

/// Of a webhook endpoint that was disabled.
#[derive(Debug, serde::Deserialize)]
pub struct EndpointDisabled {
    pub host: Option<String>,
    pub reason: Option<String>,
}

impl EndpointDisabled {
    /// It answered that it is gone for good.
    pub fn is_gone(&self) -> bool {
        self.reason.as_deref() == Some("gone")
    }
}

/// Of an ad campaign on which the operators decided.
#[derive(Debug, serde::Deserialize)]
pub struct AdCampaignReviewed {
    pub name: Option<String>,
    /// Why it was sent back.
    pub reason: Option<String>,
}
