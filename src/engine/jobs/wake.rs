//! How a worker learns that there is work: a signal within the process, which the database's listener passes on to the
//! others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A cheap handle; every clone is the same signal.
#[derive(Clone, Default)]
pub struct Wake(Arc<Inner>);

#[derive(Default)]
struct Inner {
    local: Notify,
    /// Set by `notify`, taken by the listener, which tells the other processes.
    announce: AtomicBool,
    stopped: AtomicBool,
}

impl Wake {
    /// Work was committed. Called by the write door, never inside a transaction.
    pub fn notify(&self) {
        self.ring();
        self.0.announce.store(true, Ordering::Release);
    }

    /// Wakes this process only.
    pub fn ring(&self) {
        self.0.local.notify_one();
    }

    /// Resolves when work may be there.
    pub async fn wait(&self) {
        self.0.local.notified().await;
    }

    /// Is there work that the other processes have not been told of? Asking counts as telling.
    pub(crate) fn take_announcement(&self) -> bool {
        self.0.announce.swap(false, Ordering::AcqRel)
    }

    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.local.notify_one();
    }
    /// Has this process been told to stop?
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }
}
