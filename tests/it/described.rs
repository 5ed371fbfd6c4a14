//! What the handlers take and what the document says are one thing: read from the sources and held to it.

use std::collections::BTreeSet;

use leadwright::tenants::access::Permission;
use serde_json::Value;

use crate::architecture::files;
use crate::contract::{document, operations};

/// A described handler: its name and its arguments, as they are written.
struct Handler {
    name: String,
    arguments: String,
}

impl Handler {
    fn takes(&self, kind: &str) -> bool {
        self.arguments.split(|c: char| !c.is_alphanumeric()).any(|word| word == kind)
    }

    /// What is asked first: who calls.
    fn caller(&self) -> &str {
        let first = self.arguments.split(',').next().unwrap_or_default();
        let kind = first.rsplit(':').next().unwrap_or_default().trim();
        kind.split('<').next().unwrap_or_default()
    }
}

/// The text up to the bracket that closes what `text` begins inside of.
fn inside(text: &str) -> &str {
    let mut depth = 1;
    let end = text.find(|c| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        depth == 0
    });
    &text[..end.unwrap_or(text.len())]
}

fn handlers() -> Vec<Handler> {
    let read = |part: &str| {
        let (_, signature) = part.split_once("async fn ").expect("a handler after its description");
        let (name, rest) = signature.split_once('(').expect("arguments");
        Handler { name: name.into(), arguments: inside(rest).into() }
    };
    let of_file = |code: String| code.split("#[utoipa::path(").skip(1).map(read).collect::<Vec<_>>();
    files().into_iter().flat_map(|(_, code)| of_file(code)).collect()
}

/// The parameters' names, of those that are said in place and of those that are shared.
pub fn parameters<'a>(operation: &'a Value) -> Vec<(&'a str, &'a str)> {
    let shared = &document()["components"]["parameters"];
    let resolve = |one: &'a Value| match one["$ref"].as_str() {
        Some(name) => &shared[name.rsplit('/').next().expect("a name")],
        None => one,
    };
    let said = |one: &'a Value, what: &str| one[what].as_str().unwrap_or_default();
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(resolve)
        .map(|one| (said(one, "name"), said(one, "in")))
        .collect()
}

/// The credentials with which an operation may be called.
pub fn schemes(operation: &Value) -> Vec<String> {
    let list = operation["security"].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(Value::as_object).flat_map(|one| one.keys().cloned()).collect()
}

/// The permissions that an operation says it needs.
pub fn permissions(operation: &Value) -> Vec<String> {
    let list = operation["security"].as_array().into_iter().flatten();
    list.filter_map(|one| one["bearer"].as_array())
        .flatten()
        .map(|name| name.as_str().unwrap_or_default().into())
        .collect()
}

#[test]
fn what_a_handler_takes_is_what_is_described() {
    let handlers = handlers();
    let operations = operations();
    assert_eq!(handlers.len(), operations.len());
    let mut wrong = Vec::new();
    for (method, path, operation) in &operations {
        let name = operation["operationId"].as_str().unwrap_or_default();
        let handler = handlers.iter().find(|handler| handler.name == name);
        let handler = handler.unwrap_or_else(|| panic!("{name} is no handler's name"));
        let parameters = parameters(operation);
        let lists = |parameter: &str, place: &str| parameters.contains(&(parameter, place));
        let schemes = schemes(operation);
        let by = |scheme: &str| schemes.iter().any(|one| one == scheme);
        let ids = path.matches('{').count();
        let is_in_tenant = handler.caller() == "Caller" && by("operator");
        let has_json = !operation["requestBody"]["content"]["application/json"].is_null();
        let takes_json = ["Json", "JsonOfMany", "JsonOrNothing", "Fields"].iter().any(|kind| handler.takes(kind));
        let is_webhook = handler.caller() == "HttpRequest";
        for (what, is_taken, is_described) in [
            ("If-Match", handler.takes("IfMatch"), lists("If-Match", "header")),
            ("Idempotency-Key", handler.takes("Once"), lists("Idempotency-Key", "header")),
            ("X-Tenant-Id", is_in_tenant, lists("X-Tenant-Id", "header")),
            ("a credential", ["Caller", "Operator"].contains(&handler.caller()), !schemes.is_empty()),
            (
                "an operator's key alone",
                handler.caller() == "Operator",
                by("operator") && !lists("X-Tenant-Id", "header"),
            ),
            ("pages", handler.takes("Paging"), lists("limit", "query") && lists("cursor", "query")),
            ("a body", takes_json, has_json),
            (
                "a body that may be left out",
                handler.takes("JsonOrNothing"),
                has_json && operation["requestBody"]["required"] != true,
            ),
            ("an id", handler.takes("Path"), ids > 0),
            ("all its ids", true, parameters.iter().filter(|(_, place)| *place == "path").count() == ids),
        ] {
            if is_taken != is_described && !(is_webhook && ["a body", "an id"].contains(&what)) {
                wrong.push(format!("{method} {path}: {what}: the handler {is_taken}, the document {is_described}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_list_with_commas_is_a_list_of_what_there_is() {
    let mut lists = 0;
    for (file, code) in files() {
        let lines: Vec<&str> = code.lines().collect();
        for pair in lines.windows(2).filter(|pair| pair[1].contains(": Option<CommaList<")) {
            assert!(
                pair[0].contains("value_type = Option<Vec<"),
                "{file}: {}: a plain text in the document",
                pair[1].trim()
            );
            lists += 1;
        }
    }
    assert!(lists > 5, "{lists}");
}

/// A bound that is enforced: of which field, or of each entry of its list, and how a schema says it.
struct Bound {
    schema: String,
    field: String,
    is_of_entries: bool,
    keyword: &'static str,
    value: f64,
}

/// `length(min = 1, max = 60)` and `range(…)` of a `validate` attribute.
fn bounds_in(attribute: &str, kind: &str) -> Vec<(&'static str, f64)> {
    let mut found = Vec::new();
    for (check, keywords) in [
        (
            "length(",
            match kind {
                kind if kind.contains("Map<") => ["minProperties", "maxProperties"],
                kind if kind.contains("Vec<") || kind.contains("Set<") => ["minItems", "maxItems"],
                _ => ["minLength", "maxLength"],
            },
        ),
        ("range(", ["minimum", "maximum"]),
    ] {
        for part in attribute.split(check).skip(1) {
            for (name, value) in inside(part).split(',').filter_map(|part| part.split_once('=')) {
                let value = value.trim().replace('_', "").parse().expect("a number");
                match name.trim() {
                    "min" => found.push((keywords[0], value)),
                    "max" => found.push((keywords[1], value)),
                    _ => found.extend(keywords.map(|keyword| (keyword, value))),
                }
            }
        }
    }
    found
}

/// Of a field that is a `Line<1, 200>` or a `Text<0, 500>`, or may be, or that has such entries.
fn bounds_of_type(kind: &str) -> Vec<(&'static str, f64)> {
    let arguments = ["Line<", "Text<"].iter().find_map(|text| kind.split_once(text));
    let Some((_, rest)) = arguments else { return Vec::new() };
    let numbers = rest.split('>').next().unwrap_or_default().replace('_', "");
    let numbers = numbers.split(',').map_while(|number| number.trim().parse().ok());
    let bounds = ["minLength", "maxLength"].into_iter().zip(numbers);
    bounds.filter(|(keyword, number)| *keyword == "maxLength" || *number > 0.0).collect()
}

fn enforced() -> Vec<Bound> {
    let mut found = Vec::new();
    for (_, code) in files() {
        let (mut schemas, mut attributes) = (Vec::<String>::new(), String::new());
        for line in code.lines().map(str::trim) {
            // `inputs!` says of a field when only one of its two bodies has it.
            let (bare, of) = match line.split_once(' ') {
                Some(("made", rest)) => (rest, 0..1),
                Some(("changed", rest)) => (rest, 1..2),
                _ => (line, 0..2),
            };
            let bare =
                ["pub(super) ", "pub(crate) ", "pub "].iter().find_map(|sees| bare.strip_prefix(sees)).unwrap_or(bare);
            let name = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
            if let Some(rest) = bare.strip_prefix("struct ") {
                schemas = vec![name(rest)];
                attributes.clear();
            } else if schemas.len() == 1
                && name(bare).ends_with("Patch")
                && bare.contains(" of ") | bare.ends_with(" {")
            {
                // Its second body.
                schemas.push(name(bare));
                attributes.clear();
            } else if line.starts_with("#[validate(") {
                attributes.push_str(line);
            } else if !line.starts_with("#[") {
                let checks = std::mem::take(&mut attributes);
                let Some((field, kind)) = bare.split_once(": ").filter(|(_, kind)| kind.ends_with(',')) else {
                    assert!(checks.is_empty(), "a field under its checks: {line}");
                    continue;
                };
                let is_list = ["Vec<", "Set<", "Map<"].iter().any(|list| kind.contains(list));
                let own = bounds_in(&checks, kind).into_iter().map(|bound| (false, bound));
                let of_type = bounds_of_type(kind).into_iter().map(|bound| (is_list, bound));
                let bounds: Vec<_> = own.chain(of_type).collect();
                for schema in schemas.iter().enumerate().filter(|(at, _)| of.contains(at)).map(|(_, schema)| schema) {
                    for (is_of_entries, (keyword, value)) in bounds.iter().copied() {
                        found.push(Bound {
                            schema: schema.clone(),
                            field: field.into(),
                            is_of_entries,
                            keyword,
                            value,
                        });
                    }
                }
            }
        }
    }
    found
}

/// A schema that says it: of the field's own type, or of one of several it may have.
fn says(schema: &Value, bound: &Bound) -> bool {
    let own = if bound.is_of_entries { &schema["items"] } else { schema };
    own[bound.keyword].as_f64() == Some(bound.value)
        || ["oneOf", "allOf"].iter().filter_map(|of| schema[of].as_array()).flatten().any(|one| says(one, bound))
}

#[test]
fn every_bound_that_is_enforced_is_published() {
    let schemas = &document()["components"]["schemas"];
    let bounds = enforced();
    assert!(bounds.len() > 100, "the bounds are found: {}", bounds.len());
    assert!(bounds.iter().filter(|bound| bound.is_of_entries).count() > 20, "and those of entries");
    let silent: Vec<String> = bounds
        .iter()
        .filter(|bound| {
            // Some types are of the inside: what is sent to them went through another.
            let names = leadwright::app::schemas_of(&bound.schema);
            let mut told = names.iter().filter_map(|name| schemas[name]["properties"].get(&bound.field));
            told.any(|property| !says(property, bound))
        })
        .map(|bound| format!("{}.{}: {} {}", bound.schema, bound.field, bound.keyword, bound.value))
        .collect();
    assert!(silent.is_empty(), "bounds that callers are not told:\n{}", silent.join("\n"));
}

/// What two schemas must say alike to take the same values.
const KEYWORDS: [&str; 11] = [
    "enum",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
];

/// A schema as far as it is not null, with what it refers to.
fn meant(schema: &Value) -> Value {
    let Some(schema) = crate::contract::resolve(schema) else { return Value::Null };
    let several = ["oneOf", "anyOf", "allOf"].iter().find_map(|of| schema[of].as_array());
    let others: Vec<&Value> = several.into_iter().flatten().filter(|one| one["type"] != "null").collect();
    match others.as_slice() {
        [one] => meant(one),
        _ => schema,
    }
}

/// Where a part says something else than its whole, at every depth.
fn differences(at: &str, part: &Value, whole: &Value, found: &mut Vec<String>) {
    let (part, whole) = (meant(part), meant(whole));
    for keyword in KEYWORDS {
        let of = |schema: &Value| match schema[keyword].as_array() {
            Some(values) => values.iter().filter(|value| !value.is_null()).cloned().collect(),
            None => schema[keyword].clone(),
        };
        if of(&part) != of(&whole) {
            found.push(format!("{at}: {keyword} {} in the part, {} in the whole", of(&part), of(&whole)));
        }
    }
    for (name, property) in whole["properties"].as_object().into_iter().flatten() {
        if let Some(own) = part["properties"].get(name) {
            differences(&format!("{at}.{name}"), own, property, found);
        }
    }
    for (within, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if part[within].is_object() && whole[within].is_object() {
            differences(&format!("{at}{mark}"), &part[within], &whole[within], found);
        }
    }
}

/// The schema of a change and that of what it changes, or of what makes it, take the same values; what is changed in part can be
/// changed in every part, and nothing of it has to be.
/// The schemas that bodies are made of.
fn sent() -> BTreeSet<String> {
    let schemas = &document()["components"]["schemas"];
    let mut found = BTreeSet::new();
    let mut open: Vec<Value> =
        operations().into_iter().map(|(.., operation)| operation["requestBody"].clone()).collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let Some(name) = members.get("$ref").and_then(Value::as_str).and_then(|to| to.rsplit('/').next())
                    && found.insert(name.to_string())
                {
                    open.push(schemas[name].clone());
                }
                open.extend(members.into_iter().map(|(_, member)| member));
            }
            Value::Array(entries) => open.extend(entries),
            _ => {}
        }
    }
    found
}

#[test]
fn a_part_is_bounded_as_its_whole() {
    let schemas = document()["components"]["schemas"].as_object().expect("schemas");
    let (mut wrong, mut compared, sent) = (Vec::new(), 0, sent());
    for (name, part) in schemas.iter().filter(|(name, _)| name.ends_with("Patch")) {
        let noun = name.trim_end_matches("Patch");
        // What is only answered is another thing: it has what nobody sends, and no bounds.
        let wholes = [noun.to_string(), format!("New{noun}")];
        for whole in wholes.iter().filter(|whole| sent.contains(*whole)).filter_map(|whole| schemas.get(whole)) {
            compared += 1;
            differences(name, part, whole, &mut wrong);
        }
        // What became of a task is the whole change of it.
        if !part["required"].is_null() && name != "OpsTaskPatch" {
            wrong.push(format!("{name} requires {}", part["required"]));
        }
        let is_ours = |property: &Value| property["readOnly"] != true;
        let whole = schemas.get(noun).filter(|_| sent.contains(noun));
        let names = whole.and_then(|whole| whole["properties"].as_object()).into_iter().flatten();
        for (field, _) in names.filter(|(_, property)| is_ours(property)) {
            if part["properties"].get(field).is_none() {
                wrong.push(format!("{name} lacks {field}"));
            }
        }
    }
    assert!(compared > 15, "{compared}");
    // Who enters a lead may leave the number blank, since forms send every field; who clears one says null.
    let is_meant = |line: &String| line.starts_with("LeadPatch.phone: pattern");
    assert!(wrong.iter().any(is_meant), "an exception that is none any more");
    wrong.retain(|line| !is_meant(line));
    assert!(wrong.is_empty(), "parts that say other than their wholes:\n{}", wrong.join("\n"));
}

/// The permissions that an operation says it needs for some of what it does.
pub fn conditional_permissions(operation: &Value) -> Vec<String> {
    let list = operation["x-conditional-permissions"].as_array().into_iter().flatten();
    list.map(|one| one["permission"].as_str().expect("a permission").to_string()).collect()
}

#[test]
fn every_permission_that_is_asked_for_is_told() {
    let spelled = |permission: &Permission| format!("caller.require(Permission::{permission:?})");
    let handlers: Vec<String> = files()
        .into_iter()
        .flat_map(|(_, code)| code.split("#[utoipa::path(").skip(1).map(str::to_string).collect::<Vec<_>>())
        .collect();
    let (mut wrong, mut conditional) = (Vec::new(), 0);
    for (method, path, operation) in operations() {
        let name = operation["operationId"].as_str().unwrap_or_default();
        let signature = format!("async fn {name}(");
        let handler = handlers.iter().find(|code| code.contains(&signature)).expect("a handler");
        let body = handler.split("\n}\n").next().unwrap_or_default();
        let asked: Vec<String> =
            Permission::ALL.iter().filter(|one| body.contains(&spelled(one))).map(ToString::to_string).collect();
        let also = conditional_permissions(&operation);
        let told: Vec<String> = permissions(&operation).into_iter().chain(also.clone()).collect();
        if let Some(silent) = asked.iter().find(|permission| !told.contains(permission)) {
            wrong.push(format!("{method} {path} asks for {silent}"));
        }
        let text = operation["description"].as_str().unwrap_or_default();
        if let Some(silent) =
            also.iter().find(|permission| !text.contains(&format!("Needs `{permission}` as well when")))
        {
            wrong.push(format!("{method} {path} does not say when it needs {silent}"));
        }
        conditional += also.len();
    }
    assert!(conditional >= 2, "{conditional}");
    assert!(wrong.is_empty(), "permissions that callers are not told of:\n{}", wrong.join("\n"));
}
