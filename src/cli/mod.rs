//! The command line: one binary, a few verbs.

pub mod demo;
mod doctor;
mod openapi;

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
#[command(name = "leadwright", version, about)]
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
    /// Run jobs only
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
        #[arg(long, default_value = "openapi/leadwright.json")]
        path: PathBuf,
    },
    /// Check the configuration and every connection, and say what is missing
    Doctor,
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
}

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Runs one command.
pub async fn run() -> Outcome {
    // These do without the machine's configuration.
    let command = match Cli::parse().command {
        Command::Openapi { check, path } => return openapi::run(&app::document(), &path, check),
        Command::Demo(args) => {
            log_to_stderr(false, "error");
            return demo::run(args).await;
        }
        Command::Sandbox { bind, public_url } => {
            log_to_stderr(false, "info");
            return Ok(app::twins::serve(bind, &public_url).await?);
        }
        other => other,
    };
    let config = Config::from_source(&Source::load()?)?;
    log_to_stderr(config.json_logs, "info");
    match command {
        Command::Serve { no_worker } => start(config, Parts { http: true, worker: !no_worker }).await,
        Command::Worker => start(config, Parts { http: false, worker: true }).await,
        Command::Migrate => {
            App::build(config, Clock::system())?.prepare().await?;
            println!("The database is up to date.");
            Ok(())
        }
        Command::Doctor => doctor::run(config).await,
        Command::Admin { command: Admin::CreateOperator { name, email } } => create_operator(config, name, email).await,
        Command::Openapi { .. } | Command::Demo(_) | Command::Sandbox { .. } => unreachable!("handled above"),
    }
}

async fn start(config: Config, parts: Parts) -> Outcome {
    serve::run(App::build(config, Clock::system())?, parts).await?;
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

fn log_to_stderr(json: bool, level: &str) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // A log that cannot be written, because its disk is full or its reader is gone, must not stop the work: by default the
    // failure is told to the same stream, which panics.
    let subscriber = tracing_subscriber::fmt().log_internal_errors(false);
    let subscriber = subscriber.with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr);
    let set = if json { subscriber.json().try_init() } else { subscriber.try_init() };
    if let Err(error) = set {
        eprintln!("logging is already set up: {error}");
    }
}
