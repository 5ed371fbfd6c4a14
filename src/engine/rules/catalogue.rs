//! The fields an expression may speak of, with their types.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::expr::Op;

/// The type of a field decides which operators and values make sense for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    Text,
    /// Integers stay exact. An amount of money is a number of minor units beside a text field for its currency.
    Number,
    Boolean,
    Instant,
    TextList,
}

impl FieldType {
    /// The operators this type understands, in the order they are offered to a person.
    pub const fn operators(self) -> &'static [Op] {
        use Op::*;
        match self {
            Self::Text => &[Eq, Ne, In, NotIn, Contains, StartsWith, Exists, NotExists],
            Self::Number => &[Eq, Ne, In, NotIn, Gt, Gte, Lt, Lte, Between, Exists, NotExists],
            Self::Boolean => &[Eq, Ne, Exists, NotExists],
            Self::Instant => &[Eq, Ne, Gt, Gte, Lt, Lte, Between, Exists, NotExists],
            Self::TextList => &[Contains, In, NotIn, Exists, NotExists],
        }
    }

    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Instant => "a time",
            Self::TextList => "a list of texts",
        }
    }
}

/// Named fields, and prefixes of open maps: with `.open("custom", Text)`, `custom.anything` is a text field.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    fields: BTreeMap<Cow<'static, str>, FieldType>,
    open: BTreeMap<Cow<'static, str>, FieldType>,
}

impl Catalogue {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn field(mut self, name: impl Into<Cow<'static, str>>, field_type: FieldType) -> Self {
        self.fields.insert(name.into(), field_type);
        self
    }

    /// An open map: every `prefix.key` is a field of that type. A named field of the same spelling goes before it.
    #[must_use]
    pub fn open(mut self, prefix: impl Into<Cow<'static, str>>, field_type: FieldType) -> Self {
        self.open.insert(prefix.into(), field_type);
        self
    }

    pub fn type_of(&self, name: &str) -> Option<FieldType> {
        self.fields.get(name).copied().or_else(|| {
            let (prefix, key) = name.split_once('.')?;
            if key.trim().is_empty() { None } else { self.open.get(prefix).copied() }
        })
    }

    /// All that can be named, for error messages and documentation: `name`, …, `form_responses.*`.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.fields.keys().map(|name| name.to_string()).chain(self.open.keys().map(|prefix| format!("{prefix}.*")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_maps_need_a_key_and_named_fields_go_first() {
        let fields = Catalogue::new().open("custom", FieldType::Text).field("custom.age", FieldType::Number);
        assert_eq!(fields.type_of("custom.colour"), Some(FieldType::Text));
        assert_eq!(fields.type_of("custom.a.b"), Some(FieldType::Text));
        assert_eq!(fields.type_of("custom.age"), Some(FieldType::Number));
        assert_eq!(fields.type_of("custom."), None);
        assert_eq!(fields.type_of("custom"), None);
        assert_eq!(fields.names().collect::<Vec<_>>(), ["custom.age", "custom.*"]);
    }
}
