//! What is said of a property stands at the property. The types say it beside a reference, and within a choice with null, where
//! generators drop it.

use serde_json::{Map, Value, json};

use super::walk;

pub(super) fn lift(document: &mut Value) {
    walk::every(document, &mut |schema| {
        out_of_choice(schema);
        from_beside_reference(schema);
    });
}

/// `oneOf: [null, x with a description]`: the description is the choice's. What it may be stands before null.
fn out_of_choice(schema: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = schema.get_mut("oneOf") else { return };
    let nulls = choices.iter().filter(|choice| choice["type"] == "null").count();
    if nulls != 1 || choices.len() != 2 {
        return;
    }
    choices.sort_by_key(|choice| choice["type"] == "null");
    // The inner ones came first: a reference that is described stands in a wrapping of its own by now.
    let said = choices[0].as_object_mut().and_then(|choice| choice.shift_remove("description"));
    if choices[0]["allOf"].as_array().is_some_and(|parts| parts.len() == 1) {
        choices[0] = choices[0]["allOf"][0].take();
    }
    if let Some(said) = said {
        schema.entry("description").or_insert(said);
    }
}

/// `{"$ref", "description"}`: the reference in a wrapping that is described.
fn from_beside_reference(schema: &mut Map<String, Value>) {
    if !schema.contains_key("description") {
        return;
    }
    if let Some(reference) = schema.shift_remove("$ref") {
        schema.insert("allOf".into(), json!([{ "$ref": reference }]));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_description_stands_at_the_property() {
        let x = json!({"$ref": "#/components/schemas/X"});
        let mut document = json!({"properties": {
            "a": {"$ref": "#/components/schemas/X", "description": "A."},
            "b": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/X", "description": "B."}]},
            "c": {"oneOf": [{"type": "null"}, x]},
            "d": x,
        }});
        super::lift(&mut document);
        assert_eq!(
            document,
            json!({"properties": {
                "a": {"description": "A.", "allOf": [x]},
                "b": {"oneOf": [x, {"type": "null"}], "description": "B."},
                "c": {"oneOf": [x, {"type": "null"}]},
                "d": x,
            }})
        );
    }
}
