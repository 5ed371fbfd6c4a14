//! What was measured, as a table and as JSON.

use serde_json::{Value, json};

use crate::load::Slice;

/// One line of the table. What a workload does not have stays empty.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub workload: String,
    /// `c = 16`, `500/s`.
    pub load: String,
    pub throughput: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// Of the server, per request.
    pub cpu_micros: Option<f64>,
    pub rss_mb: Option<f64>,
    /// The engine's own throughput for the same statements.
    pub limit: Option<f64>,
    /// Of a bare handler without a database.
    pub bare: Option<f64>,
    pub targets: Vec<Target>,
}

/// A number to reach, and whether it was.
#[derive(Debug, Clone)]
pub struct Target {
    pub what: String,
    pub met: bool,
}

impl Target {
    pub fn at_least(name: &str, value: Option<f64>, bound: f64) -> Self {
        Self { what: format!("{name} ≥ {bound}"), met: value.is_some_and(|value| value >= bound) }
    }
    pub fn below(name: &str, value: Option<f64>, bound: f64, unit: &str) -> Self {
        Self { what: format!("{name} < {bound} {unit}"), met: value.is_some_and(|value| value < bound) }
    }
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

impl Row {
    pub fn new(workload: &str, load: impl Into<String>) -> Self {
        Self { workload: workload.into(), load: load.into(), ..Self::default() }
    }

    /// From the slices of one workload: the median throughput, the latencies of all.
    pub fn of(workload: &str, load: String, slices: &[Slice]) -> Self {
        let mut all = crate::load::latencies();
        for slice in slices {
            all.add(&slice.latencies).expect("the same bounds");
        }
        let requests: u64 = slices.iter().map(|slice| slice.requests).sum();
        let cpu: f64 = slices.iter().map(|slice| slice.cpu_micros).sum();
        Self {
            throughput: median(slices.iter().map(Slice::throughput).collect()),
            p50_ms: Some(all.value_at_quantile(0.5) as f64 / 1000.0),
            p99_ms: Some(all.value_at_quantile(0.99) as f64 / 1000.0),
            cpu_micros: (requests > 0).then(|| cpu / requests as f64),
            rss_mb: slices.iter().map(|slice| slice.rss_mb).reduce(f64::max),
            ..Self::new(workload, load)
        }
    }

    pub fn ratio(&self) -> Option<f64> {
        Some(self.throughput? / self.limit.filter(|limit| *limit > 0.0)?)
    }
    pub fn bare_ratio(&self) -> Option<f64> {
        Some(self.throughput? / self.bare.filter(|bare| *bare > 0.0)?)
    }
    pub fn is_met(&self) -> bool {
        self.targets.iter().all(|target| target.met)
    }

    fn cells(&self) -> [String; 13] {
        let number =
            |value: Option<f64>, digits: usize| value.map_or(String::new(), |value| format!("{value:.digits$}"));
        let whats: Vec<&str> = self.targets.iter().map(|target| target.what.as_str()).collect();
        let missed: Vec<&str> = self.targets.iter().filter(|t| !t.met).map(|t| t.what.as_str()).collect();
        let met = match (self.targets.is_empty(), missed.is_empty()) {
            (true, _) => String::new(),
            (_, true) => "yes".into(),
            _ if missed.len() == whats.len() => "no".into(),
            _ => format!("no: {}", missed.join("; ")),
        };
        [
            self.workload.clone(),
            self.load.clone(),
            number(self.throughput, 0),
            number(self.p50_ms, 2),
            number(self.p99_ms, 2),
            number(self.cpu_micros, 0),
            number(self.rss_mb, 0),
            number(self.limit, 0),
            number(self.ratio(), 2),
            number(self.bare, 0),
            number(self.bare_ratio(), 2),
            whats.join("; "),
            met,
        ]
    }

    fn json(&self) -> Value {
        let targets: Vec<Value> = self.targets.iter().map(|t| json!({"target": t.what, "met": t.met})).collect();
        json!({
            "workload": self.workload, "load": self.load, "throughput_per_second": self.throughput,
            "p50_ms": self.p50_ms, "p99_ms": self.p99_ms, "server_cpu_micros_per_request": self.cpu_micros,
            "rss_mb": self.rss_mb, "limit_per_second": self.limit, "ratio_to_limit": self.ratio(),
            "bare_handler_per_second": self.bare, "ratio_to_bare_handler": self.bare_ratio(), "targets": targets,
        })
    }
}

const HEAD: [&str; 13] = [
    "workload", "load", "per s", "p50 ms", "p99 ms", "CPU µs", "RSS MB", "limit/s", "of limit", "bare/s", "of bare",
    "target", "met",
];

/// A Markdown table with aligned columns.
pub fn table(rows: &[Row]) -> String {
    let cells: Vec<[String; 13]> = rows.iter().map(Row::cells).collect();
    let width = |column: usize| {
        let widest = cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        widest.max(HEAD[column].chars().count())
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let line = |row: &[String]| {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let fill = " ".repeat(width - cell.chars().count());
                if (2..11).contains(&column) { format!("{fill}{cell}") } else { format!("{cell}{fill}") }
            })
            .collect();
        format!("| {} |\n", padded.join(" | "))
    };
    let mut text = line(&HEAD.map(str::to_string));
    let rule = |(column, width): (usize, &usize)| {
        if (2..11).contains(&column) { format!("{}:", "-".repeat(width - 1)) } else { "-".repeat(*width) }
    };
    text.push_str(&format!("| {} |\n", widths.iter().enumerate().map(rule).collect::<Vec<_>>().join(" | ")));
    for row in &cells {
        text.push_str(&line(row));
    }
    text
}

/// The same for programs.
pub fn json(head: Value, rows: &[Row]) -> Value {
    json!({"run": head, "rows": rows.iter().map(Row::json).collect::<Vec<_>>()})
}
