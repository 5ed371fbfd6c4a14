//! Our server beside others that answer the same from the same database, in turns: one written by hand in Fastify and pg
//! (`benches/fastify`), and another version of ours.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::World;
use super::recipes::LIST;
use crate::Outcome;
use crate::http::{Caller, request};
use crate::load;
use crate::report::{Row, Target};
use crate::seed::lead_id;
use crate::server::{Process, Start, free_port};

/// How much faster than Fastify reading is to be.
const OF_FASTIFY: f64 = 2.0;

/// Who is compared with.
pub struct Others {
    /// The folder of the server in Fastify, with what it needs.
    pub fastify: Option<PathBuf>,
    /// The program of another version of ours.
    pub before: Option<PathBuf>,
}

impl Others {
    pub fn is_anybody(&self) -> bool {
        self.fastify.is_some() || self.before.is_some()
    }
}

struct Rival {
    name: &'static str,
    process: Process,
    least: Option<f64>,
}

/// Reads one lead and lists fifty, by some callers, of each server in turns.
pub fn measure(world: &World, others: &Others) -> Outcome<Vec<Row>> {
    let ours = world.serve(&["--no-worker"], Vec::new())?;
    let mut rivals = Vec::new();
    if let Some(program) = &others.before {
        let start = super::start(program, &world.database.folder, "before.log", &["--no-worker"], world.settings())?;
        rivals.push(Rival { name: "the version before", process: start, least: None });
    }
    if let Some(folder) = &others.fastify {
        rivals.push(Rival { name: "Fastify and pg", process: fastify(world, folder)?, least: Some(OF_FASTIFY) });
    }
    for rival in &rivals {
        load::block_on(alike(world, &ours, rival))?;
    }
    let key = Some(world.tenants[0].key.as_str());
    let random = Cell::new(0x2545_f491_4f6c_dd1d_u64);
    let read = |_: usize, out: &mut Vec<u8>| {
        random.set(random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
        let lead = lead_id(1 + (random.get() >> 33) % world.size.big as u64);
        request(out, "GET", &format!("/v1/leads/{lead}"), key, "", None);
    };
    let list = |_: usize, out: &mut Vec<u8>| request(out, "GET", &format!("{LIST}50"), key, "", None);
    let mut rows = Vec::new();
    for (name, write) in [("read one lead", &read as &load::Writer<'_>), ("list 50 leads by status", &list)] {
        let all: Vec<&Process> = std::iter::once(&ours).chain(rivals.iter().map(|rival| &rival.process)).collect();
        for process in &all {
            load::closed(&target(process, write), 8, world.pace.slice)?;
        }
        // More lists than these of one tenant at once are refused.
        for connections in world.pace.readers.iter().filter(|callers| name.starts_with("read") || **callers <= 32) {
            let mut slices: Vec<Vec<load::Slice>> = all.iter().map(|_| Vec::new()).collect();
            for _ in 0..world.pace.rounds {
                for (process, slices) in all.iter().zip(&mut slices) {
                    slices.push(load::closed(&target(process, write), *connections, world.pace.slice)?);
                }
            }
            let place = format!("c = {connections}");
            let mut row = Row::of(name, place.clone(), &slices[0]);
            let mut theirs = Vec::new();
            for (rival, slices) in rivals.iter().zip(&slices[1..]) {
                let mut other = Row::of(&format!("{name}: {}", rival.name), place.clone(), slices);
                let ratio = row.throughput.zip(other.throughput).map(|(ours, theirs)| ours / theirs);
                if let Some(least) = rival.least {
                    // Of several processes, of which one is watched.
                    (other.cpu_micros, other.rss_mb) = (None, None);
                    row.targets.push(Target::at_least(&times(ratio, rival), ratio, least));
                } else {
                    row.workload = format!("{name} ({})", times(ratio, rival));
                }
                theirs.push(other);
            }
            rows.push(row);
            rows.extend(theirs);
        }
    }
    world.end(ours)?;
    Ok(rows)
}

fn target<'a>(process: &'a Process, write: &'a load::Writer<'a>) -> load::Target<'a> {
    load::Target { to: process.to, write, expected: &[200], process }
}

fn times(ratio: Option<f64>, rival: &Rival) -> String {
    format!("{:.2} of {}", ratio.unwrap_or_default(), rival.name)
}

fn fastify(world: &World, folder: &Path) -> Outcome<Process> {
    let port = free_port()?;
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let environment = vec![
        ("DATABASE_URL", world.database.url.clone()),
        ("PORT", port.to_string()),
        ("WORKERS", workers.to_string()),
        ("NODE_ENV", "production".into()),
    ];
    let arguments = vec![folder.join("server.mjs").display().to_string()];
    let log = world.database.folder.join("fastify.log");
    Process::start(port, Start { program: Path::new("node"), arguments, environment, probe: "/readyz", log })
}

/// They are asked for the same and answer the same fields, or nothing is compared.
async fn alike(world: &World, ours: &Process, rival: &Rival) -> Outcome {
    let mut ask = [ours, &rival.process].map(|process| Caller::new(process.to, Some(&world.tenants[0].key)));
    for path in [format!("/v1/leads/{}", lead_id(7)), format!("{LIST}50")] {
        let mut answers = Vec::new();
        for caller in &mut ask {
            answers.push(caller.get(&path).await?);
        }
        let leads = |answer: &Value| answer.get("data").cloned().unwrap_or_else(|| Value::Array(vec![answer.clone()]));
        let (a, b) = (leads(&answers[0]), leads(&answers[1]));
        let is_alike = match rival.least {
            // Moments are spelled with milliseconds there, whether there are any or not.
            Some(_) => names(&a) == names(&b),
            None => a == b,
        };
        if !is_alike {
            return Err(format!("{} answers {path} otherwise:\n{a}\n{b}", rival.name).into());
        }
    }
    Ok(())
}

/// Of each lead its id and the fields it has.
fn names(leads: &Value) -> Vec<(Value, Vec<String>)> {
    let of = |lead: &Value| {
        let mut names: Vec<String> = lead.as_object().into_iter().flat_map(|lead| lead.keys().cloned()).collect();
        names.sort();
        (lead["id"].clone(), names)
    };
    leads.as_array().into_iter().flatten().map(of).collect()
}
