//! Bounded texts in the document: said where they are used.
//!
//! A type with a name is described once and referred to. [`Line`](crate::base::bounded::Line),
//! [`Text`](crate::base::bounded::Text) and [`Texts`](crate::base::bounded::Texts) are a type for each pair of bounds, and nobody
//! wants to look up `Line_1_200`.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, OneOf, Schema, SchemaType, Type};
use utoipa::openapi::{Components, RefOr};

use crate::base::bounded;

/// Puts the bounded texts in the place of what refers to them in schemas, and drops their names.
pub(super) fn inline(components: &mut Components) {
    components.schemas.retain(|name, _| bounded::named(name).is_none());
    components.schemas.values_mut().for_each(put);
}

/// The same in an operation's parameters.
pub(super) fn inline_parameters(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(schema) = &mut parameter.schema
        {
            put(schema);
        }
    }
}

fn put(schema: &mut RefOr<Schema>) {
    if let Some(text) = text_of(schema) {
        *schema = RefOr::T(text);
        return;
    }
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            object.properties.values_mut().for_each(put);
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                put(values);
            }
        }
        Schema::Array(list) => {
            if let ArrayItems::RefOrSchema(items) = &mut list.items {
                put(items);
            }
        }
        Schema::OneOf(choice) => choice.items.iter_mut().for_each(put),
        Schema::AllOf(all) => all.items.iter_mut().for_each(put),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(put),
        _ => {}
    }
}

/// What is referred to, with what is said of it here; where it may be null, so may this.
fn text_of(schema: &RefOr<Schema>) -> Option<Schema> {
    match schema {
        RefOr::Ref(to) => {
            let mut text = bounded::named(to.ref_location.rsplit('/').next()?)?;
            let said = Some(to.description.clone()).filter(|said| !said.is_empty());
            match &mut text {
                Schema::Object(text) => text.description = said,
                Schema::Array(list) => list.description = said,
                _ => {}
            }
            Some(text)
        }
        RefOr::T(Schema::OneOf(OneOf { items, .. })) => {
            let is_null = |item: &RefOr<Schema>| matches!(item, RefOr::T(Schema::Object(one)) if one.schema_type == SchemaType::Type(Type::Null));
            let texts = items.iter().filter(|item| !is_null(item)).collect::<Vec<_>>();
            let ([text], true) = (texts.as_slice(), items.iter().any(is_null)) else { return None };
            let mut text = text_of(text)?;
            match &mut text {
                Schema::Object(text) => text.schema_type = SchemaType::from_iter([Type::String, Type::Null]),
                Schema::Array(list) => list.schema_type = SchemaType::from_iter([Type::Array, Type::Null]),
                _ => {}
            }
            Some(text)
        }
        RefOr::T(_) => None,
    }
}
