//! The fields an expression may speak of, with their types, and the other rows that belong to a record.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::expr::Op;
use super::source::{Link, Source};

/// The type of a field decides which operators and values make sense for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldType {
    Text,
    /// One of a few words.
    OneOf(Arc<[String]>),
    /// Integers stay exact. An amount of money is a number of minor units beside a text field for its currency.
    Number,
    Boolean,
    Instant,
    /// A day of the calendar.
    Date,
    /// A day that comes again each year, as a birthday.
    DayOfYear,
    Id,
    TextList,
    IdList,
}

impl FieldType {
    /// One of these words.
    pub fn one_of(words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::OneOf(words.into_iter().map(Into::into).collect())
    }

    /// The operators this type understands, in the order they are offered to a person.
    pub const fn operators(&self) -> &'static [Op] {
        use Op::*;
        match self {
            Self::Text => &[Eq, Ne, In, NotIn, Contains, StartsWith, Exists, NotExists],
            Self::Number => &[Eq, Ne, In, NotIn, Gt, Gte, Lt, Lte, Between, Exists, NotExists],
            Self::Boolean => &[Eq, Ne, Exists, NotExists],
            Self::Instant => {
                &[Eq, Ne, Gt, Gte, Lt, Lte, Between, WithinLastDays, MoreThanDaysAgo, WithinNextDays, Exists, NotExists]
            }
            Self::Date => &[
                Eq,
                Ne,
                Gt,
                Gte,
                Lt,
                Lte,
                Between,
                IsToday,
                WithinLastDays,
                MoreThanDaysAgo,
                WithinNextDays,
                Exists,
                NotExists,
            ],
            Self::DayOfYear => &[IsToday, WithinNextDays, Exists, NotExists],
            Self::OneOf(_) | Self::Id => &[Eq, Ne, In, NotIn, Exists, NotExists],
            Self::TextList | Self::IdList => &[Contains, In, NotIn, HasAll, Exists, NotExists],
        }
    }

    pub(super) fn noun(&self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::OneOf(words) => format!("one of: {}", words.join(", ")),
            Self::Number => "a number".into(),
            Self::Boolean => "true or false".into(),
            Self::Instant => "a time".into(),
            Self::Date => "a date".into(),
            Self::DayOfYear => "a day of the year".into(),
            Self::Id => "an id".into(),
            Self::TextList => "a list of texts".into(),
            Self::IdList => "a list of ids".into(),
        }
    }
}

/// How a text is spelled where it is compared: the same spelling stands in its column.
pub type Spelling = fn(&str) -> String;

/// Without outer spaces and case.
pub fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}

/// One field: what it is called, what it holds, and where it stands.
#[derive(Clone)]
pub struct Field {
    pub name: Cow<'static, str>,
    pub field_type: FieldType,
    /// What whoever knows the record finds it by, instead of by its name.
    pub slot: usize,
    pub(super) spelling: Spelling,
    /// `None` where it is only ever looked at in memory.
    pub(super) source: Option<Source>,
}

impl Field {
    pub fn new(name: impl Into<Cow<'static, str>>, field_type: FieldType) -> Self {
        Self { name: name.into(), field_type, slot: usize::MAX, spelling: lower, source: None }
    }

    #[must_use]
    pub fn in_slot(mut self, slot: usize) -> Self {
        self.slot = slot;
        self
    }

    /// Its column holds texts in this spelling, which a text that is spelled so already keeps.
    #[must_use]
    pub fn spelled(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    #[must_use]
    pub fn stands(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field").field("name", &self.name).field("field_type", &self.field_type).finish_non_exhaustive()
    }
}

/// Other rows that belong to a record: what may be asked of them, and how they are found.
#[derive(Debug, Clone)]
pub struct Others {
    pub noun: Cow<'static, str>,
    pub fields: Catalogue,
    pub(super) link: Option<Link>,
}

impl Others {
    pub fn new(noun: impl Into<Cow<'static, str>>, fields: Catalogue) -> Self {
        Self { noun: noun.into(), fields, link: None }
    }

    #[must_use]
    pub fn linked(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }
}

/// Named fields, prefixes of open maps (with `.open("custom", Text)`, `custom.anything` is a text field), and others' rows. One may be
/// made for a tenant at run time.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    fields: BTreeMap<Cow<'static, str>, Arc<Field>>,
    open: BTreeMap<Cow<'static, str>, FieldType>,
    others: BTreeMap<Cow<'static, str>, Arc<Others>>,
}

impl Catalogue {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn field(self, name: impl Into<Cow<'static, str>>, field_type: FieldType) -> Self {
        self.with(Field::new(name, field_type))
    }

    #[must_use]
    pub fn with(mut self, field: Field) -> Self {
        self.fields.insert(field.name.clone(), Arc::new(field));
        self
    }

    /// An open map: every `prefix.key` is a field of that type. A named field of the same spelling goes before it.
    #[must_use]
    pub fn open(mut self, prefix: impl Into<Cow<'static, str>>, field_type: FieldType) -> Self {
        self.open.insert(prefix.into(), field_type);
        self
    }

    /// Rows that `{"has": …}` may ask for.
    #[must_use]
    pub fn others(mut self, others: Others) -> Self {
        self.others.insert(others.noun.clone(), Arc::new(others));
        self
    }

    pub fn type_of(&self, name: &str) -> Option<FieldType> {
        self.fields.get(name).map(|field| field.field_type.clone()).or_else(|| self.open_type(name))
    }

    fn open_type(&self, name: &str) -> Option<FieldType> {
        let (prefix, key) = name.split_once('.')?;
        if key.trim().is_empty() { None } else { self.open.get(prefix).cloned() }
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Field>> {
        let named = self.fields.get(name).cloned();
        named.or_else(|| Some(Arc::new(Field::new(name.to_string(), self.open_type(name)?))))
    }

    pub(super) fn find_others(&self, noun: &str) -> Option<&Arc<Others>> {
        self.others.get(noun)
    }

    /// All that can be named, for error messages and documentation: `name`, …, `form_responses.*`.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.fields.keys().map(|name| name.to_string()).chain(self.open.keys().map(|prefix| format!("{prefix}.*")))
    }

    pub(super) fn nouns(&self) -> impl Iterator<Item = &str> {
        self.others.keys().map(AsRef::as_ref)
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
