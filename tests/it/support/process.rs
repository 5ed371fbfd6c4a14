//! The program itself, running beside the test with nothing of this process' configuration.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::client::Client;

/// Nothing takes as long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command of the program with these settings and no others.
pub fn leadwright(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_leadwright"));
    program.args(arguments).env_clear().current_dir(std::env::temp_dir()).stdin(Stdio::null());
    for (name, value) in settings {
        let foreign = ["RUST_LOG", "OTEL_"].iter().any(|known| name.starts_with(known));
        program.env(if foreign { (*name).to_string() } else { format!("LEADWRIGHT_{name}") }, value);
    }
    program
}

/// Free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Asks until the answer is yes.
pub async fn until(what: &str, mut asked: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !asked().await {
        assert!(start.elapsed() < PATIENCE, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A running process with its log; killed when dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Process {
    pub fn start(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("log");
        let file = File::create(&log).expect("a log");
        let mut program = leadwright(arguments, settings);
        let child = program.stdout(Stdio::null()).stderr(file).spawn().expect("a process");
        Self { child, log, _folder: folder }
    }

    /// Waits until it answers as ready at `url`.
    pub async fn ready(mut self, url: &str) -> Self {
        let start = Instant::now();
        let client = Client::new(url);
        while !client.is_ready().await {
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none() && start.elapsed() < PATIENCE, "not ready ({ended:?}):\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self
    }

    /// Waits until it has ended by itself, with a failure, and answers its log.
    pub async fn failed(mut self, mut meanwhile: impl AsyncFnMut()) -> String {
        let start = Instant::now();
        loop {
            meanwhile().await;
            if let Some(ended) = self.child.try_wait().expect("its state") {
                assert!(!ended.success(), "{ended}:\n{}", self.log());
                return self.log();
            }
            assert!(start.elapsed() < PATIENCE, "it goes on:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it has written to standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log")
    }

    /// Asks it to stop, waits, and answers its log.
    pub fn stop(mut self) -> String {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(told.success());
        let ended = self.child.wait().expect("it ends");
        let log = self.log();
        assert!(ended.success(), "{ended}:\n{log}");
        log
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already when it was stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
