//! A rule as a condition on rows: the same answer as in memory, from one text for both engines.
//!
//! A field says where it stands ([`Source`]), other rows how they belong to the record ([`Link`]). Texts are compared as they stand in
//! their column, which holds them in the spelling of the field: nothing is folded in SQL, where each engine would do it in its own
//! way. A comparison with a value that is missing does not hold, and what does not hold, holds negated, as in memory.

use diesel::IntoSql;
use diesel::sql_types::{BigInt, Bool, Double, Integer, Text};

use super::catalogue::{Field, FieldType};
use super::moment::{Moment, plus};
use super::number::Number;
use super::rule::{Asks, Bounds, Gathers, Key, Measured, Node, Rule, Test};
use super::source::{Link, Source};
use crate::base::id::{Guid, RawId, TenantId};
use crate::base::time::{Instant, Timestamp};
use crate::engine::db::dialect::{like_contains, like_starts};
use crate::engine::db::filter::{Boxed, Part, Piece, Values, Where};

/// Of which tenant, and when.
struct Saying<'m> {
    tenant: TenantId,
    moment: &'m Moment,
}

impl Rule {
    /// Those rows of `T` that satisfy the rule at this moment; the fields' sources are columns of `T`, and what belongs to its rows. A
    /// field without a source has no value there.
    pub fn rows<T>(&self, tenant: TenantId, moment: &Moment) -> Where<T, Part> {
        let saying = Saying { tenant, moment };
        Where::of_pieces(saying.all(&self.root))
    }
}

/// Holds for none.
fn never() -> Vec<Piece> {
    vec![Piece::Any(Vec::new())]
}

impl Saying<'_> {
    fn all(&self, node: &Node) -> Vec<Piece> {
        match node {
            Node::All(parts) => parts.iter().flat_map(|part| self.all(part)).collect(),
            Node::Any(parts) => vec![Piece::Any(parts.iter().map(|part| self.all(part)).collect())],
            Node::Not(part) => vec![Piece::Not(self.all(part))],
            Node::Test(test) => match &test.field.source {
                Some(source) => self.test(test, source),
                None if test.is_negated => Vec::new(),
                None => never(),
            },
            Node::Has { others, condition, measure } => {
                let pieces = || condition.as_ref().map(|condition| self.all(condition)).unwrap_or_default();
                match (&others.link, measure) {
                    (Some(link), None) => vec![link.is_there(self.tenant, pieces())],
                    (Some(link), Some(measure)) => self.measured(link, measure, &pieces),
                    (None, _) => never(),
                }
            }
        }
    }

    fn measured(&self, link: &Link, measure: &Measured, pieces: &dyn Fn() -> Vec<Piece>) -> Vec<Piece> {
        let (before, of, after) = match &measure.of {
            Gathers::Count => ("COUNT(*)", None, ""),
            Gathers::Sum(field) => ("COALESCE(SUM(", Some(field), "), 0)"),
            Gathers::Last(field) => ("MAX(", Some(field), ")"),
        };
        let (make, is_decimal) = match of.map(|field| &field.source) {
            None => (None, false),
            Some(Some(Source::Value(make))) => (Some(make), false),
            Some(Some(Source::Decimal(make))) => (Some(make), true),
            Some(_) => return never(),
        };
        let Measured { test: Test { field, is_negated, asks }, .. } = measure;
        let what = || (before, make.map(|make| make(self.tenant)), after);
        self.scalar(asks, field, *is_negated, is_decimal, &|| link.gathered(self.tenant, what(), pieces()))
    }

    fn test(&self, test: &Test, source: &Source) -> Vec<Piece> {
        let Test { field, is_negated, asks } = test;
        match source {
            Source::Value(make) => self.scalar(asks, field, *is_negated, false, &|| make(self.tenant)),
            Source::Decimal(make) => self.scalar(asks, field, *is_negated, true, &|| make(self.tenant)),
            Source::Present(make) => {
                let present = match asks {
                    Asks::Among(keys) => keys.contains(&Key::Boolean(true)),
                    _ => return if *is_negated { never() } else { Vec::new() },
                };
                let column = make(self.tenant);
                vec![if present != *is_negated { Piece::Present(column) } else { Piece::Missing(column) }]
            }
            Source::Members { link, member } => {
                let holding = |pieces| link.is_there(self.tenant, pieces);
                let column = || member(self.tenant);
                let pieces = match asks {
                    Asks::Present => vec![holding(Vec::new())],
                    Asks::Among(keys) => match among(field, keys, column(), false) {
                        Some(piece) => vec![holding(vec![piece])],
                        None => never(),
                    },
                    Asks::AllOf(keys) => {
                        let one = |key: &Key| among(field, std::slice::from_ref(key), column(), false);
                        keys.iter()
                            .flat_map(|key| one(key).map_or_else(never, |piece| vec![holding(vec![piece])]))
                            .collect()
                    }
                    _ => never(),
                };
                negated(*is_negated, pieces)
            }
        }
    }

    /// Of one value; `column` makes what is compared.
    fn scalar(
        &self,
        asks: &Asks,
        field: &Field,
        is_negated: bool,
        is_decimal: bool,
        column: &dyn Fn() -> Boxed,
    ) -> Vec<Piece> {
        let pieces = self.plain(asks, field, is_decimal, column).unwrap_or_else(never);
        negated(is_negated, pieces)
    }

    fn plain(&self, asks: &Asks, field: &Field, is_decimal: bool, column: &dyn Fn() -> Boxed) -> Option<Vec<Piece>> {
        let moment = self.moment;
        let is_date = field.field_type == FieldType::Date;
        let instants = |low, high| within(column, Bounds { low, high }, |at: &Timestamp| instant(*at));
        let dates = |low, high| within(column, Bounds { low, high }, date);
        let today = moment.today();
        Some(match asks {
            Asks::Present => vec![Piece::Present(column())],
            Asks::Among(keys) => vec![among(field, keys, column(), is_decimal)?],
            Asks::AllOf(_) => return None,
            Asks::Contains(text) => vec![like(column(), like_contains(text))],
            Asks::StartsWith(text) => vec![like(column(), like_starts(text))],
            Asks::Numbers(bounds) if is_decimal => within(column, bounds.clone(), |number: &Number| {
                Box::new(number.decimal().into_sql::<Double>()) as Boxed
            }),
            Asks::Numbers(bounds) => {
                within(column, whole(bounds)?, |number: &i64| Box::new((*number).into_sql::<BigInt>()) as Boxed)
            }
            Asks::Instants(Bounds { low, high }) => instants(*low, *high),
            Asks::Dates(Bounds { low, high }) => dates(*low, *high),
            Asks::WithinLast(days) if is_date => dates(Some((plus(today, -*days), true)), Some((today, true))),
            Asks::WithinLast(days) => instants(Some((moment.days_ago(*days), false)), Some((moment.now, true))),
            Asks::MoreThanAgo(days) if is_date => dates(None, Some((plus(today, -*days), false))),
            Asks::MoreThanAgo(days) => instants(None, Some((moment.days_ago(*days), true))),
            Asks::Today if is_date => dates(Some((today, true)), Some((today, true))),
            Asks::WithinNext(days) if is_date => dates(Some((today, true)), Some((plus(today, *days), true))),
            Asks::WithinNext(days) if field.field_type == FieldType::Instant => {
                instants(Some((moment.now, false)), Some((moment.days_ago(-*days), true)))
            }
            Asks::WithinNext(days) => days_of_year(moment, *days, column),
            Asks::Today => days_of_year(moment, 0, column),
        })
    }
}

fn days_of_year(moment: &Moment, days: i64, column: &dyn Fn() -> Boxed) -> Vec<Piece> {
    let integer = |number: &i32| Box::new((*number).into_sql::<Integer>()) as Boxed;
    let ranges = moment
        .days_ahead(days)
        .into_iter()
        .map(|(low, high)| within(column, Bounds { low: Some((low, true)), high: Some((high, true)) }, integer));
    vec![Piece::Any(ranges.collect())]
}

fn negated(is_negated: bool, pieces: Vec<Piece>) -> Vec<Piece> {
    if is_negated { vec![Piece::Not(pieces)] } else { pieces }
}

fn like(column: Boxed, pattern: String) -> Piece {
    Piece::Like { column, pattern: Box::new(pattern.into_sql::<Text>()) }
}

fn instant(at: Timestamp) -> Boxed {
    Box::new(at.into_sql::<Instant>())
}

fn date(date: &chrono::NaiveDate) -> Boxed {
    Box::new(date.to_string().into_sql::<Text>())
}

fn within<T>(column: &dyn Fn() -> Boxed, bounds: Bounds<T>, value: impl Fn(&T) -> Boxed) -> Vec<Piece> {
    let Bounds { low, high } = bounds;
    let mut pieces = Vec::with_capacity(2);
    let compare = |operator, of: &T| Piece::Compare { column: column(), operator, value: value(of) };
    if let Some((low, is_included)) = &low {
        pieces.push(compare(if *is_included { " >= " } else { " > " }, low));
    }
    if let Some((high, is_included)) = &high {
        pieces.push(compare(if *is_included { " <= " } else { " < " }, high));
    }
    pieces
}

/// The same bounds for integers; `None` where no integer lies within.
fn whole(bounds: &Bounds<Number>) -> Option<Bounds<i64>> {
    use std::cmp::Ordering::{Greater, Less};
    let low = match bounds.low {
        None => None,
        Some((number, is_included)) => match number.floor() {
            Ok(floor) if number.is_whole() => Some((floor, is_included)),
            Ok(floor) => Some((floor, false)),
            Err(Less) => None,
            Err(_) => return None,
        },
    };
    let high = match bounds.high {
        None => None,
        Some((number, is_included)) => match number.floor() {
            Ok(floor) if number.is_whole() => Some((floor, is_included)),
            Ok(floor) => Some((floor, true)),
            Err(Greater) => None,
            Err(_) => return None,
        },
    };
    // A value that is missing is within no bounds, so one of them is asked in any case.
    Some(Bounds { low: low.or((high.is_none()).then_some((i64::MIN, true))), high })
}

/// Equal to one of these; `None` where none can be equal to what stands in the column.
fn among(field: &Field, keys: &[Key], column: Boxed, is_decimal: bool) -> Option<Piece> {
    fn one_of<V: Clone>(
        column: Boxed,
        values: Vec<V>,
        bind: impl Fn(V) -> Boxed,
        all: impl Fn(Vec<V>) -> Boxed,
    ) -> Option<Piece> {
        match values.as_slice() {
            [] => None,
            [one] => Some(Piece::Compare { column, operator: " = ", value: bind(one.clone()) }),
            _ => Some(Piece::Among { column, values: all(values) }),
        }
    }
    let texts = |only: fn(&Key) -> Option<String>| -> Vec<String> { keys.iter().filter_map(only).collect() };
    let bind_text = |text: String| Box::new(text.into_sql::<Text>()) as Boxed;
    let all_texts = |texts: Vec<String>| Box::new(Values::<Text, String>::of(texts)) as Boxed;
    match field.field_type {
        FieldType::Text | FieldType::TextList | FieldType::OneOf(_) => {
            let texts = texts(|key| if let Key::Text(text) = key { Some(text.clone()) } else { None });
            one_of(column, texts, bind_text, all_texts)
        }
        FieldType::Date => {
            let texts = texts(|key| if let Key::Date(date) = key { Some(date.to_string()) } else { None });
            one_of(column, texts, bind_text, all_texts)
        }
        FieldType::Number => {
            let numbers =
                keys.iter().filter_map(|key| if let Key::Number(number) = key { Some(*number) } else { None });
            if is_decimal {
                let numbers: Vec<f64> = numbers.map(Number::decimal).collect();
                let bind = |number: f64| Box::new(number.into_sql::<Double>()) as Boxed;
                return one_of(column, numbers, bind, |all| Box::new(Values::<Double, f64>::of(all)) as Boxed);
            }
            let numbers: Vec<i64> = numbers.filter(|one| one.is_whole()).filter_map(|one| one.floor().ok()).collect();
            let bind = |number: i64| Box::new(number.into_sql::<BigInt>()) as Boxed;
            one_of(column, numbers, bind, |all| Box::new(Values::<BigInt, i64>::of(all)) as Boxed)
        }
        FieldType::Boolean => {
            let flags = keys.iter().filter_map(|key| if let Key::Boolean(flag) = key { Some(*flag) } else { None });
            let bind = |flag: bool| Box::new(flag.into_sql::<Bool>()) as Boxed;
            one_of(column, flags.collect(), bind, |all| Box::new(Values::<Bool, bool>::of(all)) as Boxed)
        }
        FieldType::Instant => {
            let at = keys.iter().filter_map(|key| if let Key::Instant(at) = key { Some(*at) } else { None });
            one_of(column, at.take(1).collect(), instant, |_| Box::new(Values::<Text, String>::of(Vec::new())) as Boxed)
        }
        FieldType::Id | FieldType::IdList => {
            let ids = keys.iter().filter_map(|key| if let Key::Id(id) = key { Some(RawId(*id)) } else { None });
            let bind = |id: RawId| Box::new(id.into_sql::<Guid>()) as Boxed;
            one_of(column, ids.collect(), bind, |all| Box::new(Values::<Guid, RawId>::of(all)) as Boxed)
        }
        FieldType::DayOfYear => None,
    }
}
