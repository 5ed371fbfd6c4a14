//! Every bound that is published is held: one beyond it is refused where it stands, and the bound itself is not.
//!
//! The document says which operations take a body, and what of it is bounded, at every depth. Each body is the example with one
//! value changed. Nothing is written: ids in paths are nobody's, and what is within bounds goes with a field that nobody knows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use leadwright::base::bounded::DIALLED;

use crate::both_engines;
use crate::contract::{body_example, operations, resolve};
use crate::described::schemes;
use crate::permissions::filled;
use crate::support::{Client, Tenant, TestApp};

/// A step down into a body: the name of a member, or the first entry of a list; and what its owner looks like.
#[derive(Clone)]
struct Step {
    name: String,
    example: Value,
}

/// One bound of a body.
struct Case {
    at: Vec<Step>,
    keyword: &'static str,
    beyond: Value,
    /// Where one can be made up.
    within: Option<Value>,
}

impl Case {
    fn pointer(&self) -> String {
        self.at.iter().map(|step| format!("/{}", step.name)).collect()
    }
}

const FIRST: &str = "0";

/// A password of whoever holds a link is judged once the link is known, by whose it is; `tests/it/accounts` has those.
const LINK_FIRST: [&str; 2] = ["/new_password", "/password"];

/// The example with this value in its place.
fn put(body: &mut Value, at: &[Step], value: Value) {
    let Some((step, rest)) = at.split_first() else {
        *body = value;
        return;
    };
    if step.name == FIRST {
        let known = body.as_array().and_then(|list| list.first()).cloned().unwrap_or_default();
        *body = json!([known]);
        put(&mut body[0], rest, value);
    } else {
        if !body.is_object() {
            *body = if step.example.is_object() { step.example.clone() } else { json!({}) };
        }
        put(&mut body[&step.name], rest, value);
    }
}

/// What a schema says of a value that is not null.
fn meant(schema: &Value) -> Value {
    let schema = resolve(schema).unwrap_or_default();
    let parts = ["oneOf", "anyOf", "allOf"].iter().find_map(|of| schema[of].as_array());
    match parts.into_iter().flatten().find(|one| one["type"] != "null") {
        Some(one) => meant(one),
        None => schema,
    }
}

fn is(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

fn example_of(schema: &Value) -> Value {
    let given = [&schema["example"], &schema["examples"][0], &schema["enum"][0]];
    given.into_iter().find(|one| !one.is_null()).cloned().unwrap_or_default()
}

/// A text of so many characters that is wrong in nothing else; `None` where the schema asks for more than is known here.
fn text(schema: &Value, length: usize) -> Option<Value> {
    let example = example_of(schema);
    if example.as_str().is_some_and(|text| text.chars().count() == length) {
        return Some(example);
    }
    let text = match (schema["pattern"].as_str(), schema["format"].as_str()) {
        (None, None) => "x".repeat(length),
        (Some("^[0-9]+$"), None) => "1".repeat(length),
        (Some(pattern), None) if pattern.ends_with(DIALLED) => "1".repeat(length),
        (None, Some("uri")) => {
            let base = "https://www.example.com/";
            format!("{base}{}", "x".repeat(length.checked_sub(base.len())?))
        }
        _ => return None,
    };
    Some(text.into())
}

fn entries(schema: &Value, count: usize) -> Value {
    let entry = meant(&schema["items"]);
    let named = entry["enum"].as_array().cloned().unwrap_or_default();
    let one = |at: usize| match named.get(at % named.len().max(1)) {
        Some(value) => value.clone(),
        None if !example_of(&entry).is_null() => example_of(&entry),
        None if is(&entry, "string") && entry["format"] == "date" => {
            let day = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day") + chrono::Days::new(at as u64);
            day.to_string().into()
        }
        None if entry["format"] == "uuid" => format!("019a9f3c-6f2d-7b52-9d0e-{at:012x}").into(),
        None if entry["pattern"].as_str().is_some_and(|pattern| pattern.ends_with(DIALLED)) => {
            format!("+91{at:010}").into()
        }
        None => format!("x{at}").into(),
    };
    (0..count).map(one).collect()
}

/// Every bound of a schema that stands at `at`.
fn cases(schema: &Value, at: &[Step], found: &mut Vec<Case>) {
    let schema = meant(schema);
    if at.len() > 6 || schema["readOnly"] == true {
        return;
    }
    let mut add = |keyword: &'static str, beyond: Option<Value>, within: Option<Value>| {
        if let Some(beyond) = beyond {
            found.push(Case { at: at.to_vec(), keyword, beyond, within });
        }
    };
    let count = |keyword: &str| schema[keyword].as_u64().map(|count| count as usize);
    if is(&schema, "string") && schema["enum"].is_null() {
        if let Some(most) = count("maxLength") {
            add("maxLength", Some("x".repeat(most + 1).into()), text(&schema, most));
        }
        if let Some(least) = count("minLength").filter(|least| *least > 0) {
            add("minLength", Some("x".repeat(least - 1).into()), text(&schema, least));
        }
    }
    if is(&schema, "integer") || is(&schema, "number") {
        for (keyword, by) in [("minimum", -1.0), ("maximum", 1.0)] {
            let Some(bound) = schema[keyword].as_f64() else { continue };
            let beyond = if is(&schema, "integer") { json!((bound + by) as i64) } else { json!(bound + by / 2.0) };
            add(keyword, Some(beyond), Some(schema[keyword].clone()));
        }
    }
    if is(&schema, "array") {
        if let Some(most) = count("maxItems") {
            add("maxItems", Some(entries(&schema, most + 1)), Some(entries(&schema, most)));
        }
        if let Some(least) = count("minItems").filter(|least| *least > 0) {
            add("minItems", Some(entries(&schema, least - 1)), Some(entries(&schema, least)));
        }
    }
    let below = |name: &str| [at, &[Step { name: name.into(), example: example_of(&schema) }]].concat();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        if property["readOnly"] != true {
            cases(property, &below(name), found);
        }
    }
    if schema["items"].is_object() {
        cases(&schema["items"], &below(FIRST), found);
    }
    if schema["additionalProperties"].is_object() {
        let name = schema["propertyNames"]["enum"][0].as_str().unwrap_or("name");
        cases(&schema["additionalProperties"], &below(name), found);
    }
}

/// Who may send the operation a body that is read.
fn actor(app: &TestApp, tenant: &Tenant, path: &str, operation: &Value) -> Client {
    let schemes = schemes(operation);
    let by = |scheme: &str| schemes.iter().any(|one| one == scheme);
    if by("bearer") {
        return tenant.owner.clone();
    }
    match (by("operator"), path.starts_with("/v1/ops/") || path.starts_with("/v1/tenants")) {
        (true, true) => app.operator(),
        (true, false) => tenant.as_operator(app),
        (false, _) => app.anonymous(),
    }
}

/// One of many says by itself what is wrong with it.
const ONE_BY_ONE: [&str; 2] = ["/bookings/0", "/contacts/0"];

/// The problem's own words on what stands at `pointer`.
fn complaint(body: &Value, pointer: &str) -> Option<String> {
    let of_one = ONE_BY_ONE.iter().find_map(|one| pointer.strip_prefix(one));
    if let Some(within) = of_one.filter(|within| !within.is_empty()) {
        return complaint(&body["results"][0]["error"], within);
    }
    let errors = body["errors"].as_array().into_iter().flatten();
    let mut about = errors.filter(|error| error["pointer"] == pointer);
    about.next().map(|error| error["detail"].as_str().unwrap_or_default().to_string())
}

both_engines! {
    async fn a_bound_that_is_published_is_held(app: TestApp) {
        let tenant = app.growth("Beyond").await;
        let (mut wrong, mut asked) = (Vec::new(), 0);
        // Webhooks are the providers' words, not ours.
        let with_body = operations().into_iter().filter(|(_, path, _)| !path.contains("/webhooks/"));
        for (method, path, operation) in with_body {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let (Some(example), false) = (body_example(&operation), schema.is_null()) else { continue };
            let mut all = Vec::new();
            cases(schema, &[], &mut all);
            let client = actor(&app, &tenant, &path, &operation);
            let target = filled(&path, &BTreeMap::new());
            for case in all {
                let (pointer, keyword) = (case.pointer(), case.keyword);
                let send = async |value: &Value, is_refused_anyway: bool| {
                    let mut body = example.clone();
                    put(&mut body, &case.at, value.clone());
                    if is_refused_anyway {
                        body["nobody_knows_this"] = json!(1);
                    }
                    client.call(&method, &target).json(body).await
                };
                asked += 1;
                let answer = send(&case.beyond, false).await;
                let is_named = complaint(&answer.body, &pointer).is_some();
                if LINK_FIRST.contains(&pointer.as_str()) && answer.status == 404 {
                    continue;
                }
                let is_one_of_many = ONE_BY_ONE.iter().any(|one| pointer.starts_with(one)) && answer.status == 200;
                if !is_one_of_many && ![400, 422].contains(&answer.status) || !is_named {
                    wrong.push(format!("{method} {path} {pointer}: beyond {keyword}: {} {}", answer.status, answer.text));
                }
                if let Some(within) = &case.within {
                    let answer = send(within, true).await;
                    let complaint = complaint(&answer.body, &pointer);
                    if ![400, 422].contains(&answer.status) || complaint.is_some() {
                        wrong.push(format!("{method} {path} {pointer}: {keyword} itself: {} {complaint:?}", answer.status));
                    }
                }
            }
        }
        assert!(asked > 200, "{asked}");
        assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    }
}
