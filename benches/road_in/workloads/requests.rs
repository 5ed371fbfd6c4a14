//! Requests against the limit of their own statements: read one lead, list, enter a lead, take a webhook in.

use std::cell::Cell;
use std::time::Duration;

use leadwright::engine::db::Engine;
use leadwright::sandbox::SandboxSettings;

use super::World;
use super::people::{PEOPLE, Person, webhook};
use super::recipes::{LIST, deep_page, limits};
use crate::Outcome;
use crate::http::{Caller, request};
use crate::limit::Limit;
use crate::load::{self, Slice};
use crate::report::{Row, Target};
use crate::seed::lead_id;
use crate::server::{Process, Start, free_port};

/// How many tenants the callers of a writing workload belong to.
const WRITERS: usize = 32;
/// Measures one of `read`, `list`, `create` and `webhook`.
pub fn measure(world: &World, wanted: &str) -> Outcome<Vec<Row>> {
    let people = Cell::new(PEOPLE);
    let person = || {
        people.set(people.get() + 1);
        Person { number: people.get() }
    };
    let secret = SandboxSettings::default_credentials().meta_app_secret;
    let limits = limits(world, wanted, &person)?;
    let server = world.serve(&["--no-worker"], Vec::new())?;
    let bare = Bare::start(world)?;
    let pages = load::block_on(pages(world, &server))?;
    let mut rows = Vec::new();

    for (name, mut limit) in limits {
        let random = Cell::new(0x2545_f491_4f6c_dd1d_u64);
        let write: Box<load::Writer<'_>> = match name {
            "read" => Box::new(|_, out| {
                random
                    .set(random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
                let lead = lead_id(1 + (random.get() >> 33) % world.size.big as u64);
                request(out, "GET", &format!("/v1/leads/{lead}"), Some(&world.tenants[0].key), "", None);
            }),
            "list" | "list deep" => {
                let path = if name == "list" { &pages.first } else { &pages.deep };
                Box::new(move |_, out| request(out, "GET", path, Some(&world.tenants[0].key), "", None))
            }
            "create" => Box::new(|connection, out| {
                let key = &world.tenants[connection % writers(world)].key;
                request(out, "POST", "/v1/leads", Some(key), "", Some(&person().body()));
            }),
            _ => Box::new(|_, out| webhook(person().number, &secret, out)),
        };
        let expected: &'static [u16] = if name == "create" { &[201] } else { &[200] };
        let target = load::Target { to: server.to, write: &write, expected, process: &server };
        load::closed(&target, 8, Duration::from_millis(300))?;
        let (of, compared) = match name {
            "read" => (world.pace.readers, Some(&bare)),
            _ => (world.pace.connections, None),
        };
        for connections in of {
            rows.push(contest(world, name, &target, &mut limit, compared, *connections)?);
        }
        if name == "webhook" {
            rows.push(offered(world, &target, "webhook, offered")?);
        }
        world.database.settle()?;
    }
    world.end(server)?;
    if wanted == "webhook" {
        // The same with the jobs running in the same process: what a small installation sees.
        let server = world.serve(&[], Vec::new())?;
        let write = |_: usize, out: &mut Vec<u8>| webhook(person().number, &secret, out);
        let target = load::Target { to: server.to, write: &write, expected: &[200], process: &server };
        let mut row = offered(world, &target, "webhook, offered, with the worker")?;
        row.targets.clear();
        rows.push(row);
        world.end(server)?;
        world.database.settle()?;
    }
    Ok(rows)
}

pub fn writers(world: &World) -> usize {
    WRITERS.min(world.tenants.len())
}

/// Slices of ours and of the limit in turns, so that both see the same machine.
fn contest(
    world: &World,
    name: &str,
    target: &load::Target<'_>,
    limit: &mut Limit,
    bare: Option<&Bare>,
    connections: usize,
) -> Outcome<Row> {
    let (mut ours, mut theirs, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..world.pace.rounds {
        ours.push(load::closed(target, connections, world.pace.slice)?);
        theirs.push(limit.run(connections, world.pace.slice)?);
        if let Some(bare) = bare {
            bares.push(bare.run(connections, world.pace.slice)?.throughput());
        }
    }
    let mut row = Row::of(title(name), format!("c = {connections}"), &ours);
    row.limit = crate::report::median(theirs);
    row.bare = crate::report::median(bares);
    row.targets = targets(world, name, connections, &row);
    Ok(row)
}

fn title(name: &str) -> &str {
    match name {
        "read" => "read one lead",
        "list" => "list 50 leads by status, page 1",
        "list deep" => "list 50 leads by status, deep page",
        "create" => "POST /v1/leads",
        _ => "signed lead webhook",
    }
}

/// The numbers to reach. They hold where the machine is busy; one caller alone is shown for its latency.
fn targets(world: &World, name: &str, connections: usize, row: &Row) -> Vec<Target> {
    if connections == 1 {
        return Vec::new();
    }
    let of_limit = |bound| Target::at_least("of limit", row.ratio(), bound);
    let sqlite = world.database.engine == Engine::Sqlite;
    let mut all = match (name, sqlite) {
        ("read", false) => vec![of_limit(0.45)],
        ("read", true) => vec![of_limit(0.45), Target::at_least("of bare", row.bare_ratio(), 0.25)],
        ("list" | "list deep", _) => vec![of_limit(0.6)],
        (_, false) => vec![of_limit(0.5)],
        (_, true) => vec![of_limit(0.6)],
    };
    if name == "read" && connections == 64 && !sqlite {
        all.push(Target::below("p99", row.p99_ms, 10.0, "ms"));
    }
    all
}

/// 500 webhooks a second, whatever comes back.
fn offered(world: &World, target: &load::Target<'_>, name: &str) -> Outcome<Row> {
    let slice: Slice = load::open(target, 500, 64, world.pace.open)?;
    let mut row = Row::of(name, "500/s".into(), &[slice]);
    row.targets = vec![Target::below("p99", row.p99_ms, 50.0, "ms")];
    Ok(row)
}

/// Paths of a first and of a deep page.
struct Pages {
    first: String,
    deep: String,
}

async fn pages(world: &World, server: &Process) -> Outcome<Pages> {
    let mut caller = Caller::new(server.to, Some(&world.tenants[0].key));
    let deep = deep_page(&mut caller, world.size.deep_page).await?;
    caller.get(&deep).await?;
    Ok(Pages { first: format!("{LIST}50"), deep })
}

/// The handler without a database, in a process of its own.
struct Bare(Process);

impl Bare {
    fn start(world: &World) -> Outcome<Self> {
        let port = free_port()?;
        let program = std::env::current_exe()?;
        let arguments = vec!["--bare-handler".to_string(), port.to_string()];
        let log = world.database.folder.join("bare.log");
        let start = Start { program: &program, arguments, environment: Vec::new(), probe: "/lead", log };
        Ok(Self(Process::start(port, start)?))
    }
    fn run(&self, connections: usize, length: Duration) -> Outcome<Slice> {
        let write = |_: usize, out: &mut Vec<u8>| request(out, "GET", "/lead", None, "", None);
        load::closed(
            &load::Target { to: self.0.to, write: &write, expected: &[200], process: &self.0 },
            connections,
            length,
        )
    }
}
