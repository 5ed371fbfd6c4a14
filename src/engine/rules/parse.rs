//! From JSON to an expression: every wrong node is reported with its JSON pointer and with what would be right.

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};

use super::catalogue::{Catalogue, FieldType, lower};
use super::expr::{Aggregate, Comparison, Expr, Has, Literal, Measure, Op, Operand};
use super::number::Number;

/// How deep an expression may nest; a single comparison has depth 1.
pub const MAX_DEPTH: usize = 16;
/// How many nodes (`all`, `any`, `not` and comparisons together) an expression may have.
pub const MAX_NODES: usize = 200;
/// How many values `in` and `not_in` take.
pub const MAX_VALUES: usize = 500;
/// How many days back or ahead a relative time may lie: a century.
pub const MAX_DAYS: i64 = 36_500;
/// How many characters a text value or a field name may have.
pub const MAX_TEXT: usize = 500;

const SHAPES: &str =
    r#"expected {"all": […]}, {"any": […]}, {"not": {…}} {"has": "…"} or {"field": "…", "op": "eq", "value": …}"#;

impl Expr {
    /// Reads an expression that is the whole document.
    ///
    /// # Errors
    /// `request.invalid` with one field error per wrong node.
    pub fn parse(value: &Value, catalogue: &Catalogue) -> Result<Self> {
        Self::parse_at(value, catalogue, "")
    }

    /// Reads an expression that stands at `pointer` (for example `/condition`) of a larger document.
    ///
    /// # Errors
    /// As [`Expr::parse`]; the pointers begin with `pointer`.
    pub fn parse_at(value: &Value, catalogue: &Catalogue, pointer: &str) -> Result<Self> {
        Parser { catalogue: Some(catalogue), errors: Vec::new(), nodes: 0 }.finish(value, pointer)
    }
}

impl<'de> serde::Deserialize<'de> for Expr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
        structure(&value).map_err(|error| serde::de::Error::custom(error.message()))
    }
}

/// Reads an expression of ours back: limits, operators and shapes are checked, field names and types are not.
fn structure(value: &Value) -> Result<Expr> {
    Parser { catalogue: None, errors: Vec::new(), nodes: 0 }.finish(value, "")
}

struct Parser<'c> {
    catalogue: Option<&'c Catalogue>,
    errors: Vec<FieldError>,
    nodes: usize,
}

/// A wrong value is recorded where it is found; the walk goes on, so that one answer names them all.
impl Parser<'_> {
    fn finish(mut self, value: &Value, pointer: &str) -> Result<Expr> {
        let expr = self.node(value, pointer, 1);
        match expr {
            Some(expr) if self.errors.is_empty() => Ok(expr),
            _ => Err(Error::fields(self.errors)),
        }
    }

    fn wrong<T>(&mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Option<T> {
        self.errors.push(FieldError::new(pointer, code, detail));
        None
    }

    fn node(&mut self, value: &Value, at: &str, depth: usize) -> Option<Expr> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            // Said once, at the first node too many.
            if self.nodes == MAX_NODES + 1 {
                self.errors.push(too_large(at));
            }
            return None;
        }
        if depth > MAX_DEPTH {
            return self.wrong(at, "too_deep", format!("expected at most {MAX_DEPTH} levels; flatten this part"));
        }
        let Some(object) = value.as_object() else {
            return self.wrong(at, "invalid_type", SHAPES);
        };
        match object
            .keys()
            .find(|key| matches!(key.as_str(), "all" | "any" | "not" | "has" | "field"))
            .map(String::as_str)
        {
            Some(word @ ("all" | "any" | "not")) => self.group(object, word, at, depth),
            Some("has") => self.has(object, at, depth),
            Some(_) => self.comparison(object, at),
            None => self.wrong(at, "required", SHAPES),
        }
    }

    fn group(&mut self, object: &Map<String, Value>, word: &str, at: &str, depth: usize) -> Option<Expr> {
        self.only(object, &[word], at);
        let at = format!("{at}/{word}");
        let value = &object[word];
        if word == "not" {
            return Some(Expr::Not(Box::new(self.node(value, &at, depth + 1)?)));
        }
        let Some(list) = value.as_array() else {
            return self.wrong(at, "invalid_type", "expected a list of conditions");
        };
        if word == "any" && list.is_empty() {
            return self.wrong(at, "invalid_value", "expected at least one condition; an empty `any` never holds");
        }
        let mut parts = Vec::with_capacity(list.len().min(MAX_NODES));
        for (index, part) in list.iter().enumerate() {
            parts.extend(self.node(part, &format!("{at}/{index}"), depth + 1));
            if self.nodes > MAX_NODES {
                break;
            }
        }
        Some(if word == "all" { Expr::All(parts) } else { Expr::Any(parts) })
    }

    fn has(&mut self, object: &Map<String, Value>, at: &str, depth: usize) -> Option<Expr> {
        self.only(object, &["has", "where", "count", "sum", "last"], at);
        let noun_at = format!("{at}/has");
        let Some(noun) = object.get("has").and_then(Value::as_str).filter(|noun| !noun.is_empty()) else {
            return self.wrong(noun_at, "invalid_type", "expected what the record has, as text, such as bookings");
        };
        let before = self.catalogue;
        if let Some(catalogue) = before {
            let Some(others) = catalogue.find_others(noun) else {
                let known: Vec<_> = catalogue.nouns().collect();
                let known = if known.is_empty() { "nothing here".into() } else { known.join(", ") };
                return self.wrong(noun_at, "unknown_field", format!("expected one of: {known}"));
            };
            self.catalogue = Some(&others.fields);
        }
        let condition = object.get("where").map(|value| self.node(value, &format!("{at}/where"), depth + 1));
        let words: Vec<&str> = ["count", "sum", "last"].into_iter().filter(|word| object.contains_key(*word)).collect();
        let measure = match words.as_slice() {
            [] => Some(None),
            [word] => self.measure(word, &object[*word], &format!("{at}/{word}")).map(Some),
            [_, second, ..] => self.wrong(
                format!("{at}/{second}"),
                "invalid_value",
                "expected one of count, sum and last, not several",
            ),
        };
        self.catalogue = before;
        let condition = match condition {
            Some(condition) => Some(Box::new(condition?)),
            None => None,
        };
        Some(Expr::Has(Has { noun: noun.to_string(), condition, measure: measure? }))
    }

    /// `{"op": "gte", "value": 2}`, with a `field` where it is of one; in short `{"gte": 2}`.
    fn measure(&mut self, word: &str, value: &Value, at: &str) -> Option<Measure> {
        let shape = r#"expected an object such as {"op": "gte", "value": 2}"#;
        let Some(object) = value.as_object() else { return self.wrong(at, "invalid_type", shape) };
        let mut object = object.clone();
        let named = if word == "count" { None } else { Some(object.remove("field")) };
        let mut value_at = format!("{at}/value");
        if let ([(short, _)], false) = (object.iter().collect::<Vec<_>>().as_slice(), object.contains_key("op"))
            && short.parse::<Op>().is_ok()
        {
            value_at = format!("{at}/{short}");
            let short = (*short).clone();
            let value = object.remove(&short).unwrap_or_default();
            object.insert("op".into(), short.into());
            object.insert("value".into(), value);
        }
        self.only(&object, &["op", "operator", "value"], at);
        let of = match named {
            None => Some((Aggregate::Count, Some(FieldType::Number))),
            Some(named) => {
                let field = Map::from_iter(named.map(|named| ("field".to_string(), named)));
                self.field(&field, at).and_then(|(name, of)| {
                    let wanted = if word == "sum" { FieldType::Number } else { FieldType::Instant };
                    if of.as_ref().is_some_and(|of| *of != wanted) {
                        return self.wrong(
                            format!("{at}/field"),
                            "invalid_type",
                            format!("expected {}", wanted.noun()),
                        );
                    }
                    Some((if word == "sum" { Aggregate::Sum(name) } else { Aggregate::Last(name) }, of.map(|_| wanted)))
                })
            }
        };
        let op = self.op(&object, at);
        let ((of, field_type), op) = (of?, op?);
        let field_type = field_type.filter(|_| self.catalogue.is_some());
        self.fits(word, op, field_type.as_ref(), at)?;
        let operand = self.operand(object.get("value"), op, field_type.as_ref(), &value_at)?;
        Some(Measure { of, op, operand })
    }

    fn fits(&mut self, name: &str, op: Op, of: Option<&FieldType>, at: &str) -> Option<()> {
        let Some(of) = of.filter(|of| !of.operators().contains(&op)) else { return Some(()) };
        let offered: Vec<_> = of.operators().iter().map(|op| op.as_str()).collect();
        let detail = format!("{name} is {}; expected one of: {}", of.noun(), offered.join(", "));
        self.wrong(format!("{at}/op"), "invalid_value", detail)
    }

    fn comparison(&mut self, object: &Map<String, Value>, at: &str) -> Option<Expr> {
        self.only(object, &["field", "op", "operator", "value"], at);
        let field = self.field(object, at);
        let op = self.op(object, at);
        let (name, field_type) = field?;
        let op = op?;
        self.fits(&name, op, field_type.as_ref(), at)?;
        let operand = self.operand(object.get("value"), op, field_type.as_ref(), &format!("{at}/value"))?;
        Some(Expr::Compare(Comparison { field: name, op, operand }))
    }

    fn field(&mut self, object: &Map<String, Value>, at: &str) -> Option<(String, Option<FieldType>)> {
        let at = format!("{at}/field");
        let Some(name) = object.get("field").and_then(Value::as_str) else {
            return self.wrong(at, "invalid_type", "expected the name of a field as text");
        };
        if name.is_empty() || name.chars().count() > MAX_TEXT {
            return self.wrong(at, "invalid_value", format!("expected a field name of 1 to {MAX_TEXT} characters"));
        }
        let Some(catalogue) = self.catalogue else {
            return Some((name.to_string(), None));
        };
        match catalogue.type_of(name) {
            Some(field_type) => Some((name.to_string(), Some(field_type))),
            None => {
                let known: Vec<_> = catalogue.names().collect();
                self.wrong(at, "unknown_field", format!("no such field; expected one of: {}", known.join(", ")))
            }
        }
    }

    fn op(&mut self, object: &Map<String, Value>, at: &str) -> Option<Op> {
        let (key, value) = match (object.get("op"), object.get("operator")) {
            (Some(_), Some(_)) => {
                let at = format!("{at}/operator");
                return self.wrong(at, "invalid_value", "expected `op` or `operator`, not both; they mean the same");
            }
            (None, Some(value)) => ("operator", value),
            (Some(value), None) => ("op", value),
            (None, None) => return self.wrong(format!("{at}/op"), "required", "expected an operator such as eq"),
        };
        let at = format!("{at}/{key}");
        match value.as_str().map(str::parse) {
            Some(Ok(op)) => Some(op),
            Some(Err(expected)) => self.wrong(at, "invalid_value", expected),
            None => self.wrong(at, "invalid_type", "expected an operator such as eq, as text"),
        }
    }

    fn operand(&mut self, value: Option<&Value>, op: Op, of: Option<&FieldType>, at: &str) -> Option<Operand> {
        if matches!(op, Op::Exists | Op::NotExists | Op::IsToday) {
            return match value {
                None => Some(Operand::None),
                Some(_) => self.wrong(at, "unknown_field", format!("`{op}` takes no value; leave it out")),
            };
        }
        let Some(value) = value else {
            return self.wrong(at, "required", format!("`{op}` needs a value"));
        };
        match op {
            Op::In | Op::NotIn | Op::HasAll => match value.as_array() {
                Some(list) if (1..=MAX_VALUES).contains(&list.len()) => Some(Operand::Many(self.list(list, of, at)?)),
                _ => self.wrong(at, "invalid_type", format!("expected a list of 1 to {MAX_VALUES} values")),
            },
            Op::Between => match value.as_array().map(Vec::as_slice) {
                Some([low, high]) => {
                    let low = self.orderable(low, of, &format!("{at}/0"));
                    let high = self.orderable(high, of, &format!("{at}/1"));
                    self.range(low?, high?, at)
                }
                _ => self.wrong(at, "invalid_type", "expected [low, high]"),
            },
            Op::Gt | Op::Gte | Op::Lt | Op::Lte => self.orderable(value, of, at).map(Operand::One),
            Op::WithinLastDays | Op::MoreThanDaysAgo | Op::WithinNextDays => match value.as_i64() {
                Some(days @ 0..=MAX_DAYS) => Some(Operand::One(Literal::Number(days.into()))),
                _ => self.wrong(at, "invalid_value", format!("expected a whole number of days from 0 to {MAX_DAYS}")),
            },
            Op::Contains if of == Some(&FieldType::IdList) => self.literal(value, of, at).map(Operand::One),
            Op::Contains | Op::StartsWith => self.literal(value, Some(&FieldType::Text), at).map(Operand::One),
            _ => self.literal(value, of, at).map(Operand::One),
        }
    }

    fn list(&mut self, list: &[Value], of: Option<&FieldType>, at: &str) -> Option<Vec<Literal>> {
        let read: Vec<_> =
            list.iter().enumerate().map(|(index, value)| self.literal(value, of, &format!("{at}/{index}"))).collect();
        read.into_iter().collect()
    }

    fn range(&mut self, low: Literal, high: Literal, at: &str) -> Option<Operand> {
        let ascending = match (&low, &high) {
            (Literal::Number(low), Literal::Number(high)) => low <= high,
            (Literal::Text(low), Literal::Text(high)) => match (instant(low), instant(high)) {
                (Some(low), Some(high)) => low <= high,
                _ => date(low).is_some() && date(high).is_some() && date(low) <= date(high),
            },
            _ => false,
        };
        if ascending {
            Some(Operand::Range(low, high))
        } else {
            self.wrong(at, "invalid_value", "expected [low, high] of one kind with the lower value first")
        }
    }

    /// A number or a time: the two kinds that have an order.
    fn orderable(&mut self, value: &Value, of: Option<&FieldType>, at: &str) -> Option<Literal> {
        match self.literal(value, of, at)? {
            Literal::Text(text) if instant(&text).is_none() && date(&text).is_none() => {
                let expected = "expected a number, an RFC 3339 time such as 2026-11-20T09:00:00Z or a date";
                self.wrong(at, "invalid_type", expected)
            }
            Literal::Boolean(_) => self.wrong(at, "invalid_type", "expected a number or a time"),
            literal => Some(literal),
        }
    }

    fn literal(&mut self, value: &Value, of: Option<&FieldType>, at: &str) -> Option<Literal> {
        let literal = match value {
            Value::String(text) if text.trim().is_empty() => {
                let detail = "expected a text that is not blank; use exists or not_exists to ask for blanks";
                return self.wrong(at, "invalid_value", detail);
            }
            Value::String(text) if text.chars().count() > MAX_TEXT => {
                return self.wrong(at, "too_long", format!("expected at most {MAX_TEXT} characters"));
            }
            Value::String(text) => Literal::Text(text.clone()),
            Value::Bool(boolean) => Literal::Boolean(*boolean),
            Value::Number(number) => match Number::from_json(number) {
                Some(number) => Literal::Number(number),
                None => return self.wrong(at, "invalid_value", "expected an integer that fits 64 bits"),
            },
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let expected = of.map_or_else(|| "a text, a number or true or false".into(), literal_noun);
                return self.wrong(at, "invalid_type", format!("expected {expected}"));
            }
        };
        let Some(field_type) = of else { return Some(literal) };
        let fits = match (field_type, &literal) {
            (FieldType::Text | FieldType::TextList, Literal::Text(_)) => true,
            (FieldType::OneOf(words), Literal::Text(text)) => words.iter().any(|word| *word == lower(text)),
            (FieldType::Instant, Literal::Text(text)) => instant(text).is_some(),
            (FieldType::Date, Literal::Text(text)) => date(text).is_some(),
            (FieldType::Id | FieldType::IdList, Literal::Text(text)) => text.trim().parse::<Uuid>().is_ok(),
            (FieldType::Number, Literal::Number(_)) | (FieldType::Boolean, Literal::Boolean(_)) => true,
            _ => false,
        };
        if fits {
            Some(literal)
        } else {
            let code = if matches!(field_type, FieldType::OneOf(_)) { "invalid_value" } else { "invalid_type" };
            self.wrong(at, code, format!("expected {}", literal_noun(field_type)))
        }
    }

    fn only(&mut self, object: &Map<String, Value>, allowed: &[&str], at: &str) {
        for key in object.keys().filter(|key| !allowed.contains(&key.as_str())) {
            let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            self.errors.push(FieldError::new(
                pointer,
                "unknown_field",
                format!("expected nothing beside `{}`", allowed.join("`, `")),
            ));
        }
    }
}

fn too_large(at: &str) -> FieldError {
    FieldError::new(
        at,
        "too_large",
        format!("expected at most {MAX_NODES} conditions; use `in` for alternatives of one field"),
    )
}

pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// `2026-11-20`, between 1900 and 9999.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let date: NaiveDate = text.parse().ok()?;
    ((1900..=9999).contains(&date.year()) && text.len() == 10).then_some(date)
}

fn literal_noun(of: &FieldType) -> String {
    match of {
        FieldType::Text | FieldType::TextList => "a text".into(),
        FieldType::Instant => "an RFC 3339 time such as 2026-11-20T09:00:00Z".into(),
        FieldType::Date => "a date such as 2026-11-20".into(),
        FieldType::Id | FieldType::IdList => "an id".into(),
        FieldType::Number | FieldType::Boolean | FieldType::OneOf(_) | FieldType::DayOfYear => of.noun(),
    }
}
