//! The job behind an endpoint: one at a time sends what waits for it ([`super::deliver`]).

use std::time::Duration;

use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobKind, NewJob};
use crate::integrations::id::WebhookEndpointId;

/// Delivers to one endpoint. It waits for strangers, hence aside.
pub static DELIVER: JobKind = JobKind::new("webhook.deliver").priority(6).timeout(Duration::from_secs(60)).aside();

#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
pub(super) struct Payload {
    pub endpoint_id: WebhookEndpointId,
}

pub(super) fn enqueue(tx: &mut TenantTx<'_>, endpoint: WebhookEndpointId) -> Result<()> {
    enqueue_all(tx, [endpoint])
}

pub(super) fn enqueue_all(tx: &mut TenantTx<'_>, list: impl IntoIterator<Item = WebhookEndpointId>) -> Result<()> {
    let tenant = tx.tenant();
    let jobs: Vec<_> =
        list.into_iter().map(|endpoint_id| (tenant, NewJob::new(&DELIVER, &Payload { endpoint_id }))).collect();
    if jobs.is_empty() { Ok(()) } else { crate::engine::jobs::store::enqueue_all(&mut tx.platform(), jobs) }
}
