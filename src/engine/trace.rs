//! Traces: a request, the jobs that follow from it and their calls to providers as one W3C trace.
//!
//! Spans are `tracing`'s own; a collector's layer, when there is one, gives them ids. This module carries the ids over the two
//! gaps that spans cannot cross: from a caller's `traceparent` header into the request's span, and through the `jobs` table
//! into the span of each run. Without a collector nothing here does anything.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

static ON: AtomicBool = AtomicBool::new(false);

/// Called once a collector's layer is installed.
pub fn switch_on() {
    ON.store(true, Ordering::Relaxed);
}

pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Makes `span` a child of the remote one that `traceparent` names. An unreadable value begins a trace of its own.
pub fn adopt(span: &Span, traceparent: Option<&str>) {
    if let Some(remote) = traceparent.filter(|_| is_on()).and_then(parse) {
        // Refused only where no layer listens to this span.
        let _ = span.set_parent(Context::new().with_remote_span_context(remote));
    }
}

/// Gives `span` the name it has in traces, which may be known only at its end.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// The current span as a `traceparent`.
pub fn current() -> Option<String> {
    if !is_on() {
        return None;
    }
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    let flags = span.trace_flags().to_u8();
    span.is_valid().then(|| format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()))
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    // A later version may have more parts; ff is none.
    let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    if !known || !hex(trace, 32) || !hex(span, 16) || !hex(flags, 2) {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

/// What a job's row keeps of its cause: the id of the request, and the span it was enqueued in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    pub request_id: Option<String>,
    pub traceparent: Option<String>,
}

impl Cause {
    /// The request's id alone, as every row had it once, or the two with a space between.
    pub fn to_column(&self) -> Option<String> {
        match (&self.request_id, &self.traceparent) {
            (None, None) => None,
            (Some(id), None) => Some(id.clone()),
            (id, Some(parent)) => Some(format!("{} {parent}", id.as_deref().unwrap_or_default())),
        }
    }

    pub fn of_column(column: Option<&str>) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_string());
        match column.map(|text| text.split_once(' ').unwrap_or((text, ""))) {
            Some((id, parent)) => Self { request_id: some(id), traceparent: some(parent) },
            None => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_strictly() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let context = parse(good).unwrap();
        assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(context.is_remote() && context.is_sampled());
        assert!(parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_cause_survives_its_column() {
        let text = |text: &str| Some(text.to_string());
        for cause in [
            Cause::default(),
            Cause { request_id: text("r-1"), traceparent: None },
            Cause { request_id: text("r-1"), traceparent: text("00-a-b-01") },
            Cause { request_id: None, traceparent: text("00-a-b-01") },
        ] {
            assert_eq!(Cause::of_column(cause.to_column().as_deref()), cause);
        }
        assert_eq!(Cause::of_column(Some("an-old-row")).request_id.as_deref(), Some("an-old-row"));
    }

    #[test]
    fn nothing_is_carried_while_it_is_off() {
        assert_eq!(current(), None);
    }
}
