//! What follows from where a campaign stands: the jobs that prepare it and send it.

use super::id::OutreachCampaignId;
use super::model::OutreachStatus;
use super::store::campaigns::OutreachCampaign;
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobKind, NewJob};

/// Launches a campaign at its moment, and writes its audience down.
pub static PREPARE: JobKind = JobKind::new("outreach.prepare").priority(4);
/// Lets a campaign's messages leave. It waits for providers, not for us.
pub static SEND: JobKind = JobKind::new("outreach.send").priority(6).aside();

#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Payload {
    pub campaign_id: OutreachCampaignId,
}

/// Once for each time that it is confirmed or resumed.
fn prepare(tx: &mut TenantTx<'_>, campaign: &OutreachCampaign) -> Result<()> {
    let job = NewJob::new(&PREPARE, &Payload { campaign_id: campaign.id })
        .unique(format!("{}:{}", campaign.id, campaign.version));
    let at = campaign.scheduled_at.filter(|_| campaign.status == OutreachStatus::Scheduled);
    tx.enqueue(match at {
        Some(at) => job.at(at.max(tx.now())),
        None => job,
    })?;
    Ok(())
}

/// Once for each time that it begins or goes on.
pub(super) fn send(tx: &mut TenantTx<'_>, campaign: &OutreachCampaign) -> Result<()> {
    let job = NewJob::new(&SEND, &Payload { campaign_id: campaign.id });
    tx.enqueue(job.unique(format!("{}:{}", campaign.id, campaign.version)))?;
    Ok(())
}

/// What follows from where it stands now.
pub(super) fn go_on(tx: &mut TenantTx<'_>, campaign: &OutreachCampaign) -> Result<()> {
    match campaign.status {
        OutreachStatus::Scheduled | OutreachStatus::Preparing => prepare(tx, campaign),
        OutreachStatus::Running => send(tx, campaign),
        _ => Ok(()),
    }
}
