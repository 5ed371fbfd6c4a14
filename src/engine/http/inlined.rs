//! Bounded texts in the document: said where they are used.
//!
//! A type with a name is described once and referred to. [`Line`](crate::base::bounded::Line) and
//! [`Text`](crate::base::bounded::Text) are a type for each pair of bounds, and nobody wants to look up `Line_1_200`.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Object, OneOf, Schema, SchemaType, Type};
use utoipa::openapi::{Components, RefOr};

use crate::base::bounded::NAMES;

type Bounded = BTreeMap<String, Object>;

/// Puts the bounded texts in the place of what refers to them in schemas, and drops their names. A parameter is not looked
/// at: in a filter such a field says `#[param(inline)]`.
pub(super) fn inline(components: &mut Components) {
    let mut bounded = Bounded::new();
    let is_bounded = |name: &String| NAMES.iter().any(|begin| name.starts_with(begin));
    let names: Vec<String> = components.schemas.keys().filter(|name| is_bounded(name)).cloned().collect();
    for name in names {
        if let Some(RefOr::T(Schema::Object(text))) = components.schemas.remove(&name) {
            bounded.insert(name, text);
        }
    }
    components.schemas.values_mut().for_each(|schema| put(schema, &bounded));
}

fn put(schema: &mut RefOr<Schema>, bounded: &Bounded) {
    if let Some(text) = text_of(schema, bounded) {
        *schema = RefOr::T(Schema::Object(text));
        return;
    }
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(|property| put(property, bounded));
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                put(values, bounded);
            }
        }
        Schema::Array(list) => {
            if let ArrayItems::RefOrSchema(items) = &mut list.items {
                put(items, bounded);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(|item| put(item, bounded)),
        Schema::AllOf(all) => all.items.iter_mut().for_each(|item| put(item, bounded)),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|item| put(item, bounded)),
        _ => {}
    }
}

/// The text that is referred to, with what is said of it here; where it may be null, so may this.
fn text_of(schema: &RefOr<Schema>, bounded: &Bounded) -> Option<Object> {
    match schema {
        RefOr::Ref(to) => {
            let mut text = bounded.get(to.ref_location.rsplit('/').next()?)?.clone();
            text.description = Some(to.description.clone()).filter(|said| !said.is_empty());
            Some(text)
        }
        RefOr::T(Schema::OneOf(OneOf { items, .. })) => {
            let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(one)) if one.schema_type == SchemaType::Type(Type::Null));
            let texts = items.iter().filter(|item| !is_null(item)).collect::<Vec<_>>();
            let ([text], true) = (texts.as_slice(), items.iter().any(is_null)) else { return None };
            let mut text = text_of(text, bounded)?;
            text.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
            Some(text)
        }
        RefOr::T(_) => None,
    }
}
