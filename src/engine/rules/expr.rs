//! The shape of an expression, in memory and as JSON.
//!
//! An expression serialises to the JSON it was parsed from; only aliases (`equals`, `operator`) come back in their short
//! spelling. Reading one back with serde checks its structure, not its fields: what came from outside goes through
//! [`Expr::parse`]. A time stays the text it was written as, so that nothing is lost on the way through storage.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::number::Number;

crate::text_enum! {
    /// How a field is compared with a value. Texts are compared without regard to case and outer spaces.
    pub enum Op {
        Eq = "eq" | "equals" | "=" | "==",
        Ne = "ne" | "not_equals" | "!=",
        /// One of these; of a list, any of its members.
        In = "in" | "has_any",
        NotIn = "not_in" | "has_none",
        /// Part of a text, or a member of a list.
        Contains = "contains",
        StartsWith = "starts_with",
        Gt = "gt" | "greater_than" | ">",
        Gte = "gte" | "greater_than_or_equal" | ">=",
        Lt = "lt" | "less_than" | "<",
        Lte = "lte" | "less_than_or_equal" | "<=",
        /// `[low, high]`, both included.
        Between = "between",
        Exists = "exists",
        NotExists = "not_exists",
        /// All of these are members of a list.
        HasAll = "has_all",
        /// A time at most so many days ago, and not in the future.
        WithinLastDays = "within_last_days",
        /// A time at least so many days ago.
        MoreThanDaysAgo = "more_than_days_ago",
        /// A time to come, at most so many days from now. Of a day of the year also today.
        WithinNextDays = "within_next_days",
        /// A date, or a day of the year, that is today.
        IsToday = "is_today",
    }
}

/// A condition about one record.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Every part holds; an empty list holds for every record.
    All(Vec<Expr>),
    /// At least one part holds; never empty.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Comparison),
    /// What stands in other rows that belong to the record.
    Has(Has),
}

/// `{"has": "bookings", "where": {…}, "count": {"op": "gte", "value": 2}}`: there are such rows, or what they come to compares so.
#[derive(Debug, Clone, PartialEq)]
pub struct Has {
    pub noun: String,
    /// Which of them; all where there is none.
    pub condition: Option<Box<Expr>>,
    /// `None`: at least one.
    pub measure: Option<Measure>,
}

/// What such rows come to, compared with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    pub of: Aggregate,
    pub op: Op,
    pub operand: Operand,
}

/// What is taken of several rows together.
#[derive(Debug, Clone, PartialEq)]
pub enum Aggregate {
    /// How many there are.
    Count,
    /// The sum of a number field; 0 of none.
    Sum(String),
    /// The latest of a time field; missing of none.
    Last(String),
}

impl Aggregate {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum(_) => "sum",
            Self::Last(_) => "last",
        }
    }
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::Count => None,
            Self::Sum(field) | Self::Last(field) => Some(field),
        }
    }
}

/// `{"field": …, "op": …, "value": …}`
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    pub field: String,
    pub op: Op,
    pub operand: Operand,
}

/// What stands under `value`.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `exists`, `not_exists` and `is_today` take none.
    None,
    One(Literal),
    /// `in`, `not_in` and `has_all`.
    Many(Vec<Literal>),
    /// `between`: low and high, both included.
    Range(Literal, Literal),
}

/// A value as written. A time is a text in RFC 3339.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Literal {
    Text(String),
    Number(Number),
    Boolean(bool),
}

impl Serialize for Expr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::All(parts) => map.serialize_entry("all", parts)?,
            Self::Any(parts) => map.serialize_entry("any", parts)?,
            Self::Not(part) => map.serialize_entry("not", part)?,
            Self::Compare(comparison) => {
                map.serialize_entry("field", &comparison.field)?;
                map.serialize_entry("op", &comparison.op)?;
                if let Some(value) = comparison.operand.value() {
                    map.serialize_entry("value", &value)?;
                }
            }
            Self::Has(has) => {
                map.serialize_entry("has", &has.noun)?;
                if let Some(condition) = &has.condition {
                    map.serialize_entry("where", condition)?;
                }
                if let Some(measure) = &has.measure {
                    map.serialize_entry(measure.of.word(), measure)?;
                }
            }
        }
        map.end()
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(field) = self.of.field() {
            map.serialize_entry("field", field)?;
        }
        map.serialize_entry("op", &self.op)?;
        if let Some(value) = self.operand.value() {
            map.serialize_entry("value", &value)?;
        }
        map.end()
    }
}

impl Operand {
    /// As it stands under `value`; `None` where nothing does.
    pub(super) fn value(&self) -> Option<serde_json::Value> {
        let json = |value: &Literal| serde_json::to_value(value).unwrap_or_default();
        match self {
            Self::None => None,
            Self::One(value) => Some(json(value)),
            Self::Many(values) => Some(values.iter().map(json).collect()),
            Self::Range(low, high) => Some([low, high].map(json).into_iter().collect()),
        }
    }
}

impl utoipa::PartialSchema for Expr {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
        use utoipa::openapi::{Ref, RefOr};
        let itself = || RefOr::Ref(Ref::from_schema_name("Rule"));
        let node = |name: &str, schema: RefOr<utoipa::openapi::schema::Schema>| {
            ObjectBuilder::new().schema_type(Type::Object).property(name, schema).required(name)
        };
        let list = |least| RefOr::T(ArrayBuilder::new().items(itself()).min_items(least).build().into());
        let op = || {
            let words = Op::ALL.iter().map(|op| op.as_str()).collect::<Vec<_>>();
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
        };
        let value = || {
            ObjectBuilder::new().schema_type(SchemaType::AnyValue).description(Some(
                "A text, number, boolean or RFC 3339 time; a list of them for in, not_in, has_all and between.",
            ))
        };
        let measure = |field: bool| {
            let object = ObjectBuilder::new().schema_type(Type::Object);
            let text = || ObjectBuilder::new().schema_type(Type::String);
            let object = if field { object.property("field", text()).required("field") } else { object };
            object.property("op", op()).property("value", value()).required("op")
        };
        OneOfBuilder::new()
            .description(Some("A condition over the fields of one record; docs/rules.md has the language."))
            .examples([serde_json::json!({"all": [
                {"field": "city", "op": "eq", "value": "Mumbai"},
                {"not": {"field": "tags", "op": "in", "value": ["vip", "staff"]}},
            ]})])
            .item(node("all", list(None)))
            .item(node("any", list(Some(1))))
            .item(node("not", itself()))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Object)
                    .property("has", ObjectBuilder::new().schema_type(Type::String))
                    .property("where", itself())
                    .property("count", measure(false))
                    .property("sum", measure(true))
                    .property("last", measure(true))
                    .required("has"),
            )
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Object)
                    .property("field", ObjectBuilder::new().schema_type(Type::String))
                    .property("op", op())
                    .property("value", value())
                    .required("field")
                    .required("op"),
            )
            .into()
    }
}
impl utoipa::ToSchema for Expr {
    fn name() -> std::borrow::Cow<'static, str> {
        "Rule".into()
    }
}

/// A rule as it stands in a body: it is read once the catalogue is known that it speaks of.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(transparent)]
pub struct Written(pub serde_json::Value);

/// By which members a part of a rule is known.
const PARTS: [&str; 5] = ["all", "any", "not", "has", "field"];

impl<'de> serde::Deserialize<'de> for Written {
    /// What is no rule at all is told with the rest of the body; what is wrong within one when it is read.
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(d)?;
        let is_part =
            |object: &serde_json::Map<String, serde_json::Value>| PARTS.iter().any(|part| object.contains_key(*part));
        if value.as_object().is_some_and(is_part) {
            return Ok(Self(value));
        }
        Err(serde::de::Error::custom("expected a rule: all, any, not, has, or a field with its op"))
    }
}

impl utoipa::PartialSchema for Written {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <Expr as utoipa::PartialSchema>::schema()
    }
}
impl utoipa::ToSchema for Written {
    fn name() -> std::borrow::Cow<'static, str> {
        <Expr as utoipa::ToSchema>::name()
    }
}
