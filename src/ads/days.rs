//! A day begins: it is committed where the limits of an ad campaign leave room for it ([`super::limits`]), and what they stop or let go on
//! moves.

use super::limits::commit;
use super::model::{Asker, CampaignStatus, Delivery, MONTHLY_CAP_REACHED, Step};
use super::{steps, store};
use crate::base::Result;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::engine::http::IfMatch;
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::leads::id::AdCampaignId;

/// Commits the days that begin, and stops or starts what a limit asks to.
pub static KEEP_LIMITS: JobKind = JobKind::new("ad_campaign.keep_limits").periodic();

/// The periodic job behind [`KEEP_LIMITS`].
pub(super) async fn keep(ctx: JobContext) -> Result<Outcome> {
    const AT_ONCE: i64 = 200;
    ctx.finish_platform(|tx: &mut PlatformTx<'_>| {
        for (tenant, id) in store::to_commit(tx, AT_ONCE)? {
            keep_one(&mut tx.for_tenant(tenant), id)?;
        }
        Ok(())
    })
    .await
}

fn keep_one(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<()> {
    store::lock(tx)?;
    let mut campaign = store::get(tx, id)?;
    if campaign.status == CampaignStatus::Paused && campaign.status_reason.as_deref() == Some(MONTHLY_CAP_REACHED) {
        steps::take(tx, id, Step::Resume, None, Asker::Engine, &IfMatch::default())?;
        return Ok(());
    }
    let is_running = campaign.status == CampaignStatus::Active && campaign.desired_delivery != Delivery::Paused;
    if !is_running {
        // Whoever lets it run again commits that day.
        campaign.committed_until = None;
        return store::save_commitment(tx, &campaign);
    }
    match commit(tx, &mut campaign)? {
        Some(limit) => steps::stop_at(tx, campaign, limit, false).map(|_| ()),
        None => store::save_commitment(tx, &campaign),
    }
}
