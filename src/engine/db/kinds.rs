//! What rows are counted as, and what a transaction has noted of it; see [`super::kept_counts`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::base::id::{TenantId, Uuid};

/// How many fields a collection can be counted by.
pub const FIELDS: usize = 8;

/// What one row is counted as: its values in the order of the fields, and empty texts for the rest. A missing value is empty too.
pub type Kind = [Cow<'static, str>; FIELDS];

/// A kind of these values.
pub fn kind<const N: usize>(values: [Cow<'static, str>; N]) -> Kind {
    const { assert!(N <= FIELDS) };
    let mut kind = Kind::default();
    for (place, value) in kind.iter_mut().zip(values) {
        *place = value;
    }
    kind
}

/// An id as kinds spell it.
pub fn spelled(id: Option<Uuid>) -> Cow<'static, str> {
    id.map(|id| id.simple().to_string().into()).unwrap_or_default()
}

/// A flag as kinds spell it.
pub const fn flag(holds: bool) -> Cow<'static, str> {
    Cow::Borrowed(if holds { "true" } else { "false" })
}

/// What a transaction has noted.
pub(super) type Noted = BTreeMap<(TenantId, &'static str, Kind), i64>;
