//! `INSERT … ON CONFLICT DO NOTHING` for one row, through the connection enum.

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
