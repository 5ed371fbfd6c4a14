//! Writes how runs ended: all that ended since the last write, at once.
//!
//! While one batch is written the next gathers; an end that is alone is written alone and at once. A job's own
//! effect does not come here: it is completed in the effect's transaction ([`super::JobContext::finish`]).

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::model::Job;
use super::store::{self, Settled, Settlement};
use crate::base::ErrorKind;
use crate::engine::Core;
use crate::engine::db::PlatformScope;

/// Ends of one write, and those that may wait for it: then runs wait too.
const BATCH: usize = 256;
/// Storage that comes back within this many tries, half a second apart, costs no second run.
const TRIES: usize = 10;

struct Ended {
    settled: Settled,
    label: &'static str,
}

/// Takes ends; cheap to clone.
#[derive(Clone)]
pub(super) struct Settler(mpsc::Sender<Ended>);

/// Ends when every [`Settler`] is gone and everything is written.
pub(super) struct Settling(JoinHandle<()>);

impl Settler {
    pub fn start(core: Core) -> (Self, Settling) {
        let (sender, receiver) = mpsc::channel(BATCH);
        (Self(sender), Settling(tokio::spawn(run(core, receiver))))
    }

    pub async fn settle(&self, job: Job, end: Settlement, label: &'static str) {
        let ended = Ended { settled: Settled { job, end }, label };
        if self.0.send(ended).await.is_err() {
            tracing::error!("a run ended after the last settlement; its lease expires and it runs again");
        }
    }
}

impl Settling {
    pub async fn await_all(self) {
        if let Err(panicked) = self.0.await {
            tracing::error!(%panicked, "settlements stopped; leases expire and the jobs run again");
        }
    }
}

async fn run(core: Core, mut ended: mpsc::Receiver<Ended>) {
    let mut batch = Vec::with_capacity(BATCH);
    while ended.recv_many(&mut batch, BATCH).await > 0 {
        write(&core, std::mem::take(&mut batch)).await;
    }
}

async fn write(core: &Core, batch: Vec<Ended>) {
    let (list, labels): (Vec<Settled>, Vec<&str>) = batch.into_iter().map(|ended| (ended.settled, ended.label)).unzip();
    let list = std::sync::Arc::new(list);
    let mut tries = 0;
    let ours = loop {
        let shared = list.clone();
        let written = core.db.write_apart(PlatformScope::system(), move |tx| store::settle_all(tx, &shared)).await;
        tries += 1;
        match written {
            Ok(ours) => break ours,
            Err(error) if error.kind() == ErrorKind::Unavailable && tries < TRIES => {
                tracing::warn!(error = %error.chain(), "runs could not be settled; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            Err(error) => {
                // The leases expire and the jobs run again: handlers are idempotent.
                tracing::error!(error = %error.chain(), runs = list.len(), "runs could not be settled");
                break Default::default();
            }
        }
    };
    for (settled, label) in list.iter().zip(labels) {
        let label = if ours.contains(&settled.job.id) { label } else { "lost" };
        core.metrics.job_runs.with_label_values(&[settled.job.kind.as_str(), label]).inc();
    }
}
