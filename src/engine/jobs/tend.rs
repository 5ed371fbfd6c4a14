//! What a worker does every few seconds beside its claims: it writes the schedule, deletes what ended long ago, and counts.
//!
//! It is a task of its own, since none of it is urgent and some of it is long: nobody's job waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::model::JobKind;
use super::registry::Registry;
use super::{backlog, schedule, store};
use crate::base::Result;
use crate::engine::Core;
use crate::engine::db::PlatformScope;
use crate::engine::outage::Outage;

/// How often.
const EVERY: Duration = Duration::from_secs(5);
/// How long finished jobs are kept.
const KEPT: chrono::Duration = chrono::Duration::days(7);

#[derive(Clone)]
pub(super) struct Tender {
    pub core: Core,
    pub registry: Arc<Registry>,
    pub outage: Arc<Outage>,
}

/// The running task; it ends when this is dropped, or by a defect.
pub(super) struct Tending(JoinHandle<()>);

impl Tending {
    pub fn has_ended(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Tending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Tender {
    pub fn start(self) -> Tending {
        Tending(tokio::spawn(async move {
            loop {
                self.tend().await;
                tokio::time::sleep(EVERY).await;
            }
        }))
    }

    async fn tend(&self) {
        if let Err(error) = self.write_schedule().await {
            self.outage.failed(&error, "the schedule could not be written");
        }
        if let Err(error) = self.prune().await {
            self.outage.failed(&error, "old jobs could not be deleted");
        }
        if let Ok(since) = self.core.db.read(PlatformScope::system(), backlog::due_since).await {
            let waited = since.map_or(chrono::Duration::zero(), |since| self.core.clock.now().since(since));
            self.core.metrics.oldest_due_job.set(waited.num_milliseconds().max(0) as f64 / 1000.0);
        }
        if let Ok(counts) = self.core.db.read(PlatformScope::system(), store::count_open).await {
            self.core.metrics.jobs.reset();
            for (kind, state, count) in counts {
                self.core.metrics.jobs.with_label_values(&[kind.as_str(), state.as_str()]).set(count);
            }
        }
    }

    /// Enqueues the current slot of every period.
    pub async fn write_schedule(&self) -> Result<()> {
        let periodic: Vec<(&'static JobKind, Duration)> =
            self.registry.periodic.iter().map(|p| (p.kind, p.every)).collect();
        self.core.db.write(PlatformScope::system(), move |tx| schedule::enqueue_due(tx, &periodic)).await
    }

    async fn prune(&self) -> Result<()> {
        let before = self.core.clock.now().minus(KEPT);
        while self.core.db.write_long(PlatformScope::system(), move |tx| store::prune(tx, before)).await?
            == store::AT_ONCE
        {}
        Ok(())
    }
}
