//! Examples of what is composed: a view with something besides has the view's example with that.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, RefOr};

/// Gives every composed schema that has no example of its own those of its parts, if each of them has one.
pub(super) fn complete(components: &mut Components) {
    let known: BTreeMap<String, Value> = components
        .schemas
        .iter()
        .filter_map(|(name, schema)| match schema {
            RefOr::T(Schema::Object(object)) => Some((name.clone(), object.example.clone()?)),
            _ => None,
        })
        .collect();
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::AllOf(all)) = schema
            && all.example.is_none()
        {
            let parts: Option<Vec<_>> = all.items.iter().map(|part| example_of(part, &known)).collect();
            all.example = parts.map(|parts| Value::Object(parts.into_iter().flatten().collect()));
        }
    }
}

fn example_of(part: &RefOr<Schema>, known: &BTreeMap<String, Value>) -> Option<Map<String, Value>> {
    match part {
        RefOr::Ref(to) => known.get(to.ref_location.rsplit('/').next()?)?.as_object().cloned(),
        RefOr::T(Schema::Object(object)) => object
            .properties
            .iter()
            .map(|(name, property)| match property {
                RefOr::T(Schema::Object(property)) => Some((name.clone(), property.example.clone()?)),
                _ => None,
            })
            .collect(),
        RefOr::T(_) => None,
    }
}
