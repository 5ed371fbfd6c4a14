//! What a process tells of itself: logs on standard error, and traces to an OpenTelemetry collector when one is named.
//! Lines are gathered by [`super::lines`].
//!
//! Traces leave as OTLP over HTTP (protobuf), in batches, on a thread of their own; a collector that is away costs spans and
//! nothing else. The standard variables `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`,
//! `OTEL_BSP_*` and `OTEL_EXPORTER_OTLP_HEADERS` are read by the exporter itself.

use std::sync::Arc;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, KeyValue};
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::json::FlatJson;
use super::lines::Lines;
use crate::engine::{trace, trust};

/// The HTTP server calls it an error when somebody sends it nonsense or hangs up. An error is what an operator must act on,
/// so these are not told, unless `RUST_LOG` asks.
const OUTSIDERS: &str = "actix_http::h1=off,actix_http::h2=off";

/// Ends the telemetry: what is still held is handed over.
#[must_use]
pub(super) struct Telemetry {
    provider: Option<SdkTracerProvider>,
    lines: Lines,
}

/// The subscriber lives as long as the process and holds lines too, so the last ones are written here.
impl Drop for Telemetry {
    fn drop(&mut self) {
        self.lines.flush();
    }
}

impl Telemetry {
    pub(super) async fn finish(self) {
        if let Some(provider) = self.provider.clone() {
            let end = tokio::task::spawn_blocking(move || provider.shutdown());
            if let Ok(Err(error)) = end.await {
                eprintln!("the last traces were not handed over: {error}");
            }
        }
    }
}

/// Logs, and traces to the collector at `otlp`. `level` holds where `RUST_LOG` says nothing.
pub(super) fn start(json: bool, level: &str, otlp: Option<&str>) -> Result<Telemetry, Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("{level},{OUTSIDERS}")));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let provider = otlp.map(collector).transpose()?;
    let lines = Lines::start();
    // A log that cannot be written, because its disk is full or its reader is gone, must not stop the work: by default the
    // failure is told to the same stream, which panics. Hence `log_internal_errors(false)`.
    let set = match &provider {
        None => {
            let logs = tracing_subscriber::fmt()
                .log_internal_errors(false)
                .with_env_filter(filter)
                .with_ansi(colours)
                .with_writer(lines.clone());
            if json { logs.fmt_fields(JsonFields::new()).event_format(FlatJson).try_init() } else { logs.try_init() }
        }
        Some(provider) => {
            let logs = tracing_subscriber::fmt::layer()
                .log_internal_errors(false)
                .with_ansi(colours)
                .with_writer(lines.clone());
            let logs =
                if json { logs.fmt_fields(JsonFields::new()).event_format(FlatJson).boxed() } else { logs.boxed() };
            let traces = tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("leadwright"))
                .with_location(false)
                .with_threads(false)
                .with_tracked_inactivity(false)
                .with_target(false)
                .with_filter(Targets::new().with_target("leadwright", LevelFilter::INFO));
            trace::switch_on();
            tracing_subscriber::registry().with(logs.with_filter(filter)).with(traces).try_init().map_err(Into::into)
        }
    };
    if let Err(error) = set {
        eprintln!("logging is already set up: {error}");
    }
    Ok(Telemetry { provider, lines })
}

fn collector(address: &str) -> Result<SdkTracerProvider, Box<dyn std::error::Error>> {
    let address = format!("{}/v1/traces", address.trim_end_matches('/').trim_end_matches("/v1/traces"));
    trust::provide();
    let exporter = OtlpExporter::builder().with_http().with_endpoint(address).build()?;
    let exporter = InRuntime { exporter: Arc::new(exporter), runtime: tokio::runtime::Handle::current() };
    // A name that was given by the standard variables stays.
    let name = Resource::builder().build().get(&Key::from_static_str("service.name"));
    let is_named = name.is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let resource = if is_named { resource } else { resource.with_service_name("leadwright") }.build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// The batches are made on a plain thread; their HTTP calls need the runtime.
#[derive(Debug)]
struct InRuntime {
    exporter: Arc<OtlpExporter>,
    runtime: tokio::runtime::Handle,
}

impl SpanExporter for InRuntime {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exporter = self.exporter.clone();
        let call = self.runtime.spawn(async move { exporter.export(batch).await });
        call.await.unwrap_or_else(|error| Err(OTelSdkError::InternalFailure(error.to_string())))
    }

    fn set_resource(&mut self, resource: &Resource) {
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}
