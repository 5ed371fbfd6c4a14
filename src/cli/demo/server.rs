//! The demo's own server: API, twins and worker in this process, on a database nobody needs afterwards.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use actix_web::dev::ServerHandle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::app::{App, serve};
use crate::base::crypto::{MasterKey, random_token};
use crate::base::time::Clock;
use crate::base::{Error, Result};
use crate::config::{Config, Source};

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(random_token("leadwright-demo-"));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }
    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} could not be removed: {error}", self.0.display());
        }
    }
}

/// A running server.
pub(super) struct Server {
    app: App,
    operator_key: String,
    http: (ServerHandle, JoinHandle<std::io::Result<()>>),
    worker: (watch::Sender<bool>, JoinHandle<()>),
    _scratch: Option<Scratch>,
}

impl Server {
    /// Migrates the database and starts API and worker. Without a URL the database is a temporary file.
    pub async fn start(database_url: Option<String>, port: u16) -> crate::cli::Outcome<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .map_err(|error| format!("--port: cannot listen on 127.0.0.1:{port}: {error}"))?;
        let scratch = if database_url.is_none() { Some(Scratch::new()?) } else { None };
        let temporary = scratch.as_ref().map(|folder| format!("sqlite://{}", folder.path().join("demo.db").display()));
        let database_url = database_url.or(temporary).unwrap_or_default();
        let operator_key = random_token("lw_");
        let config = config(&listener, &database_url, &operator_key)?;
        let app = App::build(config, Clock::movable())?;
        app.prepare().await?;
        app.core.db.join_others();
        let (stop, stopping) = watch::channel(false);
        let worker = tokio::spawn(app.worker().run(stopping));
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let server = serve::http(&app, listener, threads)?;
        let handle = server.handle();
        let http = (handle, tokio::spawn(server));
        Ok(Self { app, operator_key, http, worker: (stop, worker), _scratch: scratch })
    }

    pub fn address(&self) -> &str {
        &self.app.config.public_url
    }
    pub fn operator_key(&self) -> &str {
        &self.operator_key
    }
    pub fn engine(&self) -> &'static str {
        self.app.core.db.engine().name()
    }

    /// Lets running jobs finish, then requests: jobs reach the twins through this very server.
    pub async fn stop(self) -> Result<()> {
        let ((handle, server), (stop, worker)) = (self.http, self.worker);
        // A worker that has ended by itself is not told anything.
        let _ = stop.send(true);
        self.app.core.db.wake().stop();
        worker.await.map_err(Error::internal)?;
        handle.stop(true).await;
        server.await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

/// Nothing of the machine's own configuration: the story must not send anything to anybody.
fn config(listener: &TcpListener, database_url: &str, operator_key: &str) -> crate::cli::Outcome<Config> {
    let mut source = Source::default();
    source
        .set("BIND", listener.local_addr()?.to_string())
        .set("DATABASE_URL", database_url)
        .set("MASTER_KEY", MasterKey::random().to_base64())
        .set("OPERATOR_KEY", operator_key)
        .set("SANDBOX", "true")
        // Whoever looks around tries webhooks with a receiver of their own.
        .set("WEBHOOKS_TO_LOOPBACK", "true")
        .set("RATE_LIMIT", "off");
    Ok(Config::from_source(&source)?)
}
