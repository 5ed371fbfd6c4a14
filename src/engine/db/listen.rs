//! The thread that joins this process to the others on the same PostgreSQL: it passes on that there is work, and hears
//! that there is, and what has changed.
//!
//! It believes that it hears only when it hears itself: once a second it speaks on one connection and listens for that very
//! word on another. A server that merely answers proves nothing: behind a pooler in transaction mode the connection that
//! `LISTEN` was said on belongs to whoever comes next, and what is notified there is thrown away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::pg::PgNotification;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::conn::DbConn;
use super::freshness::Freshness;
use super::joining::{Joining, Standing};
use super::liveness::watchful;
use crate::base::Result;
use crate::base::crypto::random_token;
use crate::base::id::TenantId;
use crate::engine::jobs::Wake;

const WORK: &str = "leadwright_jobs";
const CHANGES: &str = "leadwright_changes";
/// How often it looks, how often it makes sure that it hears, and how soon it must have heard itself.
const LOOK: Duration = Duration::from_millis(20);
const MAKE_SURE: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(3);
/// How long it waits before it tries again to hear.
const AGAIN: Duration = Duration::from_secs(1);

diesel::define_sql_function! {
    fn pg_notify(channel: Text, payload: Text);
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Tells the other processes of a change, at the commit of this very transaction.
pub(super) fn tell(conn: &mut DbConn, tenant: Option<TenantId>) -> Result<()> {
    if let DbConn::Postgres(conn) = conn {
        let payload = tenant.map(|id| id.to_string()).unwrap_or_default();
        diesel::select(pg_notify(CHANGES, payload)).execute(conn)?;
    }
    Ok(())
}

/// Two connections to the same database, and the word that one says to the other.
struct Ears {
    hearing: PgConnection,
    speaking: PgConnection,
    channel: String,
    /// When the word was said that has not been heard yet.
    asked: Option<Instant>,
}

impl Ears {
    fn open(url: &str) -> Outcome<Self> {
        let url = watchful(url);
        let mut hearing = PgConnection::establish(&url)?;
        let speaking = PgConnection::establish(&url)?;
        let channel = random_token("leadwright_echo_").to_ascii_lowercase().replace('-', "_");
        hearing.batch_execute(&format!("LISTEN {WORK}; LISTEN {CHANGES}; LISTEN \"{channel}\""))?;
        Ok(Self { hearing, speaking, channel, asked: None })
    }

    fn ask(&mut self) -> Outcome {
        // Before it is said: what is notified in between comes before the answer, since all of it comes in one order.
        self.asked = Some(Instant::now());
        Ok(self.speaking.batch_execute(&format!("NOTIFY \"{}\"", self.channel))?)
    }

    /// What came since the last look, and since when at least everything was heard, if the answer is among it.
    fn look(&mut self) -> Outcome<(Vec<PgNotification>, Option<Instant>)> {
        let heard: Vec<PgNotification> = self.hearing.notifications_iter().collect::<QueryResult<_>>()?;
        let (answers, others): (Vec<_>, Vec<_>) = heard.into_iter().partition(|one| one.channel == self.channel);
        let since = if answers.is_empty() { None } else { self.asked.take() };
        Ok((others, since))
    }

    fn is_deaf(&self) -> bool {
        self.asked.is_some_and(|asked| asked.elapsed() > ANSWER)
    }
}

/// Does a process that connects by this URL hear what others notify? Blocks for [`ANSWER`] when it does not.
///
/// # Errors
/// The server does not let us in.
#[allow(clippy::disallowed_methods)] // `doctor` has nothing else to do meanwhile
pub fn is_heard(url: &str) -> Result<bool> {
    let unavailable = |error: Box<dyn std::error::Error>| super::error::unavailable(error.to_string());
    let mut ears = Ears::open(url).map_err(unavailable)?;
    ears.ask().map_err(unavailable)?;
    while !ears.is_deaf() {
        if ears.look().map_err(unavailable)?.1.is_some() {
            return Ok(true);
        }
        std::thread::sleep(LOOK);
    }
    Ok(false)
}

pub(super) struct Listener {
    pub url: String,
    pub wake: Wake,
    pub freshness: Arc<Freshness>,
    pub joining: Joining,
}

impl Listener {
    /// Starts the thread. It connects again by itself; while it cannot, polling finds the work and nothing is remembered.
    #[allow(clippy::disallowed_methods)] // the thread is its own: no task waits behind its sleep
    pub fn start(self) {
        let joining = self.joining.clone();
        let run = move || {
            while !self.wake.is_stopped() {
                let ended = self.listen();
                self.freshness.stop_hearing();
                if let Err(error) = ended {
                    self.tell_polling(&*error);
                    std::thread::sleep(AGAIN);
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("notifications".into()).spawn(run) {
            joining.set(Standing::Polling);
            tracing::warn!(%error, "no thread for notifications; polling continues");
        }
    }

    /// Once, and not at every try.
    fn tell_polling(&self, error: &dyn std::error::Error) {
        if self.joining.get() != Standing::Polling {
            tracing::warn!(%error, "notifications are interrupted; polling continues, and nothing is remembered");
        }
        self.joining.set(Standing::Polling);
    }

    /// One `NOTIFY` for all work of 20 ms, sent outside any transaction: notifying inside would make every commit of the
    /// whole database queue behind one lock. Changes are rare, and are told inside theirs.
    #[allow(clippy::disallowed_methods)] // as above
    fn listen(&self) -> Outcome {
        let mut ears = Ears::open(&self.url)?;
        let mut is_hearing = false;
        let mut next = Instant::now();
        while !self.wake.is_stopped() {
            if self.wake.take_announcement() {
                ears.speaking.batch_execute(&format!("NOTIFY {WORK}"))?;
            }
            if ears.asked.is_none() && Instant::now() >= next {
                ears.ask()?;
                next = Instant::now() + MAKE_SURE;
            }
            let (heard, since) = ears.look()?;
            for notification in &heard {
                self.hear(notification);
            }
            if let Some(since) = since {
                if !is_hearing {
                    self.freshness.start_hearing();
                    if self.joining.get() == Standing::Polling {
                        tracing::info!("notifications are heard again");
                    }
                    self.joining.set(Standing::Joined);
                }
                is_hearing = true;
                self.freshness.keep_hearing(since);
            }
            if ears.is_deaf() {
                return Err("what this process says to itself does not arrive; a pooler in transaction mode? \
                            Connect directly, or with pool_mode = session"
                    .into());
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

#[cfg(test)]
mod tests {
    use super::super::manager::Engine;
    use super::super::pooler::Pooler;
    use super::super::testing::server_url;
    use super::*;

    fn listening(url: &str) -> (Wake, Arc<Freshness>, Joining) {
        let (wake, freshness, joining) =
            (Wake::default(), Arc::new(Freshness::new(Engine::Postgres)), Joining::default());
        joining.set(Standing::Joining);
        Listener { url: url.into(), wake: wake.clone(), freshness: freshness.clone(), joining: joining.clone() }
            .start();
        (wake, freshness, joining)
    }

    async fn settled(joining: &Joining) -> Standing {
        while joining.get() == Standing::Joining {
            tokio::task::yield_now().await;
        }
        joining.get()
    }

    #[tokio::test]
    async fn who_hears_itself_has_joined_and_believes() {
        let (wake, freshness, joining) = listening(&server_url());
        assert_eq!(settled(&joining).await, Standing::Joined);
        assert!(freshness.stamp(freshness.before(), None).is_some());
        assert!(is_heard(&server_url()).expect("it answers"));
        wake.stop();
    }

    #[tokio::test]
    async fn behind_a_pooler_that_loses_notifications_nothing_is_believed_and_it_is_said() {
        let pooler = Pooler::before(&server_url());
        let (wake, freshness, joining) = listening(&pooler.url);
        assert_eq!(settled(&joining).await, Standing::Polling);
        assert!(freshness.stamp(freshness.before(), None).is_none());
        assert!(!is_heard(&pooler.url).expect("it answers"), "and `doctor` can tell");
        wake.stop();
    }
}
