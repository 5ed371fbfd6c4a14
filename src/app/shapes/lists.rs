//! Lists in a query: `status=new,contacted`, which OpenAPI calls the style `form` that does not explode.

use serde_json::Value;

use super::walk;

pub(super) fn spell(document: &mut Value) {
    walk::every(document, &mut |parameter| {
        let is_list =
            parameter.get("schema").and_then(Value::as_object).is_some_and(|schema| walk::is_of(schema, "array"));
        if is_list && parameter.get("in").is_some_and(|place| place == "query") {
            parameter.insert("style".into(), "form".into());
            parameter.insert("explode".into(), false.into());
        }
    });
}
