//! What an expression means for one record.
//!
//! A missing fact makes every comparison false, except `ne`, `not_in` and `not_exists`, which it makes true. A fact of
//! another type than the value counts as missing for that comparison. `ne` and `not_in` are exactly the opposite of `eq`
//! and `in`. Texts are compared trimmed and without regard to case, because people type answers.

use std::cmp::Ordering;

use super::expr::{Comparison, Expr, Literal, Op, Operand};
use super::facts::{Fact, Facts};

impl Expr {
    /// Does the record satisfy this expression?
    pub fn matches(&self, facts: &dyn Facts) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(facts)),
            Self::Not(part) => !part.matches(facts),
            Self::Compare(comparison) => comparison.matches(facts),
        }
    }
}

impl Comparison {
    fn matches(&self, facts: &dyn Facts) -> bool {
        let fact = facts.get(&self.field);
        let missing = fact.is_missing();
        match (self.op, &self.operand) {
            (Op::Exists, _) => !missing,
            (Op::NotExists, _) => missing,
            (Op::Ne, Operand::One(value)) => missing || !equal(&fact, value),
            (Op::NotIn, Operand::Many(values)) => missing || !values.iter().any(|value| equal(&fact, value)),
            _ if missing => false,
            (Op::Eq, Operand::One(value)) => equal(&fact, value),
            (Op::In, Operand::Many(values)) => values.iter().any(|value| equal(&fact, value)),
            (Op::Contains, Operand::One(value)) => contains(&fact, value),
            (Op::StartsWith, Operand::One(value)) => starts_with(&fact, value),
            (Op::Gt, Operand::One(value)) => order(&fact, value).is_some_and(Ordering::is_gt),
            (Op::Gte, Operand::One(value)) => order(&fact, value).is_some_and(Ordering::is_ge),
            (Op::Lt, Operand::One(value)) => order(&fact, value).is_some_and(Ordering::is_lt),
            (Op::Lte, Operand::One(value)) => order(&fact, value).is_some_and(Ordering::is_le),
            (Op::Between, Operand::Range(low, high)) => {
                order(&fact, low).is_some_and(Ordering::is_ge) && order(&fact, high).is_some_and(Ordering::is_le)
            }
            // The parser gives every operator its own kind of operand.
            _ => false,
        }
    }
}

fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A list equals a value when the value is one of its members; so `in` asks whether the two lists share one.
fn equal(fact: &Fact<'_>, value: &Literal) -> bool {
    match (fact, value) {
        (Fact::Text(have), Literal::Text(want)) => folded(have) == folded(want),
        (Fact::List(items), Literal::Text(want)) => items.iter().any(|item| folded(item) == folded(want)),
        (Fact::Boolean(have), Literal::Boolean(want)) => have == want,
        _ => order(fact, value) == Some(Ordering::Equal),
    }
}

fn contains(fact: &Fact<'_>, value: &Literal) -> bool {
    match (fact, value) {
        (Fact::Text(have), Literal::Text(want)) => folded(have).contains(&folded(want)),
        (Fact::List(_), _) => equal(fact, value),
        _ => false,
    }
}

fn starts_with(fact: &Fact<'_>, value: &Literal) -> bool {
    matches!((fact, value), (Fact::Text(have), Literal::Text(want)) if folded(have).starts_with(&folded(want)))
}

/// `None` when the two have no order: texts, booleans, lists, and values of different types.
fn order(fact: &Fact<'_>, value: &Literal) -> Option<Ordering> {
    match (fact, value) {
        (Fact::Number(have), Literal::Number(want)) => have.partial_cmp(want),
        (Fact::Instant(have), Literal::Text(want)) => Some(have.cmp(&want.trim().parse().ok()?)),
        _ => None,
    }
}
