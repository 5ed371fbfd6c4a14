//! `leadwright openapi --compare`: what a new version of the contract would break for whoever relies on an older one.
//!
//! Every breaking change is a sentence: the operation, the place, what happened. What only adds is silent. Requests and
//! responses are judged from opposite sides: a request may become more welcoming, a response more precise. A new value of
//! an enum in a response is an addition, and the document tells clients to expect it. What happens to schemas is in
//! [`schema`]. Descriptions and examples are nobody's business here.

mod schema;

use std::collections::BTreeMap;

use serde_json::Value;

use schema::{Direction, Schemas};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The changes from `old` to `new` that break a client, sorted; none when `new` only adds.
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut check = Comparison { old, new, found: Vec::new() };
    for section in ["paths", "webhooks"] {
        check.section(section);
    }
    let mut found = check.found;
    found.sort();
    found.dedup();
    found
}

/// May `new` break what `old` promised? As semantic versioning has it: 1.x and 2.x, 0.1 and 0.2.
pub fn makes_room(old: &str, new: &str) -> bool {
    let parts = |version: &str| -> Vec<u64> { version.split(['.', '-']).map_while(|part| part.parse().ok()).collect() };
    let (old, new) = (parts(old), parts(new));
    let significant = |parts: &[u64]| match parts {
        [0, minor, ..] => (0, *minor),
        [major, ..] => (*major, 0),
        [] => (0, 0),
    };
    significant(&new) > significant(&old)
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
}

/// `/v1/leads/{id}` and `/v1/leads/{lead_id}` are one path.
fn shape(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

impl<'a> Comparison<'a> {
    fn section(&mut self, section: &str) {
        let (old, new) = (self.old, self.new);
        let by_shape: BTreeMap<String, &Value> =
            entries(&new[section]).map(|(path, item)| (shape(path), item)).collect();
        for (path, old_item) in entries(&old[section]) {
            for method in METHODS {
                if old_item[method].is_null() {
                    continue;
                }
                let name = format!("{} {path}", method.to_uppercase());
                match by_shape.get(&shape(path)).map(|item| &item[method]).filter(|found| !found.is_null()) {
                    Some(found) if section == "webhooks" => self.webhook(&name, &old_item[method], found),
                    Some(found) => self.operation(&name, &old_item[method], found),
                    None => self.tell(&name, "was removed"),
                }
            }
        }
    }

    fn tell(&mut self, place: &str, what: &str) {
        self.found.push(format!("{place}: {what}"));
    }

    fn operation(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        if old["operationId"] != new["operationId"] {
            self.tell(name, &format!("operationId {} became {}", old["operationId"], new["operationId"]));
        }
        self.security(name, old, new);
        self.parameters(name, old, new);
        self.request(name, old, new);
        self.responses(name, old, new);
    }

    /// We call them, so what was a request body for us is an answer for them.
    fn webhook(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        self.content(&format!("{name} payload"), &old["requestBody"], &new["requestBody"], Direction::Response);
    }

    fn security(&mut self, name: &str, old: &Value, new: &Value) {
        let old_ways = old["security"].as_array().cloned().unwrap_or_default();
        let new_ways = new["security"].as_array().cloned().unwrap_or_default();
        let is_open = |ways: &[Value]| ways.is_empty() || ways.contains(&serde_json::json!({}));
        if is_open(&new_ways) {
            return;
        }
        if is_open(&old_ways) {
            self.tell(name, "now needs a credential");
        }
        for way in old_ways.iter().filter(|old| !new_ways.iter().any(|new| still_lets_in(new, old))) {
            self.tell(name, &format!("no longer takes the credential {way}"));
        }
    }

    fn parameters(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        let old_ones = listed(self.old, old);
        let new_ones = listed(self.new, new);
        for (key, parameter) in &new_ones {
            let was_required = old_ones.get(key).is_some_and(|old| old["required"] == true);
            if parameter["required"] == true && !was_required {
                self.tell(name, &format!("parameter {key} is now required"));
            }
        }
        for (key, parameter) in &old_ones {
            let place = format!("{name} parameter {key}");
            match new_ones.get(key) {
                None => self.tell(name, &format!("parameter {key} was removed")),
                // A list with commas was a text with commas before.
                Some(found) if is_list_with_commas(found) && parameter["schema"]["type"] == "string" => {}
                Some(found) => self.schemas(&place, &parameter["schema"], &found["schema"], Direction::Request),
            }
        }
    }

    fn request(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        let place = format!("{name} request");
        let (old_body, new_body) = (&old["requestBody"], &new["requestBody"]);
        if new_body["required"] == true && old_body["required"] != true {
            self.tell(&place, "a body is now required");
        }
        if !old_body.is_null() {
            self.content(&place, old_body, new_body, Direction::Request);
        }
    }

    fn responses(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        for (status, old_response) in entries(&old["responses"]) {
            let place = format!("{name} {status}");
            let Some(new_response) = new["responses"].get(status) else {
                self.tell(name, &format!("status {status} was removed"));
                continue;
            };
            let old_response = resolve(self.old, old_response);
            let new_response = resolve(self.new, new_response);
            for (header, _) in entries(&old_response["headers"]) {
                if new_response["headers"].get(header).is_none() {
                    self.tell(&place, &format!("header {header} was removed"));
                }
            }
            self.content(&place, old_response, new_response, Direction::Response);
        }
    }

    /// Bodies by media type.
    fn content(&mut self, place: &str, old: &'a Value, new: &'a Value, direction: Direction) {
        for (media_type, old_content) in entries(&old["content"]) {
            match new["content"].get(media_type) {
                None => self.tell(place, &format!("{media_type} was removed")),
                Some(found) => self.schemas(place, &old_content["schema"], &found["schema"], direction),
            }
        }
    }

    fn schemas(&mut self, place: &str, old: &'a Value, new: &'a Value, direction: Direction) {
        let mut schemas = Schemas::new(self.old, self.new, direction);
        schemas.compare(place, old, new);
        self.found.extend(schemas.found);
    }
}

/// An operation's parameters by place and name; a path's by position, since its name is nobody's concern.
fn listed<'a>(document: &'a Value, operation: &'a Value) -> BTreeMap<String, &'a Value> {
    let mut position = 0;
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .map(|parameter| {
            let parameter = resolve(document, parameter);
            let place = parameter["in"].as_str().unwrap_or_default();
            let name = parameter["name"].as_str().unwrap_or_default();
            if place == "path" {
                position += 1;
                return (format!("{position} in path"), parameter);
            }
            // Headers are named without regard to case.
            let name = if place == "header" { name.to_lowercase() } else { name.into() };
            (format!("{name:?} in {place}"), parameter)
        })
        .collect()
}

fn is_list_with_commas(parameter: &Value) -> bool {
    parameter["schema"]["type"] == "array" && parameter["explode"] == false
}

/// What a reference refers to.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#'))) {
        Some(found) => resolve(document, found),
        None => value,
    }
}

/// The same schemes, asking for no permission that was not asked for. Where none was named, naming one tells what was enforced.
fn still_lets_in(new: &Value, old: &Value) -> bool {
    let (Some(new), Some(old)) = (new.as_object(), old.as_object()) else { return false };
    let roles = |value: &Value| value.as_array().cloned().unwrap_or_default();
    new.len() == old.len()
        && new.iter().all(|(scheme, wanted)| {
            old.get(scheme)
                .map(roles)
                .is_some_and(|had| had.is_empty() || roles(wanted).iter().all(|role| had.contains(role)))
        })
}

#[cfg(test)]
mod tests;
