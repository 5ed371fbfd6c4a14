//! How a worker learns that there is work: an in-process signal, and `LISTEN/NOTIFY` between processes on PostgreSQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::sync::Notify;

/// A cheap handle; every clone is the same signal.
#[derive(Clone, Default)]
pub struct Wake(Arc<Inner>);

#[derive(Default)]
struct Inner {
    local: Notify,
    /// Set by `notify`, taken by the listener thread, which tells the other processes.
    announce: AtomicBool,
    stopped: AtomicBool,
}

const CHANNEL: &str = "leadwright_jobs";

impl Wake {
    /// Work was committed. Called by the write door, never inside a transaction.
    pub fn notify(&self) {
        self.0.local.notify_one();
        self.0.announce.store(true, Ordering::Release);
    }

    /// Resolves when work may be there.
    pub async fn wait(&self) {
        self.0.local.notified().await;
    }

    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.local.notify_one();
    }

    /// Joins this process to the others on the same PostgreSQL. The thread reconnects by itself; while it cannot,
    /// polling still finds the work.
    ///
    /// One `NOTIFY` for all commits of 20 ms, sent outside any transaction: notifying inside would make every commit of
    /// the whole database queue behind one lock.
    #[allow(clippy::disallowed_methods)] // the thread is its own: no task waits behind its sleep
    pub fn join_postgres(&self, url: String) {
        let wake = self.clone();
        let run = move || {
            while !wake.0.stopped.load(Ordering::Acquire) {
                if let Err(error) = wake.listen(&url) {
                    tracing::warn!(%error, "job notifications are interrupted; polling continues");
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("job-notifications".into()).spawn(run) {
            tracing::warn!(%error, "no thread for job notifications; polling continues");
        }
    }

    #[allow(clippy::disallowed_methods)] // as above
    fn listen(&self, url: &str) -> Result<(), Box<dyn std::error::Error>> {
        let mut conn = diesel::PgConnection::establish(url)?;
        conn.batch_execute(&format!("LISTEN {CHANNEL}"))?;
        // What was announced while nobody listened is found by looking once.
        self.0.local.notify_one();
        let mut rounds = 0_u32;
        while !self.0.stopped.load(Ordering::Acquire) {
            if self.0.announce.swap(false, Ordering::AcqRel) {
                conn.batch_execute(&format!("NOTIFY {CHANNEL}"))?;
            }
            let mut heard = false;
            for notification in conn.notifications_iter() {
                notification?;
                heard = true;
            }
            if heard {
                self.0.local.notify_one();
            }
            rounds += 1;
            if rounds.is_multiple_of(500) {
                conn.batch_execute("SELECT 1")?; // notices a server that went away silently
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}
