//! A suspended tenant's ads rest.
//!
//! Its people cannot log in to pause them, and the platform's ad account would go on paying. What was paused for it runs
//! again, as far as the plan allows, once the operators let the tenant back in. An operator who resumes one meanwhile
//! means it. A reaction to `tenant.updated`.

use super::model::{Asker, CampaignStatus, Step};
use super::movement::move_to;
use super::{quota, steps, store};
use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::http::IfMatch;
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::tenants;

/// Pauses a suspended tenant's ad campaigns, and lets them run again.
pub static FOLLOW_TENANT: JobKind = JobKind::new("ad_campaign.follow_tenant").priority(3);

const REASON: &str = "tenant_suspended";

pub(super) async fn follow(ctx: JobContext) -> Result<Outcome> {
    ctx.finish(apply).await
}

/// By what is true now, whatever the event said.
fn apply(tx: &mut TenantTx<'_>) -> Result<()> {
    store::lock(tx)?;
    if tenants::store::current(tx)?.is_suspended() {
        for mut campaign in store::in_status(tx, CampaignStatus::Active)? {
            let to = campaign.status.after(Step::Pause)?;
            move_to(tx, &mut campaign, Step::Pause, to, Some(REASON.into()))?;
        }
        return Ok(());
    }
    for campaign in store::in_status(tx, CampaignStatus::Paused)? {
        if campaign.status_reason.as_deref() == Some(REASON) {
            steps::take(tx, campaign.id, Step::Resume, None, Asker::Engine, &IfMatch::default())?;
        }
    }
    // A period may have begun meanwhile.
    quota::let_run(tx)
}
