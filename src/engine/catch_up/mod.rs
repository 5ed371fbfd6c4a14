//! What was stored before follows how the code keeps it now: spellings, search words, keys.
//!
//! A folder that changes how it writes a column down says so in a [`CatchUp`]: a version, and how a batch of rows is brought
//! up to it. Once per database and version a job goes through the table by its key, a few rows a transaction, while
//! everything else goes on; how far it is stands in `platform_facts`, so it goes on where it was interrupted. An hour after
//! the end it looks once more: on PostgreSQL a process of the version before may have gone on writing meanwhile. A batch
//! changes nothing that is right already, so looking twice is harmless. Raising the version starts it again.

mod progress;
mod run;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::db::PlatformTx;
use crate::base::crypto::MasterKey;
use crate::base::{Error, Result};

pub use progress::{Progress, Standing, standings};
pub use run::{CATCH_UP, register, step};

/// One table, or one column of it, that is brought up to date.
#[derive(Clone)]
pub struct CatchUp {
    /// `table` or `table.column`, stable: it is stored.
    pub name: &'static str,
    /// Of everything that its values are computed with.
    pub version: String,
    pub batch: fn(&mut PlatformTx<'_>, &Reading<'_>) -> Result<Batch>,
}

/// Which rows are next.
pub struct Reading<'a> {
    after: Option<&'a serde_json::Value>,
    /// At most so many.
    pub limit: i64,
    pub key: &'a MasterKey,
}

impl<'a> Reading<'a> {
    pub fn new(after: Option<&'a serde_json::Value>, limit: i64, key: &'a MasterKey) -> Self {
        Self { after, limit, key }
    }

    /// The key of the last row of the batch before; `None` begins.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>> {
        self.after.map(|key| serde_json::from_value(key.clone())).transpose().map_err(Error::internal)
    }
}

/// What a batch did.
#[derive(Debug, Default)]
pub struct Batch {
    pub looked_at: i64,
    pub changed: i64,
    /// Where the next one begins; `None` at the end of the table.
    pub last: Option<serde_json::Value>,
}

impl Batch {
    /// Of these rows, in the order of their keys.
    pub fn of<R, K: Serialize>(reading: &Reading<'_>, rows: &[R], key: impl Fn(&R) -> K, changed: i64) -> Result<Self> {
        let looked_at = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let last = rows.last().filter(|_| looked_at >= reading.limit).map(|row| serde_json::to_value(key(row)));
        Ok(Self { looked_at, changed, last: last.transpose().map_err(Error::internal)? })
    }
}

/// Rows whose key of several columns comes after these values. The engines seek a comparison of whole rows in the key's
/// index, which they don't do for one that is taken apart.
#[macro_export]
macro_rules! beyond {
    ($columns:literal, $first:ty => $value:expr $(, $next:ty => $more:expr)+ $(,)?) => {
        ::diesel::dsl::sql::<::diesel::sql_types::Bool>(concat!("(", $columns, ") > ("))
            .bind::<$first, _>($value)
            $(.sql(", ").bind::<$next, _>($more))+
            .sql(")")
    };
}
