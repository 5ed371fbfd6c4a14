//! The processes that are measured: how they start, what they use, how they end.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::http::Connection;
use crate::load::block_on;

/// A child that is ended when dropped.
pub struct Process {
    child: Child,
    pub to: SocketAddr,
    /// From the start of the process until it answered that it is ready.
    pub ready_after: Duration,
    log: PathBuf,
}

/// What a process is started with.
pub struct Start<'a> {
    pub program: &'a Path,
    pub arguments: Vec<String>,
    pub environment: Vec<(&'static str, String)>,
    /// Answers 200 once the process is ready.
    pub probe: &'a str,
    pub log: PathBuf,
}

/// A port nobody listens on now.
pub fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Process {
    /// Starts a process that will listen on `port` and waits until it is ready.
    pub fn start(port: u16, start: Start<'_>) -> Outcome<Self> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&start.log)?;
        let began = Instant::now();
        let child = Command::new(start.program)
            .args(&start.arguments)
            .envs(start.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("{}: {error}", start.program.display()))?;
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        let mut process = Self { child, to, ready_after: Duration::ZERO, log: start.log };
        while !block_on(is_ready(to, start.probe)) {
            if process.child.try_wait()?.is_some() || began.elapsed() > Duration::from_secs(60) {
                let log = std::fs::read_to_string(&process.log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                let tail: Vec<&str> = tail.into_iter().rev().collect();
                return Err(format!("{} did not become ready:\n{}", start.program.display(), tail.join("\n")).into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        process.ready_after = began.elapsed();
        Ok(process)
    }

    /// User and system time so far, in microseconds.
    pub fn cpu_micros(&self) -> Outcome<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in brackets may hold anything; after it, fields 14 and 15 are ticks of 10 ms.
        let after = stat.rsplit_once(')').map(|(_, rest)| rest).ok_or("no process statistics")?;
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) * 10_000.0)
    }

    /// Resident memory now.
    pub fn rss_mb(&self) -> Outcome<f64> {
        self.status_mb("VmRSS:")
    }

    /// The most it ever was.
    pub fn peak_rss_mb(&self) -> Outcome<f64> {
        self.status_mb("VmHWM:")
    }

    fn status_mb(&self, name: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no memory statistics")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(kilobytes / 1024.0)
    }

    /// Lets it finish what it does.
    pub fn stop(mut self) -> Outcome {
        let ended = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if !ended.success() {
            return Err("the server was gone before it was told to stop".into());
        }
        let until = Instant::now() + Duration::from_secs(40);
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                if let Some(panic) = log.lines().find(|line| line.contains("panicked at")) {
                    return Err(format!("the server panicked: {panic}").into());
                }
                return if status.success() { Ok(()) } else { Err(format!("the server ended with {status}").into()) };
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err("the server did not stop".into())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already ended after a proper stop; otherwise we are failing and nothing of it is worth keeping.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn is_ready(to: SocketAddr, probe: &str) -> bool {
    let Ok(mut connection) = Connection::open(to).await else { return false };
    let mut request = Vec::new();
    crate::http::request(&mut request, "GET", probe, None, "", None);
    connection.call(&request).await.is_ok_and(|answer| answer.status == 200)
}
