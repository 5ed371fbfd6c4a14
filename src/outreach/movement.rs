//! A campaign's steps, written and told.

use super::facts::OutreachCampaignFact;
use super::model::{OutreachReason, OutreachStatus, Step};
use super::store::campaigns::{self as rows, OutreachCampaign};
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::events::{EventType, Fact as _};

/// Stops it because something is wrong; whoever looks at it reads what.
pub(super) fn stop(
    tx: &mut TenantTx<'_>,
    campaign: OutreachCampaign,
    reason: OutreachReason,
) -> Result<OutreachCampaign> {
    step(tx, campaign, Step::Pause, Some(reason), OutreachCampaignFact::PAUSED)
}

/// Takes a step, writes it and tells it.
pub(super) fn step(
    tx: &mut TenantTx<'_>,
    mut campaign: OutreachCampaign,
    step: Step,
    reason: Option<OutreachReason>,
    told: EventType,
) -> Result<OutreachCampaign> {
    let from = take(tx, &mut campaign, step, reason)?;
    rows::save(tx, &mut campaign)?;
    let scheduled_at = campaign.scheduled_at.filter(|_| told == OutreachCampaignFact::MISSED);
    let is_whole = [OutreachCampaignFact::LAUNCHED, OutreachCampaignFact::COMPLETED].contains(&told);
    let audience = is_whole.then_some(campaign.audience_size);
    let fact = OutreachCampaignFact { scheduled_at, audience, ..moved(&campaign, from) };
    tx.record(fact.told_as(told).about(campaign.id.uuid()))?;
    Ok(campaign)
}

pub(super) fn take(
    tx: &TenantTx<'_>,
    campaign: &mut OutreachCampaign,
    step: Step,
    reason: Option<OutreachReason>,
) -> Result<OutreachStatus> {
    let from = campaign.status;
    campaign.status = from.after(step)?;
    campaign.status_reason = reason;
    match step {
        Step::Launch => campaign.launched_at = Some(tx.now()),
        Step::Complete | Step::Cancel | Step::Miss => campaign.completed_at = Some(tx.now()),
        _ => {}
    }
    Ok(from)
}

pub(super) fn moved(campaign: &OutreachCampaign, from: OutreachStatus) -> OutreachCampaignFact {
    OutreachCampaignFact {
        from: Some(from),
        to: Some(campaign.status),
        reason: campaign.status_reason,
        ..OutreachCampaignFact::of(campaign)
    }
}
