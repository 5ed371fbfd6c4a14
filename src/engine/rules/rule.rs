//! A rule: an expression whose fields are found and whose values are read, ready to be asked of a million records.
//!
//! What it means for one record is in [`matching`](super::matching), in SQL in [`sql`](super::sql); why it answered so in
//! [`explain`](super::explain).

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use super::catalogue::{Catalogue, Field, FieldType, Others};
use super::expr::{Aggregate, Comparison, Expr, Has, Literal, Op, Operand};
use super::number::Number;
use super::parse::{date, instant};
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};

/// See the module.
#[derive(Debug, Clone)]
pub struct Rule {
    expr: Expr,
    pub(super) root: Node,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Test),
    Has { others: Arc<Others>, condition: Option<Box<Node>>, measure: Option<Measured> },
}

/// A field and what is asked of it.
#[derive(Debug, Clone)]
pub(super) struct Test {
    pub field: Arc<Field>,
    /// It holds where what is asked does not.
    pub is_negated: bool,
    pub asks: Asks,
}

/// What is asked of a value that is there.
#[derive(Debug, Clone)]
pub(super) enum Asks {
    /// That it is there.
    Present,
    /// To be one of these, or of a list to hold one.
    Among(Vec<Key>),
    /// Of a list, to hold all of these.
    AllOf(Vec<Key>),
    Contains(String),
    StartsWith(String),
    Numbers(Bounds<Number>),
    Instants(Bounds<Timestamp>),
    Dates(Bounds<NaiveDate>),
    WithinLast(i64),
    MoreThanAgo(i64),
    WithinNext(i64),
    Today,
}

/// A value to be equal to, in the spelling of its field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Key {
    Text(String),
    Number(Number),
    Boolean(bool),
    Instant(Timestamp),
    Date(NaiveDate),
    Id(Uuid),
}

/// From a value to a value; each with whether it is included.
#[derive(Debug, Clone)]
pub(super) struct Bounds<T> {
    pub low: Option<(T, bool)>,
    pub high: Option<(T, bool)>,
}

/// What other rows come to, and what is asked of that.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub of: Gathers,
    pub test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Gathers {
    Count,
    Sum(Arc<Field>),
    Last(Arc<Field>),
}

impl Rule {
    /// Reads a rule that stands at `pointer` of a document.
    ///
    /// # Errors
    /// As [`Expr::parse_at`].
    pub fn parse_at(value: &Value, catalogue: &Catalogue, pointer: &str) -> Result<Self> {
        Self::at(&Expr::parse_at(value, catalogue, pointer)?, catalogue, pointer)
    }

    /// Makes a rule of an expression.
    ///
    /// # Errors
    /// `request.invalid` with each field that the catalogue does not have, or not with this type: it may be another's than the one
    /// that the expression was parsed with.
    pub fn of(expr: &Expr, catalogue: &Catalogue) -> Result<Self> {
        Self::at(expr, catalogue, "")
    }

    fn at(expr: &Expr, catalogue: &Catalogue, pointer: &str) -> Result<Self> {
        let mut making = Making { wrong: Vec::new() };
        let root = making.node(expr, catalogue, pointer);
        match root {
            Some(root) if making.wrong.is_empty() => Ok(Self { expr: expr.clone(), root }),
            _ => Err(Error::fields(making.wrong)),
        }
    }

    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// What it looks at: names of fields, nouns of other rows, and `noun.field`. What it looks at elsewhere cannot change its answer,
    /// but by time.
    pub fn reads(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.root.reads(None, &mut found);
        found
    }

    /// The ids that it asks of this field, which is one of ids.
    pub fn ids_of(&self, field: &str) -> BTreeSet<Uuid> {
        let mut found = BTreeSet::new();
        self.root.ids(field, &mut found);
        found
    }

    /// May its answer change by time alone?
    pub fn turns(&self) -> bool {
        self.root.turns()
    }
}

impl Node {
    fn reads(&self, noun: Option<&str>, found: &mut BTreeSet<String>) {
        let name = |field: &Field| match noun {
            Some(noun) => format!("{noun}.{}", field.name),
            None => field.name.to_string(),
        };
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.reads(noun, found)),
            Self::Not(part) => part.reads(noun, found),
            Self::Test(test) => {
                found.insert(name(&test.field));
            }
            Self::Has { others, condition, measure } => {
                found.insert(others.noun.to_string());
                if let Some(condition) = condition {
                    condition.reads(Some(&others.noun), found);
                }
                if let Some(Measured { of: Gathers::Sum(field) | Gathers::Last(field), .. }) = measure {
                    found.insert(format!("{}.{}", others.noun, field.name));
                }
            }
        }
    }

    fn ids(&self, field: &str, found: &mut BTreeSet<Uuid>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.ids(field, found)),
            Self::Not(part) => part.ids(field, found),
            Self::Test(Test { field: of, asks: Asks::Among(keys) | Asks::AllOf(keys), .. }) if of.name == field => {
                found.extend(keys.iter().filter_map(|key| if let Key::Id(id) = key { Some(*id) } else { None }));
            }
            Self::Test(_) => {}
            Self::Has { condition, .. } => condition.iter().for_each(|condition| condition.ids(field, found)),
        }
    }

    fn turns(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::turns),
            Self::Not(part) => part.turns(),
            Self::Test(test) => test.asks.is_of_time(),
            Self::Has { condition, measure, .. } => {
                condition.as_ref().is_some_and(|condition| condition.turns())
                    || measure.as_ref().is_some_and(|measure| measure.test.asks.is_of_time())
            }
        }
    }
}

impl Asks {
    fn is_of_time(&self) -> bool {
        matches!(self, Self::WithinLast(_) | Self::MoreThanAgo(_) | Self::WithinNext(_) | Self::Today)
    }
}

struct Making {
    wrong: Vec<FieldError>,
}

impl Making {
    fn node(&mut self, expr: &Expr, catalogue: &Catalogue, at: &str) -> Option<Node> {
        match expr {
            Expr::All(parts) => self.parts(parts, catalogue, &format!("{at}/all")).map(Node::All),
            Expr::Any(parts) => self.parts(parts, catalogue, &format!("{at}/any")).map(Node::Any),
            Expr::Not(part) => Some(Node::Not(Box::new(self.node(part, catalogue, &format!("{at}/not"))?))),
            Expr::Compare(Comparison { field, op, operand }) => {
                let field = self.field(field, catalogue, at)?;
                self.test(field, *op, operand, at).map(Node::Test)
            }
            Expr::Has(has) => self.has(has, catalogue, at),
        }
    }

    fn parts(&mut self, parts: &[Expr], catalogue: &Catalogue, at: &str) -> Option<Vec<Node>> {
        let made: Vec<Option<Node>> = parts
            .iter()
            .enumerate()
            .map(|(index, part)| self.node(part, catalogue, &format!("{at}/{index}")))
            .collect();
        made.into_iter().collect()
    }

    fn has(&mut self, has: &Has, catalogue: &Catalogue, at: &str) -> Option<Node> {
        let Some(others) = catalogue.find_others(&has.noun).cloned() else {
            return self.refuse(format!("{at}/has"), "there is nothing of that name any more");
        };
        let condition = match &has.condition {
            Some(part) => Some(Box::new(self.node(part, &others.fields, &format!("{at}/where"))?)),
            None => None,
        };
        let measure = match &has.measure {
            Some(measure) => {
                let at = format!("{at}/{}", measure.of.word());
                let (of, kind) = match &measure.of {
                    Aggregate::Count => (Gathers::Count, FieldType::Number),
                    Aggregate::Sum(field) => (Gathers::Sum(self.field(field, &others.fields, &at)?), FieldType::Number),
                    Aggregate::Last(field) => {
                        (Gathers::Last(self.field(field, &others.fields, &at)?), FieldType::Instant)
                    }
                };
                let field = Arc::new(Field::new(measure.of.word(), kind));
                Some(Measured { of, test: self.test(field, measure.op, &measure.operand, &at)? })
            }
            None => None,
        };
        Some(Node::Has { others, condition, measure })
    }

    fn refuse<T>(&mut self, at: String, detail: &str) -> Option<T> {
        self.wrong.push(FieldError::new(at, "unknown_field", detail));
        None
    }

    fn field(&mut self, name: &str, catalogue: &Catalogue, at: &str) -> Option<Arc<Field>> {
        match catalogue.find(name) {
            Some(field) => Some(field),
            None => self.refuse(format!("{at}/field"), "there is no such field any more"),
        }
    }

    fn test(&mut self, field: Arc<Field>, op: Op, operand: &Operand, at: &str) -> Option<Test> {
        let is_negated = matches!(op, Op::Ne | Op::NotIn | Op::NotExists);
        match asks(&field, op, operand) {
            Some(asks) if field.field_type.operators().contains(&op) => Some(Test { field, is_negated, asks }),
            _ => self.refuse(at.to_string(), "the field is of another type now"),
        }
    }
}

fn asks(field: &Field, op: Op, operand: &Operand) -> Option<Asks> {
    let key = |literal: &Literal| key(field, literal);
    let text = |literal: &Literal| match literal {
        Literal::Text(text) => Some((field.spelling)(text)),
        _ => None,
    };
    let days = |literal: &Literal| match literal {
        Literal::Number(Number::Integer(days)) => Some(*days),
        _ => None,
    };
    Some(match (op, operand) {
        (Op::Exists | Op::NotExists, _) => Asks::Present,
        (Op::IsToday, _) => Asks::Today,
        (Op::Eq | Op::Ne, Operand::One(value)) => Asks::Among(vec![key(value)?]),
        (Op::In | Op::NotIn, Operand::Many(values)) => Asks::Among(values.iter().map(key).collect::<Option<_>>()?),
        (Op::HasAll, Operand::Many(values)) => Asks::AllOf(values.iter().map(key).collect::<Option<_>>()?),
        (Op::Contains, Operand::One(value)) if matches!(field.field_type, FieldType::TextList | FieldType::IdList) => {
            Asks::Among(vec![key(value)?])
        }
        (Op::Contains, Operand::One(value)) => Asks::Contains(text(value)?),
        (Op::StartsWith, Operand::One(value)) => Asks::StartsWith(text(value)?),
        (Op::WithinLastDays, Operand::One(value)) => Asks::WithinLast(days(value)?),
        (Op::MoreThanDaysAgo, Operand::One(value)) => Asks::MoreThanAgo(days(value)?),
        (Op::WithinNextDays, Operand::One(value)) => Asks::WithinNext(days(value)?),
        (Op::Gt, Operand::One(value)) => bounds(field, Some((value, false)), None)?,
        (Op::Gte, Operand::One(value)) => bounds(field, Some((value, true)), None)?,
        (Op::Lt, Operand::One(value)) => bounds(field, None, Some((value, false)))?,
        (Op::Lte, Operand::One(value)) => bounds(field, None, Some((value, true)))?,
        (Op::Between, Operand::Range(low, high)) => bounds(field, Some((low, true)), Some((high, true)))?,
        _ => return None,
    })
}

fn key(field: &Field, literal: &Literal) -> Option<Key> {
    Some(match (&field.field_type, literal) {
        (FieldType::Text | FieldType::TextList | FieldType::OneOf(_), Literal::Text(text)) => {
            Key::Text((field.spelling)(text))
        }
        (FieldType::Number, Literal::Number(number)) => Key::Number(*number),
        (FieldType::Boolean, Literal::Boolean(boolean)) => Key::Boolean(*boolean),
        (FieldType::Instant, Literal::Text(text)) => Key::Instant(instant(text)?),
        (FieldType::Date, Literal::Text(text)) => Key::Date(date(text)?),
        (FieldType::Id | FieldType::IdList, Literal::Text(text)) => Key::Id(text.trim().parse().ok()?),
        _ => return None,
    })
}

fn bounds(field: &Field, low: Option<(&Literal, bool)>, high: Option<(&Literal, bool)>) -> Option<Asks> {
    let read = |bound: Option<(&Literal, bool)>| match bound {
        Some((literal, is_included)) => Some(Some((key(field, literal)?, is_included))),
        None => Some(None),
    };
    let (low, high) = (read(low)?, read(high)?);
    fn of<T>(bound: Option<(Key, bool)>, only: impl Fn(Key) -> Option<T>) -> Option<Option<(T, bool)>> {
        match bound {
            Some((key, is_included)) => Some(Some((only(key)?, is_included))),
            None => Some(None),
        }
    }
    let number = |key| if let Key::Number(number) = key { Some(number) } else { None };
    let moment = |key| if let Key::Instant(at) = key { Some(at) } else { None };
    let day = |key| if let Key::Date(date) = key { Some(date) } else { None };
    Some(match field.field_type {
        FieldType::Number => Asks::Numbers(Bounds { low: of(low, number)?, high: of(high, number)? }),
        FieldType::Instant => Asks::Instants(Bounds { low: of(low, moment)?, high: of(high, moment)? }),
        FieldType::Date => Asks::Dates(Bounds { low: of(low, day)?, high: of(high, day)? }),
        _ => return None,
    })
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.expr.serialize(serializer)
    }
}

impl utoipa::PartialSchema for Rule {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Expr as utoipa::PartialSchema>::schema()
    }
}
impl utoipa::ToSchema for Rule {
    fn name() -> std::borrow::Cow<'static, str> {
        <Expr as utoipa::ToSchema>::name()
    }
}
