//! One small expression language for segments, scoring rules, routing rules, sequence conditions and list filters.
//!
//! `{"all": [{"field": "location.city", "op": "eq", "value": "Mumbai"}, {"any": […]}, {"not": …}]}`
//!
//! [`Expr::parse`] checks an expression against a [`Catalogue`] of typed fields and points at every wrong node. A [`Rule`] is one whose
//! fields are found and whose values are read: it [matches](Rule::matches) a record seen through [`Facts`] at a [`Moment`], says the
//! same in SQL ([`Rule::rows`]), what it looks at ([`Rule::reads`]), when time alone may turn its answer ([`Rule::changes_at`]) and why
//! it answered so ([`Rule::explain`]). What is refused: unknown fields, operators that make no sense for a field's type, and anything
//! deeper than [`MAX_DEPTH`] or larger than [`MAX_NODES`]. It knows no business noun: whoever owns a record declares its catalogue and
//! its facts. Next: `expr` for the shape, `matching` for the meaning; docs/rules.md is what users read.

mod catalogue;
mod explain;
mod expr;
mod facts;
mod matching;
mod moment;
mod number;
mod parse;
mod rule;
mod source;
mod sql;
#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Field, FieldType, Others, Spelling};
pub use explain::{Explanation, Told};
pub use expr::{Aggregate, Comparison, Expr, Has, Literal, Measure, Op, Operand, Written};
pub use facts::{DayOfYear, Fact, Facts};
pub use moment::Moment;
pub use number::Number;
pub use parse::{MAX_DAYS, MAX_DEPTH, MAX_NODES, MAX_TEXT, MAX_VALUES};
pub use rule::Rule;
pub use source::{Link, Source};
