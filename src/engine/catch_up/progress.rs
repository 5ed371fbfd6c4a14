//! How far each is, as a row of `platform_facts`.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Batch, CatchUp};
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::platform_facts as facts;

/// When it looks once more after it came to the end.
const ONCE_MORE_AFTER: chrono::Duration = chrono::Duration::hours(1);

crate::text_enum! {
    /// How far it is.
    pub enum Standing {
        /// Not begun.
        Waiting = "waiting",
        /// Under way.
        Running = "running",
        /// Every row was looked at.
        Done = "done",
    }
}

/// As it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub version: String,
    /// The key of the last row that was looked at, in this round.
    after: Option<serde_json::Value>,
    pub looked_at: i64,
    pub changed: i64,
    pub started_at: Timestamp,
    /// The end of the first round.
    pub finished_at: Option<Timestamp>,
    once_more_at: Option<Timestamp>,
}

impl Progress {
    fn begun(version: &str, now: Timestamp) -> Self {
        let version = version.into();
        Self { version, after: None, looked_at: 0, changed: 0, started_at: now, finished_at: None, once_more_at: None }
    }

    pub(super) fn after(&self) -> Option<&serde_json::Value> {
        self.after.as_ref()
    }

    /// Is there something to do?
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.finished_at.is_none() || self.once_more_at.is_some_and(|at| at <= now)
    }

    pub(super) fn advance(mut self, batch: Batch, now: Timestamp) -> Self {
        self.looked_at += batch.looked_at;
        self.changed += batch.changed;
        if batch.last.is_none() {
            self.once_more_at = self.finished_at.is_none().then(|| now.plus(ONCE_MORE_AFTER));
            self.finished_at = self.finished_at.or(Some(now));
        }
        self.after = batch.last;
        self
    }

    pub fn standing(&self) -> Standing {
        if self.finished_at.is_some() { Standing::Done } else { Standing::Running }
    }
}

fn name_of(one: &CatchUp) -> String {
    format!("catch_up:{}", one.name)
}

fn stored(tx: &mut PlatformTx<'_>, one: &CatchUp) -> Result<Option<String>> {
    Ok(facts::table.find(name_of(one)).select(facts::value).first(tx.conn()).optional()?)
}

/// Where it stands at this version; what an earlier version came to counts for nothing.
fn read(text: Option<&str>, one: &CatchUp) -> Option<Progress> {
    text.and_then(|text| serde_json::from_str::<Progress>(text).ok()).filter(|found| found.version == one.version)
}

/// Where each stands, in their order; `None`: not begun.
pub fn standings(tx: &mut PlatformTx<'_>, all: &[CatchUp]) -> Result<Vec<(CatchUp, Option<Progress>)>> {
    let names: Vec<String> = all.iter().map(name_of).collect();
    let rows: Vec<(String, String)> =
        facts::table.filter(facts::name.eq_any(names)).select((facts::name, facts::value)).load(tx.conn())?;
    let text = |one: &CatchUp| rows.iter().find(|(name, _)| *name == name_of(one)).map(|(_, value)| value.as_str());
    Ok(all.iter().map(|one| (one.clone(), read(text(one), one))).collect())
}

/// What one transaction goes on from.
pub(super) struct Mark {
    text: Option<String>,
    pub progress: Progress,
}

pub(super) fn begin(tx: &mut PlatformTx<'_>, one: &CatchUp) -> Result<Mark> {
    let (text, now) = (stored(tx, one)?, tx.now());
    let progress = read(text.as_deref(), one).unwrap_or_else(|| Progress::begun(&one.version, now));
    Ok(Mark { text, progress })
}

/// Writes how far it came.
///
/// # Errors
/// `storage.conflict` when another process went on from the same mark: what this one did is undone with it.
pub(super) fn save(tx: &mut PlatformTx<'_>, one: &CatchUp, mark: Mark, progress: &Progress) -> Result<()> {
    let (name, now) = (name_of(one), tx.now());
    let value = serde_json::to_string(progress).map_err(Error::internal)?;
    let written = match mark.text {
        None => {
            let row = (facts::name.eq(&name), facts::value.eq(&value), facts::written_at.eq(now));
            OrIgnore(diesel::insert_into(facts::table).values(row)).execute(tx.conn())?
        }
        Some(before) => diesel::update(facts::table.find(&name).filter(facts::value.eq(before)))
            .set((facts::value.eq(&value), facts::written_at.eq(now)))
            .execute(tx.conn())?,
    };
    if written == 1 {
        return Ok(());
    }
    Err(Error::conflict("storage.conflict", "Another process is at it."))
}
