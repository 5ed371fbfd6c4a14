//! Moving an ad campaign through its life, and telling the ad platform what to do about it.

use super::delivery::{SYNC_DELIVERY, SyncPayload};
use super::facts::AdCampaignFact;
use super::model::{Asker, CampaignStatus, Delivery, QUOTA_REACHED, Step};
use super::store::{self, AdCampaign};
use super::{limits, quota, review};
use crate::base::Result;
use crate::base::id::AdCampaignId;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::engine::jobs::{JobContext, JobKind, Outcome, Turns};

/// Completes the ad campaigns whose end has come.
pub static COMPLETE_ENDED: JobKind = JobKind::new("ad_campaign.complete_ended").periodic();

/// Starts those that were activated before their `start_at`, once it has come.
pub static START_DUE: JobKind = JobKind::new("ad_campaign.start_due");

/// Takes one step. Where it changes nothing, nothing is recorded. A tenant's step towards running leads to the operators
/// first, where they have to agree; an operator's is their agreement.
///
/// # Errors
/// `ad_campaign.not_found`, `request.precondition_failed`, `ad_campaign.illegal_transition`; for operators those of
/// [`super::claim::agree`].
pub fn take(
    tx: &mut TenantTx<'_>,
    id: AdCampaignId,
    step: Step,
    reason: Option<String>,
    asker: Asker,
    if_match: &IfMatch,
) -> Result<AdCampaign> {
    store::lock(tx)?;
    let mut campaign = store::get(tx, id)?;
    if_match.check(campaign.version)?;
    let to = campaign.status.after(step)?;
    let form = store::form_of(tx, &campaign)?;
    let is_wanting = to == CampaignStatus::Active && review::is_wanting(&campaign, form.as_ref(), asker);
    if to == CampaignStatus::PendingApproval || is_wanting {
        review::submit(tx, &mut campaign)?;
        return Ok(campaign);
    }
    let mut is_news = false;
    if to == CampaignStatus::Active {
        is_news = asker == Asker::Operator && review::approve(tx, &mut campaign)?;
        match quota::allowed(tx, &campaign)? {
            Delivery::Running => {}
            // `quota.reached` was told before this one ran, so nothing else would hold it back.
            held => return run_within(tx, campaign, step, held, is_news),
        }
        if let Some(limit) = limits::commit(tx, &mut campaign)? {
            return stop_at(tx, campaign, limit, is_news);
        }
    }
    let is_same_pause = step != Step::Pause || campaign.status_reason == reason;
    if !is_news
        && to == campaign.status
        && is_same_pause
        && campaign.desired_delivery == due(tx, &campaign, delivery_in(to))
    {
        return Ok(campaign);
    }
    move_to(tx, &mut campaign, step, to, reason)?;
    Ok(campaign)
}

/// Starts an ad campaign as far as the used-up plan allows: slowly, or not before there is something to deliver again.
fn run_within(
    tx: &mut TenantTx<'_>,
    mut campaign: AdCampaign,
    step: Step,
    held: Delivery,
    is_news: bool,
) -> Result<AdCampaign> {
    let (step, to) =
        if held == Delivery::Slow { (step, CampaignStatus::Active) } else { (Step::Pause, CampaignStatus::Paused) };
    let is_held = campaign.status_reason.as_deref() == Some(QUOTA_REACHED);
    if !is_news && is_held && campaign.status == to && campaign.desired_delivery == held {
        return Ok(campaign);
    }
    move_to(tx, &mut campaign, step, to, Some(QUOTA_REACHED.into()))?;
    if held == Delivery::Slow {
        want(tx, &mut campaign, held)?;
        store::save(tx, &mut campaign)?;
    }
    Ok(campaign)
}

/// Keeps one paused that its limit leaves no room for today.
pub(super) fn stop_at(
    tx: &mut TenantTx<'_>,
    mut campaign: AdCampaign,
    limit: limits::Reached,
    is_news: bool,
) -> Result<AdCampaign> {
    let reason = Some(limit.reason().to_string());
    campaign.committed_until = limit.until();
    if !is_news && campaign.status == CampaignStatus::Paused && campaign.status_reason == reason {
        return Ok(campaign);
    }
    move_to(tx, &mut campaign, Step::Pause, CampaignStatus::Paused, reason)?;
    Ok(campaign)
}

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
    campaign.delivery_synced_at = None;
    campaign.delivery_error = None;
    if campaign.is_steered() {
        STEERING.ask(tx, &SYNC_DELIVERY, &campaign.id.to_string(), &SyncPayload { ad_campaign_id: campaign.id })?;
    }
    Ok(())
}

fn due(tx: &TenantTx<'_>, campaign: &AdCampaign, delivery: Delivery) -> Delivery {
    if campaign.start_at.is_some_and(|at| at > tx.now()) { Delivery::Paused } else { delivery }
}

fn delivery_in(status: CampaignStatus) -> Delivery {
    if status == CampaignStatus::Active { Delivery::Running } else { Delivery::Paused }
}

/// The periodic job behind [`START_DUE`].
pub(super) async fn start_due(ctx: JobContext) -> Result<Outcome> {
    const AT_ONCE: i64 = 100;
    ctx.finish_platform(|tx: &mut PlatformTx<'_>| {
        for (tenant, id) in store::waiting_to_start(tx, AT_ONCE)? {
            start(&mut tx.for_tenant(tenant), id)?;
        }
        Ok(())
    })
    .await
}

fn start(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<()> {
    store::lock(tx)?;
    let mut campaign = store::get(tx, id)?;
    match quota::allowed(tx, &campaign)? {
        Delivery::Running => {
            if let Some(limit) = limits::commit(tx, &mut campaign)? {
                return stop_at(tx, campaign, limit, false).map(|_| ());
            }
            want(tx, &mut campaign, Delivery::Running)?;
            store::save(tx, &mut campaign)
        }
        held => run_within(tx, campaign, Step::Resume, held, false).map(|_| ()),
    }
}

/// The periodic job behind [`COMPLETE_ENDED`].
pub(super) async fn complete_ended(ctx: JobContext) -> Result<Outcome> {
    const AT_ONCE: i64 = 500;
    ctx.finish_platform(|tx: &mut PlatformTx<'_>| {
        for (tenant, id) in store::ended(tx, AT_ONCE)? {
            take(
                &mut tx.for_tenant(tenant),
                id,
                Step::Complete,
                Some("ended".into()),
                Asker::Engine,
                &IfMatch::default(),
            )?;
        }
        Ok(())
    })
    .await
}
