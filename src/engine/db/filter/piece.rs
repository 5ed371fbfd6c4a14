//! Conditions as values, and how they are written.

use diesel::QueryResult;
use diesel::query_builder::AstPass;

use super::fragment::{Boxed, Dialect, Fragment};

/// One condition.
pub(crate) enum Piece {
    Compare {
        column: Boxed,
        operator: &'static str,
        value: Boxed,
    },
    /// Columns together, as one value of several parts: the engines seek it in an index of these columns.
    Together {
        columns: Vec<Boxed>,
        operator: &'static str,
        values: Vec<Boxed>,
    },
    Like {
        column: Boxed,
        pattern: Boxed,
    },
    Among {
        column: Boxed,
        values: Boxed,
    },
    Missing(Boxed),
    Present(Boxed),
    Other(Boxed),
    Any(Vec<Vec<Piece>>),
    Not(Vec<Piece>),
}

impl Piece {
    pub fn compare(column: impl Fragment + 'static, operator: &'static str, value: Boxed) -> Self {
        Self::Compare { column: Box::new(column), operator, value }
    }

    fn walk<'b, DB: Dialect>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        match self {
            Self::Compare { column, operator, value } => {
                DB::say(&**column, pass.reborrow())?;
                pass.push_sql(operator);
                DB::say(&**value, pass)?;
            }
            Self::Together { columns, operator, values } => {
                walk_row(columns, pass.reborrow())?;
                pass.push_sql(operator);
                walk_row(values, pass)?;
            }
            Self::Like { column, pattern } => {
                if DB::PLANS_BY_VALUE {
                    pass.unsafe_to_cache_prepared();
                }
                DB::say(&**column, pass.reborrow())?;
                pass.push_sql(" LIKE ");
                DB::say(&**pattern, pass.reborrow())?;
                pass.push_sql(r" ESCAPE '\'");
            }
            Self::Among { column, values } => {
                DB::say(&**column, pass.reborrow())?;
                pass.push_sql(DB::AMONG.0);
                DB::say(&**values, pass.reborrow())?;
                pass.push_sql(DB::AMONG.1);
            }
            Self::Missing(column) => {
                DB::say(&**column, pass.reborrow())?;
                pass.push_sql(" IS NULL");
            }
            Self::Present(column) => {
                DB::say(&**column, pass.reborrow())?;
                pass.push_sql(" IS NOT NULL");
            }
            Self::Other(condition) => DB::say(&**condition, pass)?,
            Self::Any(parts) => between(parts, " OR ", "1=0", pass, |part, mut pass| {
                pass.push_sql("(");
                walk_all(part, pass.reborrow())?;
                pass.push_sql(")");
                Ok(())
            })?,
            Self::Not(part) => {
                pass.push_sql("(");
                walk_all(part, pass.reborrow())?;
                // Unlike `NOT`, this holds too where the comparison has no answer.
                pass.push_sql(") IS NOT TRUE");
            }
        }
        Ok(())
    }
}

fn walk_row<'b, DB: Dialect>(parts: &'b [Boxed], mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
    pass.push_sql("(");
    between(parts, ", ", "", pass.reborrow(), |part, pass| DB::say(&**part, pass))?;
    pass.push_sql(")");
    Ok(())
}

/// All of them; none asks for nothing.
pub(crate) fn walk_all<'b, DB: Dialect>(pieces: &'b [Piece], pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
    between(pieces, " AND ", "1=1", pass, |piece, mut pass| match piece {
        Piece::Any(_) | Piece::Not(_) | Piece::Other(_) => {
            pass.push_sql("(");
            piece.walk(pass.reborrow())?;
            pass.push_sql(")");
            Ok(())
        }
        plain => plain.walk(pass),
    })
}

fn between<'b, DB: Dialect, P>(
    parts: &'b [P],
    word: &str,
    none: &str,
    mut pass: AstPass<'_, 'b, DB>,
    walk: impl Fn(&'b P, AstPass<'_, 'b, DB>) -> QueryResult<()>,
) -> QueryResult<()> {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            pass.push_sql(word);
        }
        walk(part, pass.reborrow())?;
    }
    if parts.is_empty() {
        pass.push_sql(none);
    }
    Ok(())
}
