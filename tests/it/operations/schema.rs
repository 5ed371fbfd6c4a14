//! Values against the document's schemas.
//!
//! Knows the keywords that the document uses, and panics at one it does not know, so that nothing is passed unseen.
//! Patterns are left to the contract tester.

use serde_json::Value;

use crate::contract::{document, operations, resolve};

/// What is wrong with an answer: its status, its media type, its body.
pub fn faults_of(operation_id: &str, status: u16, media_type: &str, body: &Value) -> Vec<String> {
    let found = operations().into_iter().find(|(.., operation)| operation["operationId"] == operation_id);
    let (.., operation) = found.expect("an operation of the document");
    let place = format!("{operation_id} {status}");
    let Some(response) = operation["responses"].get(status.to_string()) else {
        return vec![format!("{place} is not in the document")];
    };
    let Some(content) = response["content"].as_object() else {
        return if media_type.is_empty() { Vec::new() } else { vec![format!("{place} has a body")] };
    };
    let media_type = media_type.split(';').next().unwrap_or_default();
    match content.get(media_type) {
        None => vec![format!("{place}: {media_type:?} is not in the document")],
        Some(content) if media_type.ends_with("json") => faults(&place, &content["schema"], body),
        Some(_) => Vec::new(),
    }
}

/// What is wrong with the examples themselves: of schemas, parameters, bodies and answers.
pub fn faults_of_examples() -> Vec<String> {
    let mut wrong = Vec::new();
    walk(document(), "", &mut wrong);
    wrong
}

/// A schema's example stands in the schema, every other one beside it.
fn walk(value: &Value, place: &str, wrong: &mut Vec<String>) {
    let Value::Object(object) = value else {
        for (index, entry) in value.as_array().into_iter().flatten().enumerate() {
            walk(entry, &format!("{place}/{index}"), wrong);
        }
        return;
    };
    // Below `properties`, "example" would be a property's name; those of the components are looked at where they are shown.
    if !place.ends_with("/properties") && place != "/components" {
        let schema = object.get("schema").unwrap_or(value);
        let named = object.get("examples");
        let several = named.and_then(Value::as_array).into_iter().flatten();
        let by_name = named.and_then(Value::as_object).into_iter().flatten().filter_map(|(_, one)| shown(one));
        for example in object.get("example").into_iter().chain(several).chain(by_name) {
            wrong.extend(faults(&format!("the example of {place}"), schema, example));
        }
    }
    for (name, entry) in object.iter().filter(|(name, _)| !["example", "examples", "default"].contains(&name.as_str()))
    {
        walk(entry, &format!("{place}/{name}"), wrong);
    }
}

/// What an example shows, which may stand among the components.
fn shown(example: &Value) -> Option<&Value> {
    match example["$ref"].as_str() {
        Some(place) => document().pointer(place.trim_start_matches('#'))?.get("value"),
        None => example.get("value"),
    }
}

/// Everything about a value that its schema forbids.
pub fn faults(place: &str, schema: &Value, value: &Value) -> Vec<String> {
    let schema = resolve(schema).unwrap_or_else(|| schema.clone());
    let mut wrong = Vec::new();
    for (keyword, rule) in schema.as_object().into_iter().flatten() {
        match keyword.as_str() {
            "description" | "example" | "examples" | "default" | "title" | "pattern" | "propertyNames"
            | "deprecated" | "x-extensible-enum" | "x-enum-varnames" | "discriminator" => {}
            "const" => {
                if rule != value {
                    wrong.push(format!("{place}: {value} is not {rule}"));
                }
            }
            // Looked at below.
            "required" | "properties" | "additionalProperties" | "items" | "oneOf" | "anyOf" | "allOf" => {}
            "type" => {
                let types = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !types.iter().any(|kind| is_of(kind.as_str().expect("a type"), value)) {
                    wrong.push(format!("{place}: {value} is not of type {rule}"));
                }
            }
            "enum" if !rule.as_array().expect("choices").contains(value) => {
                wrong.push(format!("{place}: {value} is none of {rule}"));
            }
            "enum" => {}
            "format" => wrong.extend(value.as_str().and_then(|text| misformed(place, rule, text))),
            "minLength" | "maxLength" | "minimum" | "maximum" | "minItems" | "maxItems" | "maxProperties" => {
                wrong.extend(outside(place, keyword, rule, value));
            }
            other => panic!("{place}: this test does not know the keyword {other:?}"),
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        wrong.extend(faults(place, part, value));
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let each: Vec<Vec<String>> = choices.iter().map(|choice| faults(place, choice, value)).collect();
        if each.iter().all(|wrong| !wrong.is_empty()) {
            wrong.push(format!("{place}: none of the choices fit; {}", each.concat().join("; ")));
        }
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let each: Vec<Vec<String>> = choices.iter().map(|choice| faults(place, choice, value)).collect();
        let fitting = each.iter().filter(|wrong| wrong.is_empty()).count();
        if fitting != 1 {
            wrong.push(format!("{place}: {fitting} of the choices fit; {}", each.concat().join("; ")));
        }
    }
    wrong.extend(members(place, &schema, value));
    wrong
}

fn members(place: &str, schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Value::Array(entries) = value
        && !schema["items"].is_null()
    {
        for (index, entry) in entries.iter().enumerate() {
            wrong.extend(faults(&format!("{place}/{index}"), &schema["items"], entry));
        }
    }
    let Value::Object(entries) = value else { return wrong };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !entries.contains_key(name) {
            wrong.push(format!("{place}: {name:?} is missing"));
        }
    }
    for (name, entry) in entries {
        let at = format!("{place}/{name}");
        match (schema["properties"].get(name), &schema["additionalProperties"]) {
            (Some(property), _) => wrong.extend(faults(&at, property, entry)),
            (None, Value::Bool(false)) => wrong.push(format!("{at} is not in the document")),
            (None, further @ Value::Object(_)) => wrong.extend(faults(&at, further, entry)),
            (None, _) => {}
        }
    }
    wrong
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type is called {other:?}"),
    }
}

fn misformed(place: &str, format: &Value, text: &str) -> Option<String> {
    let is_right = match format.as_str().expect("a format") {
        "password" | "int32" | "int64" | "double" => true,
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "date" => chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        "time" => chrono::NaiveTime::parse_from_str(text, "%H:%M:%S").is_ok(),
        "email" => text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')),
        "uri" => url::Url::parse(text).is_ok(),
        "hostname" => url::Host::parse(text).is_ok() && text.contains('.'),
        other => panic!("{place}: this test does not know the format {other:?}"),
    };
    (!is_right).then(|| format!("{place}: {text:?} is not a {format}"))
}

fn outside(place: &str, keyword: &str, limit: &Value, value: &Value) -> Option<String> {
    let measure = match (&keyword[3..], value) {
        ("Length", Value::String(text)) => text.chars().count() as f64,
        ("Items", Value::Array(entries)) => entries.len() as f64,
        ("Properties", Value::Object(members)) => members.len() as f64,
        ("imum", Value::Number(number)) => number.as_f64()?,
        _ => return None,
    };
    let limit = limit.as_f64().expect("a limit");
    let is_right = if keyword.starts_with("min") { measure >= limit } else { measure <= limit };
    (!is_right).then(|| format!("{place}: {value} breaks {keyword} {limit}"))
}
