//! Every schema of a document, the inner ones first, and what it refers to.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What holds values, which may look like schemas.
const VALUES: [&str; 8] =
    ["default", "enum", "example", "examples", "x-codeSamples", "x-default", "x-enum-varnames", "x-extensible-enum"];

/// Calls `each` with every object that may be a schema.
pub(super) fn every(value: &mut Value, each: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            within(members, each);
            each(members);
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| every(entry, each)),
        _ => {}
    }
}

/// The same for what is below an object, and not for the object.
pub(super) fn within(members: &mut Map<String, Value>, each: &mut impl FnMut(&mut Map<String, Value>)) {
    for (name, member) in members.iter_mut().filter(|(name, _)| !VALUES.contains(&name.as_str())) {
        match member {
            // A property may have any name.
            Value::Object(properties) if name == "properties" => {
                properties.values_mut().for_each(|property| every(property, each));
            }
            member => every(member, each),
        }
    }
}

/// The names of schemas that are referred to.
pub(super) fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(named) {
                found.insert(name.into());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        _ => {}
    }
}

/// The name of the schema that a reference leads to.
pub(super) fn named(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix(SCHEMAS)
}

pub(super) fn reference_to(name: &str) -> Value {
    format!("{SCHEMAS}{name}").into()
}

const SCHEMAS: &str = "#/components/schemas/";

/// Does a schema's `type` name this one?
pub(super) fn is_of(schema: &Map<String, Value>, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    }
}

/// May a value of this schema be null, as far as the schema itself says?
pub(super) fn may_be_null(schema: &Value) -> bool {
    let Value::Object(members) = schema else { return false };
    let alternatives = members.get("oneOf").and_then(Value::as_array);
    is_of(members, "null") || alternatives.is_some_and(|all| all.iter().any(may_be_null))
}
