//! The thread that joins this process to the others on the same PostgreSQL: it passes on that there is work, and hears
//! that there is, and what has changed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::pg::PgNotification;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::conn::DbConn;
use super::freshness::Freshness;
use super::liveness::watchful;
use crate::base::Result;
use crate::base::id::TenantId;
use crate::engine::jobs::Wake;

const WORK: &str = "leadwright_jobs";
const CHANGES: &str = "leadwright_changes";
/// How often it looks, and how often it makes sure that the server is still there.
const LOOK: Duration = Duration::from_millis(20);
const MAKE_SURE: Duration = Duration::from_secs(1);

diesel::define_sql_function! {
    fn pg_notify(channel: Text, payload: Text);
}

/// Tells the other processes of a change, at the commit of this very transaction.
pub(super) fn tell(conn: &mut DbConn, tenant: Option<TenantId>) -> Result<()> {
    if let DbConn::Postgres(conn) = conn {
        let payload = tenant.map(|id| id.to_string()).unwrap_or_default();
        diesel::select(pg_notify(CHANGES, payload)).execute(conn)?;
    }
    Ok(())
}

pub(super) struct Listener {
    pub url: String,
    pub wake: Wake,
    pub freshness: Arc<Freshness>,
}

impl Listener {
    /// Starts the thread. It connects again by itself; while it cannot, polling finds the work and nothing is remembered.
    #[allow(clippy::disallowed_methods)] // the thread is its own: no task waits behind its sleep
    pub fn start(self) {
        let run = move || {
            while !self.wake.is_stopped() {
                let ended = self.listen();
                self.freshness.stop_hearing();
                if let Err(error) = ended {
                    tracing::warn!(%error, "notifications are interrupted; polling continues");
                    std::thread::sleep(Duration::from_secs(1));
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("notifications".into()).spawn(run) {
            tracing::warn!(%error, "no thread for notifications; polling continues");
        }
    }

    /// One `NOTIFY` for all work of 20 ms, sent outside any transaction: notifying inside would make every commit of the
    /// whole database queue behind one lock. Changes are rare, and are told inside theirs.
    #[allow(clippy::disallowed_methods)] // as above
    fn listen(&self) -> Result<(), Box<dyn std::error::Error>> {
        let mut conn = PgConnection::establish(&watchful(&self.url))?;
        conn.batch_execute(&format!("LISTEN {WORK}; LISTEN {CHANGES}"))?;
        self.freshness.start_hearing();
        let mut sure = Instant::now();
        while !self.wake.is_stopped() {
            if self.wake.take_announcement() {
                conn.batch_execute(&format!("NOTIFY {WORK}"))?;
            }
            if sure.elapsed() > MAKE_SURE {
                conn.batch_execute("SELECT 1")?;
                sure = Instant::now();
                self.freshness.keep_hearing();
            }
            for notification in conn.notifications_iter() {
                self.hear(&notification?);
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    fn hear(&self, notification: &PgNotification) {
        if notification.channel == CHANGES {
            self.freshness.change(notification.payload.parse().ok());
        } else {
            self.wake.ring();
        }
    }
}
