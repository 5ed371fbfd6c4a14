//! Two ways to send requests: as fast as answers come ([`closed`]), and at a rate whatever comes back ([`open`]).
//!
//! Every status is checked; one that is not expected ends the workload with the answer quoted. Connections are opened before
//! the clock starts. One thread sends everything, so that the load costs little of the cores it shares.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::Outcome;
use crate::http::Connection;
use crate::server::Process;

/// Writes the next request of one connection, numbered from 0.
pub type Writer<'a> = dyn Fn(usize, &mut Vec<u8>) + 'a;

/// What is sent to whom, and what counts as an answer.
pub struct Target<'a> {
    pub to: SocketAddr,
    pub write: &'a Writer<'a>,
    pub expected: &'static [u16],
    /// Whose processor time is counted.
    pub process: &'a Process,
}

/// One slice of a workload.
pub struct Slice {
    pub requests: u64,
    pub seconds: f64,
    /// Microseconds.
    pub latencies: Histogram<u64>,
    /// Microseconds of the server's processor time.
    pub cpu_micros: f64,
    pub rss_mb: f64,
}

impl Slice {
    pub fn throughput(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}

/// Latencies up to a minute, to three digits.
pub fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("valid bounds")
}

/// What the connections of one slice share.
struct Shared {
    latencies: RefCell<Histogram<u64>>,
    sent: Cell<u64>,
    failed: RefCell<Option<String>>,
}

impl Shared {
    fn new() -> Rc<Self> {
        Rc::new(Self { latencies: RefCell::new(latencies()), sent: Cell::new(0), failed: RefCell::new(None) })
    }
    fn note(&self, since: Instant) {
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        self.latencies.borrow_mut().saturating_record(micros);
        self.sent.set(self.sent.get() + 1);
    }
    fn fail(&self, why: String) {
        self.failed.borrow_mut().get_or_insert(why);
    }
    fn has_failed(&self) -> bool {
        self.failed.borrow().is_some()
    }
}

/// Runs something on a runtime of its own thread.
pub fn block_on<T>(body: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, body)
}

async fn connect(to: SocketAddr, count: usize) -> Outcome<Vec<Connection>> {
    let mut connections = Vec::new();
    for _ in 0..count {
        connections.push(Connection::open(to).await?);
    }
    Ok(connections)
}

/// Sends one request and checks its answer.
async fn shoot(connection: &mut Connection, request: &[u8], expected: &[u16]) -> Result<(), String> {
    let answer = connection.call(request).await.map_err(|error| error.to_string())?;
    if expected.contains(&answer.status) {
        return Ok(());
    }
    let asked = String::from_utf8_lossy(request);
    let asked = asked.lines().next().unwrap_or_default();
    Err(format!("{asked} was answered {}: {}", answer.status, String::from_utf8_lossy(answer.body)))
}

/// `connections` callers, each waiting for its answer before it asks again.
pub fn closed(target: &Target<'_>, connections: usize, length: Duration) -> Outcome<Slice> {
    block_on(async {
        let shared = Shared::new();
        let open = connect(target.to, connections).await?;
        let (began, cpu) = (Instant::now(), target.process.cpu_micros()?);
        let until = began + length;
        let callers = open.into_iter().enumerate().map(|(number, mut connection)| {
            let shared = shared.clone();
            async move {
                let mut request = Vec::with_capacity(2048);
                while Instant::now() < until && !shared.has_failed() {
                    request.clear();
                    (target.write)(number, &mut request);
                    let since = Instant::now();
                    match shoot(&mut connection, &request, target.expected).await {
                        Ok(()) => shared.note(since),
                        Err(why) => shared.fail(why),
                    }
                }
            }
        });
        futures_util::future::join_all(callers).await;
        finish(target, &shared, began, cpu)
    })
}

/// `rate` requests a second for `length`, over at most `connections`. A request that had to wait for a free connection has
/// waited: its latency counts from the moment it was meant to be sent.
pub fn open(target: &Target<'_>, rate: u32, connections: usize, length: Duration) -> Outcome<Slice> {
    block_on(async {
        let shared = Shared::new();
        let open = connect(target.to, connections).await?;
        let total = (f64::from(rate) * length.as_secs_f64()) as u64;
        let next = Rc::new(Cell::new(0_u64));
        let (began, cpu) = (Instant::now(), target.process.cpu_micros()?);
        let callers = open.into_iter().enumerate().map(|(number, mut connection)| {
            let (shared, next) = (shared.clone(), next.clone());
            async move {
                let mut request = Vec::with_capacity(2048);
                loop {
                    let turn = next.get();
                    if turn >= total || shared.has_failed() {
                        return;
                    }
                    next.set(turn + 1);
                    let meant = began + Duration::from_secs_f64(turn as f64 / f64::from(rate));
                    tokio::time::sleep_until(meant.into()).await;
                    request.clear();
                    (target.write)(number, &mut request);
                    match shoot(&mut connection, &request, target.expected).await {
                        Ok(()) => shared.note(meant),
                        Err(why) => shared.fail(why),
                    }
                }
            }
        });
        futures_util::future::join_all(callers).await;
        finish(target, &shared, began, cpu)
    })
}

fn finish(target: &Target<'_>, shared: &Shared, began: Instant, cpu_before: f64) -> Outcome<Slice> {
    let seconds = began.elapsed().as_secs_f64();
    if let Some(why) = shared.failed.borrow_mut().take() {
        return Err(why.into());
    }
    Ok(Slice {
        requests: shared.sent.get(),
        seconds,
        latencies: shared.latencies.borrow().clone(),
        cpu_micros: target.process.cpu_micros()? - cpu_before,
        rss_mb: target.process.rss_mb()?,
    })
}
