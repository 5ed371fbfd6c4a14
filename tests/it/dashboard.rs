//! The dashboard shows the metrics that exist, and all of them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

const METRICS: &str = include_str!("../../src/engine/metrics.rs");

/// Every name of ours in a text, without what Prometheus appends to a histogram's.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_part(c))
        .filter(|word| word.starts_with("leadwright_"))
        .map(|word| {
            let bare = ["_bucket", "_count", "_sum"].iter().find_map(|end| word.strip_suffix(end));
            bare.unwrap_or(word).to_string()
        })
        .collect()
}

fn expressions(value: &Value, found: &mut String) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                match inner {
                    Value::String(text) if matches!(name.as_str(), "expr" | "definition" | "query") => {
                        found.push_str(text);
                        found.push('\n');
                    }
                    inner => expressions(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

#[test]
fn it_shows_every_metric_and_no_other() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana.json");
    let text = std::fs::read_to_string(path).expect("the dashboard");
    let dashboard: Value = serde_json::from_str(&text).expect("JSON");
    let mut asked = String::new();
    expressions(&dashboard, &mut asked);
    assert_eq!(names(&asked), names(METRICS));
}

#[test]
fn the_names_are_those_of_the_endpoint() {
    let metrics = leadwright::engine::metrics::Metrics::new().expect("metrics");
    metrics.http_requests.with_label_values(&["GET", "/", "200"]).observe(0.1);
    metrics.jobs.with_label_values(&["kind", "dead"]).set(1);
    metrics.webhooks.with_label_values(&["meta", "refused"]).inc();
    let rendered = metrics.render().expect("text");
    let shown = names(&rendered);
    assert!(shown.len() >= 5 && shown.is_subset(&names(METRICS)), "{shown:?}");
    // The labels that the dashboard groups by.
    for label in ["route=\"/\"", "status=\"200\"", "state=\"dead\"", "outcome=\"refused\""] {
        assert!(rendered.contains(label), "{label}");
    }
}
