//! Merge-patch fields (RFC 7396): absent keeps, null clears, a value sets.
//!
//! A body of them is declared by [`patch!`](crate::patch). What it changes is noted by [`Changes`](super::changes::Changes).

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use validator::{Validate, ValidateLength, ValidateRange, ValidationErrors};

/// One field of a merge-patch body: its type or null, and not required. The rules of `validate` hold for a value; what is
/// absent or null passes.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Patch<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<T> Patch<T> {
    pub fn is_absent(&self) -> bool {
        matches!(self, Patch::Absent)
    }

    pub fn is_value(&self) -> bool {
        self.value().is_some()
    }

    pub fn value(&self) -> Option<&T> {
        match self {
            Patch::Value(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Patch::Absent => Patch::Absent,
            Patch::Null => Patch::Null,
            Patch::Value(value) => Patch::Value(f(value)),
        }
    }

    /// Applies to a field that may be empty.
    pub fn apply<U>(self, target: &mut Option<U>)
    where
        T: Into<U>,
    {
        match self {
            Patch::Absent => {}
            Patch::Null => *target = None,
            Patch::Value(value) => *target = Some(value.into()),
        }
    }

    /// Applies to a field that has a default, which null restores.
    pub fn apply_or<U>(self, target: &mut U, default: U)
    where
        T: Into<U>,
    {
        match self {
            Patch::Absent => {}
            Patch::Null => *target = default,
            Patch::Value(value) => *target = value.into(),
        }
    }

    /// The value of a field that is never empty.
    ///
    /// # Errors
    /// `required` at the pointer for null.
    pub fn required(self, pointer: impl Into<Cow<'static, str>>) -> super::Result<Option<T>> {
        match self {
            Patch::Absent => Ok(None),
            Patch::Null => Err(super::Error::field(pointer.into(), "required", "this field cannot be null")),
            Patch::Value(value) => Ok(Some(value)),
        }
    }
}

/// A merge-patch body: every field is a [`Patch`], absent unless it is sent, and unknown fields are refused. The document
/// says of each its type or null; of one that cannot be null, `#[schema(nullable = false)]` says so.
///
/// ```
/// leadwright_engine::patch! {
///     /// A change of the weather.
///     #[schema(example = json!({"wind": null}))]
///     pub struct WeatherPatch {
///         /// In kilometres an hour.
///         #[validate(range(min = 0, max = 500))]
///         #[schema(minimum = 0, maximum = 500)]
///         pub wind: Patch<i32>,
///     }
/// }
/// let patch: WeatherPatch = serde_json::from_str(r#"{"wind": 12}"#).unwrap();
/// assert_eq!(patch.wind, leadwright_engine::base::patch::Patch::Value(12));
/// ```
#[macro_export]
macro_rules! patch {
    ($(#[$of_all:meta])* $sees_all:vis struct $name:ident {
        $($(#[$of_one:meta])* $sees:vis $field:ident: Patch<$kind:ty>,)*
    }) => {
        #[derive(Debug, Clone, Default, serde::Deserialize, validator::Validate, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$of_all])*
        $sees_all struct $name {
            $($(#[$of_one])* #[serde(default)] #[schema(value_type = Option<$kind>)] $sees $field: $crate::base::patch::Patch<$kind>,)*
        }
    };
}

/// Merges a free document into another.
pub fn merge(target: &mut serde_json::Value, patch: serde_json::Value) {
    use serde_json::Value;
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.remove(&name);
        } else {
            merge(members.entry(name).or_insert(Value::Null), value);
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(d).map(|value| value.map_or(Patch::Null, Patch::Value))
    }
}
/// For the words of a refusal, which may name the value.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(s)
    }
}

impl<T: ValidateLength<u64>> ValidateLength<u64> for Patch<T> {
    fn length(&self) -> Option<u64> {
        self.value().and_then(T::length)
    }
}
impl<T: PartialOrd> ValidateRange<T> for Patch<T> {
    fn greater_than(&self, most: T) -> Option<bool> {
        self.value().map(|value| *value > most)
    }
    fn less_than(&self, least: T) -> Option<bool> {
        self.value().map(|value| *value < least)
    }
}
impl<T: Validate> Validate for Patch<T> {
    fn validate(&self) -> Result<(), ValidationErrors> {
        self.value().map_or(Ok(()), T::validate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::patch! {
        struct Change {
            #[validate(length(min = 1, max = 2))]
            #[schema(min_length = 1, max_length = 2)]
            text: Patch<String>,
            #[validate(range(min = 0, max = 9))]
            #[schema(nullable = false, minimum = 0, maximum = 9)]
            number: Patch<i32>,
        }
    }

    fn read(body: serde_json::Value) -> Change {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn rules_hold_for_values_alone() {
        assert_eq!(read(serde_json::json!({})).text, Patch::Absent);
        assert_eq!(read(serde_json::json!({"text": null})).text, Patch::Null);
        for good in [r#"{}"#, r#"{"text": null, "number": null}"#, r#"{"text": "ab", "number": 9}"#] {
            assert!(read(serde_json::from_str(good).unwrap()).validate().is_ok(), "{good}");
        }
        let wrong = read(serde_json::json!({"text": "abc", "number": -1})).validate().unwrap_err();
        assert_eq!(wrong.errors().len(), 2);
        assert!(serde_json::from_str::<Change>(r#"{"colour": 1}"#).is_err(), "unknown fields are refused");
    }

    #[test]
    fn a_patch_is_described_as_its_type_or_null() {
        let schema = serde_json::to_value(<Change as utoipa::PartialSchema>::schema()).unwrap();
        let of = |name: &str| schema["properties"][name].clone();
        assert_eq!(of("text")["type"], serde_json::json!(["string", "null"]));
        assert_eq!((of("text")["maxLength"].as_i64(), of("number")["type"].as_str()), (Some(2), Some("integer")));
        assert_eq!(schema["required"], serde_json::Value::Null);
    }
}
