//! Examples of answers have every member that an answer has. Whoever writes one says what is worth showing; what is always
//! there besides is added: its default, null, or the example of its own type.

use serde_json::{Map, Value, json};

use super::walk;

/// What a member is where nobody said anything, as [`directions`](super::directions) leaves it.
pub(super) const DEFAULT: &str = "x-default";

pub(super) fn complete(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let known = Schemas(&schemas);
    walk::every(document, &mut |holder| {
        // A schema has its example in itself, a body beside its schema.
        let schema = match holder.get("schema") {
            Some(schema) => schema.clone(),
            None => Value::Object(
                holder.iter().filter(|(name, _)| *name != "example").map(|(n, v)| (n.clone(), v.clone())).collect(),
            ),
        };
        if let Some(example) = holder.get_mut("example") {
            known.fill(example, &schema);
        }
    });
    walk::every(document, &mut |schema| {
        schema.shift_remove(DEFAULT);
    });
}

struct Schemas<'a>(&'a Map<String, Value>);

impl Schemas<'_> {
    /// Adds what is required and not there, at every depth.
    fn fill(&self, value: &mut Value, schema: &Value) {
        let schema = self.resolved(schema);
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.fill(value, part);
        }
        if let Some(of) = only_choice(schema).filter(|_| !value.is_null()) {
            self.fill(value, of);
        }
        match value {
            Value::Object(members) => {
                let properties = schema["properties"].as_object();
                for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    if !members.contains_key(name)
                        && let Some(property) = properties.and_then(|all| all.get(name))
                    {
                        members.insert(name.into(), self.usual(property));
                    }
                }
                for (name, property) in properties.into_iter().flatten() {
                    members.get_mut(name).into_iter().for_each(|member| self.fill(member, property));
                }
            }
            Value::Array(entries) => entries.iter_mut().for_each(|entry| self.fill(entry, &schema["items"])),
            _ => {}
        }
    }

    /// What a member is that nobody mentioned.
    fn usual(&self, schema: &Value) -> Value {
        if let Some(default) = schema.get(DEFAULT) {
            return default.clone();
        }
        if walk::may_be_null(schema) {
            return Value::Null;
        }
        let schema = self.resolved(schema);
        match (schema.get("example").or_else(|| schema["enum"].get(0)), schema["type"].as_str()) {
            (Some(example), _) => example.clone(),
            (None, Some("array")) => json!([]),
            (None, Some("boolean")) => json!(false),
            (None, Some("integer" | "number")) => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
            (None, Some("string")) => json!(""),
            (None, _) => match schema["allOf"].as_array().map(Vec::as_slice) {
                Some([one]) => self.usual(one),
                _ => json!({}),
            },
        }
    }

    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema.get("$ref").and_then(walk::named).and_then(|name| self.0.get(name)) {
            Some(named) => self.resolved(named),
            None => schema,
        }
    }
}

/// Of a choice with null, the other one.
fn only_choice(schema: &Value) -> Option<&Value> {
    let mut choices = schema["oneOf"].as_array()?.iter().filter(|choice| choice["type"] != "null");
    choices.next().filter(|_| choices.next().is_none())
}
