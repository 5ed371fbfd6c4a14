//! The statement of a list: rows of one table, or of several joined, in an order and up to a number.
//!
//! Its type knows only what is selected. So there is one statement a row type and engine, whatever the filters and orders.

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, BoolOrNullableBool};
use diesel::sqlite::Sqlite;
use diesel::{Expression, IntoSql, PgConnection, QueryResult, RunQueryDsl, Selectable, SqliteConnection, Table};

use super::conn::DbConn;
use super::filter::{Boxed, Dialect, Fragment, Part, Piece, Where, walk_all};
use crate::base::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Asc,
    Desc,
}

impl Direction {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Asc => " ASC",
            Self::Desc => " DESC",
        }
    }
    /// Further on in this direction.
    pub(super) fn further(self) -> &'static str {
        match self {
            Self::Asc => " > ",
            Self::Desc => " < ",
        }
    }
}

/// Which rows, of which tables.
pub struct Rows {
    table: Boxed,
    joined: Vec<Join>,
    pieces: Vec<Piece>,
}

struct Join {
    table: Boxed,
    on: Boxed,
}

impl<T: Table + Fragment + Default + 'static> From<Where<T>> for Rows {
    fn from(which: Where<T>) -> Self {
        Self { table: Box::new(T::default()), joined: Vec::new(), pieces: which.pieces }
    }
}

impl<T: Table + Fragment + Default + 'static> Where<T> {
    /// These rows, each with its row of another table.
    pub fn join<J, E>(self, table: J, on: E) -> Rows
    where
        J: Table + Fragment + 'static,
        E: Expression + Fragment + 'static,
        E::SqlType: BoolOrNullableBool,
    {
        let mut rows = Rows::from(self);
        rows.joined.push(Join { table: Box::new(table), on: Box::new(on) });
        rows
    }
}

impl Rows {
    /// Those of which this holds too, in a table that was joined.
    pub fn and<T>(self, part: Where<T, Part>) -> Self {
        self.with(part.pieces)
    }

    pub(super) fn with(mut self, pieces: Vec<Piece>) -> Self {
        self.pieces.extend(pieces);
        self
    }
}

/// A list's statement without what it selects.
pub struct Statement {
    rows: Rows,
    order: Vec<Boxed>,
    direction: Direction,
    limit: Boxed,
}

impl Statement {
    pub(super) fn new(rows: Rows, order: Vec<Boxed>, direction: Direction, limit: i64) -> Self {
        Self { rows, order, direction, limit: Box::new(limit.into_sql::<BigInt>()) }
    }

    fn walk<'b, DB: Dialect>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(" FROM ");
        DB::say(&*self.rows.table, pass.reborrow())?;
        for join in &self.rows.joined {
            pass.push_sql(" INNER JOIN ");
            DB::say(&*join.table, pass.reborrow())?;
            pass.push_sql(" ON ");
            DB::say(&*join.on, pass.reborrow())?;
        }
        if !self.rows.pieces.is_empty() {
            pass.push_sql(" WHERE ");
            walk_all(&self.rows.pieces, pass.reborrow())?;
        }
        for (at, column) in self.order.iter().enumerate() {
            pass.push_sql(if at == 0 { " ORDER BY " } else { ", " });
            DB::say(&**column, pass.reborrow())?;
            pass.push_sql(self.direction.word());
        }
        pass.push_sql(" LIMIT ");
        DB::say(&*self.limit, pass)
    }
}

/// A list's statement.
pub struct Select<S> {
    selected: S,
    statement: Statement,
}

impl<S> QueryId for Select<S> {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Expression> Query for Select<S> {
    type SqlType = S::SqlType;
}

impl<DB: Dialect, S: QueryFragment<DB>> QueryFragment<DB> for Select<S> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("SELECT ");
        self.selected.walk_ast(pass.reborrow())?;
        self.statement.walk(pass)
    }
}

impl<S, Conn> RunQueryDsl<Conn> for Select<S> {}

/// What a list can be of: a row that is `Selectable`, or several as a tuple.
pub trait Listed: Sized + 'static {
    #[doc(hidden)]
    fn load(conn: &mut DbConn, statement: Statement) -> Result<Vec<Self>>;
}

type Selected<R, DB> = Select<<R as Selectable<DB>>::SelectExpression>;

impl<R> Listed for R
where
    R: Selectable<Pg> + Selectable<Sqlite> + 'static,
    Selected<R, Pg>: for<'q> LoadQuery<'q, PgConnection, R>,
    Selected<R, Sqlite>: for<'q> LoadQuery<'q, SqliteConnection, R>,
{
    fn load(conn: &mut DbConn, statement: Statement) -> Result<Vec<Self>> {
        Ok(match conn {
            DbConn::Postgres(conn) => selected::<Pg, R>(statement).load(conn)?,
            DbConn::Sqlite(conn) => selected::<Sqlite, R>(statement).load(conn)?,
        })
    }
}

fn selected<DB: Backend, R: Selectable<DB>>(statement: Statement) -> Selected<R, DB> {
    Select { selected: R::construct_selection(), statement }
}
