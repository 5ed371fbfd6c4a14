//! The plan of every statement behind a reading operation and behind the worker's claims, on the seeded database.
//!
//! The operations come from the OpenAPI document ([`questions`]), the statements from watching the application answer them, the
//! plans from the engine ([`plans`]). A statement of a list or of the worker fails when it reads a whole table of more than
//! [`plans::LARGE`] rows; elsewhere (a count on the operators' console) that is only said, and so is every sort before a limit.

mod plans;
mod questions;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use leadwright::engine::jobs::{Registry, Worker};
use serde_json::json;

use crate::Outcome;
use crate::http::{Caller, text};
use crate::statements::Statement;
use crate::trace::{self, Traced};
use crate::workloads::World;

/// Whose a statement is, by its first users.
#[derive(Default)]
struct Origins {
    names: Vec<String>,
    /// A list or the worker asked it, so it must not scan.
    is_bound: bool,
}

/// Statements by their text, with the values of their first run.
type Seen = BTreeMap<String, (Statement, Origins)>;

/// Explains everything; `false` when something scans.
pub fn run(world: &World, target: &Path) -> Outcome<bool> {
    crate::seed::fill_jobs(&world.database)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (seen, refused) = runtime.block_on(collect(world))?;
    let engine = world.database.engine.name();
    let mut report = format!("# {engine}: {} leads, {} statements\n", world.size.leads, seen.len());
    for (path, why) in &refused {
        report.push_str(&format!("not asked: {path}: {why}\n"));
    }
    let mut explained = plans::Plans::of(&world.database)?;
    let (mut scans, mut remarks) = (Vec::new(), Vec::new());
    for (sql, (statement, origins)) in &seen {
        let plan = explained.explain(statement).map_err(|error| format!("{error}\nwhile explaining {sql}"))?;
        let mark = match (plan.scans.is_empty(), plan.sorts_before_limit) {
            (false, _) if origins.is_bound => "SCANS",
            (false, _) => "scans, and is no list",
            (_, true) => "sorts before its limit",
            _ => "ok",
        };
        report.push_str(&format!("\n{mark}: {}\n    {}\n", origins.names.join("\n    "), brief(sql)));
        for line in &plan.lines {
            report.push_str(&format!("      {line}\n"));
        }
        let said = format!("{mark}: {} {} ({})", plan.scans.join(", "), brief(sql), origins.names[0]);
        match mark {
            "SCANS" => scans.push(said),
            "ok" => {}
            _ => remarks.push(said),
        }
    }
    println!("{report}");
    std::fs::write(target.join(format!("explain-{engine}.txt")), &report)?;
    println!("{engine}: {} statements, {} scan a whole table", seen.len(), scans.len());
    for line in scans.iter().chain(&remarks) {
        println!("  {line}");
    }
    Ok(scans.is_empty())
}

/// The statement without its list of columns.
fn brief(sql: &str) -> String {
    let one_line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match (one_line.strip_prefix("SELECT "), one_line.find(" FROM ")) {
        (Some(_), Some(from)) if from > 120 => format!("SELECT …{}", &one_line[from..]),
        _ => one_line,
    }
}

async fn collect(world: &World) -> Outcome<(Seen, Vec<(String, String)>)> {
    let mut traced = trace::start(&world.database, &world.settings()).await?;
    let log_in = json!({"email": "owner0@tenant0.example.com", "password": "correct horse battery 9"});
    let session = Caller::new(traced.to, None).post("/v1/auth/login", log_in).await?;
    let owner = text(&session, "/access_token")?;
    let (mut seen, mut refused) = (Seen::new(), Vec::new());
    let document = leadwright::app::document();
    for question in questions::all(&document, world) {
        let key = if question.is_operators { &world.operator_key } else { &owner };
        let mut caller = Caller::new(traced.to, Some(key));
        let Some(path) = questions::path(&question, &mut caller).await? else {
            refused.push((question.template.clone(), "nothing to put into its path".into()));
            continue;
        };
        for query in &question.queries {
            let mut address = format!("{path}{}{query}", if query.is_empty() { "" } else { "?" });
            let next = ask(&mut traced, &mut caller, &address, &question, &mut seen, &mut refused).await?;
            if let Some(cursor) = next {
                address.push_str(if query.is_empty() { "?cursor=" } else { "&cursor=" });
                address.push_str(&cursor);
                ask(&mut traced, &mut caller, &address, &question, &mut seen, &mut refused).await?;
            }
        }
    }
    claims(&mut traced, world, &mut seen).await?;
    traced.stop().await;
    Ok((seen, refused))
}

/// Asks once and keeps what was said to the database. Answers where the next page begins.
async fn ask(
    traced: &mut Traced,
    caller: &mut Caller,
    address: &str,
    question: &questions::Question,
    seen: &mut Seen,
    refused: &mut Vec<(String, String)>,
) -> Outcome<Option<String>> {
    let exchange = async { Ok(caller.exchange("GET", address, None).await?) };
    let ((status, body), said) = traced.during(exchange).await?;
    if status != 200 {
        refused.push((address.to_string(), format!("{status} {body}")));
        return Ok(None);
    }
    let shown = address.split("cursor=").next().unwrap_or(address);
    let shown = if shown.len() < address.len() { format!("{shown}cursor=…") } else { address.to_string() };
    keep(seen, said, &format!("{}: {shown}", question.operation), question.is_list);
    let page: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
    Ok(page["next_cursor"].as_str().map(str::to_string))
}

fn keep(seen: &mut Seen, said: Vec<Statement>, origin: &str, is_bound: bool) {
    for statement in said {
        let first = statement.sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if !matches!(first.as_str(), "SELECT" | "UPDATE" | "DELETE" | "WITH") {
            continue;
        }
        let entry = seen.entry(statement.sql.clone()).or_insert_with(|| (statement, Origins::default()));
        entry.1.is_bound |= is_bound;
        if entry.1.names.len() < 3 && !entry.1.names.iter().any(|name| name == origin) {
            entry.1.names.push(origin.to_string());
        }
    }
}

/// The worker's own statements: it promotes, claims, settles, counts and prunes on a full table.
async fn claims(traced: &mut Traced, world: &World, seen: &mut Seen) -> Outcome {
    let core = traced.app.core.clone();
    let settings = traced.app.config.worker.clone();
    let work = async {
        let (stop, stopping) = tokio::sync::watch::channel(false);
        // Without handlers every job ends dead at once: what is looked at is the engine.
        let worker = tokio::spawn(Worker::new(core.clone(), Arc::new(Registry::default()), settings).run(stopping));
        let open = "SELECT CAST((SELECT count(*) FROM jobs WHERE state = 'available') \
            + (SELECT count(*) FROM jobs WHERE state = 'running') AS TEXT) AS value";
        while world.database.number(open)? > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        stop.send(true)?;
        core.db.wake().notify();
        worker.await?;
        Ok(())
    };
    let ((), said) = traced.during(work).await?;
    keep(seen, said, "the worker", true);
    Ok(())
}
