//! What the connection enum lacks for a single row's insert: `ON CONFLICT DO NOTHING`, and an answer to a question.

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
