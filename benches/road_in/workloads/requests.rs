//! Requests against the limit of their own statements: read one lead, list, enter a lead, take a webhook in.

use std::cell::Cell;
use std::time::Duration;

use leadwright::base::crypto::Secret;
use leadwright::engine::db::Engine;
use leadwright::providers::meta::sign;
use leadwright::sandbox::SandboxSettings;
use serde_json::json;

use super::World;
use crate::Outcome;
use crate::http::{Caller, request, text};
use crate::limit::{Access, Limit};
use crate::load::{self, Slice};
use crate::report::{Row, Target};
use crate::seed::lead_id;
use crate::server::{Process, Start, free_port};
use crate::statements::{Marks, Recipe, Statement};
use crate::trace::{self, Traced};

/// How many tenants the callers of a writing workload belong to.
const WRITERS: usize = 32;
/// Numbers of people nobody knows yet; a run never meets one twice.
const PEOPLE: u64 = 300_000_000_000;

/// A person who enquires: everything about it follows from its number.
struct Person {
    number: u64,
}

impl Person {
    fn digits(&self) -> String {
        format!("{:012}", self.number)
    }
    /// An Indian mobile number.
    fn phone(&self) -> String {
        format!("+9190{:08}", self.number % 100_000_000)
    }
    fn body(&self) -> Vec<u8> {
        json!({
            "name": format!("Asha {}", self.digits()), "email": format!("asha{}@example.com", self.digits()),
            "phone": self.phone(), "source": "api", "location": {"city": "Mumbai"}, "budget_range": "₹80L-1Cr",
            "timeline": "Within 3 months", "form_responses": {"Preferred areas?": "Andheri, Goregaon"}
        })
        .to_string()
        .into_bytes()
    }
    /// As this person's traces look in statements.
    fn marks(&self) -> Vec<String> {
        vec![self.digits(), self.phone().trim_start_matches('+').to_string()]
    }
}

/// Meta's notification that this lead exists.
fn webhook(number: u64, secret: &Secret, out: &mut Vec<u8>) {
    let body = json!({"object": "page", "entry": [{"id": "400000000001", "time": 1_795_165_198, "changes": [{"field": "leadgen",
        "value": {"leadgen_id": format!("{number:012}"), "page_id": "400000000001", "form_id": "300000000001",
            "created_time": 1_795_165_190}}]}]})
    .to_string();
    let headers = format!("X-Hub-Signature-256: {}\r\n", sign(body.as_bytes(), secret));
    request(out, "POST", "/v1/webhooks/meta", None, &headers, Some(body.as_bytes()));
}

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

fn writers(world: &World) -> usize {
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
    let first = "/v1/leads?status=new&sort=-created_at&limit=50".to_string();
    // Pages of 200 lead to the same place in a quarter of the steps.
    let mut caller = Caller::new(server.to, Some(&world.tenants[0].key));
    let steps = (world.size.deep_page - 1) / 4;
    let mut path = "/v1/leads?status=new&sort=-created_at&limit=200".to_string();
    for step in 0..steps {
        let page = caller.get(&path).await?;
        let cursor = text(&page, "/next_cursor").map_err(|_| format!("the list ended after {} pages", step * 4))?;
        path = format!("/v1/leads?status=new&sort=-created_at&limit=200&cursor={cursor}");
    }
    let deep = path.replace("limit=200", "limit=50");
    caller.get(&deep).await?;
    Ok(Pages { first, deep })
}

/// What an operation says to the database, found by watching the application do it twice.
fn limits(world: &World, wanted: &str, person: &dyn Fn() -> Person) -> Outcome<Vec<(&'static str, Limit)>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut traced = trace::start(&world.database, &world.settings()).await?;
        let mut found = Vec::new();
        let big = &world.tenants[0];
        if wanted == "read" {
            let recipe = recipe_of_read(&mut traced, &big.id, &big.key).await?;
            found.push(("read", Limit::of(&world.database, "read", vec![recipe], world.size.big, Access::Read)?));
        }
        if wanted == "list" {
            for name in ["list", "list deep"] {
                let recipe = recipe_of_list(&mut traced, world, name == "list deep").await?;
                let file = name.replace(' ', "-");
                let limit = Limit::of(&world.database, &file, vec![recipe], world.size.big, Access::Read)?;
                found.push((name, limit));
            }
        }
        if wanted == "create" {
            let mut recipes = Vec::new();
            for tenant in &world.tenants[..writers(world)] {
                recipes.push(recipe_of_create(&mut traced, &tenant.id, &tenant.key, person).await?);
            }
            found.push(("create", Limit::of(&world.database, "create", recipes, world.size.big, Access::Write)?));
        }
        if wanted == "webhook" {
            let recipe = recipe_of_webhook(&mut traced, person).await?;
            found
                .push(("webhook", Limit::of(&world.database, "webhook", vec![recipe], world.size.big, Access::Write)?));
        }
        traced.stop().await;
        Ok(found)
    })
}

/// Statements about leads, without those that find out who asks.
fn reads(said: Vec<Statement>) -> Vec<Statement> {
    let about = |s: &Statement| !s.is_control() && s.sql.contains("leads") && !s.sql.contains("api_keys");
    said.into_iter().filter(about).collect()
}

/// The largest transaction: the one that does the work.
fn transaction(said: Vec<Statement>) -> Outcome<Vec<Statement>> {
    let (mut best, mut current): (Vec<Statement>, Option<Vec<Statement>>) = (Vec::new(), None);
    for statement in said {
        let word = statement.sql.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if word == "BEGIN" {
            if current.is_some() {
                // The writer of SQLite asks by it whether the transaction is still there.
                continue;
            }
            current = Some(Vec::new());
        }
        if let Some(open) = &mut current {
            open.push(statement);
        }
        match word.as_str() {
            "COMMIT" => best = current.take().into_iter().chain([best]).max_by_key(Vec::len).unwrap_or_default(),
            "ROLLBACK" => current = None,
            _ => {}
        }
    }
    if best.is_empty() { Err("no transaction was seen".into()) } else { Ok(best) }
}

async fn recipe_of_read(traced: &mut Traced, tenant: &str, key: &str) -> Outcome<Recipe> {
    let mut seen = Vec::new();
    for lead in [11, 11, 12] {
        let mut caller = Caller::new(traced.to, Some(key));
        let path = format!("/v1/leads/{}", lead_id(lead));
        seen.push(reads(traced.during(caller.get(&path)).await?.1));
    }
    let marks = Marks { numbers: &[], lead: Some(&lead_id(12)), tenant };
    Ok(Recipe::derive(&seen[1], &seen[2], &marks)?)
}

async fn recipe_of_list(traced: &mut Traced, world: &World, deep: bool) -> Outcome<Recipe> {
    let tenant = &world.tenants[0];
    let mut caller = Caller::new(traced.to, Some(&tenant.key));
    let mut path = "/v1/leads?status=new&sort=-created_at&limit=200".to_string();
    if deep {
        for _ in 0..(world.size.deep_page - 1) / 4 {
            let page = caller.get(&path).await?;
            let cursor = text(&page, "/next_cursor")?;
            path = format!("/v1/leads?status=new&sort=-created_at&limit=200&cursor={cursor}");
        }
    }
    let path = path.replace("limit=200", "limit=50");
    caller.get(&path).await?;
    let first = reads(traced.during(caller.get(&path)).await?.1);
    let second = reads(traced.during(caller.get(&path)).await?.1);
    Ok(Recipe::derive(&first, &second, &Marks { numbers: &[], lead: None, tenant: &tenant.id })?)
}

async fn recipe_of_create(
    traced: &mut Traced,
    tenant: &str,
    key: &str,
    person: &dyn Fn() -> Person,
) -> Outcome<Recipe> {
    let mut caller = Caller::new(traced.to, Some(key));
    let mut seen = Vec::new();
    let mut last = person();
    // The first fills caches.
    for _ in 0..3 {
        last = person();
        let body = serde_json::from_slice(&last.body())?;
        seen.push(transaction(traced.during(caller.post("/v1/leads", body)).await?.1)?);
    }
    let marks = last.marks();
    Ok(Recipe::derive(&seen[1], &seen[2], &Marks { numbers: &marks, lead: None, tenant })?)
}

/// The rows a webhook leaves, in one durable transaction; a look at what was inserted is not part of the limit.
async fn recipe_of_webhook(traced: &mut Traced, person: &dyn Fn() -> Person) -> Outcome<Recipe> {
    let secret = SandboxSettings::default_credentials().meta_app_secret;
    let (mut seen, mut last) = (Vec::new(), person());
    for _ in 0..3 {
        last = person();
        let mut bytes = Vec::new();
        webhook(last.number, &secret, &mut bytes);
        let to = traced.to;
        let send = async {
            let mut connection = crate::http::Connection::open(to).await?;
            let status = connection.call(&bytes).await?.status;
            if status == 200 { Ok(()) } else { Err(format!("a webhook was answered {status}").into()) }
        };
        seen.push(transaction(traced.during(send).await?.1)?);
    }
    let marks = Marks { numbers: &last.marks(), lead: None, tenant: "" };
    let recipe = Recipe::derive(&seen[1], &seen[2], &marks)?;
    Ok(recipe.only(|sql| !sql.trim_start().to_ascii_uppercase().starts_with("SELECT")))
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
