//! Trying what follows from a lead.

use actix_web::post;

use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::http::{Answer, Once, Path, Reply};
use crate::integrations::model::WebhookProvider;
use crate::integrations::test_lead::{self, TestLead};
use crate::leads::id::AdCampaignId;
use crate::tenants::access::{Caller, Permission};

crate::view! {
    /// A test that was told.
    #[schema(example = json!({"ad_campaign_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "platform": "meta",
        "external_id": "test-019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "received_at": "2026-11-20T09:00:00Z"}))]
    pub struct TestLeadView from row: TestLead {
        pub ad_campaign_id: AdCampaignId,
        pub platform: WebhookProvider,
        /// As in the event's data.
        pub external_id: String,
        pub received_at: Timestamp,
    }
}

/// Send a test lead of an ad campaign
///
/// Records `lead.test_received`, as the test of an ad platform's own console does: webhook endpoints that want it are told. There
/// is no lead, nothing is metered or billed, and no person hears of it. A hundred a day.
#[utoipa::path(responses((status = 201, description = "What was told", body = TestLeadView)))]
#[post("/ad-campaigns/{id}/test-lead")]
pub async fn send_test_lead(caller: Caller, core: Core, id: Path<AdCampaignId>, once: Once) -> Answer {
    caller.require(Permission::AdCampaignsWrite)?;
    once.write(&core, caller.scope(), move |tx| Ok(Reply::created(TestLeadView::from(test_lead::send(tx, id.0)?))))
        .await
}
