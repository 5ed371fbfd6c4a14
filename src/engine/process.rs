//! The process as the system sees it, under the names that every client of Prometheus gives it. Linux tells; elsewhere nothing is.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge, Result};

/// Reads `/proc` whenever the metrics are asked for.
pub(super) struct Process {
    cpu: Counter,
    resident: IntGauge,
    virtual_size: IntGauge,
    open_files: IntGauge,
    most_files: IntGauge,
    started: IntGauge,
}

impl Process {
    pub fn new() -> Result<Self> {
        Ok(Self {
            cpu: Counter::new("process_cpu_seconds_total", "Processor time of the process, in seconds.")?,
            resident: IntGauge::new("process_resident_memory_bytes", "Memory of the process that is in use.")?,
            virtual_size: IntGauge::new("process_virtual_memory_bytes", "Memory of the process that is set aside.")?,
            open_files: IntGauge::new("process_open_fds", "Open files and connections.")?,
            most_files: IntGauge::new("process_max_fds", "How many of these there may be.")?,
            started: IntGauge::new("process_start_time_seconds", "When the process began, in seconds since 1970.")?,
        })
    }

    fn all(&self) -> [&IntGauge; 5] {
        [&self.resident, &self.virtual_size, &self.open_files, &self.most_files, &self.started]
    }

    /// `None` where the system does not tell.
    fn look(&self) -> Option<()> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The name of the program, in brackets, may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        // Numbered in proc(5) from 1; the first two were cut off.
        let field = |number: usize| fields.get(number - 3)?.parse::<i64>().ok();
        let ticks = system(libc::_SC_CLK_TCK)?;
        let seconds = (field(14)? + field(15)?) as f64 / ticks as f64;
        self.cpu.inc_by((seconds - self.cpu.get()).max(0.0));
        self.virtual_size.set(field(23)?);
        self.resident.set(field(24)? * system(libc::_SC_PAGESIZE)?);
        self.started.set(booted()? + field(22)? / ticks);
        self.open_files.set(i64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).ok()?);
        self.most_files.set(most_files()?);
        Some(())
    }
}

impl Collector for Process {
    fn desc(&self) -> Vec<&Desc> {
        self.cpu.desc().into_iter().chain(self.all().into_iter().flat_map(|gauge| gauge.desc())).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        match self.look() {
            Some(()) => {
                self.cpu.collect().into_iter().chain(self.all().into_iter().flat_map(|gauge| gauge.collect())).collect()
            }
            None => Vec::new(),
        }
    }
}

fn system(name: libc::c_int) -> Option<i64> {
    // SAFETY: takes a number and answers one; it may be called at any time.
    let value = unsafe { libc::sysconf(name) };
    (value > 0).then_some(value)
}

fn booted() -> Option<i64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn most_files() -> Option<i64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_all_of_it() {
        let process = Process::new().expect("metrics");
        let told = process.collect();
        assert_eq!(told.len(), process.desc().len());
        assert!(process.all().iter().all(|gauge| gauge.get() > 0), "{told:?}");
        assert!(process.resident.get() < process.virtual_size.get());
        assert!(process.started.get() > 1_700_000_000, "{}", process.started.get());
        assert!((3..=process.most_files.get()).contains(&process.open_files.get()));
    }
}
