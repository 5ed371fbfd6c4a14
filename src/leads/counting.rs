//! What was written since the last time is added to the counts (see [`kept_counts`], of every collection) and to the index of texts, so that counts and
//! searches read little besides.

use std::time::Duration;

use super::store::settle_index;
use crate::base::Result;
use crate::engine::db::{PlatformTx, kept_counts};
use crate::engine::events::platform_tenant;
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry, enqueue};

/// Once a minute: at hundreds of leads a second a count then reads some ten thousand rows, which takes milliseconds.
static FOLD: JobKind = JobKind::new("lead.fold_counts").periodic().priority(8);

/// Tenants in one transaction.
const AT_ONCE: i64 = 200;

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&FOLD, fold).every(Duration::from_secs(60), &FOLD);
}

async fn fold(context: JobContext) -> Result<Outcome> {
    context
        .finish_platform(|tx: &mut PlatformTx<'_>| {
            let tenants = kept_counts::unfolded(tx, AT_ONCE)?;
            for (tenant, _) in &tenants {
                kept_counts::fold(&mut tx.for_tenant(*tenant))?;
            }
            if !tenants.is_empty() {
                settle_index(tx)?;
            }
            let is_full = i64::try_from(tenants.len()).is_ok_and(|count| count == AT_ONCE);
            if is_full || tenants.iter().any(|(_, leaves_some)| *leaves_some) {
                enqueue(tx, platform_tenant(), NewJob::new(&FOLD, &serde_json::json!({})))?;
            }
            Ok(())
        })
        .await
}
