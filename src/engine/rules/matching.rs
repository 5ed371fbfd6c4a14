//! What a rule means for one record.
//!
//! A missing fact makes every comparison false, except `ne`, `not_in` and `not_exists`, which it makes true. A fact of
//! another type than its field counts as missing for that comparison. `ne` and `not_in` are exactly the opposite of `eq`
//! and `in`. Texts are compared in the spelling of their field, mostly trimmed and without regard to case, because people type
//! answers. Relative times of an instant are multiples of 24 hours; those of a date, and of a day of the year, are days of the
//! zone's calendar.

use std::cmp::Ordering;

use chrono::NaiveDate;

use super::catalogue::Field;
use super::facts::{Fact, Facts};
use super::moment::{Moment, later, plus};
use super::number::Number;
use super::rule::{Asks, Bounds, Gathers, Key, Measured, Node, Rule, Test};
use crate::base::time::Timestamp;

impl Rule {
    /// Does the record satisfy this rule at this moment?
    pub fn matches(&self, facts: &dyn Facts, moment: &Moment) -> bool {
        self.root.holds(facts, moment)
    }

    /// The next moment at which the answer may be another though the record stays as it is. It may come too early, never too late.
    pub fn changes_at(&self, facts: &dyn Facts, moment: &Moment) -> Option<Timestamp> {
        self.root.changes_at(facts, moment)
    }
}

impl Node {
    pub fn holds(&self, facts: &dyn Facts, moment: &Moment) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(facts, moment)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts, moment)),
            Self::Not(part) => !part.holds(facts, moment),
            Self::Test(test) => test.holds(&facts.get(&test.field), moment),
            Self::Has { others, condition, measure } => {
                let rows = those(facts, &others.noun, condition.as_deref(), moment);
                match measure {
                    None => !rows.is_empty(),
                    Some(measure) => measure.test.holds(&measure.fact(&rows), moment),
                }
            }
        }
    }

    fn changes_at(&self, facts: &dyn Facts, moment: &Moment) -> Option<Timestamp> {
        let first = |parts: &[Self]| parts.iter().filter_map(|part| part.changes_at(facts, moment)).min();
        match self {
            Self::All(parts) | Self::Any(parts) => first(parts),
            Self::Not(part) => part.changes_at(facts, moment),
            Self::Test(test) => test.changes_at(&facts.get(&test.field), moment),
            Self::Has { others, condition, measure } => {
                let inside = condition.as_ref().and_then(|condition| {
                    facts.rows(&others.noun).into_iter().filter_map(|row| condition.changes_at(row, moment)).min()
                });
                let of_all = measure.as_ref().and_then(|measure| {
                    let rows = those(facts, &others.noun, condition.as_deref(), moment);
                    measure.test.changes_at(&measure.fact(&rows), moment)
                });
                [inside, of_all].into_iter().flatten().min()
            }
        }
    }
}

/// The other rows of which the condition holds.
pub(super) fn those<'f>(
    facts: &'f dyn Facts,
    noun: &str,
    condition: Option<&Node>,
    moment: &Moment,
) -> Vec<&'f dyn Facts> {
    let mut rows = facts.rows(noun);
    if let Some(condition) = condition {
        rows.retain(|row| condition.holds(*row, moment));
    }
    rows
}

impl Measured {
    /// What these rows come to.
    pub fn fact(&self, rows: &[&dyn Facts]) -> Fact<'static> {
        let numbers = |field: &Field| -> Vec<Number> {
            let number = |row: &&dyn Facts| if let Fact::Number(number) = row.get(field) { Some(number) } else { None };
            rows.iter().filter_map(number).collect()
        };
        match &self.of {
            Gathers::Count => Fact::from(i64::try_from(rows.len()).unwrap_or(i64::MAX)),
            Gathers::Sum(field) => Fact::Number(numbers(field).into_iter().fold(Number::from(0), Number::plus)),
            Gathers::Last(field) => {
                let at = |row: &&dyn Facts| if let Fact::Instant(at) = row.get(field) { Some(at) } else { None };
                rows.iter().filter_map(at).max().map_or(Fact::Missing, Fact::Instant)
            }
        }
    }
}

impl Test {
    pub fn holds(&self, fact: &Fact<'_>, moment: &Moment) -> bool {
        let is_so = !fact.is_missing_in(self.field.spelling) && self.asks.of(fact, &self.field, moment);
        is_so != self.is_negated
    }

    fn changes_at(&self, fact: &Fact<'_>, moment: &Moment) -> Option<Timestamp> {
        let now = moment.now;
        let next = |turns: [Timestamp; 2]| turns.into_iter().filter(|at| *at > now).min();
        let day = |turns: [NaiveDate; 2]| next(turns.map(|date| moment.begins(date)));
        match (&self.asks, fact) {
            (Asks::WithinLast(days), Fact::Instant(at)) => next([*at, later(*at, *days)]),
            (Asks::MoreThanAgo(days), Fact::Instant(at)) => next([later(*at, *days); 2]),
            (Asks::WithinNext(days), Fact::Instant(at)) => next([later(*at, -*days), *at]),
            (Asks::Today, Fact::Date(date)) => day([*date, plus(*date, 1)]),
            (Asks::WithinLast(days), Fact::Date(date)) => day([*date, plus(*date, days + 1)]),
            (Asks::MoreThanAgo(days), Fact::Date(date)) => day([plus(*date, days + 1); 2]),
            (Asks::WithinNext(days), Fact::Date(date)) => day([plus(*date, -*days), plus(*date, 1)]),
            (Asks::Today, Fact::DayOfYear(of)) => {
                let kept = moment.next(*of);
                day([kept, plus(kept, 1)])
            }
            (Asks::WithinNext(days), Fact::DayOfYear(of)) => {
                let kept = moment.next(*of);
                day([plus(kept, -*days), plus(kept, 1)])
            }
            _ => None,
        }
    }
}

impl Asks {
    /// Of a value that is there.
    fn of(&self, fact: &Fact<'_>, field: &Field, moment: &Moment) -> bool {
        let spelled = |text: &str| (field.spelling)(text);
        let today = || moment.today();
        match (self, fact) {
            (Self::Present, _) => true,
            (Self::Among(keys), fact) => keys.iter().any(|key| key.is(fact, field)),
            (Self::AllOf(keys), fact) => keys.iter().all(|key| key.is(fact, field)),
            (Self::Contains(want), Fact::Text(have)) => spelled(have).contains(want),
            (Self::StartsWith(want), Fact::Text(have)) => spelled(have).starts_with(want),
            (Self::Numbers(bounds), Fact::Number(number)) => bounds.hold(number),
            (Self::Instants(bounds), Fact::Instant(at)) => bounds.hold(at),
            (Self::Dates(bounds), Fact::Date(date)) => bounds.hold(date),
            (Self::WithinLast(days), Fact::Instant(at)) => *at <= moment.now && *at > moment.days_ago(*days),
            (Self::MoreThanAgo(days), Fact::Instant(at)) => *at <= moment.days_ago(*days),
            (Self::WithinNext(days), Fact::Instant(at)) => *at > moment.now && *at <= moment.days_ago(-*days),
            (Self::Today, Fact::Date(date)) => *date == today(),
            (Self::WithinLast(days), Fact::Date(date)) => *date <= today() && *date >= plus(today(), -*days),
            (Self::MoreThanAgo(days), Fact::Date(date)) => *date < plus(today(), -*days),
            (Self::WithinNext(days), Fact::Date(date)) => *date >= today() && *date <= plus(today(), *days),
            (Self::Today, Fact::DayOfYear(day)) => moment.comes_within(*day, 0),
            (Self::WithinNext(days), Fact::DayOfYear(day)) => moment.comes_within(*day, *days),
            _ => false,
        }
    }
}

impl Key {
    /// A list is equal to each of its members; so `in` asks whether two lists share one.
    fn is(&self, fact: &Fact<'_>, field: &Field) -> bool {
        match (self, fact) {
            (Self::Text(want), Fact::Text(have)) => (field.spelling)(have) == *want,
            (Self::Text(want), Fact::List(items)) => items.iter().any(|item| (field.spelling)(item) == *want),
            (Self::Number(want), Fact::Number(have)) => have == want,
            (Self::Boolean(want), Fact::Boolean(have)) => have == want,
            (Self::Instant(want), Fact::Instant(have)) => have == want,
            (Self::Date(want), Fact::Date(have)) => have == want,
            (Self::Id(want), Fact::Id(have)) => have == want,
            (Self::Id(want), Fact::Ids(ids)) => ids.contains(want),
            _ => false,
        }
    }
}

impl<T: PartialOrd> Bounds<T> {
    fn hold(&self, value: &T) -> bool {
        let above = |(low, is_included): &(T, bool)| match value.partial_cmp(low) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => *is_included,
            _ => false,
        };
        let below = |(high, is_included): &(T, bool)| match value.partial_cmp(high) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => *is_included,
            _ => false,
        };
        self.low.as_ref().is_none_or(above) && self.high.as_ref().is_none_or(below)
    }
}
