//! Parts of statements in boxes, whose types no longer matter.

use std::marker::PhantomData;

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::query_source::Column;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, HasSqlType, SqlType};
use diesel::sqlite::Sqlite;

/// A part of a statement that both engines can say.
pub trait Fragment: QueryFragment<Pg> + QueryFragment<Sqlite> + Send {}
impl<T: QueryFragment<Pg> + QueryFragment<Sqlite> + Send> Fragment for T {}

pub(crate) type Boxed = Box<dyn Fragment>;

/// An engine that a [`Fragment`] is written for.
pub trait Dialect: Backend {
    /// What stands around the values that one is sought among. PostgreSQL takes them as one array, so that the statement's text
    /// is the same for any number.
    const AMONG: (&'static str, &'static str);
    /// PostgreSQL knows how common a text is only while it sees it, so a search is planned anew each time. A plan for any text
    /// would read every row.
    const PLANS_BY_VALUE: bool;
    /// What names the index to read a table by. PostgreSQL finds it by what it knows of the rows.
    const BY_INDEX: Option<&'static str>;
    fn say<'b>(part: &'b dyn Fragment, pass: AstPass<'_, 'b, Self>) -> QueryResult<()>
    where
        Self: Sized;
}

impl Dialect for Pg {
    const AMONG: (&'static str, &'static str) = (" = ANY(", ")");
    const PLANS_BY_VALUE: bool = true;
    const BY_INDEX: Option<&'static str> = None;
    fn say<'b>(part: &'b dyn Fragment, pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        QueryFragment::<Self>::walk_ast(part, pass)
    }
}

impl Dialect for Sqlite {
    const AMONG: (&'static str, &'static str) = (" IN (", ")");
    const PLANS_BY_VALUE: bool = false;
    const BY_INDEX: Option<&'static str> = Some(" INDEXED BY ");
    fn say<'b>(part: &'b dyn Fragment, pass: AstPass<'_, 'b, Self>) -> QueryResult<()> {
        QueryFragment::<Self>::walk_ast(part, pass)
    }
}

/// A column of the table `T`.
pub trait ColumnOf<T>: Column<Table = T> + Fragment + 'static {}
impl<T, C: Column<Table = T> + Fragment + 'static> ColumnOf<T> for C {}

/// What a column of the type `ST` can be compared with.
pub trait Comparable<ST> {
    fn boxed(self) -> Boxed;
}
impl<ST, V> Comparable<ST> for V
where
    ST: SqlType + TypedExpressionType,
    V: AsExpression<ST>,
    V::Expression: Fragment + 'static,
{
    fn boxed(self) -> Boxed {
        Box::new(self.as_expression())
    }
}

/// Values of the type `ST` that one is sought among.
#[derive(Debug)]
pub struct Values<ST, V>(Vec<V>, PhantomData<ST>);

impl<ST, V> Values<ST, V> {
    pub(crate) fn of(values: Vec<V>) -> Self {
        Self(values, PhantomData)
    }
}

impl<ST, V> QueryFragment<Pg> for Values<ST, V>
where
    ST: 'static,
    Pg: HasSqlType<Array<ST>>,
    Vec<V>: ToSql<Array<ST>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_bind_param::<Array<ST>, Vec<V>>(&self.0)
    }
}

impl<ST, V> QueryFragment<Sqlite> for Values<ST, V>
where
    Sqlite: HasSqlType<ST>,
    V: ToSql<ST, Sqlite>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        // Another text for each number of values.
        pass.unsafe_to_cache_prepared();
        for (at, value) in self.0.iter().enumerate() {
            pass.push_sql(if at == 0 { "" } else { ", " });
            pass.push_bind_param::<ST, V>(value)?;
        }
        Ok(())
    }
}
