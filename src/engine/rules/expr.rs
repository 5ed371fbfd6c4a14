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
        In = "in",
        NotIn = "not_in",
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
    /// `exists` and `not_exists` take none.
    None,
    One(Literal),
    /// `in` and `not_in`.
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
                match &comparison.operand {
                    Operand::None => {}
                    Operand::One(value) => map.serialize_entry("value", value)?,
                    Operand::Many(values) => map.serialize_entry("value", values)?,
                    Operand::Range(low, high) => map.serialize_entry("value", &[low, high])?,
                }
            }
        }
        map.end()
    }
}

impl utoipa::PartialSchema for Expr {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
        use utoipa::openapi::{Ref, RefOr};
        let itself = || RefOr::Ref(Ref::from_schema_name("Expr"));
        let node = |name: &str, schema: RefOr<utoipa::openapi::schema::Schema>| {
            ObjectBuilder::new().schema_type(Type::Object).property(name, schema).required(name)
        };
        let list = |least| RefOr::T(ArrayBuilder::new().items(itself()).min_items(least).build().into());
        let op = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Op::ALL.iter().map(|op| op.as_str()).collect::<Vec<_>>()));
        let value = ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("A text, number, boolean or RFC 3339 time; a list of them for in, not_in and between."));
        OneOfBuilder::new()
            .description(Some("A condition over the fields of one record."))
            .examples([serde_json::json!({"all": [
                {"field": "location.city", "op": "eq", "value": "Mumbai"},
                {"not": {"field": "industry", "op": "in", "value": ["Retail", "Hospitality"]}},
            ]})])
            .item(node("all", list(None)))
            .item(node("any", list(Some(1))))
            .item(node("not", itself()))
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Object)
                    .property("field", ObjectBuilder::new().schema_type(Type::String))
                    .property("op", op)
                    .property("value", value)
                    .required("field")
                    .required("op"),
            )
            .into()
    }
}
impl utoipa::ToSchema for Expr {
    fn name() -> std::borrow::Cow<'static, str> {
        "Expr".into()
    }
}
