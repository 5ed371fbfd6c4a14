//! Merge-patch fields (RFC 7396): absent keeps, null clears, a value sets.
//!
//! A body of them is declared by [`patch!`](crate::patch), which applies them, too ([`super::body`]).

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
}

/// One field of a merge-patch body that is never empty: its type, and not required. Null is refused where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Given<T>(pub Option<T>);

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Given<T> {
    pub fn is_absent(&self) -> bool {
        self.0.is_none()
    }

    pub fn value(&self) -> Option<&T> {
        self.0.as_ref()
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Given<U> {
        Given(self.0.map(f))
    }
}

/// What is said of null for a field that is never empty.
pub const NEVER_NULL: &str = "this field cannot be null";

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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let value = Option::<T>::deserialize(d)?;
        value.map(|value| Self(Some(value))).ok_or_else(|| serde::de::Error::custom(NEVER_NULL))
    }
}
impl<T: Serialize> Serialize for Given<T> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(s)
    }
}

/// The rules of `validate` for what has a value.
macro_rules! ruled {
    ($($field:ident),+) => {$(
        impl<T: ValidateLength<u64>> ValidateLength<u64> for $field<T> {
            fn length(&self) -> Option<u64> {
                self.value().and_then(T::length)
            }
        }
        impl<T: PartialOrd> ValidateRange<T> for $field<T> {
            fn greater_than(&self, most: T) -> Option<bool> {
                self.value().map(|value| *value > most)
            }
            fn less_than(&self, least: T) -> Option<bool> {
                self.value().map(|value| *value < least)
            }
        }
        impl<T: Validate> Validate for $field<T> {
            fn validate(&self) -> Result<(), ValidationErrors> {
                self.value().map_or(Ok(()), T::validate)
            }
        }
    )+};
}
ruled!(Patch, Given);

#[cfg(test)]
mod tests {
    use super::*;

    crate::patch! {
        struct Change {
            #[validate(length(min = 1, max = 2))]
            #[schema(min_length = 1, max_length = 2)]
            text: Patch<String>,
            #[validate(range(min = 0, max = 9))]
            #[schema(minimum = 0, maximum = 9)]
            number: Given<i32>,
        }
    }

    fn read(body: serde_json::Value) -> Change {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn rules_hold_for_values_alone() {
        assert_eq!(read(serde_json::json!({})).text, Patch::Absent);
        assert_eq!(read(serde_json::json!({"text": null})).text, Patch::Null);
        for good in [r#"{}"#, r#"{"text": null}"#, r#"{"text": "ab", "number": 9}"#] {
            assert!(read(serde_json::from_str(good).unwrap()).validate().is_ok(), "{good}");
        }
        let wrong = read(serde_json::json!({"text": "abc", "number": -1})).validate().unwrap_err();
        assert_eq!(wrong.errors().len(), 2);
        assert!(serde_json::from_str::<Change>(r#"{"colour": 1}"#).is_err(), "unknown fields are refused");
        let refused = serde_json::from_str::<Change>(r#"{"number": null}"#).unwrap_err().to_string();
        assert!(refused.starts_with(NEVER_NULL), "{refused}");
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
