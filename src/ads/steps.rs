//! An ad campaign's steps through its life, and what decides on each: the operators, the plan, its limits.

use super::model::{Asker, CampaignStatus, Delivery, QUOTA_REACHED, Step};
use super::movement::{delivery_in, due, move_to, want};
use super::store::{self, AdCampaign};
use super::{limits, quota, review};
use crate::base::Result;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::http::IfMatch;
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::leads::id::AdCampaignId;

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
