//! The workloads, one file each, and what they all stand on.

pub mod beside;
pub mod end_to_end;
pub mod jobs;
pub mod many;
mod people;
pub mod process;
mod recipes;
pub mod requests;

use std::path::PathBuf;
use std::time::Duration;

use leadwright::base::crypto::MasterKey;
use leadwright::sandbox::SandboxSettings;

use crate::Outcome;
use crate::cast::Tenant;
use crate::database::Database;
use crate::seed::Size;
use crate::server::{Process, Start, free_port};

/// A seeded database and the programs to measure on it.
pub struct World {
    pub database: Database,
    pub size: Size,
    pub tenants: Vec<Tenant>,
    pub operator_key: String,
    pub master_key: String,
    /// The server's binary.
    pub server: PathBuf,
    pub pace: Pace,
    /// The most memory any measured server used.
    pub peak_rss_mb: std::cell::Cell<f64>,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub rounds: usize,
    pub slice: Duration,
    pub connections: &'static [usize],
    /// Of reading one lead, whose latency has a target with many callers.
    pub readers: &'static [usize],
    /// Of an open loop.
    pub open: Duration,
    /// Empty jobs of one round; batched ones are twice as many.
    pub empty_jobs: usize,
    /// One tenant's, beside another's single one.
    pub flood: usize,
    pub starts: usize,
}

impl Pace {
    pub const FULL: Self = Self {
        rounds: 3,
        slice: Duration::from_secs(2),
        connections: &[1, 16, 64],
        readers: &[1, 16, 64],
        open: Duration::from_secs(20),
        empty_jobs: 10_000,
        flood: 100_000,
        starts: 5,
    };
    pub const QUICK: Self = Self {
        rounds: 3,
        slice: Duration::from_millis(500),
        connections: &[16],
        readers: &[16, 64],
        open: Duration::from_secs(3),
        empty_jobs: 1000,
        flood: 20_000,
        starts: 3,
    };
}

/// The server's settings, the same for every process of a run.
pub fn settings(database_url: &str, operator_key: &str, master_key: &str) -> Vec<(&'static str, String)> {
    let known = SandboxSettings::default_credentials();
    // How many connections suit a machine can be asked.
    let pool = std::env::var(POOL).ok().map(|size| (POOL, size));
    let fixed = vec![
        ("LEADWRIGHT_DATABASE_URL", database_url.to_string()),
        ("LEADWRIGHT_MASTER_KEY", master_key.to_string()),
        ("LEADWRIGHT_OPERATOR_KEY", operator_key.to_string()),
        ("LEADWRIGHT_META_APP_SECRET", known.meta_app_secret.expose().to_string()),
        // On, and out of the way: it counts every request and refuses none.
        ("LEADWRIGHT_RATE_LIMIT", "on".into()),
        ("LEADWRIGHT_REQUESTS_PER_MINUTE", "1000000000".into()),
    ];
    fixed.into_iter().chain(pool).collect()
}

const POOL: &str = "LEADWRIGHT_DATABASE_POOL";

/// Secrets of a run.
pub fn secrets() -> (String, String) {
    let operator = leadwright::base::crypto::random_token("lw_");
    (operator, MasterKey::random().to_base64())
}

impl World {
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        settings(&self.database.url, &self.operator_key, &self.master_key)
    }

    /// Starts the server on the seeded database.
    pub fn serve(&self, arguments: &[&str], more: Vec<(&'static str, String)>) -> Outcome<Process> {
        let mut environment = self.settings();
        environment.extend(more);
        start(&self.server, &self.database.folder, "server.log", arguments, environment)
    }

    /// Ends a server and remembers what it used.
    pub fn end(&self, process: Process) -> Outcome {
        let peak = process.peak_rss_mb()?;
        self.peak_rss_mb.set(self.peak_rss_mb.get().max(peak));
        process.stop()
    }
}

/// Starts a server process with these settings on a free port.
pub fn start(
    program: &std::path::Path,
    folder: &std::path::Path,
    log: &str,
    arguments: &[&str],
    mut environment: Vec<(&'static str, String)>,
) -> Outcome<Process> {
    let port = free_port()?;
    environment.push(("LEADWRIGHT_BIND", format!("127.0.0.1:{port}")));
    environment.push(("LEADWRIGHT_PUBLIC_URL", format!("http://127.0.0.1:{port}")));
    let mut words = vec!["serve".to_string()];
    words.extend(arguments.iter().map(ToString::to_string));
    Process::start(port, Start { program, arguments: words, environment, probe: "/readyz", log: folder.join(log) })
}
