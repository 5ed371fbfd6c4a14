//! A lead that nobody enquired: what a tenant's own systems are told of is tried without an ad, and costs nothing.

use super::facts::LeadTestReceived;
use super::model::WebhookProvider;
use crate::ads::store;
use crate::base::id::EventId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::tally::{Span, Tally};
use crate::leads::id::AdCampaignId;
use crate::providers::AdPlatform;

/// In a day, of a tenant.
const A_DAY: u32 = 100;

/// What was told.
pub struct TestLead {
    pub ad_campaign_id: AdCampaignId,
    pub platform: WebhookProvider,
    pub external_id: String,
    pub received_at: Timestamp,
}

/// Records the event that follows from the test of an ad platform's own console. There is no lead: nothing is stored, metered or
/// announced to people.
///
/// # Errors
/// `ad_campaign.not_found`; `ad_campaign.test_limit` after a hundred in a day.
pub fn send(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<TestLead> {
    let campaign = store::get(tx, id)?;
    let tally = Tally { tenant: tx.tenant(), kind: "test_leads", subject: "", span: Span::day(tx.now()) };
    if !tally.take(&mut tx.platform(), A_DAY)? {
        let message = format!("{A_DAY} test leads were sent today. Go on at {}.", tally.span.ends_at);
        let wait = tally.span.ends_at.since(tx.now()).to_std().unwrap_or_default();
        return Err(Error::too_many("ad_campaign.test_limit", message).with_retry_after(wait));
    }
    let platform = match campaign.platform {
        AdPlatform::Meta => WebhookProvider::Meta,
        AdPlatform::Google => WebhookProvider::GoogleAds,
    };
    let external_id = format!("test-{}", EventId::new());
    let fact =
        LeadTestReceived { platform: Some(platform), external_id: Some(external_id.clone()), ad_campaign_id: Some(id) };
    tx.record(fact.told_as(LeadTestReceived::TYPE))?;
    Ok(TestLead { ad_campaign_id: id, platform, external_id, received_at: tx.now() })
}
