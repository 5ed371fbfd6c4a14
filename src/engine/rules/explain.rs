//! Why a rule answered so: each part of it with its answer, and what was found in the record.

use serde_json::Value;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType};

use super::expr::{Comparison, Expr};
use super::facts::Facts;
use super::matching::those;
use super::moment::Moment;
use super::rule::{Node, Rule};

crate::text_enum! {
    /// What a part of a rule is.
    pub enum Told {
        /// Holds where every part does.
        All = "all",
        /// Holds where one part does.
        Any = "any",
        /// Holds where its part does not.
        Not = "not",
        /// A field compared with a value.
        Compare = "compare",
        /// What stands in other rows of the record.
        Has = "has",
    }
}

/// One part of a rule, and what it came to.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct Explanation {
    /// Where it stands in the rule; empty for the whole.
    #[schema(example = "/all/1")]
    pub pointer: String,
    pub kind: Told,
    pub holds: bool,
    /// Of a comparison: what is compared. Of other rows: what they are called.
    #[schema(example = "city")]
    pub field: Option<String>,
    /// How.
    #[schema(example = "eq")]
    pub op: Option<String>,
    /// What with, as the rule says it; null where the comparison takes nothing.
    #[schema(schema_with = compared_with, required = true)]
    pub value: Option<Value>,
    /// What the record has there; null where it has nothing. Of other rows, how many of them are meant, or what they come to.
    #[schema(schema_with = found_there, required = true)]
    pub found: Option<Value>,
    #[schema(no_recursion)]
    pub parts: Vec<Explanation>,
}

/// A text, number, flag or time, or a list of them: what any of them may be, a schema says by saying no type.
fn any(description: &str, example: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .description(Some(description))
        .examples([Value::from(example)])
        .build()
}

fn compared_with() -> Object {
    any("What with, as the rule says it; null where the comparison takes nothing.", "Mumbai")
}

fn found_there() -> Object {
    any(
        "What the record has there; null where it has nothing. Of other rows, how many of them are meant, or what they come to.",
        "Pune",
    )
}

impl Rule {
    /// Every part of the rule with its answer.
    pub fn explain(&self, facts: &dyn Facts, moment: &Moment) -> Explanation {
        told(self.expr(), &self.root, facts, moment, String::new())
    }
}

fn told(expr: &Expr, node: &Node, facts: &dyn Facts, moment: &Moment, pointer: String) -> Explanation {
    let holds = node.holds(facts, moment);
    let part = |kind, parts| Explanation {
        pointer: pointer.clone(),
        kind,
        holds,
        field: None,
        op: None,
        value: None,
        found: None,
        parts,
    };
    let all = |word: &str, exprs: &[Expr], nodes: &[Node]| -> Vec<Explanation> {
        let parts = exprs.iter().zip(nodes).enumerate();
        parts.map(|(at, (expr, node))| told(expr, node, facts, moment, format!("{pointer}/{word}/{at}"))).collect()
    };
    match (expr, node) {
        (Expr::All(exprs), Node::All(nodes)) => part(Told::All, all("all", exprs, nodes)),
        (Expr::Any(exprs), Node::Any(nodes)) => part(Told::Any, all("any", exprs, nodes)),
        (Expr::Not(expr), Node::Not(node)) => {
            part(Told::Not, vec![told(expr, node, facts, moment, format!("{pointer}/not"))])
        }
        (Expr::Compare(Comparison { field, op, operand }), Node::Test(test)) => Explanation {
            field: Some(field.clone()),
            op: Some(op.to_string()),
            value: operand.value(),
            found: facts.get(&test.field).told(),
            ..part(Told::Compare, Vec::new())
        },
        (Expr::Has(has), Node::Has { others, condition, measure }) => {
            let rows = those(facts, &others.noun, condition.as_deref(), moment);
            let found = match measure {
                Some(measure) => measure.fact(&rows).told(),
                None => Some(Value::from(rows.len())),
            };
            Explanation {
                field: Some(has.noun.clone()),
                op: has.measure.as_ref().map(|measure| measure.op.to_string()),
                value: has.measure.as_ref().and_then(|measure| measure.operand.value()),
                found,
                ..part(Told::Has, Vec::new())
            }
        }
        // A rule's nodes are made of its expression.
        _ => part(Told::All, Vec::new()),
    }
}
