//! When a worker ends, and how.

use std::sync::Arc;
use std::time::Duration;

use super::{Registry, Settler, Worker, WorkerSettings};
use crate::engine::db::Db;
use crate::engine::db::testing::on_both_engines;
use crate::engine::jobs::settler;

on_both_engines! {
    async fn a_worker_ends_with_what_settles_for_it(db: Db) {
        let core = settler::tests::core(&db);
        let worker = Worker::new(core.clone(), Arc::new(Registry::default()), WorkerSettings::default());
        let (settler, settling) = Settler::start(core);
        let (_nobody_stops_it, stopping) = tokio::sync::watch::channel(false);
        settling.abort();
        let work = worker.work(stopping, settler, settling);
        tokio::time::timeout(Duration::from_secs(60), work).await.expect("it ended");
    }
}
