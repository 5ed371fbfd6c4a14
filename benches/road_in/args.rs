//! What the caller asked for.

use leadwright::engine::db::Engine;

use crate::workloads::beside::Others;

pub const USAGE: &str =
    "usage: scripts/bench [--quick | --leads N] [--explain | --fastify | --before PROGRAM] [--strict] [--engine sqlite|postgres] [--only WORKLOAD]

  --quick              two minutes: fewer leads, fewer and shorter slices
  --leads N            one tenant with so many leads, and what it asks of them: searches, counts, lists, one lead
  --explain            print the plan of every list and claim query instead of measuring; fail when one scans a table
  --fastify            beside a server written by hand in Fastify and pg, in turns on the same PostgreSQL: reads and lists
  --before PROGRAM     beside another version of ours, in the same way
  --strict             fail when a target is missed
  --engine ENGINE      one engine only
  --only WORKLOAD      one of read, list, create, webhook, end-to-end, jobs, fairness, process; may be repeated";

const WORKLOADS: &[&str] = &["read", "list", "create", "webhook", "end-to-end", "jobs", "fairness", "process"];

pub struct Args {
    pub quick: bool,
    /// Measure one tenant with so many leads instead.
    pub leads: Option<usize>,
    pub explain: bool,
    pub others: Others,
    pub strict: bool,
    pub engines: Vec<Engine>,
    only: Vec<String>,
    /// A hidden command: this program is also the handler without a database that the server is compared with.
    pub bare_handler: Option<u16>,
}

impl Args {
    pub fn read(given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            quick: false,
            leads: None,
            explain: false,
            others: Others { fastify: None, before: None },
            strict: false,
            engines: vec![Engine::Postgres, Engine::Sqlite],
            only: Vec::new(),
            bare_handler: None,
        };
        let mut given = given;
        while let Some(word) = given.next() {
            let mut value = || given.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--quick" => args.quick = true,
                "--leads" => match value()?.replace('_', "").parse() {
                    Ok(leads) if leads >= 10_000 => args.leads = Some(leads),
                    _ => return Err("--leads needs a number, of 10000 at least".into()),
                },
                "--explain" => args.explain = true,
                // scripts/bench puts there what it needs.
                "--fastify" => args.others.fastify = std::env::var_os("BENCH_FASTIFY").map(Into::into),
                "--before" => args.others.before = Some(value()?.into()),
                "--strict" => args.strict = true,
                "--engine" => {
                    args.engines = match value()?.as_str() {
                        "sqlite" => vec![Engine::Sqlite],
                        "postgres" => vec![Engine::Postgres],
                        other => return Err(format!("there is no engine {other}")),
                    }
                }
                "--only" => {
                    let name = value()?;
                    if !WORKLOADS.contains(&name.as_str()) {
                        return Err(format!("there is no workload {name}"));
                    }
                    args.only.push(name);
                }
                "--bare-handler" => args.bare_handler = Some(value()?.parse().map_err(|_| "expected a port")?),
                // cargo says so when it runs a benchmark.
                "--bench" => {}
                other => return Err(format!("unknown option {other}")),
            }
        }
        if args.others.fastify.is_some() {
            args.engines.retain(|engine| *engine == Engine::Postgres);
        }
        Ok(args)
    }

    pub fn wants(&self, workload: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == workload)
    }
}
