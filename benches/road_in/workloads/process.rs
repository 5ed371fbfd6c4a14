//! The process itself: how long it takes to start on a large database, and what it needs while nothing happens.

use std::time::{Duration, Instant};

use super::World;
use crate::Outcome;
use crate::report::{Row, Target, median};

/// Starts it some times; the middle one counts.
pub fn measure(world: &World) -> Outcome<Vec<Row>> {
    let (mut starts, mut idle) = (Vec::new(), Vec::new());
    for _ in 0..world.pace.starts {
        let server = world.serve(&[], Vec::new())?;
        starts.push(server.ready_after.as_secs_f64() * 1000.0);
        idle.push(settled_rss(&server)?);
        server.stop()?;
    }
    let start = median(starts);
    let mut rows = vec![Row::new("start-up on this database", "to /readyz")];
    rows[0].p50_ms = start;
    rows[0].targets = vec![Target::below("start", start, 300.0, "ms")];
    let mut row = Row::new("memory, idle", "");
    row.rss_mb = median(idle);
    row.targets = vec![Target::below("RSS", row.rss_mb, 64.0, "MB")];
    rows.push(row);
    Ok(rows)
}

/// Resident memory once it has stopped growing.
fn settled_rss(server: &crate::server::Process) -> Outcome<f64> {
    let until = Instant::now() + Duration::from_secs(3);
    let mut last = server.rss_mb()?;
    let mut same_since = Instant::now();
    while Instant::now() < until && same_since.elapsed() < Duration::from_millis(500) {
        std::thread::sleep(Duration::from_millis(50));
        let now = server.rss_mb()?;
        if (now - last).abs() > 0.1 {
            (last, same_since) = (now, Instant::now());
        }
    }
    Ok(last)
}

/// After all workloads: the most any server used.
pub fn peak(world: &World) -> Vec<Row> {
    let peak = world.peak_rss_mb.get();
    if peak == 0.0 {
        return Vec::new();
    }
    let mut row = Row::new("memory, heaviest workload", "");
    row.rss_mb = Some(peak);
    row.targets = vec![Target::below("RSS", row.rss_mb, 256.0, "MB")];
    vec![row]
}
