//! Running: the HTTP server, the worker, and stopping both gracefully.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpResponse, HttpServer, web};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa_actix_web::AppExt as _;

use super::version::{COMMIT, VERSION};
use super::{App, docs, fallback, health, index, pages, problems, routes, twins};
use crate::base::{Error, ErrorKind, Result};
use crate::engine::db::key_check::{self, KeyCheck};
use crate::engine::db::{PlatformScope, PlatformTx, migrate};
use crate::engine::http::limits::Limiter;
use crate::engine::http::once::InFlight;
use crate::engine::http::volume::Volume;
use crate::engine::http::{Proxies, etag, pipeline};
use crate::engine::outage::Outage;
use crate::sending;
use crate::tenants::access::{OwnPages, Remembered, conceal_unreadable};

/// Starts the HTTP server on `listener`; the future ends when it has stopped.
pub fn http(app: &App, listener: TcpListener, workers: usize) -> Result<actix_web::dev::Server> {
    let known = web::Data::new(fallback::Known::of(docs::DOCUMENT)?);
    let core = web::Data::new(app.core.clone());
    let providers = web::Data::from(app.providers.clone());
    let limiter = web::Data::new(
        Limiter::new(app.config.rate_limit, app.config.requests_per_minute)
            .counted(app.core.metrics.rate_limited.clone()),
    );
    let volume = web::Data::new(Volume::new(app.config.rate_limit, app.config.megabytes_per_day));
    let in_flight = web::Data::new(InFlight::default());
    let remembered = web::Data::new(Remembered::default());
    let turns = web::Data::new(crate::integrations::Turns::default());
    let guesses = web::Data::new(crate::integrations::Guesses::default());
    let form_pace = web::Data::new(crate::integrations::FormPace::default());
    let shown = web::Data::new(health::MetricsAreShown(app.config.metrics_public));
    let trust = web::Data::new(Proxies(app.config.proxies));
    let logged = web::Data::new(app.config.logged);
    let addresses = [app.core.settings.public_url.as_str(), app.core.settings.app_url.as_str()];
    let own_pages = web::Data::new(OwnPages::of(&app.config.cors_origins, addresses));
    let (config, sandbox, is_sandbox) = (app.config.clone(), app.sandbox.clone(), app.config.sandbox);
    let gate = web::Data::new(twins::Gate::of(&config));
    tidy(limiter.clone(), volume.clone());
    give_back();
    let server = HttpServer::new(move || {
        let sandbox = sandbox.clone();
        let (service, _) = actix_web::App::new()
            .app_data(core.clone())
            .app_data(providers.clone())
            .app_data(limiter.clone())
            .app_data(volume.clone())
            .app_data(in_flight.clone())
            .app_data(remembered.clone())
            .app_data(trust.clone())
            .app_data(logged.clone())
            .app_data(own_pages.clone())
            .app_data(shown.clone())
            .app_data(known.clone())
            .app_data(turns.clone())
            .app_data(guesses.clone())
            .app_data(form_pace.clone())
            .app_data(gate.clone())
            .configure(index::routes)
            .into_utoipa_app()
            .configure(health::routes)
            .configure(problems::routes)
            .configure(routes::aliases)
            .service(utoipa_actix_web::scope("/v1").configure(routes::v1))
            .split_for_parts();
        service
            .configure(move |cfg| {
                if let Some(twins) = sandbox {
                    cfg.app_data(web::Data::new(twins)).configure(crate::sandbox::routes);
                }
            })
            .configure(pages::routes)
            .configure(sending::preferences::routes)
            .configure(|cfg| docs::routes(cfg, is_sandbox))
            .default_service(web::to(fallback::answer))
            .wrap(from_fn(fallback::plain_paths_first))
            .wrap(from_fn(fallback::webhooks_by_slash))
            .wrap(from_fn(twins::gate))
            .wrap(from_fn(docs::let_it_run))
            .wrap(from_fn(fallback::head_as_get))
            .wrap(from_fn(etag::unchanged))
            .wrap(from_fn(conceal_unreadable))
            .wrap(from_fn(fallback::prepared_first))
            .wrap(Compress::default())
            .wrap(cors(&config.cors_origins))
            .wrap(from_fn(fallback::refused_preflight))
            .wrap(from_fn(pipeline::around))
    });
    server
        .workers(workers)
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(5))
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(20)
        .disable_signals()
        .listen(listener)
        .map(HttpServer::run)
        .map_err(Error::internal)
}

/// Browsers may call from the configured origins only.
fn cors(origins: &[String]) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allow_any_header()
        .expose_headers([
            "etag",
            "location",
            "x-request-id",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "idempotency-replayed",
        ])
        .max_age(3600)
        .block_on_origin_mismatch(false);
    // Cookies go to pages of named origins alone, never to whoever likes.
    if !origins.iter().any(|origin| origin == "*") {
        cors = cors.supports_credentials();
    }
    for origin in origins {
        cors = if origin == "*" { cors.allow_any_origin() } else { cors.allowed_origin(origin) };
    }
    cors
}

/// Forgets idle rate-limit keys once a minute.
fn tidy(limiter: web::Data<Limiter>, volume: web::Data<Volume>) {
    tokio::spawn(async move {
        let weak = Arc::downgrade(&limiter.into_inner());
        loop {
            tokio::time::sleep(Duration::from_secs(60)).await;
            let Some(limiter) = weak.upgrade() else { return };
            limiter.tidy();
            volume.tidy();
        }
    });
}

/// Gives the system back what starting up needed: routes are described to be documented, and the description is not kept.
fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    tokio::spawn(async {
        // The HTTP workers start on threads of their own.
        tokio::time::sleep(Duration::from_millis(500)).await;
        // SAFETY: takes no pointer and may be called at any time, from any thread.
        unsafe { libc::malloc_trim(0) };
    });
}

/// Health and metrics on a port of their own: where the public one should not show them, and for processes without it.
pub fn monitor(app: &App, listener: TcpListener) -> Result<actix_web::dev::Server> {
    let core = web::Data::new(app.core.clone());
    let server = HttpServer::new(move || {
        let (service, _) =
            actix_web::App::new().app_data(core.clone()).into_utoipa_app().configure(health::routes).split_for_parts();
        service.default_service(web::to(HttpResponse::NotFound)).wrap(from_fn(fallback::head_as_get))
    });
    server
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)
        .map(HttpServer::run)
        .map_err(Error::internal)
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub http: bool,
    pub worker: bool,
}

/// Runs until SIGINT or SIGTERM: then no new requests, running ones and jobs finish, leases are released.
///
/// It ends with an error when the worker does, which nothing but a defect makes it do.
///
/// The port is open from the start. While storage cannot be reached, requests are answered 503 and the migrations and
/// seeds are tried again; every other failure to prepare ends the process.
pub async fn run(app: App, parts: Parts) -> Result<()> {
    announce(&app);
    for risk in app.config.risks() {
        tracing::warn!("{}: {}", risk.name, risk.detail);
    }
    for connection in app.providers.connections() {
        tracing::info!(provider = connection.name, state = %connection.state, "{}", connection.detail);
    }
    if !parts.http {
        tokio::spawn(look_for_twins(app.clone()));
    }
    app.core.db.will_join();
    let monitor = app.config.monitor_bind.map(|bind| listen_for_monitoring(&app, bind)).transpose()?;
    let monitor = monitor.map(|server| (server.handle(), tokio::spawn(server)));
    let server = parts.http.then(|| listen(&app)).transpose()?;
    let handle = server.as_ref().map(actix_web::dev::Server::handle);
    let server = server.map(tokio::spawn);
    let signal = super::signal::wait_for_signal();
    tokio::pin!(signal);
    let prepared = tokio::select! {
        prepared = prepare(&app) => Some(prepared),
        () = &mut signal => None,
    };
    let (stop, stopping) = watch::channel(false);
    let (mut worker, mut failure) = (None, None);
    let mut present = None;
    if matches!(prepared, Some(Ok(()))) {
        present = app.core.db.stay_present().await?;
        if present.as_ref().is_some_and(|present| !present.is_alone()) {
            tracing::warn!(
                "another process serves this SQLite file already: limits count twice, and twins and what is remembered are each \
                 process' own. Run one serve on SQLite, or several on PostgreSQL"
            );
        }
        app.core.db.join_others();
        worker = parts.worker.then(|| tokio::spawn(app.worker().run(stopping)));
        tokio::select! {
            () = &mut signal => {}
            error = ended(&mut worker) => {
                tracing::error!(error = %error.chain(), "the worker ended by itself");
                (worker, failure) = (None, Some(error));
            }
            error = other_key(&app) => {
                tracing::error!(error = %error.chain(), "the master key was changed, and this process was not given the new one");
                failure = Some(error);
            }
        }
    }
    tracing::info!("stopping");
    // Jobs first: with the twins on they reach their providers through this very server.
    let _ = stop.send(true);
    app.core.db.wake().stop();
    if let Some(worker) = worker {
        worker.await.map_err(Error::internal)?;
    }
    shut_down(handle).await;
    if let Some(server) = server {
        server.await.map_err(Error::internal)?.map_err(Error::internal)?;
    }
    if let Some((handle, server)) = monitor {
        handle.stop(true).await;
        server.await.map_err(Error::internal)?.map_err(Error::internal)?;
    }
    drop(present);
    failure.map_or_else(|| prepared.unwrap_or(Ok(())), Err)
}

/// The first line: who speaks.
fn announce(app: &App) {
    let (engine, schema) = (app.core.db.engine().name(), migrate::latest());
    tracing::info!(commit = COMMIT, engine, schema, "leadwright {VERSION} starts");
}

/// A process that serves no twins of its own says where it sought them in vain, rather than in each job that fails there.
async fn look_for_twins(app: App) {
    let config = &app.config;
    let (variable, place) = match &config.sandbox_url {
        Some(url) => ("LEADWRIGHT_SANDBOX_URL", url.clone()),
        None if config.sandbox => ("LEADWRIGHT_BIND", format!("http://{}", config.bind)),
        None => return,
    };
    let why = match app.providers.reach(variable, &place, "/sandbox/clock").await {
        Ok((200, _)) => return,
        Ok((status, _)) => format!("it answers {status}"),
        Err(why) => why,
    };
    tracing::warn!(
        "no twins answer at {place} ({why}), so whatever this process sends to a provider fails. A worker seeks them where an API \
         process with LEADWRIGHT_SANDBOX=true listens on the same LEADWRIGHT_BIND; or run leadwright sandbox, and set \
         LEADWRIGHT_SANDBOX_URL for every process"
    );
}

/// Resolves when the worker ends although nobody told it to. A process that goes on without it would take work in and do
/// none of it, so it ends too and is started again by whoever watches it.
async fn ended(worker: &mut Option<JoinHandle<()>>) -> Error {
    match worker {
        Some(worker) => worker.await.map_or_else(Error::internal, |()| Error::internal("it came to its end")),
        None => std::future::pending().await,
    }
}

/// How often a process asks whether its key is still the database's.
const KEY_LOOK: Duration = Duration::from_secs(20);

/// Resolves when what is stored is sealed with a key that this process was not given. It would seal for nobody and open
/// nothing, so it ends, and is refused when it is started again as it was.
async fn other_key(app: &App) -> Error {
    loop {
        tokio::time::sleep(KEY_LOOK).await;
        let key = app.core.master_key.clone();
        let check = move |tx: &mut PlatformTx<'_>| key_check::check(tx.conn(), &key);
        if let Ok(KeyCheck::Differs) = app.core.db.read(PlatformScope::system(), check).await {
            return key_check::refusal();
        }
    }
}

/// Prepares, again and again while storage is away.
async fn prepare(app: &App) -> Result<()> {
    let outage = Outage::default();
    loop {
        match app.prepare().await {
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                outage.failed(&error, "storage cannot be reached");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            done => {
                outage.is_over();
                return done;
            }
        }
    }
}

fn open_port(setting: &str, bind: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(bind).map_err(|error| {
        Error::unavailable("config.bind", format!("LEADWRIGHT_{setting}: cannot listen on {bind}: {error}"))
    })
}

fn listen_for_monitoring(app: &App, bind: SocketAddr) -> Result<actix_web::dev::Server> {
    let listener = open_port("MONITOR_BIND", bind)?;
    tracing::info!("health and metrics on http://{bind}");
    monitor(app, listener)
}

fn listen(app: &App) -> Result<actix_web::dev::Server> {
    let bind = app.config.bind;
    let listener = open_port("BIND", bind)?;
    tracing::info!("listening on http://{bind}; documentation at http://{bind}/docs");
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    http(app, listener, workers)
}

async fn shut_down(handle: Option<ServerHandle>) {
    if let Some(handle) = handle {
        handle.stop(true).await;
    }
}
