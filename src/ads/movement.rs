//! What an ad campaign's move consists of: the row, what the ad platform should be doing, the event, and the job that tells it.
//! Whether it may move is decided elsewhere ([`super::steps`]).

use super::delivery::{SYNC_DELIVERY, SyncPayload};
use super::facts::AdCampaignFact;
use super::model::{CampaignStatus, Delivery, Step};
use super::store::{self, AdCampaign};
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::jobs::Turns;

/// Writes the new status, what the ad platform should do, the event, and the job that tells it.
pub(super) fn move_to(
    tx: &mut TenantTx<'_>,
    campaign: &mut AdCampaign,
    step: Step,
    to: CampaignStatus,
    reason: Option<String>,
) -> Result<()> {
    let from = campaign.status;
    campaign.status = to;
    campaign.status_reason = reason.clone();
    if to == CampaignStatus::Active && campaign.activated_at.is_none() {
        campaign.activated_at = Some(tx.now());
    }
    want(tx, campaign, delivery_in(to))?;
    store::save(tx, campaign)?;
    let kind = match step {
        Step::Submit => AdCampaignFact::SUBMITTED,
        Step::Reject => AdCampaignFact::REJECTED,
        Step::Activate => AdCampaignFact::ACTIVATED,
        Step::Pause => AdCampaignFact::PAUSED,
        Step::Resume => AdCampaignFact::RESUMED,
        Step::Complete => AdCampaignFact::COMPLETED,
    };
    let fact = AdCampaignFact { from: Some(from), to: Some(to), reason, ..AdCampaignFact::of(campaign) };
    tx.record(fact.told_as(kind).about(campaign.id.uuid()))?;
    Ok(())
}

/// An ad platform is told of an ad campaign so often; what changes beyond it is told with the next minute.
const STEERING: Turns = Turns { at_once: 60, span_seconds: 60 };

/// Notes what the ad platform should be doing, which is nothing before the start, and enqueues the job that tells it. The
/// caller saves the row.
pub(super) fn want(tx: &mut TenantTx<'_>, campaign: &mut AdCampaign, delivery: Delivery) -> Result<()> {
    campaign.desired_delivery = due(tx, campaign, delivery);
    campaign.delivery.synced_at = None;
    campaign.delivery.error = None;
    if campaign.is_steered() {
        STEERING.ask(tx, &SYNC_DELIVERY, &campaign.id.to_string(), &SyncPayload { ad_campaign_id: campaign.id })?;
    }
    Ok(())
}

pub(super) fn due(tx: &TenantTx<'_>, campaign: &AdCampaign, delivery: Delivery) -> Delivery {
    if campaign.start_at.is_some_and(|at| at > tx.now()) { Delivery::Paused } else { delivery }
}

pub(super) fn delivery_in(status: CampaignStatus) -> Delivery {
    if status == CampaignStatus::Active { Delivery::Running } else { Delivery::Paused }
}
