//! Which rows: a condition that is put together at run time and written for either engine.
//!
//! [`Where`] holds columns, operators and values, and becomes SQL only when the statement is made. Columns are diesel's own, so
//! a value of another type does not compile; what is compared is put aside in boxes, so the statement's type does not grow with
//! its filters, and the connection keeps it prepared by its text. A whole condition begins with the tenant's column
//! ([`Where::of`]) or says that it spans tenants ([`Where::everywhere`]); only such a one can be listed. Parts
//! ([`Where::part`]) are what [`Where::or`] and [`Where::not`] are made of.
//!
//! A condition is total: a comparison with a value that is missing does not hold, and what does not hold, holds negated
//! ([`Where::not`], [`Where::isnt`]). So `not(is(company, "ABC"))` finds rows without a company, as it would in memory.

mod declared;
mod fragment;
mod piece;
#[cfg(test)]
mod tests;

use std::marker::PhantomData;

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, BoolOrNullableBool, Nullable, SqlType, Text};
use diesel::{IntoSql, QueryResult};

use super::dialect::like_contains;
use super::scope::{PlatformTx, TenantTx};
use crate::base::id::TenantId;

pub(crate) use fragment::Boxed;
pub use fragment::{ColumnOf, Comparable, Dialect, Fragment, Values};
pub(crate) use piece::{Piece, walk_all};

/// A condition that says whose rows it is about.
#[derive(Debug, Clone, Copy)]
pub struct Whole;

/// A condition that is to become part of one.
#[derive(Debug, Clone, Copy)]
pub struct Part;

/// A condition on the rows of the table `T`; everything in it must hold. See the module.
pub struct Where<T, S = Whole> {
    pub(super) pieces: Vec<Piece>,
    kind: PhantomData<(T, S)>,
}

impl<T> Where<T> {
    /// This tenant's rows.
    pub fn of<C: ColumnOf<T>>(tx: &TenantTx<'_>, tenant_id: C) -> Self
    where
        TenantId: Comparable<C::SqlType>,
    {
        debug_assert_eq!(C::NAME, "tenant_id");
        Self::new().is(tenant_id, tx.tenant())
    }

    /// Rows of all tenants, for operators and routing.
    pub fn everywhere(_: &PlatformTx<'_>) -> Self {
        Self::new()
    }
}

impl<T> Where<T, Part> {
    /// Holds for every row, until something is added.
    pub fn part() -> Self {
        Self::new()
    }

    /// What a rule says.
    pub(crate) fn of_pieces(pieces: Vec<Piece>) -> Self {
        Self { pieces, kind: PhantomData }
    }

    pub(crate) fn into_pieces(self) -> Vec<Piece> {
        self.pieces
    }
}

/// Filters. What is given as an `Option` does not filter when it is `None`.
impl<T, S> Where<T, S> {
    fn new() -> Self {
        Self { pieces: Vec::new(), kind: PhantomData }
    }

    fn with(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    fn with_some(self, piece: Option<Piece>) -> Self {
        match piece {
            Some(piece) => self.with(piece),
            None => self,
        }
    }

    pub fn is<C: ColumnOf<T>>(self, column: C, value: impl Comparable<C::SqlType>) -> Self {
        self.with(Piece::compare(column, " = ", value.boxed()))
    }

    /// Also where there is no value.
    pub fn isnt<C: ColumnOf<T>>(self, column: C, value: impl Comparable<C::SqlType>) -> Self {
        self.with(Piece::Not(vec![Piece::compare(column, " = ", value.boxed())]))
    }

    pub fn eq<C: ColumnOf<T>>(self, column: C, value: Option<impl Comparable<C::SqlType>>) -> Self {
        self.with_some(value.map(|value| Piece::compare(column, " = ", value.boxed())))
    }

    /// One of these values; an empty list does not filter.
    pub fn any<C, V>(self, column: C, values: &[V]) -> Self
    where
        C: ColumnOf<T>,
        V: Comparable<C::SqlType> + Clone,
        Values<C::SqlType, V>: Fragment + 'static,
    {
        match values {
            [] => self,
            // What most callers ask for: on SQLite only this is kept prepared.
            [one] => self.is(column, one.clone()),
            many => self.with(Piece::Among { column: Box::new(column), values: Box::new(Values::of(many.to_vec())) }),
        }
    }

    /// `Some(None)`: there is no value.
    pub fn maybe<C, V, ST>(self, column: C, value: Option<Option<V>>) -> Self
    where
        C: ColumnOf<T> + Expression<SqlType = Nullable<ST>>,
        ST: SqlType,
        V: Comparable<Nullable<ST>>,
    {
        self.with_some(value.map(|value| match value {
            Some(value) => Piece::compare(column, " = ", value.boxed()),
            None => Piece::Missing(Box::new(column)),
        }))
    }

    /// Whether there is a value.
    pub fn has<C: ColumnOf<T>>(self, column: C, is_there: Option<bool>) -> Self {
        self.with_some(is_there.map(|is_there| match is_there {
            true => Piece::Present(Box::new(column)),
            false => Piece::Missing(Box::new(column)),
        }))
    }

    /// At this value or above it.
    pub fn since<C: ColumnOf<T>>(self, column: C, from: Option<impl Comparable<C::SqlType>>) -> Self {
        self.with_some(from.map(|from| Piece::compare(column, " >= ", from.boxed())))
    }

    /// Below this value.
    pub fn before<C: ColumnOf<T>>(self, column: C, until: Option<impl Comparable<C::SqlType>>) -> Self {
        self.with_some(until.map(|until| Piece::compare(column, " < ", until.boxed())))
    }

    /// Above this value.
    pub fn beyond<C: ColumnOf<T>>(self, column: C, value: Option<impl Comparable<C::SqlType>>) -> Self {
        self.with_some(value.map(|value| Piece::compare(column, " > ", value.boxed())))
    }

    /// Inclusive on both sides.
    pub fn within<C, V>(self, column: C, range: Option<(V, V)>) -> Self
    where
        C: ColumnOf<T> + Copy,
        V: Comparable<C::SqlType>,
    {
        let Some((low, high)) = range else { return self };
        self.with(Piece::compare(column, " >= ", low.boxed())).with(Piece::compare(column, " <= ", high.boxed()))
    }

    /// Holds one of these texts somewhere, spelled as they are; signs that mean something to `LIKE` stand for themselves.
    pub fn contains<C>(self, column: C, texts: &[String]) -> Self
    where
        C: ColumnOf<T> + Expression<SqlType = Text> + Copy,
    {
        let like = |text: &String| {
            vec![Piece::Like { column: Box::new(column), pattern: Box::new(like_contains(text).into_sql::<Text>()) }]
        };
        self.with(Piece::Any(texts.iter().map(like).collect()))
    }

    /// At least one of these holds; of none, none does.
    pub fn or(self, parts: impl IntoIterator<Item = Where<T, Part>>) -> Self {
        self.with(Piece::Any(parts.into_iter().map(|part| part.pieces).collect()))
    }

    /// This does not hold, or has no answer because a value is missing.
    pub fn not(self, part: Where<T, Part>) -> Self {
        self.with(Piece::Not(part.pieces))
    }

    pub fn and(mut self, part: Where<T, Part>) -> Self {
        self.pieces.extend(part.pieces);
        self
    }

    /// A condition in diesel's words, for what is not said here.
    pub fn that<E: Expression + Fragment + 'static>(self, condition: E) -> Self
    where
        E::SqlType: BoolOrNullableBool,
    {
        self.with(Piece::Other(Box::new(condition)))
    }
}

impl<T, S, DB: Dialect> QueryFragment<DB> for Where<T, S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        walk_all(&self.pieces, pass)
    }
}

impl<T, S> QueryId for Where<T, S> {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, S> Expression for Where<T, S> {
    type SqlType = Bool;
}

impl<T, S> AppearsOnTable<T> for Where<T, S> {}
impl<T, S> SelectableExpression<T> for Where<T, S> {}
impl<T, S, G> ValidGrouping<G> for Where<T, S> {
    type IsAggregate = is_aggregate::Never;
}
