//! Requests and answers: one type may be both, and what it promises differs. A member that may be left out of a request is
//! always there in an answer, if it is null; what a request may not hold, an answer may get one day. So a schema of both is
//! told twice where that makes a difference, as `Location` and `NewLocation`.
//!
//! A `default` is said in words: generators take a member that has one for a member that is always there, and ask for it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::examples::DEFAULT;
use super::walk;

/// A type marks so what its answer leaves out where there is nothing to say.
const LEFT_OUT: &str = "x-left-out";
/// Where a mark has no place, since the type or its member is another's: the type and its members, or one of them.
const SPARSE: [(&str, Option<&str>); 5] = [
    ("Quotas", None),
    ("LeadCounts", Some("by")),
    ("Settings", Some("language")),
    ("Settings", Some("outreach")),
    ("OutreachAudience", None),
];

pub(super) fn part(document: &mut Value) {
    let (asked, answered) = (asked(document), answered(document));
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let twofold = twofold(&schemas, &asked, &answered);
    let mut told = Map::new();
    for (name, schema) in &schemas {
        let mut request = as_request(schema);
        refer_to_requests(&mut request, &twofold);
        match (asked.contains(name), answered.contains(name)) {
            (true, true) if twofold.contains(name) => {
                told.insert(format!("New{name}"), request);
                told.insert(name.clone(), as_answer(name, schema));
            }
            (true, _) => {
                told.insert(name.clone(), request);
            }
            (false, _) => {
                told.insert(name.clone(), as_answer(name, schema));
            }
        }
    }
    document["components"]["schemas"] = told.into();
    for_each_request(document, &mut |part| {
        *part = as_request(part);
        refer_to_requests(part, &twofold);
    });
    walk::every(document, &mut |schema| {
        schema.shift_remove(LEFT_OUT);
    });
}

/// The schemas of both directions that are not the same in both, and those that refer to such.
fn twofold(schemas: &Map<String, Value>, asked: &BTreeSet<String>, answered: &BTreeSet<String>) -> BTreeSet<String> {
    let both: Vec<&String> = asked.intersection(answered).collect();
    let differs = |name: &&&String| {
        let (mut request, mut answer) = (as_request(&schemas[**name]), as_answer(name, &schemas[**name]));
        for form in [&mut request, &mut answer] {
            walk::every(form, &mut |schema| {
                schema.shift_remove("additionalProperties");
                schema.shift_remove(LEFT_OUT);
                schema.shift_remove(DEFAULT);
            });
        }
        request != answer
    };
    let mut found: BTreeSet<String> = both.iter().filter(differs).map(|name| (*name).clone()).collect();
    loop {
        let refers = |name: &&&String| {
            let mut references = BTreeSet::new();
            walk::references(&schemas[**name], &mut references);
            !found.contains(**name) && !found.is_disjoint(&references)
        };
        let more: Vec<String> = both.iter().filter(refers).map(|name| (*name).clone()).collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// What is answered has every member that it could have, but for those that it leaves out; it has no default, and may have more
/// members one day.
fn as_answer(name: &str, schema: &Value) -> Value {
    let mut answer = schema.clone();
    // Whoever may read all of it is answered what the other is, and more: it is both.
    if name == "OpenLead"
        && let Some(choices) = answer.as_object_mut().and_then(|answer| answer.shift_remove("oneOf"))
    {
        answer["anyOf"] = choices;
    }
    walk::every(&mut answer, &mut |schema| {
        if let Some(default) = schema.shift_remove("default") {
            schema.insert(DEFAULT.into(), default);
        }
        let is_of_both = schema.get("additionalProperties") == Some(&Value::Bool(false));
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let stated = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_there = |(member, property): &(&String, &Value)| {
            let is_left_out = property.get(LEFT_OUT).is_some()
                || SPARSE.iter().any(|(sparse, of)| *sparse == name && of.is_none_or(|of| of == *member));
            // What a type that is only answered may lack and never has as null, it leaves out.
            stated.iter().any(|known| known == *member) || (!is_left_out && (is_of_both || walk::may_be_null(property)))
        };
        let required: Vec<Value> =
            properties.iter().filter(is_there).map(|(member, _)| member.clone().into()).collect();
        if is_of_both {
            schema.shift_remove("additionalProperties");
        }
        if !required.is_empty() {
            schema.insert("required".into(), required.into());
        }
    });
    answer
}

/// What is asked for says its defaults in words.
fn as_request(schema: &Value) -> Value {
    let mut request = schema.clone();
    walk::every(&mut request, &mut |schema| {
        let Some(default) = schema.shift_remove("default") else { return };
        let said = match &default {
            Value::Null => return,
            Value::Array(entries) if entries.is_empty() => return,
            Value::Object(members) if members.is_empty() => return,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let before =
            schema.get("description").and_then(Value::as_str).map_or_else(String::new, |text| format!("{text} "));
        schema.insert("description".into(), format!("{before}`{said}` by default.").into());
    });
    request
}

fn refer_to_requests(value: &mut Value, twofold: &BTreeSet<String>) {
    walk::every(value, &mut |schema| {
        let name = schema.get("$ref").and_then(walk::named).filter(|name| twofold.contains(*name));
        if let Some(name) = name.map(|name| walk::reference_to(&format!("New{name}"))) {
            schema.insert("$ref".into(), name);
        }
    });
}

/// Calls `each` with what a client writes: bodies.
fn for_each_request(document: &mut Value, each: &mut impl FnMut(&mut Value)) {
    for item in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            if let Some(body) = operation.get_mut("requestBody") {
                each(body);
            }
        }
    }
}

/// The schemas that clients write.
fn asked(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        for operation in item.as_object().into_iter().flat_map(Map::values) {
            walk::references(&operation["requestBody"], &mut found);
            walk::references(&operation["parameters"], &mut found);
        }
    }
    and_below(document, found)
}

/// The schemas that clients read.
pub(super) fn answered(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk::references(&document["components"]["responses"], &mut found);
    walk::references(&document["webhooks"], &mut found);
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        for operation in item.as_object().into_iter().flat_map(Map::values) {
            walk::references(&operation["responses"], &mut found);
        }
    }
    and_below(document, found)
}

/// With what they refer to.
fn and_below(document: &Value, mut found: BTreeSet<String>) -> BTreeSet<String> {
    let mut open: Vec<String> = found.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let mut below = BTreeSet::new();
        walk::references(&document["components"]["schemas"][&name], &mut below);
        open.extend(below.into_iter().filter(|name| found.insert(name.clone())));
    }
    found
}
