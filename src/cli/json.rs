//! A line of the log as one flat JSON object: what happened, and to whom. The outermost span's fields (a request's, a job's) stand
//! beside the event's own; those of a span within it under its name.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::app::version::VERSION;

pub(super) struct FlatJson;

impl<S> FormatEvent<S, JsonFields> for FlatJson
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        write!(line, "\",\"level\":\"{}\",\"version\":\"{VERSION}\"", about.level())?;
        // Whence an ordinary line comes, its message says.
        if *about.level() != Level::INFO {
            write!(line, ",\"target\":\"{}\"", about.target())?;
        }
        let mut own = String::new();
        context.format_fields(Writer::new(&mut own), event)?;
        splice(&mut line, &own)?;
        let spans = context.event_scope().into_iter().flat_map(|scope| scope.from_root());
        for (depth, span) in spans.enumerate() {
            let extensions = span.extensions();
            let Some(fields) = extensions.get::<FormattedFields<JsonFields>>() else { continue };
            if depth == 0 {
                splice(&mut line, &fields.fields)?;
            } else if fields.fields.len() > "{}".len() {
                write!(line, ",\"{}\":{}", span.name(), fields.fields)?;
            }
        }
        line.write_str("}\n")
    }
}

/// The members of one object as further members of the line.
fn splice(line: &mut Writer<'_>, object: &str) -> fmt::Result {
    let members = object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    if members.is_empty() { Ok(()) } else { write!(line, ",{members}") }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("unpoisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_object_with_its_spans_once() {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(FlatJson)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let request = tracing::info_span!("request", request_id = "r-1", tenant = tracing::field::Empty);
            request.record("tenant", "t-1");
            request.in_scope(|| {
                tracing::info!(status = 200, "a \"quoted\" line");
                tracing::info_span!("provider_call", provider = "meta").in_scope(|| tracing::warn!("late"));
            });
            tracing::info!("alone");
        });
        let bytes = written.0.lock().expect("unpoisoned").clone();
        let text = String::from_utf8(bytes).expect("UTF-8");
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((&lines[0]["message"], &lines[0]["status"]), (&"a \"quoted\" line".into(), &200.into()));
        assert_eq!(
            (&lines[0]["request_id"], &lines[0]["tenant"], &lines[0]["version"]),
            (&"r-1".into(), &"t-1".into(), &VERSION.into())
        );
        assert!(lines[0].get("target").is_none() && lines[1]["target"].is_string(), "of what is not ordinary");
        assert_eq!((&lines[1]["level"], &lines[1]["provider_call"]["provider"]), (&"WARN".into(), &"meta".into()));
        assert!(lines[2].get("request_id").is_none() && lines[2].get("span").is_none());
        assert_eq!(text.matches("r-1").count(), 2, "once a line: {text}");
    }
}
