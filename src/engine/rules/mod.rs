//! One small expression language for segments, scoring rules, routing rules, sequence conditions and list filters.
//!
//! `{"all": [{"field": "location.city", "op": "eq", "value": "Mumbai"}, {"any": […]}, {"not": …}]}`
//!
//! [`Expr::parse`] checks an expression against a [`Catalogue`] of typed fields and points at every wrong node;
//! [`Expr::matches`] evaluates it for one record seen through [`Facts`]. It refuses unknown fields, operators that make no
//! sense for a field's type, and anything deeper than [`MAX_DEPTH`] or larger than [`MAX_NODES`]. It knows no business noun:
//! whoever owns a record declares its catalogue and its facts. Next: `expr` for the shape, `matching` for the meaning.

mod catalogue;
mod expr;
mod facts;
mod matching;
mod number;
mod parse;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, FieldType};
pub use expr::{Comparison, Expr, Literal, Op, Operand};
pub use facts::{Fact, Facts};
pub use number::Number;
pub use parse::{MAX_DEPTH, MAX_NODES, MAX_TEXT, MAX_VALUES};
