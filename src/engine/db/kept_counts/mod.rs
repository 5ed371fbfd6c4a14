//! How many rows of each kind a tenant has, kept while they are written, so that no count reads them all.
//!
//! A [`Collection`] says what its rows are counted by. A writer notes what it changes ([`added`], [`changed`]); what a transaction
//! noted is added up and appended to the deltas at its end, in one statement for all collections, and waits for nobody. [`fold`] adds
//! the deltas to the counts from time to time. The number is what both say together, read by one statement ([`totals()`]), and exact
//! at every moment. Triggers would see every writer too, but a table with triggers cannot be spread over a cluster.

mod columns;
mod deltas;
mod totals;

use super::Engine;
pub use super::kinds::{FIELDS, Kind, flag, kind, spelled};
use super::scope::TenantTx;

pub use columns::Total;
pub(super) use deltas::append;
pub use deltas::{fold, recount, unfolded};
pub use totals::{By, Counts, told_by, totals};

/// A collection that is counted.
#[derive(Debug)]
pub struct Collection {
    /// Stored with each count.
    pub noun: &'static str,
    pub table: &'static str,
    /// What its rows are counted by, [`FIELDS`] at most, in an order that stays: names, and how SQL reads them of a row.
    pub fields: &'static [(&'static str, Read)],
}

/// How a value that is counted by is read of a row.
#[derive(Debug, Clone, Copy)]
pub enum Read {
    /// A column of texts.
    Word(&'static str),
    /// A column of ids, which may be null.
    Id(&'static str),
    /// Whether a condition holds.
    Whether(&'static str),
    /// An expression that both engines can say, and whose value is a text.
    Text(&'static str),
}

impl Read {
    fn sql(self, engine: Engine) -> String {
        match (self, engine) {
            (Self::Word(column) | Self::Text(column), _) => column.to_string(),
            (Self::Whether(condition), _) => format!("CASE WHEN {condition} THEN 'true' ELSE 'false' END"),
            (Self::Id(column), Engine::Postgres) => format!("COALESCE(replace(CAST({column} AS text), '-', ''), '')"),
            (Self::Id(column), Engine::Sqlite) => format!("COALESCE(lower(hex({column})), '')"),
        }
    }
}

fn note(tx: &mut TenantTx<'_>, of: &Collection, kind: Kind, by: i64) {
    let tenant = tx.tenant();
    *tx.platform().context.counted.borrow_mut().entry((tenant, of.noun, kind)).or_default() += by;
}

/// There is one more.
pub fn added(tx: &mut TenantTx<'_>, of: &Collection, kind: Kind) {
    note(tx, of, kind, 1);
}

/// One that was counted as this is written as that.
pub fn changed(tx: &mut TenantTx<'_>, of: &Collection, was: Kind, is: Kind) {
    if was != is {
        note(tx, of, was, -1);
        note(tx, of, is, 1);
    }
}
