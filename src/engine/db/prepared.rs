//! Statements that a connection should keep prepared although diesel cannot tell: SQL that no query builder can say
//! ([`prepared`]), and updates and inserts of several rows ([`crate::keep`]). And statements that it need not even put together
//! to recognise them ([`one_text`]).
//!
//! `diesel::sql_query` is parsed and planned anew at every use. Here the text is fixed and the values stand between its
//! pieces, so the connection recognises the statement: `prepared(["SELECT … WHERE id = ", ""], (value::<Guid, _>(id),))`.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use diesel::{QueryResult, RunQueryDsl};

/// A value and its type in the database.
#[derive(Debug)]
pub struct Value<T, V>(V, PhantomData<T>);

pub fn value<T, V>(value: V) -> Value<T, V> {
    Value(value, PhantomData)
}

/// A statement of `N` pieces with a value between each two.
#[derive(Debug)]
pub struct Prepared<const N: usize, V> {
    pieces: [&'static str; N],
    values: V,
}

pub fn prepared<const N: usize, V>(pieces: [&'static str; N], values: V) -> Prepared<N, V> {
    Prepared { pieces, values }
}

impl<const N: usize, V> QueryId for Prepared<N, V> {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<const N: usize, V> Query for Prepared<N, V> {
    type SqlType = Untyped;
}

impl<const N: usize, V, Conn> RunQueryDsl<Conn> for Prepared<N, V> {}

macro_rules! between {
    ($($t:ident $v:ident $at:tt),+) => {
        impl<DB, const N: usize, $($t, $v),+> QueryFragment<DB> for Prepared<N, ($(Value<$t, $v>,)+)>
        where
            DB: Backend $(+ HasSqlType<$t>)+,
            $($v: ToSql<$t, DB>,)+
        {
            fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                $(
                    pass.push_sql(self.pieces[$at]);
                    pass.push_bind_param::<$t, $v>(&self.values.$at.0)?;
                )+
                self.pieces.iter().skip([$($at),+].len()).for_each(|rest| pass.push_sql(rest));
                Ok(())
            }
        }
    };
}

between!(A Va 0);
between!(A Va 0, B Vb 1);
between!(A Va 0, B Vb 1, C Vc 2);
between!(A Va 0, B Vb 1, C Vc 2, D Vd 3);
between!(A Va 0, B Vb 1, C Vc 2, D Vd 3, E Ve 4);
between!(A Va 0, B Vb 1, C Vc 2, D Vd 3, E Ve 4, F Vf 5);
between!(A Va 0, B Vb 1, C Vc 2, D Vd 3, E Ve 4, F Vf 5, G Vg 6);
between!(A Va 0, B Vb 1, C Vc 2, D Vd 3, E Ve 4, F Vf 5, G Vg 6, H Vh 7);

/// A statement whose text is the same at every use.
#[derive(Debug)]
pub struct Kept<Q>(Q);

/// See [`crate::keep`].
pub fn kept<Q>(statement: Q) -> Kept<Q> {
    Kept(statement)
}

/// Executes an update, or an insert of few rows, that the connection keeps prepared: diesel has these parsed and planned anew
/// at every use, since their text could differ. Each text is kept, so there must be few.
#[macro_export]
macro_rules! keep {
    ($conn:expr, $statement:expr $(,)?) => {
        $crate::each_engine!($conn, c => $crate::engine::db::prepared::kept($statement).execute(c))
    };
}

impl<Q> QueryId for Kept<Q> {
    type QueryId = ();
    // By its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Kept<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q: Query> Query for Kept<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, Conn> RunQueryDsl<Conn> for Kept<Q> {}

/// A statement whose text follows from its type.
#[derive(Debug)]
pub struct OneText<Q>(Q);

/// Has the connection recognise a statement by its type and not put it together anew: where diesel cannot tell that the text is
/// always the same, as with PostgreSQL's `= ANY`, which takes any number of values as one.
pub fn one_text<Q: 'static>(statement: Q) -> OneText<Q> {
    OneText(statement)
}

impl<Q: 'static> QueryId for OneText<Q> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Q: Query> Query for OneText<Q> {
    type SqlType = Q::SqlType;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for OneText<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<Q, Conn> RunQueryDsl<Conn> for OneText<Q> {}
