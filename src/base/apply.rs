//! What was sent for a field, put into it. Bodies of such fields are declared by [`patch!`](crate::patch).

use super::patch::{Given, Patch};

/// What was sent for a field of a body, put into the field `F` of what it changes. Whether null is allowed is said by both
/// types: a [`Patch`] changes what may be empty, a [`Given`] what is not.
pub trait Apply<F> {
    /// Whether the field is other than before.
    fn apply_to(self, field: &mut F) -> bool;
}

/// A field that may be empty: null clears it.
impl<T: PartialEq, P: Into<T>> Apply<Option<T>> for Patch<P> {
    fn apply_to(self, field: &mut Option<T>) -> bool {
        match self {
            Self::Absent => false,
            Self::Null => put(field, None),
            Self::Value(value) => put(field, Some(value.into())),
        }
    }
}
/// A list: null empties it.
impl<T: PartialEq, P: Into<T>> Apply<Vec<T>> for Patch<Vec<P>> {
    fn apply_to(self, field: &mut Vec<T>) -> bool {
        match self {
            Self::Absent => false,
            Self::Null => put(field, Vec::new()),
            Self::Value(list) => put(field, list.into_iter().map(Into::into).collect()),
        }
    }
}
impl<T: PartialEq, P: Into<T>> Apply<T> for Given<P> {
    fn apply_to(self, field: &mut T) -> bool {
        self.0.is_some_and(|value| put(field, value.into()))
    }
}

/// Puts a value into a field, and says whether it was another.
pub fn put<T: PartialEq>(field: &mut T, value: T) -> bool {
    let is_other = *field != value;
    *field = value;
    is_other
}
