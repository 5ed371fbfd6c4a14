//! Samples of each operation in three languages, made of the document's own examples: those that the tests send.

use std::fmt::Write as _;

use serde_json::{Value, json};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, OpenApi, RefOr};

use super::operations::{extend, operations, requirements};

/// What stands for an id that nobody knows yet.
const ID: &str = "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11";

/// A request, as its example has it.
struct Sample {
    method: &'static str,
    path: String,
    credential: Option<&'static str>,
    body: Option<Value>,
    has_answer: bool,
}

/// Adds `x-codeSamples` to every operation that is called with JSON or without a body; `is_ours` leaves out those of others.
pub(super) fn add(doc: &mut OpenApi, is_ours: impl Fn(&str) -> bool) {
    let components = doc.components.clone().unwrap_or_default();
    for (path, item) in doc.paths.paths.iter_mut().filter(|(path, _)| is_ours(path)) {
        for (method, operation) in operations(item) {
            let sample = Sample::of(method, path, operation, &components);
            let samples = [
                ("Shell", "curl", sample.curl()),
                ("TypeScript", "TypeScript", sample.typescript()),
                ("Python", "Python", sample.python()),
            ];
            let samples =
                samples.map(|(lang, label, source)| json!({ "lang": lang, "label": label, "source": source }));
            extend(operation, "x-codeSamples", json!(samples));
        }
    }
}

impl Sample {
    fn of(method: &'static str, path: &str, operation: &Operation, components: &Components) -> Self {
        let parameters: Vec<&Parameter> = operation.parameters.iter().flatten().filter_map(own).collect();
        let filled = parameters.iter().filter(|one| one.parameter_in == ParameterIn::Path).fold(
            path.to_string(),
            |path, one| {
                let example = example_in(one).map_or_else(|| ID.to_string(), |example| text(&example));
                path.replace(&format!("{{{}}}", one.name), &example)
            },
        );
        let callers = requirements(operation.security.as_deref().unwrap_or_default());
        let credential = match () {
            () if callers.contains_key("bearer") => Some("LEADWRIGHT_TOKEN"),
            () if callers.contains_key("operator") => Some("LEADWRIGHT_OPERATOR_KEY"),
            () => None,
        };
        let has_answer = operation.responses.responses.iter().any(|(status, response)| {
            status.starts_with('2')
                && matches!(response, RefOr::T(response) if response.content.contains_key("application/json"))
        });
        let body = match &operation.request_body {
            Some(RefOr::T(body)) => match body.content.get("application/json") {
                Some(RefOr::T(content)) => {
                    content.example.clone().or_else(|| example_of(content.schema.as_ref()?, components))
                }
                _ => None,
            },
            _ => None,
        };
        Self { method, path: filled, credential, body, has_answer }
    }

    fn curl(&self) -> String {
        let mut lines = vec![format!("curl \"$LEADWRIGHT_URL{}\"", self.path)];
        if !(self.method == "get" || self.method == "post" && self.body.is_some()) {
            lines.push(format!("-X {}", self.method.to_uppercase()));
        }
        lines.extend(self.credential.map(|name| format!("-H \"Authorization: Bearer ${name}\"")));
        if let Some(body) = &self.body {
            lines.push("-H \"Content-Type: application/json\"".into());
            lines.push(format!("-d '{}'", pretty(body).replace('\'', "'\\''")));
        }
        lines.join(" \\\n  ")
    }

    fn typescript(&self) -> String {
        let mut headers = Vec::new();
        headers.extend(self.credential.map(|name| format!("Authorization: `Bearer ${{process.env.{name}}}`")));
        let mut text = format!("const response = await fetch(`${{process.env.LEADWRIGHT_URL}}{}`, {{\n", self.path);
        let _ = writeln!(text, "  method: \"{}\",", self.method.to_uppercase());
        headers.extend(self.body.as_ref().map(|_| "\"Content-Type\": \"application/json\"".into()));
        if !headers.is_empty() {
            let _ = writeln!(text, "  headers: {{ {} }},", headers.join(", "));
        }
        if let Some(body) = &self.body {
            let _ = writeln!(text, "  body: JSON.stringify({}),", pretty(body).replace('\n', "\n  "));
        }
        text.push_str("});\nif (!response.ok) throw new Error(await response.text());");
        if self.has_answer {
            text.push_str("\nconsole.log(await response.json());");
        }
        text
    }

    fn python(&self) -> String {
        let mut text = format!("import os\n\nimport requests\n\nanswer = requests.{}(\n", self.method);
        let _ = writeln!(text, "    os.environ[\"LEADWRIGHT_URL\"] + \"{}\",", self.path);
        if let Some(name) = self.credential {
            let _ = writeln!(text, "    headers={{\"Authorization\": \"Bearer \" + os.environ[\"{name}\"]}},");
        }
        if let Some(body) = &self.body {
            let _ = writeln!(text, "    json={},", python(body, 1));
        }
        text.push_str("    timeout=30,\n)\nanswer.raise_for_status()");
        if self.has_answer {
            text.push_str("\nprint(answer.json())");
        }
        text
    }
}

/// What an operation says itself; what it shares with others may be left out of every request.
fn own(parameter: &RefOr<Parameter>) -> Option<&Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

/// The crate keeps it to itself.
fn example_in(parameter: &Parameter) -> Option<Value> {
    serde_json::to_value(parameter).ok()?.get("example").cloned()
}

fn example_of(schema: &RefOr<Schema>, components: &Components) -> Option<Value> {
    let named = match schema {
        RefOr::Ref(name) => match components.schemas.get(name.ref_location.rsplit('/').next()?)? {
            RefOr::T(schema) => schema,
            RefOr::Ref(_) => return None,
        },
        RefOr::T(schema) => schema,
    };
    let written = serde_json::to_value(named).ok()?;
    [&written["example"], &written["examples"][0]].into_iter().find(|example| !example.is_null()).cloned()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A value as Python writes it.
fn python(value: &Value, depth: usize) -> String {
    let (outer, inner) = ("    ".repeat(depth), "    ".repeat(depth + 1));
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(entries) if entries.is_empty() => "[]".into(),
        Value::Object(members) if members.is_empty() => "{}".into(),
        Value::Array(entries) => {
            let lines = entries.iter().map(|entry| format!("{inner}{},\n", python(entry, depth + 1)));
            format!("[\n{}{outer}]", lines.collect::<String>())
        }
        Value::Object(members) => {
            let lines =
                members.iter().map(|(name, entry)| format!("{inner}{}: {},\n", json!(name), python(entry, depth + 1)));
            format!("{{\n{}{outer}}}", lines.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_told_in_three_languages() {
        let sample = Sample {
            method: "patch",
            path: format!("/v1/leads/{ID}"),
            credential: Some("LEADWRIGHT_TOKEN"),
            body: Some(json!({ "name": "O'Hara", "is_valid": true, "email": null })),
            has_answer: true,
        };
        let curl = sample.curl();
        assert!(
            curl.starts_with(&format!(
                "curl \"$LEADWRIGHT_URL/v1/leads/{ID}\" \\\n  -X PATCH \\\n  -H \"Authorization:"
            ))
        );
        assert!(curl.contains("\"name\": \"O'\\''Hara\""), "{curl}");
        let python = sample.python();
        assert!(python.contains("\"email\": None") && python.contains("\"is_valid\": True"), "{python}");
        assert!(python.contains("requests.patch(") && python.contains("\"name\": \"O'Hara\""), "{python}");
        let typescript = sample.typescript();
        assert!(typescript.contains("method: \"PATCH\"") && typescript.contains("\"email\": null"), "{typescript}");
    }
}
