//! Drives the real server on both engines and measures it against the engine's own limit for the same SQL, in the same run.
//!
//! `scripts/bench` builds this and the server, starts a durable PostgreSQL and calls it; `docs/performance.md` says how to
//! read what it prints. [`run`] is the order of a run, [`seed`] and [`cast`] make the database, [`load`] sends requests,
//! [`limit`] runs the same statements without a server, [`explain`] looks at plans.
//!
//! A measuring program stands outside the product, so it reads the environment and the wall clock itself.
#![allow(clippy::disallowed_methods)]

mod args;
mod bare;
mod cast;
mod database;
mod explain;
mod http;
mod limit;
mod load;
mod report;
mod run;
mod seed;
mod server;
mod statements;
mod trace;
mod workloads;

/// Every failure of a measuring program is told and ends it.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> std::process::ExitCode {
    let args = match args::Args::read(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(why) => {
            eprintln!("{why}\n\n{}", args::USAGE);
            return std::process::ExitCode::from(2);
        }
    };
    // As the server has it.
    leadwright::engine::db::sqlite::set_up();
    let done = match args.bare_handler {
        Some(port) => bare::serve(port).map(|()| true),
        None => run::all(&args),
    };
    match done {
        Ok(true) => std::process::ExitCode::SUCCESS,
        Ok(false) => std::process::ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}
