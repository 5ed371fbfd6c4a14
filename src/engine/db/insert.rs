//! What the connection enum lacks for inserts: `ON CONFLICT DO NOTHING`, an answer to a question, and several rows by a
//! statement that is kept.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};

use super::conn::{DbConn, MultiBackend};

/// Wraps an insert statement; executing it answers 1 when the row is new and 0 when any unique key already holds it.
#[derive(Debug, Clone, Copy)]
pub struct OrIgnore<Insert>(pub Insert);

impl<I> QueryId for OrIgnore<I> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<I: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for OrIgnore<I> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" ON CONFLICT DO NOTHING");
        Ok(())
    }
}

impl<I> RunQueryDsl<DbConn> for OrIgnore<I> {}

/// Inserts few rows: on PostgreSQL by a statement that is kept prepared for each number of rows. On SQLite one by one, because
/// several at once would be a savepoint around as many.
#[macro_export]
macro_rules! insert_few {
    ($conn:expr, $table:expr, $rows:expr $(,)?) => {
        match $conn {
            $crate::engine::db::DbConn::Postgres(conn) => {
                $crate::engine::db::prepared::kept(::diesel::insert_into($table).values($rows)).execute(conn)
            }
            $crate::engine::db::DbConn::Sqlite(conn) => $rows.iter().try_fold(0, |written, row| {
                Ok::<usize, ::diesel::result::Error>(written + ::diesel::insert_into($table).values(row).execute(conn)?)
            }),
        }
    };
}

/// Wraps an insert statement and answers a question with it: `.1` is an SQL condition, which may name the new row by its
/// table. One statement, whose text is the same every time, so that it is prepared once.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a, Insert>(pub Insert, pub &'a str);

impl<I> QueryId for Asking<'_, I> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<I: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Asking<'_, I> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" RETURNING (");
        pass.push_sql(self.1);
        pass.push_sql(")");
        Ok(())
    }
}

impl<I> diesel::query_builder::Query for Asking<'_, I> {
    type SqlType = diesel::sql_types::Bool;
}

impl<I> RunQueryDsl<DbConn> for Asking<'_, I> {}
