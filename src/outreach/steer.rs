//! Confirming, pausing, resuming and canceling.

use super::estimate;
use super::facts::OutreachCampaignFact;
use super::id::{OutreachCampaignId, OutreachEstimateId};
use super::model::{OutreachReason, OutreachStatus, Resumed, Step};
use super::movement::{moved, step, take};
use super::queue;
use super::reach::require_sender;
use super::store::campaigns::{self as rows, OutreachCampaign};
use super::words::Letter;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;

impl OutreachCampaign {
    /// The moment after which it is launched no more.
    pub(super) fn too_late_at(&self) -> Option<Timestamp> {
        self.scheduled_at.map(|at| at.plus(chrono::Duration::minutes(self.lateness_minutes.into())))
    }

    fn was_at(&self) -> Resumed {
        match (self.launched_at, &self.audience_hash) {
            (None, _) => Resumed::BeforeItsMoment,
            (Some(_), None) => Resumed::Prepared,
            (Some(_), Some(_)) => Resumed::Ran,
        }
    }
}

/// Lets it leave: now, or at its moment.
///
/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.not_draft`, `request.precondition_failed`; what is wrong with the estimate; what
/// keeps all of it from leaving.
pub fn confirm(
    tx: &mut TenantTx<'_>,
    id: OutreachCampaignId,
    estimate_id: OutreachEstimateId,
    if_match: &IfMatch,
) -> Result<OutreachCampaign> {
    let mut campaign = rows::hold(tx, id)?;
    if_match.check(campaign.version)?;
    if campaign.status != OutreachStatus::Draft {
        return Err(estimate::not_draft(&campaign));
    }
    let estimate = estimate::confirmed(tx, &campaign, estimate_id)?;
    require_sender(tx, campaign.channel)?;
    let now = tx.now();
    if campaign.scheduled_at.is_some_and(|at| at <= now) {
        let rule = "expected a moment to come: this one is over; change it, or remove it to send at once";
        return Err(Error::conflict("outreach_campaign.moment_over", rule));
    }
    campaign.content = Some(Letter::of_template(tx, campaign.template_id)?.doc());
    campaign.estimate_id = Some(estimate.id);
    let step = if campaign.scheduled_at.is_some() { Step::Schedule } else { Step::Launch };
    let from = take(tx, &mut campaign, step, None)?;
    rows::save(tx, &mut campaign)?;
    let scheduled_at = campaign.scheduled_at;
    let fact = OutreachCampaignFact { scheduled_at, ..moved(&campaign, from) };
    tx.record(fact.told_as(OutreachCampaignFact::CONFIRMED).about(id.uuid()))?;
    queue::go_on(tx, &campaign)?;
    Ok(campaign)
}

/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.illegal_transition`, `request.precondition_failed`.
pub fn pause(tx: &mut TenantTx<'_>, id: OutreachCampaignId, if_match: &IfMatch) -> Result<OutreachCampaign> {
    let campaign = rows::hold(tx, id)?;
    if_match.check(campaign.version)?;
    step(tx, campaign, Step::Pause, Some(OutreachReason::ByUser), OutreachCampaignFact::PAUSED)
}

/// Goes on where it was. One whose moment passed meanwhile is launched now, unless it is too late for that.
///
/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.illegal_transition`, `request.precondition_failed`; what keeps all of it from
/// leaving.
pub fn resume(tx: &mut TenantTx<'_>, id: OutreachCampaignId, if_match: &IfMatch) -> Result<OutreachCampaign> {
    let campaign = rows::hold(tx, id)?;
    if_match.check(campaign.version)?;
    let how = Step::Resume(campaign.was_at());
    campaign.status.after(how)?;
    require_sender(tx, campaign.channel)?;
    let campaign = step(tx, campaign, how, None, OutreachCampaignFact::RESUMED)?;
    queue::go_on(tx, &campaign)?;
    Ok(campaign)
}

/// Nothing more of it leaves; what a provider has cannot be taken back.
///
/// # Errors
/// `outreach_campaign.not_found`, `outreach_campaign.illegal_transition`, `request.precondition_failed`.
pub fn cancel(tx: &mut TenantTx<'_>, id: OutreachCampaignId, if_match: &IfMatch) -> Result<OutreachCampaign> {
    let campaign = rows::hold(tx, id)?;
    if_match.check(campaign.version)?;
    let campaign = step(tx, campaign, Step::Cancel, Some(OutreachReason::ByUser), OutreachCampaignFact::CANCELED)?;
    if campaign.launched_at.is_some() {
        // Whoever waits is told apart from who was written to.
        queue::send(tx, &campaign)?;
    }
    Ok(campaign)
}
