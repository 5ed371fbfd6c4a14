//! Free-form objects: `{"type": "object"}` alone is read as an object without members by generators, of which nothing can be
//! written and everything reads as `never`. A list of anything is one of texts, numbers, flags and objects: generators know no
//! other word for it.

use serde_json::{Map, Value, json};

use super::walk;

pub(super) fn open(document: &mut Value) {
    walk::every(document, &mut |schema| {
        if is_bare(schema) {
            schema.insert("additionalProperties".into(), true.into());
        }
        if walk::is_of(schema, "array") && schema.get("items") == Some(&json!({})) {
            schema.insert("items".into(), anything());
        }
    });
}

fn anything() -> Value {
    let object = json!({ "type": "object", "additionalProperties": true });
    let plain = ["string", "number", "boolean", "null"].map(|kind| json!({ "type": kind }));
    json!({ "oneOf": plain.into_iter().chain([object]).collect::<Vec<_>>() })
}

fn is_bare(schema: &Map<String, Value>) -> bool {
    let says = ["properties", "additionalProperties", "allOf", "anyOf", "oneOf", "$ref"];
    walk::is_of(schema, "object") && !says.iter().any(|word| schema.contains_key(*word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_says_nothing_of_its_members_has_any() {
        let mut document = json!({
            "a": {"type": "object"},
            "b": {"type": ["object", "null"], "properties": {"type": {"type": "object"}, "example": {"type": "object"}}},
            "c": {"type": "object", "additionalProperties": false},
            "example": {"type": "object"},
        });
        super::open(&mut document);
        assert_eq!(document["a"]["additionalProperties"], true);
        for name in ["type", "example"] {
            assert_eq!(document["b"]["properties"][name]["additionalProperties"], true, "{name}");
        }
        assert_eq!(document["c"]["additionalProperties"], false);
        assert!(
            document["b"]["additionalProperties"].is_null() && document["example"]["additionalProperties"].is_null()
        );
    }
}
