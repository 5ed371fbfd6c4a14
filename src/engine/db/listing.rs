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
use super::scope::TenantTx;
use crate::base::Result;
use crate::each_engine;

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
    index: Option<&'static str>,
    joined: Vec<Join>,
    pieces: Vec<Piece>,
}

struct Join {
    table: Boxed,
    on: Boxed,
}

impl<T: Table + Fragment + Default + 'static> From<Where<T>> for Rows {
    fn from(which: Where<T>) -> Self {
        Self { table: Box::new(T::default()), index: None, joined: Vec::new(), pieces: which.pieces }
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

    /// Has SQLite read the table by this index: it does not know how few rows a condition leaves.
    pub fn by_index(mut self, index: &'static str) -> Self {
        self.index = Some(index);
        self
    }

    fn walk<'b, DB: Dialect>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(" FROM ");
        DB::say(&*self.table, pass.reborrow())?;
        if let (Some(by_index), Some(index)) = (DB::BY_INDEX, self.index) {
            pass.push_sql(by_index);
            pass.push_sql(index);
        }
        for join in &self.joined {
            pass.push_sql(" INNER JOIN ");
            DB::say(&*join.table, pass.reborrow())?;
            pass.push_sql(" ON ");
            DB::say(&*join.on, pass.reborrow())?;
        }
        if !self.pieces.is_empty() {
            pass.push_sql(" WHERE ");
            walk_all(&self.pieces, pass)?;
        }
        Ok(())
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
        self.rows.walk(pass.reborrow())?;
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

/// How many rows there are of each value of a column.
pub struct Tally<C> {
    column: C,
    rows: Rows,
}

impl<C> QueryId for Tally<C> {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: Expression> Query for Tally<C> {
    type SqlType = (C::SqlType, BigInt);
}

impl<DB: Dialect, C: QueryFragment<DB>> QueryFragment<DB> for Tally<C> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("SELECT ");
        self.column.walk_ast(pass.reborrow())?;
        pass.push_sql(", count(*)");
        self.rows.walk(pass.reborrow())?;
        pass.push_sql(" GROUP BY ");
        self.column.walk_ast(pass)
    }
}

impl<C, Conn> RunQueryDsl<Conn> for Tally<C> {}

/// How many rows there are, counted up to a number.
pub struct Counted {
    rows: Rows,
    most: Boxed,
}

impl QueryId for Counted {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Counted {
    type SqlType = BigInt;
}

impl<DB: Dialect> QueryFragment<DB> for Counted {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("SELECT count(*) FROM (SELECT 1");
        self.rows.walk(pass.reborrow())?;
        pass.push_sql(" LIMIT ");
        DB::say(&*self.most, pass.reborrow())?;
        pass.push_sql(") AS counted");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for Counted {}

impl TenantTx<'_> {
    /// How many of these rows there are, and no more than `most`: those beyond are not looked for.
    pub fn count_up_to(&mut self, rows: impl Into<Rows>, most: i64) -> Result<i64> {
        let counted = Counted { rows: rows.into(), most: Box::new(most.into_sql::<BigInt>()) };
        Ok(each_engine!(self.conn(), conn => counted.get_result(conn)?))
    }

    /// How many of these rows there are of each value of this column.
    pub fn count_by<C, V>(&mut self, column: C, rows: Rows) -> Result<Vec<(V, i64)>>
    where
        Tally<C>: for<'q> LoadQuery<'q, PgConnection, (V, i64)> + for<'q> LoadQuery<'q, SqliteConnection, (V, i64)>,
    {
        let tally = Tally { column, rows };
        Ok(each_engine!(self.conn(), conn => tally.load(conn)?))
    }
}
