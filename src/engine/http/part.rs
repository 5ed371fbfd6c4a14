//! A part of a document that lies within a body: merged into what is stored (RFC 7396), then read and checked like a new one.
//!
//! What a part may hold follows from the type of the whole, and so does its description: nothing in it is required, what the
//! whole can do without may be null, and every bound holds at every depth. Lists are replaced whole.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use utoipa::openapi::schema::{AdditionalProperties, Object, OneOf, OneOfBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use super::reading;
use crate::base::patch::merge;
use crate::base::{Error, FieldError, Result};

/// A merge-patch of a `T`: absent keeps, null clears or returns to the default, an object merges, anything else replaces.
///
/// It is described under the name of `T` with `Patch` behind it; name it by a `type`, since the document composes the names of
/// generic types otherwise.
pub struct PatchOf<T> {
    members: Map<String, Value>,
    whole: PhantomData<fn() -> T>,
}

impl<T> PatchOf<T> {
    /// The names that were sent.
    pub fn sent(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Whether a value is given for what stands at these names, one within the other.
    pub fn gives(&self, names: &[&str]) -> bool {
        let Some((first, within)) = names.split_first() else { return false };
        let found = within.iter().try_fold(self.members.get(*first), |at, name| Some(at?.get(name)));
        found.flatten().is_some_and(|value| !value.is_null())
    }
}

impl<T: Serialize + DeserializeOwned + Validate> PatchOf<T> {
    /// The stored document with this part merged in; without one that is stored, the part is the whole.
    ///
    /// # Errors
    /// `request.invalid`, with all that is wrong, below `at`.
    pub fn merged_into(self, stored: Option<&T>, at: &str) -> Result<T> {
        let mut whole = match stored {
            Some(stored) => serde_json::to_value(stored).map_err(|error| Error::internal(error.to_string()))?,
            None => Value::Object(Map::new()),
        };
        merge(&mut whole, Value::Object(self.members));
        let below = |one: &FieldError| FieldError { pointer: format!("{at}{}", one.pointer), ..one.clone() };
        reading::whole(whole).map_err(|error| Error::fields(error.field_errors().iter().map(below).collect()))
    }
}

impl<T: DeserializeOwned + Validate> Validate for PatchOf<T> {
    /// What no document could make good, told with the rest of the body. What is missing, and what null means, is known when it
    /// has been merged.
    fn validate(&self) -> Result<(), ValidationErrors> {
        let part = Value::Object(self.members.clone());
        let Err(error) = reading::whole::<T>(part.clone()) else { return Ok(()) };
        let mut errors = ValidationErrors::new();
        for wrong in error.field_errors() {
            let is_cleared = wrong.code != "unknown_field" && part.pointer(&wrong.pointer).is_some_and(Value::is_null);
            if wrong.code == "required" || is_cleared {
                continue;
            }
            let told = ValidationError::new("").with_message(wrong.detail.clone().into());
            let told = ValidationError { code: wrong.code.clone(), ..told };
            let at = Cow::Owned(wrong.pointer.trim_start_matches('/').to_string());
            errors.errors_mut().insert(at, ValidationErrorsKind::Field(vec![told]));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

impl<T> Clone for PatchOf<T> {
    fn clone(&self) -> Self {
        Self { members: self.members.clone(), whole: PhantomData }
    }
}
impl<T> PartialEq for PatchOf<T> {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}
impl<T> std::fmt::Debug for PatchOf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.members.fmt(f)
    }
}
impl<'de, T> Deserialize<'de> for PatchOf<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Map::deserialize(d).map(|members| Self { members, whole: PhantomData })
    }
}
impl<T> Serialize for PatchOf<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(s)
    }
}

impl<T: ToSchema> PartialSchema for PatchOf<T> {
    fn schema() -> RefOr<Schema> {
        let mut parts = Parts::of::<T>();
        parts.part(T::schema())
    }
}
impl<T: ToSchema> ToSchema for PatchOf<T> {
    fn name() -> Cow<'static, str> {
        part_name(&T::name()).into()
    }
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let mut parts = Parts::of::<T>();
        parts.part(T::schema());
        schemas.extend(parts.wholes);
        schemas.extend(parts.made);
    }
}

fn part_name(whole: &str) -> String {
    format!("{whole}Patch")
}

/// The descriptions of parts, made of those of the wholes.
struct Parts {
    wholes: BTreeMap<String, RefOr<Schema>>,
    made: BTreeMap<String, RefOr<Schema>>,
}

impl Parts {
    fn of<T: ToSchema>() -> Self {
        let mut wholes = Vec::new();
        T::schemas(&mut wholes);
        Self { wholes: wholes.into_iter().collect(), made: BTreeMap::new() }
    }

    fn part(&mut self, whole: RefOr<Schema>) -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut object)) = whole else { return whole };
        let needed = std::mem::take(&mut object.required);
        let told = object.description.take().filter(|told| !told.is_empty());
        let rule = "Here a part of it: absent keeps, null clears or returns to the default, lists are replaced whole.";
        object.description = Some(told.map_or_else(|| rule.into(), |told| format!("{told}\n\n{rule}")));
        for (name, property) in &mut object.properties {
            let within = self.within(std::mem::take(property));
            *property = if needed.contains(name) { within } else { or_null(within) };
        }
        RefOr::T(Schema::Object(object))
    }

    /// What stands for a member: an object is a part again, and nothing is given by default.
    fn within(&mut self, member: RefOr<Schema>) -> RefOr<Schema> {
        match member {
            RefOr::Ref(mut to) => {
                to.default = None;
                let name = to.ref_location.rsplit('/').next().unwrap_or_default().to_string();
                if let Some(whole) = self.wholes.get(&name).filter(|whole| is_object(whole)).cloned() {
                    let name = part_name(&name);
                    to.ref_location = Ref::from_schema_name(&name).ref_location;
                    if !self.made.contains_key(&name) {
                        let part = self.part(whole);
                        self.made.insert(name, part);
                    }
                }
                RefOr::Ref(to)
            }
            RefOr::T(Schema::Object(mut object)) => {
                object.default = None;
                if let Some(AdditionalProperties::RefOr(value)) = object.additional_properties.as_deref_mut() {
                    let entry = std::mem::take(value);
                    *value = or_null(self.within(entry));
                }
                RefOr::T(Schema::Object(object))
            }
            RefOr::T(Schema::Array(mut list)) => {
                list.default = None;
                RefOr::T(Schema::Array(list))
            }
            RefOr::T(Schema::OneOf(mut choice)) => {
                choice.default = None;
                choice.items = choice.items.into_iter().map(|item| self.within(item)).collect();
                RefOr::T(Schema::OneOf(choice))
            }
            other => other,
        }
    }
}

fn is_object(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if !object.properties.is_empty())
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(one)) if one.schema_type == SchemaType::Type(Type::Null))
}

fn or_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.schema_type = with_null(object.schema_type);
            if let Some(values) = &mut object.enum_values
                && !values.contains(&Value::Null)
            {
                values.push(Value::Null);
            }
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::Array(mut list)) => {
            list.schema_type = with_null(list.schema_type);
            RefOr::T(Schema::Array(list))
        }
        RefOr::T(Schema::OneOf(choice)) if choice.items.iter().any(is_null) => RefOr::T(Schema::OneOf(choice)),
        RefOr::T(Schema::OneOf(OneOf { mut items, description, .. })) => {
            items.push(null());
            let choice = items.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item);
            choice.description(description).into()
        }
        other => OneOfBuilder::new().item(other).item(null()).into(),
    }
}

fn null() -> RefOr<Schema> {
    Object::with_type(Type::Null).into()
}

fn with_null(kind: SchemaType) -> SchemaType {
    match kind {
        SchemaType::Type(one) => SchemaType::from_iter([one, Type::Null]),
        SchemaType::Array(mut several) if !several.contains(&Type::Null) => {
            several.push(Type::Null);
            SchemaType::Array(several)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bounded::Text;
    use serde_json::json;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
    #[serde(deny_unknown_fields)]
    struct Thanks {
        #[validate(length(min = 1, max = 5))]
        #[schema(min_length = 1, max_length = 5)]
        text: String,
        url: Option<String>,
    }
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
    #[serde(deny_unknown_fields, default)]
    struct Form {
        name: Option<String>,
        #[validate(range(max = 9))]
        #[schema(maximum = 9, default = 3)]
        size: u8,
        #[validate(length(max = 2))]
        #[schema(max_items = 2)]
        places: Vec<Text<1, 3>>,
        #[validate(nested)]
        thanks: Option<Thanks>,
    }

    fn part(body: Value) -> PatchOf<Form> {
        serde_json::from_value(body).unwrap()
    }

    fn merged(body: Value) -> Result<Form> {
        let thanks = Thanks { text: "Soon".into(), url: Some("x".into()) };
        part(body).merged_into(Some(&Form { size: 4, thanks: Some(thanks), ..Form::default() }), "/form")
    }

    #[test]
    fn a_part_keeps_its_siblings_and_null_clears() {
        let changed = merged(json!({"thanks": {"text": "Now"}, "places": ["a"]})).unwrap();
        assert_eq!(changed.thanks, Some(Thanks { text: "Now".into(), url: Some("x".into()) }));
        assert_eq!((changed.size, changed.places.len()), (4, 1));
        assert_eq!(merged(json!({"thanks": {"url": null}})).unwrap().thanks.unwrap().url, None);
        let cleared = merged(json!({"thanks": null, "size": null})).unwrap();
        assert_eq!((cleared.thanks, cleared.size), (None, 0));
        let first = part(json!({"thanks": {"url": "y"}})).merged_into(None, "/form").unwrap_err();
        assert_eq!(first.field_errors()[0].pointer, "/form/thanks/text");
    }

    #[test]
    fn all_that_is_wrong_is_pointed_at() {
        let wrong =
            merged(json!({"thanks": {"text": "far too long"}, "size": 10, "places": ["", "abcd"]})).unwrap_err();
        let told: Vec<_> = wrong.field_errors().iter().map(|one| one.pointer.as_str()).collect();
        assert_eq!(told, ["/form/places/0", "/form/places/1", "/form/size", "/form/thanks/text"]);
        let told = |body: Value| {
            let errors = part(body).validate().err().map(|errors| errors.into_errors()).unwrap_or_default();
            let mut names: Vec<String> = errors.into_keys().map(|name| name.into_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(told(json!({"size": 10, "places": ["abcd"], "colour": null})), ["colour", "places/0", "size"]);
        assert!(
            told(json!({"size": null, "thanks": {"url": "y"}, "name": null})).is_empty(),
            "known when it is merged"
        );
    }

    #[test]
    fn a_part_is_described_as_its_whole_of_which_nothing_is_needed() {
        let mut named = Vec::new();
        PatchOf::<Form>::schemas(&mut named);
        let named: BTreeMap<String, Value> =
            named.into_iter().map(|(name, schema)| (name, serde_json::to_value(schema).unwrap())).collect();
        let form = serde_json::to_value(PatchOf::<Form>::schema()).unwrap();
        assert_eq!(PatchOf::<Form>::name(), "FormPatch");
        let size = &form["properties"]["size"];
        assert_eq!((&size["type"], &size["maximum"]), (&json!(["integer", "null"]), &json!(9)));
        assert!(form["required"].is_null() && size["default"].is_null());
        assert_eq!(form["properties"]["places"]["type"], json!(["array", "null"]));
        let thanks = json!({"oneOf": [{"$ref": "#/components/schemas/ThanksPatch"}, {"type": "null"}]});
        for (key, value) in thanks.as_object().unwrap() {
            let mut said = form["properties"]["thanks"][key].as_array().unwrap().clone();
            said.sort_by_key(ToString::to_string);
            let mut expected = value.as_array().unwrap().clone();
            expected.sort_by_key(ToString::to_string);
            assert_eq!(said, expected);
        }
        let thanks = &named["ThanksPatch"];
        assert_eq!(thanks["properties"]["text"]["maxLength"], 5);
        assert_eq!(thanks["properties"]["text"]["type"], "string", "the whole cannot do without it");
        assert_eq!(thanks["properties"]["url"]["type"], json!(["string", "null"]));
        assert!(thanks["required"].is_null());
    }
}
