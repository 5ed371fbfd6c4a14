//! The order of a run: per engine a fresh database, its tenants, its rows, then one workload after the other.

use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use leadwright::engine::db::Engine;
use serde_json::json;

use crate::args::Args;
use crate::database::Database;
use crate::report::{self, Row};
use crate::seed::{self, Size};
use crate::workloads::{self, Pace, World, beside, end_to_end, jobs, many, process, requests};
use crate::{Outcome, cast, explain};

/// Runs what was asked for. `false` when it was asked to be strict and something is not as it must be.
pub fn all(args: &Args) -> Outcome<bool> {
    let target = PathBuf::from(std::env::var("BENCH_OUTPUT").unwrap_or_else(|_| "target/bench".into()));
    std::fs::create_dir_all(&target)?;
    let mut is_fine = true;
    for engine in &args.engines {
        let began = Instant::now();
        let world = prepare(*engine, args)?;
        if args.explain {
            is_fine &= explain::run(&world, &target)?;
            continue;
        }
        let rows = match args.leads {
            _ if args.others.is_anybody() => beside::measure(&world, &args.others)?,
            Some(_) => many::measure(&world)?,
            None => measure(&world, args)?,
        };
        let size = world.size;
        println!(
            "\n## {}: {} tenants, {} leads{}, {} cores, {:.0} s\n\n{}",
            engine.name(),
            size.tenants,
            size.leads,
            if args.quick { " (quick: fewer leads, shorter slices)" } else { "" },
            std::thread::available_parallelism().map_or(0, usize::from),
            began.elapsed().as_secs_f64(),
            report::table(&rows)
        );
        let head = json!({
            "engine": engine.name(), "quick": args.quick, "tenants": size.tenants, "leads": size.leads,
            "version": env!("CARGO_PKG_VERSION"), "server": world.server, "seconds": began.elapsed().as_secs_f64(),
            "cores": std::thread::available_parallelism().map_or(0, usize::from), "cpu": cpu_name(),
        });
        let suffix = match (args.leads, args.quick) {
            _ if args.others.is_anybody() => "-beside",
            (Some(_), _) => "-many",
            (None, true) => "-quick",
            (None, false) => "",
        };
        let path = target.join(format!("{}{suffix}.json", engine.name()));
        std::fs::write(&path, serde_json::to_vec_pretty(&report::json(head, &rows))?)?;
        println!("written to {}", path.display());
        is_fine &= !args.strict || rows.iter().all(Row::is_met);
    }
    Ok(is_fine)
}

fn cpu_name() -> Option<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(0))
}

/// Fills a database of its own.
fn prepare(engine: Engine, args: &Args) -> Outcome<World> {
    let server = PathBuf::from(std::env::var("LEADWRIGHT_BIN").map_err(|_| "LEADWRIGHT_BIN names no server")?);
    // scripts/bench makes the folder and removes it.
    let folder = std::env::var("BENCH_FOLDER").map_err(|_| "BENCH_FOLDER names no folder: run scripts/bench")?;
    let folder = PathBuf::from(folder).join(engine.name());
    std::fs::create_dir_all(&folder)?;
    let database = Database::create(engine, folder)?;
    let (operator_key, master_key) = workloads::secrets();
    let size = match args.leads {
        Some(leads) => Size::many(leads),
        None if args.quick => Size::QUICK,
        None => Size::FULL,
    };
    let began = Instant::now();
    let mut settings = workloads::settings(&database.url, &operator_key, &master_key);
    settings.push(("LEADWRIGHT_SANDBOX", "true".into()));
    // Sign-ups are limited per address, and all of these come from one.
    settings.push(("LEADWRIGHT_RATE_LIMIT", "off".into()));
    let setting_up = workloads::start(&server, &database.folder, "server.log", &["--no-worker"], settings)?;
    let tenants = cast::make(setting_up.to, &operator_key, size.tenants)?;
    setting_up.stop()?;
    let signed_up = began.elapsed();
    seed::fill(&database, &tenants, size, now() - 3_600_000_000)?;
    database.settle()?;
    eprintln!(
        "{}: {} tenants signed up in {:.0} s, {} leads seeded in {:.0} s",
        engine.name(),
        size.tenants,
        signed_up.as_secs_f64(),
        size.leads,
        (began.elapsed() - signed_up).as_secs_f64()
    );
    let pace = if args.quick { Pace::QUICK } else { Pace::FULL };
    Ok(World { database, size, tenants, operator_key, master_key, server, pace, peak_rss_mb: Default::default() })
}

fn measure(world: &World, args: &Args) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    let mut part = |name: &str, body: &dyn Fn() -> Outcome<Vec<Row>>| -> Outcome {
        if args.wants(name) {
            let began = Instant::now();
            rows.extend(body().map_err(|error| format!("{name}: {error}"))?);
            eprintln!("{}: {name} took {:.0} s", world.database.engine.name(), began.elapsed().as_secs_f64());
        }
        Ok(())
    };
    part("process", &|| process::measure(world))?;
    for name in ["read", "list", "create", "webhook"] {
        part(name, &|| requests::measure(world, name))?;
    }
    part("end-to-end", &|| end_to_end::measure(world))?;
    part("jobs", &|| jobs::throughput(world))?;
    part("fairness", &|| jobs::fairness(world))?;
    rows.extend(process::peak(world));
    Ok(rows)
}
