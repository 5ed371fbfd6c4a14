//! Where fields stand, and how rows of another table belong to a record.

use std::sync::Arc;

use diesel::QueryResult;
use diesel::expression::Expression;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::sqlite::Sqlite;

use crate::base::id::TenantId;
use crate::engine::db::filter::{Boxed, ColumnOf, Dialect, Fragment, Part, Piece, Where, walk_all};

/// Makes a part of a statement; of one tenant.
type Make = Arc<dyn Fn(TenantId) -> Boxed + Send + Sync>;
type Pieces = Arc<dyn Fn(TenantId) -> Vec<Piece> + Send + Sync>;

/// Where a field stands.
#[derive(Clone)]
pub enum Source {
    /// One value of the row, null where there is none: a text in the spelling of the field, an integer, a flag, a moment, an id, a date
    /// as `2026-11-20`, a day of the year as [`DayOfYear::number`](super::DayOfYear::number).
    #[doc(hidden)]
    Value(Make),
    /// A number that may have a fraction.
    #[doc(hidden)]
    Decimal(Make),
    /// Whether there is a value.
    #[doc(hidden)]
    Present(Make),
    /// A list: one row of another table for each member.
    #[doc(hidden)]
    Members { link: Link, member: Make },
}

impl Source {
    pub fn column<C: Fragment + Copy + Sync + 'static>(column: C) -> Self {
        Self::Value(always(column))
    }

    /// A column of numbers that may have a fraction.
    pub fn decimal<C: Fragment + Copy + Sync + 'static>(column: C) -> Self {
        Self::Decimal(always(column))
    }

    /// A flag that says whether a column has a value.
    pub fn is_there<C: Fragment + Copy + Sync + 'static>(column: C) -> Self {
        Self::Present(always(column))
    }

    /// Any expression over the row, of one tenant: of the value that stands in a table of its own, a scalar subquery.
    pub fn computed<E: Expression + Fragment + 'static>(make: impl Fn(TenantId) -> E + Send + Sync + 'static) -> Self {
        Self::Value(Arc::new(move |tenant| Box::new(make(tenant)) as Boxed))
    }

    /// The members of a list, each in a row of another table.
    pub fn members<C: Fragment + Copy + Sync + 'static>(link: Link, member: C) -> Self {
        Self::Members { link, member: always(member) }
    }
}

fn always<C: Fragment + Copy + Sync + 'static>(column: C) -> Make {
    Arc::new(move |_| Box::new(column) as Boxed)
}

/// How rows of another table belong to a record.
#[derive(Clone)]
pub struct Link {
    record: Make,
    table: Make,
    owner: Make,
    among: Pieces,
}

impl Link {
    /// Those rows of `T` whose `owner` is the record's `record`, and of which `among` holds: that they are the tenant's, at least.
    pub fn new<T, R, O>(record: R, owner: O, among: impl Fn(TenantId) -> Where<T, Part> + Send + Sync + 'static) -> Self
    where
        T: diesel::Table + Fragment + Default + 'static,
        R: Fragment + Copy + Sync + 'static,
        O: ColumnOf<T> + Copy + Sync,
    {
        Self {
            record: always(record),
            table: Arc::new(|_| Box::new(T::default()) as Boxed),
            owner: always(owner),
            among: Arc::new(move |tenant| among(tenant).into_pieces()),
        }
    }

    /// There is such a row, and of it these hold.
    pub(super) fn is_there(&self, tenant: TenantId, pieces: Vec<Piece>) -> Piece {
        Piece::Other(Box::new(Owned {
            record: (self.record)(tenant),
            owner: (self.owner)(tenant),
            table: (self.table)(tenant),
            pieces: (self.among)(tenant).into_iter().chain(pieces).collect(),
        }))
    }

    pub(super) fn gathered(
        &self,
        tenant: TenantId,
        what: (&'static str, Option<Boxed>, &'static str),
        pieces: Vec<Piece>,
    ) -> Boxed {
        Box::new(Gathered {
            what,
            record: (self.record)(tenant),
            owner: (self.owner)(tenant),
            table: (self.table)(tenant),
            pieces: (self.among)(tenant).into_iter().chain(pieces).collect(),
        })
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// The record is the owner of such a row. Written so that an engine may begin with the rows, which may be few.
struct Owned {
    record: Boxed,
    owner: Boxed,
    table: Boxed,
    pieces: Vec<Piece>,
}

impl Owned {
    fn walk<'b, DB: Dialect>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        DB::say(&*self.record, pass.reborrow())?;
        pass.push_sql(" IN (SELECT ");
        DB::say(&*self.owner, pass.reborrow())?;
        pass.push_sql(" FROM ");
        DB::say(&*self.table, pass.reborrow())?;
        pass.push_sql(" WHERE ");
        walk_all(&self.pieces, pass.reborrow())?;
        pass.push_sql(")");
        Ok(())
    }
}

/// What the rows of a record come to.
struct Gathered {
    what: (&'static str, Option<Boxed>, &'static str),
    record: Boxed,
    owner: Boxed,
    table: Boxed,
    pieces: Vec<Piece>,
}

impl Gathered {
    fn walk<'b, DB: Dialect>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("(SELECT ");
        pass.push_sql(self.what.0);
        if let Some(column) = &self.what.1 {
            DB::say(&**column, pass.reborrow())?;
        }
        pass.push_sql(self.what.2);
        pass.push_sql(" FROM ");
        DB::say(&*self.table, pass.reborrow())?;
        pass.push_sql(" WHERE ");
        DB::say(&*self.owner, pass.reborrow())?;
        pass.push_sql(" = ");
        DB::say(&*self.record, pass.reborrow())?;
        pass.push_sql(" AND ");
        walk_all(&self.pieces, pass.reborrow())?;
        pass.push_sql(")");
        Ok(())
    }
}

macro_rules! walked {
    ($($part:ident),+) => {$(
        impl QueryFragment<Pg> for $part {
            fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                self.walk(pass)
            }
        }
        impl QueryFragment<Sqlite> for $part {
            fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
                self.walk(pass)
            }
        }
    )+};
}
walked!(Owned, Gathered);
