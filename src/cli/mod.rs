//! The command line: one binary, a few verbs.

mod backup;
pub mod compat;
mod config;
pub mod demo;
pub mod doctor;
mod health;
mod json;
mod keys;
mod lines;
mod openapi;
mod telemetry;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::app::serve::{self, Parts};
use crate::app::{self, App};
use crate::base::email::Email;
use crate::base::time::Clock;
use crate::config::{Config, Source};
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::tenants;

/// Headless, multi-tenant lead generation and sales automation.
#[derive(Parser)]
#[command(name = "leadwright", version = crate::app::version::TOLD, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the API, and the worker unless told otherwise
    Serve {
        /// Leave the jobs to `leadwright worker` processes
        #[arg(long)]
        no_worker: bool,
    },
    /// Play the product's main story on a temporary database, with twins of the providers, and keep serving
    Demo(demo::DemoArgs),
    /// Run jobs only; health and metrics are on LEADWRIGHT_MONITOR_BIND
    Worker,
    /// Serve the twins of the providers and nothing else, for a server with LEADWRIGHT_SANDBOX_URL
    Sandbox {
        /// Where to listen
        #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8090")]
        bind: SocketAddr,
        /// Where the server is, which is told what happens
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        public_url: String,
    },
    /// Bring the database up to this version
    Migrate,
    /// Write the OpenAPI document
    Openapi {
        /// Compare instead of writing; fails when the committed document differs
        #[arg(long)]
        check: bool,
        /// Name what breaks clients of an older document, the last released one by default; fails when something does
        #[arg(long, value_name = "OLDER", num_args = 0..=1, conflicts_with = "check")]
        compare: Option<Option<PathBuf>>,
        #[arg(long, default_value = "openapi/leadwright.json")]
        path: PathBuf,
    },
    /// Copy the SQLite database while it is in use, and prove the copy
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the SQLite database
    Restore(backup::RestoreArgs),
    /// Check the configuration and every connection, and say what to do; fails when something does not work
    Doctor {
        /// Print the checks as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show every setting, what it is and where it was said, without secrets; fails when one is wrong
    Config {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Ask the process on this machine whether it is ready; fails when it is not
    Health,
    /// Act on the platform directly
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
}

#[derive(Subcommand)]
enum Admin {
    /// Create an operator and print its key, once
    CreateOperator {
        #[arg(long, default_value = "Operator")]
        name: String,
        #[arg(long)]
        email: Option<Email>,
    },
    /// Seal what is stored with the first of the keys in LEADWRIGHT_MASTER_KEY=NEW,OLD, while the servers run. Safe to interrupt and to repeat
    Reseal,
    /// Take LEADWRIGHT_MASTER_KEY for the database's own although another one sealed what is stored
    AdoptKey {
        /// Yes: that other key is gone for good, and what it sealed stays closed
        #[arg(long)]
        old_is_lost: bool,
    },
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Runs one command.
pub async fn run() -> Outcome {
    let command = Cli::parse().command;
    if !matches!(command, Command::Serve { .. } | Command::Worker | Command::Sandbox { .. } | Command::Demo(_)) {
        end_with_the_reader();
    }
    // These do without the machine's configuration.
    let command = match command {
        Command::Openapi { compare: Some(older), .. } => return openapi::compare(&app::document(), older),
        Command::Openapi { check, path, .. } => return openapi::run(&app::document(), &path, check),
        Command::Demo(args) => {
            let _telemetry = telemetry::start(false, "error", None)?;
            return demo::run(args).await;
        }
        Command::Sandbox { bind, public_url } => {
            let _telemetry = telemetry::start(false, "info", None)?;
            return Ok(app::twins::serve(bind, &public_url).await?);
        }
        other => other,
    };
    let source = Source::load()?;
    // Nor may these make a master key where there is none.
    let command = match command {
        Command::Health => return health::run(&source),
        Command::Config { json } => return config::run(&source, json),
        Command::Restore(args) => return backup::restore(&source, &args),
        other => other,
    };
    let config = Config::from_source(&source)?;
    let level = if matches!(command, Command::Doctor { .. }) { "error" } else { "info" };
    let telemetry = telemetry::start(config.json_logs, level, config.otlp_endpoint.as_deref())?;
    for name in &config.unknown {
        tracing::warn!("there is no setting {name}; see leadwright doctor and docs/settings.md");
    }
    let outcome = obey(command, config).await;
    telemetry.finish().await;
    outcome
}

/// Whoever reads what is printed may have read enough (`leadwright config | head`): a command ends then, as others do.
fn end_with_the_reader() {
    // SAFETY: before there are other threads that write, and the default action is the system's own.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

async fn obey(command: Command, mut config: Config) -> Outcome {
    let part = match &command {
        Command::Serve { .. } => "api",
        Command::Worker => "worker",
        Command::Migrate => "migrate",
        Command::Doctor { .. } => "doctor",
        _ => "admin",
    };
    config.database.application = format!("leadwright {part} {}", app::version::VERSION);
    match command {
        Command::Serve { no_worker } => start(config, Parts { http: true, worker: !no_worker }).await,
        Command::Worker => start(config, Parts { http: false, worker: true }).await,
        Command::Migrate => {
            App::build(config, Clock::system())?.prepare().await?;
            println!("The database is up to date.");
            Ok(())
        }
        Command::Backup(args) => backup::backup(&config, &args),
        Command::Doctor { json } => doctor::run(config, json).await,
        Command::Admin { command: Admin::CreateOperator { name, email } } => create_operator(config, name, email).await,
        Command::Admin { command: Admin::Reseal } => keys::reseal(config).await,
        Command::Admin { command: Admin::AdoptKey { old_is_lost } } => keys::adopt(config, old_is_lost).await,
        Command::Openapi { .. }
        | Command::Demo(_)
        | Command::Sandbox { .. }
        | Command::Health
        | Command::Config { .. }
        | Command::Restore(_) => {
            unreachable!("handled above")
        }
    }
}

async fn start(config: Config, parts: Parts) -> Outcome {
    // Only where everything is a rehearsal may time be moved.
    let clock = if config.sandbox { Clock::movable() } else { Clock::system() };
    serve::run(App::build(config, clock)?, parts).await?;
    Ok(())
}

async fn create_operator(config: Config, name: String, email: Option<Email>) -> Outcome {
    let app = App::build(config, Clock::system())?;
    app.prepare().await?;
    let create = move |tx: &mut PlatformTx<'_>| tenants::create_operator(tx, &name, email.as_ref());
    let (operator, key) = app.core.db.write(PlatformScope::system(), create).await?;
    println!("operator {operator}\nkey      {key}\n\nThe key is shown only now.");
    Ok(())
}
