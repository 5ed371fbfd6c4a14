//! Merge-patch fields (RFC 7396): absent keeps, null clears, a value sets.

use serde::{Deserialize, Deserializer};

/// One field of a merge-patch body. Declare it with `#[serde(default)]` and `#[schema(value_type = Option<T>)]`.
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
        matches!(self, Patch::Value(_))
    }

    /// Applies to a field that may be empty.
    pub fn apply(self, target: &mut Option<T>) {
        match self {
            Patch::Absent => {}
            Patch::Null => *target = None,
            Patch::Value(value) => *target = Some(value),
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
    pub fn apply_or(self, target: &mut T, default: T) {
        match self {
            Patch::Absent => {}
            Patch::Null => *target = default,
            Patch::Value(value) => *target = value,
        }
    }

    /// Applies to a field that is never empty; null is refused with the field's pointer.
    pub fn apply_required(self, target: &mut T, pointer: &str) -> crate::base::Result<()> {
        match self {
            Patch::Absent => Ok(()),
            Patch::Null => Err(crate::base::Error::field(pointer, "required", "this field cannot be null")),
            Patch::Value(value) => {
                *target = value;
                Ok(())
            }
        }
    }
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
