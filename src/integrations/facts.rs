//! What happens to what providers call us with.

use super::model::{WebhookKind, WebhookProvider};
use super::store::WebhookEvent;
use crate::base::id::TenantId;
use crate::engine::events::Facts;
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
        /// A provider's webhook could not be processed.
        FAILED = "webhook_event.failed",
        /// A provider's webhook is processed once more.
        REPLAYED = "webhook_event.replayed",
        /// Of a message nobody can say whose it is.
        HELD = "webhook_event.held",
        /// An operator said whose a held message is.
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

pub fn facts(facts: &mut Facts) {
    facts.add::<LeadTestReceived>().add_platforms::<WebhookEventFact>();
}
