//! Enumerations: which of an answer's may grow, and what their values are called where they are no names.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{directions, walk};

/// Those that are complete by what they mean.
const CLOSED: [&str; 8] = [
    "AccountOwner",
    "Direction",
    "Grade",
    "Intent",
    "LeadValidity",
    "Standing",
    "WebhookEndpointStatus",
    "WebhookProvider",
];

pub(super) fn mark(document: &mut Value) {
    let answered: BTreeSet<String> = directions::answered(document);
    walk::every(document, &mut name_values);
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        if answered.contains(name)
            && !CLOSED.contains(&name.as_str())
            && let Some(values) = schema.get("enum").cloned()
        {
            schema["x-extensible-enum"] = values;
        }
    }
}

/// Generators make names of values: of `*` and `-score` they would make `VALUE_0`.
fn name_values(schema: &mut Map<String, Value>) {
    let Some(values) = schema.get("enum").and_then(Value::as_array) else { return };
    let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    if values.iter().any(|value| !value.starts_with(|first: char| first.is_ascii_alphabetic()) || value.contains('*')) {
        let names: Vec<String> = values.iter().map(|value| name_of(value)).collect();
        schema.insert("x-enum-varnames".into(), json!(names));
    }
}

fn name_of(value: &str) -> String {
    let words = match (value, value.strip_prefix('-'), value.strip_suffix(".*")) {
        ("*", ..) => "everything".into(),
        (_, Some(descending), _) => format!("{descending}_descending"),
        (_, _, Some(noun)) => format!("every_{noun}_event"),
        (value, ..) if value.starts_with(|first: char| first.is_ascii_digit()) => format!("from_{value}"),
        (value, ..) => value.into(),
    };
    words.replace(['.', '-'], "_").to_uppercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_that_are_no_names_get_one() {
        for (value, name) in [
            ("*", "EVERYTHING"),
            ("lead.*", "EVERY_LEAD_EVENT"),
            ("lead.created", "LEAD_CREATED"),
            ("-created_at", "CREATED_AT_DESCENDING"),
            ("3_to_6_months", "FROM_3_TO_6_MONTHS"),
        ] {
            assert_eq!(super::name_of(value), name);
        }
    }
}
