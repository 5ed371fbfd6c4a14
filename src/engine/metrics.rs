//! What Prometheus reads at `/metrics`.

use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

use super::process::Process;
use crate::base::{Error, Result};

/// Every metric of the process. Label values come from closed sets: route patterns, kinds and outcomes, never ids and never
/// what a caller wrote. Each combination is kept for as long as the process lives, so a label that a caller may invent is
/// memory that a caller may take.
pub struct Metrics {
    registry: Registry,
    /// Seconds per request by method, route pattern and status.
    pub http_requests: HistogramVec,
    /// Runs by kind and outcome (done, retry, snoozed, discarded, dead, lost).
    pub job_runs: IntCounterVec,
    /// Seconds per run by kind.
    pub job_seconds: HistogramVec,
    /// What jobs of one kind do more or less of in one run, by what it is.
    pub work: IntCounterVec,
    /// Jobs by kind and state, refreshed by the scheduler.
    pub jobs: IntGaugeVec,
    /// Inbound webhooks by provider and outcome (accepted, duplicate, ignored, refused).
    pub webhooks: IntCounterVec,
    /// Seconds from receipt of a webhook to the lead's transaction.
    pub intake_seconds: Histogram,
    /// Seconds from receipt of a lead to the hand-over of its notification to the provider.
    pub notify_seconds: Histogram,
    /// Log-ins refused for a wrong address or password.
    pub log_in_failures: IntCounter,
    /// Calls to providers by provider, operation and class of the answer.
    pub provider_calls: IntCounterVec,
    /// Requests refused by a limit, by its bucket.
    pub rate_limited: IntCounterVec,
    /// For how long the job that waits longest could have run, in seconds; refreshed by the scheduler.
    pub oldest_due_job: Gauge,
    /// Connections to the database by what they do (in_use, idle).
    pub connections: IntGaugeVec,
    /// What waits for one of them.
    pub waiting_for_connection: IntGauge,
    /// 1, with the version, the commit and the engine as labels.
    pub build_info: IntGaugeVec,
    /// 1 where twins stand in for providers.
    pub sandbox: IntGauge,
}

const LATENCY: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

impl Metrics {
    pub fn new() -> Result<Self> {
        let build = || -> prometheus::Result<Self> {
            let registry = Registry::new();
            let histogram = |name: &str, help: &str| HistogramOpts::new(name, help).buckets(LATENCY.to_vec());
            let metrics = Self {
                http_requests: HistogramVec::new(
                    histogram("leadwright_http_request_seconds", "Seconds per HTTP request."),
                    &["method", "route", "status"],
                )?,
                job_runs: IntCounterVec::new(
                    Opts::new("leadwright_job_runs_total", "Job runs by outcome."),
                    &["kind", "outcome"],
                )?,
                job_seconds: HistogramVec::new(histogram("leadwright_job_seconds", "Seconds per job run."), &["kind"])?,
                work: IntCounterVec::new(
                    Opts::new("leadwright_work_total", "What jobs do more or less of in one run, by what it is."),
                    &["what"],
                )?,
                jobs: IntGaugeVec::new(Opts::new("leadwright_jobs", "Jobs by kind and state."), &["kind", "state"])?,
                webhooks: IntCounterVec::new(
                    Opts::new("leadwright_webhooks_total", "Inbound webhooks by outcome."),
                    &["provider", "outcome"],
                )?,
                log_in_failures: IntCounter::new(
                    "leadwright_log_in_failures_total",
                    "Log-ins refused for a wrong address or password.",
                )?,
                intake_seconds: Histogram::with_opts(histogram(
                    "leadwright_intake_seconds",
                    "Seconds from a lead's receipt to its transaction.",
                ))?,
                notify_seconds: Histogram::with_opts(histogram(
                    "leadwright_notify_seconds",
                    "Seconds from a lead's receipt to the hand-over of its notification.",
                ))?,
                provider_calls: IntCounterVec::new(
                    Opts::new("leadwright_provider_calls_total", "Calls to providers by result."),
                    &["provider", "operation", "result"],
                )?,
                rate_limited: IntCounterVec::new(
                    Opts::new("leadwright_rate_limited_total", "Requests refused by a limit."),
                    &["bucket"],
                )?,
                oldest_due_job: Gauge::new(
                    "leadwright_oldest_due_job_seconds",
                    "For how long the job that waits longest could have run.",
                )?,
                connections: IntGaugeVec::new(
                    Opts::new("leadwright_database_connections", "Connections to the database by what they do."),
                    &["state"],
                )?,
                waiting_for_connection: IntGauge::new(
                    "leadwright_database_waiting",
                    "Requests and jobs that wait for a connection to the database.",
                )?,
                build_info: IntGaugeVec::new(
                    Opts::new("leadwright_build_info", "1, for the version, the commit and the engine that run here."),
                    &["version", "commit", "engine"],
                )?,
                sandbox: IntGauge::new(
                    "leadwright_sandbox",
                    "1 where twins stand in for providers, so nothing reaches anybody.",
                )?,
                registry,
            };
            let r = &metrics.registry;
            r.register(Box::new(metrics.http_requests.clone()))?;
            r.register(Box::new(metrics.job_runs.clone()))?;
            r.register(Box::new(metrics.job_seconds.clone()))?;
            r.register(Box::new(metrics.work.clone()))?;
            r.register(Box::new(metrics.jobs.clone()))?;
            r.register(Box::new(metrics.webhooks.clone()))?;
            r.register(Box::new(metrics.intake_seconds.clone()))?;
            r.register(Box::new(metrics.notify_seconds.clone()))?;
            r.register(Box::new(metrics.log_in_failures.clone()))?;
            r.register(Box::new(metrics.provider_calls.clone()))?;
            r.register(Box::new(metrics.rate_limited.clone()))?;
            r.register(Box::new(metrics.oldest_due_job.clone()))?;
            r.register(Box::new(metrics.connections.clone()))?;
            r.register(Box::new(metrics.waiting_for_connection.clone()))?;
            r.register(Box::new(Process::new()?))?;
            r.register(Box::new(metrics.build_info.clone()))?;
            r.register(Box::new(metrics.sandbox.clone()))?;
            Ok(metrics)
        };
        build().map_err(Error::internal)
    }

    /// Counts a call to a provider; `result` is `ok`, or the class of its refusal.
    pub fn provider_call(&self, provider: &str, operation: &str, result: &str) {
        self.provider_calls.with_label_values(&[provider, operation, result]).inc();
    }

    /// The exposition in Prometheus' text format.
    pub fn render(&self) -> Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text).map_err(Error::internal)?;
        String::from_utf8(text).map_err(Error::internal)
    }
}
