//! The real application on a private database and a free port.

use std::future::Future;
use std::net::TcpListener;

use leadwright::app::{App, serve};
use leadwright::base::crypto::MasterKey;
use leadwright::base::time::{Clock, Timestamp};
use leadwright::config::{Config, Source};
use leadwright::engine::db::{PlatformScope, PlatformTx};
use leadwright::engine::jobs::Worker;

use super::client::Client;
use super::database::{Database, TestEngine};
use super::tenant::Tenant;

/// The first operator's key.
pub const OPERATOR_KEY: &str = "lw_operator_key_of_the_test_suite_0001";

/// A running application whose clock stands still until [`TestApp::advance`], and whose jobs run in
/// [`TestApp::run_jobs`] only.
pub struct TestApp {
    pub app: App,
    pub url: String,
    pub engine: TestEngine,
    pub clock: Clock,
    server: actix_web::dev::ServerHandle,
    // Last, so that it goes when nothing uses it any more.
    database: Database,
}

/// See [`TestApp::second`].
pub struct Second {
    pub app: App,
    pub url: String,
}

impl TestApp {
    /// Runs one test on one engine.
    pub fn run<F, Fut>(engine: TestEngine, body: F)
    where
        F: FnOnce(TestApp) -> Fut,
        Fut: Future<Output = ()>,
    {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let app = Self::start(engine, &[]).await;
            let server = app.server.clone();
            body(app).await;
            server.stop(false).await;
        });
    }

    /// Starts an application with further settings.
    pub async fn start(engine: TestEngine, settings: &[(&str, &str)]) -> Self {
        // The moment of the providers' fixtures.
        let clock = Clock::manual(Timestamp::from_seconds(1_795_165_200).expect("a time"));
        Self::start_at(engine, clock, settings).await
    }

    /// Starts an application whose clock runs.
    pub async fn start_live(engine: TestEngine) -> Self {
        Self::start_at(engine, Clock::movable(), &[]).await
    }

    /// Starts an application whose clock stands at the machine's own time, for tests with further processes.
    pub async fn start_today(engine: TestEngine) -> Self {
        Self::start_at(engine, Clock::manual(Clock::system().now()), &[]).await
    }

    /// A second process' parts on the same database, with a server of its own.
    pub async fn second(&self) -> Second {
        self.second_with(|_| {}).await
    }

    /// [`Self::second`] with other settings.
    pub async fn second_with(&self, change: impl FnOnce(&mut Config)) -> Second {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut config = (*self.app.config).clone();
        change(&mut config);
        config.bind = listener.local_addr().expect("its address");
        let url = format!("http://{}", config.bind);
        let app = App::build(config, self.clock.clone()).expect("the app");
        let server = serve::http(&app, listener, 1).expect("the server");
        tokio::spawn(server);
        Second { app, url }
    }

    /// See [`Database::cut_connections`].
    pub fn cut_connections(&self) -> usize {
        self.database.cut_connections()
    }

    /// Does `first` in a transaction that is committed only once `then`, which runs meanwhile, waits for it.
    pub async fn overtaken<T>(
        &self,
        first: impl FnOnce(&mut PlatformTx<'_>) -> leadwright::base::Result<()> + Send + 'static,
        then: impl Future<Output = T>,
    ) -> T {
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go, may_go) = std::sync::mpsc::channel();
        let db = self.app.core.db.clone();
        let holding = tokio::spawn(async move {
            let hold = move |tx: &mut PlatformTx<'_>| {
                first(tx)?;
                let _ = begun.send(());
                let _ = may_go.recv();
                Ok(())
            };
            db.write(PlatformScope::system(), hold).await
        });
        has_begun.await.expect("the first has begun");
        let release = async {
            super::until("somebody waits", async || self.database.is_waited_for()).await;
            go.send(()).expect("the first still holds");
        };
        let (answer, ()) = tokio::join!(then, release);
        holding.await.expect("joined").expect("committed");
        answer
    }

    async fn start_at(engine: TestEngine, clock: Clock, settings: &[(&str, &str)]) -> Self {
        super::statements::install();
        let database = Database::create(engine);
        leadwright::engine::db::testing::migrated(&database.url);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let bind = listener.local_addr().expect("its address");
        let mut source = Source::default();
        source
            .set("BIND", bind.to_string())
            .set("DATABASE_URL", &database.url)
            .set("DATABASE_POOL", "6")
            .set("SQLITE_SYNCHRONOUS", "OFF")
            .set("MASTER_KEY", MasterKey::random().to_base64())
            .set("OPERATOR_KEY", OPERATOR_KEY)
            .set("RATE_LIMIT", "off")
            .set("EMAILS_PER_SECOND", "1000")
            // There is one clock.
            .set("CLOCKS_APART_SECONDS", "0")
            .set("SANDBOX", "true")
            .set("METRICS_PUBLIC", "true")
            .set("WEBHOOKS_TO_LOOPBACK", "true");
        for (name, value) in settings {
            source.set(name, *value);
        }
        let config = Config::from_source(&source).expect("a valid configuration");
        let app = App::build(config, clock.clone()).expect("the app");
        app.prepare().await.expect("a migrated database");
        let server = serve::http(&app, listener, 1).expect("the server");
        let handle = server.handle();
        tokio::spawn(server);
        Self { url: format!("http://{bind}"), app, engine, clock, server: handle, database }
    }

    /// A part of its database's address that no other test's has.
    pub fn mark(&self) -> String {
        self.database.mark().to_string()
    }

    pub fn anonymous(&self) -> Client {
        Client::new(&self.url)
    }

    pub fn operator(&self) -> Client {
        self.anonymous().with_token(OPERATOR_KEY)
    }

    /// A tenant that has just signed up, with its owner.
    pub async fn tenant(&self, name: &str) -> Tenant {
        Tenant::sign_up(self, name).await
    }

    /// A tenant whose owner has not shown yet whose mailbox it is, and does not by itself.
    pub async fn unverified_tenant(&self, name: &str) -> Tenant {
        self.anonymous().put("/sandbox/mailboxes", serde_json::json!({ "open_links": false })).await.ok();
        Tenant::sign_up_unverified(self, name).await
    }

    /// A tenant on the Growth trial.
    pub async fn growth(&self, name: &str) -> Tenant {
        let tenant = self.tenant(name).await;
        tenant.subscribe("growth").await;
        tenant
    }

    pub fn worker(&self) -> Worker {
        self.app.worker()
    }

    /// Runs every due job, and what the twins call back, until both are quiet.
    pub async fn run_jobs(&self) {
        let worker = self.worker();
        loop {
            if let Some(twins) = &self.app.sandbox {
                twins.idle().await;
            }
            if worker.run_until_idle().await.expect("jobs run") == 0 {
                break;
            }
        }
    }

    /// Enqueues what is periodic, then runs it.
    pub async fn run_schedule(&self) {
        self.worker().run_schedule().await.expect("the schedule");
        self.run_jobs().await;
    }

    pub fn advance(&self, by: chrono::Duration) {
        assert!(self.clock.advance(by), "the clock can be moved");
    }

    /// The token in the newest link that was mailed to somebody.
    pub async fn mailed_token(&self, to: &str) -> String {
        let mails = self.outbox().await;
        let mail = mails.iter().find(|mail| mail["to"] == to && mail["channel"] == "email");
        let text =
            mail.and_then(|mail| mail["body"].as_str()).unwrap_or_else(|| panic!("no mail to {to} in {mails:?}"));
        let (_, rest) = text.split_once("?token=").unwrap_or_else(|| panic!("no link in {text}"));
        rest.split_whitespace().next().expect("a token").to_string()
    }

    /// What our side sent to the providers, newest first.
    pub async fn outbox(&self) -> Vec<serde_json::Value> {
        let body = self.anonymous().get("/sandbox/outbox?limit=1000").await.ok();
        body["data"].as_array().cloned().unwrap_or_default()
    }
}
