//! One schema for one shape: what is written out in place and has a name elsewhere is referred to by it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::walk;

pub(super) fn refer(document: &mut Value) {
    let mut known: BTreeMap<String, (String, Option<Value>)> = BTreeMap::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        if let Some(shape) = schema.as_object().and_then(shape) {
            // Of two that are alike nobody knows which one is meant; the first is as good.
            known.entry(shape).or_insert_with(|| (name.clone(), schema.get("description").cloned()));
        }
    }
    let mut point = |schema: &mut Map<String, Value>| {
        let Some((name, known_as)) = shape(schema).and_then(|shape| known.get(&shape)) else { return };
        let said = schema.get("description").filter(|said| Some(*said) != known_as.as_ref()).cloned();
        schema.clear();
        schema.insert("$ref".into(), walk::reference_to(name));
        if let Some(said) = said {
            schema.insert("description".into(), said);
        }
    };
    let Value::Object(sections) = document else { return };
    for (name, section) in sections.iter_mut() {
        let Some(schemas) = section.get_mut("schemas").filter(|_| name == "components") else {
            walk::every(section, &mut point);
            continue;
        };
        for schema in schemas.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
            walk::within(schema, &mut point);
        }
    }
}

/// What tells a schema from others: the words of an enumeration, or the members of an object.
fn shape(schema: &Map<String, Value>) -> Option<String> {
    if schema.get("type")? == "string" {
        return schema.get("enum").map(ToString::to_string);
    }
    let is_object =
        schema.get("type")? == "object" && !["allOf", "oneOf"].iter().any(|word| schema.contains_key(*word));
    schema.get("properties").filter(|_| is_object).map(ToString::to_string)
}
