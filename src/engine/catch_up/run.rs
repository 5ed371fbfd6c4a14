//! The job that does it, and one step of it.

use std::sync::Arc;
use std::time::Duration;

use super::{CatchUp, Reading, progress};
use crate::base::crypto::MasterKey;
use crate::base::{ErrorKind, Result};
use crate::engine::db::{Db, PlatformScope, PlatformTx};
use crate::engine::jobs::{JobContext, JobKind, Outcome, Registry};

/// Brings what was stored before up to date; finds nothing to do once that is done.
pub static CATCH_UP: JobKind = JobKind::new("storage.catch_up").periodic().priority(9);

/// Rows of one transaction: a few milliseconds.
const ROWS: i64 = 200;
/// Transactions of one run. It ends long before it would be cut off, and the next one goes on.
const BATCHES: usize = 300;

/// `all` in the order in which they are done.
pub fn register(registry: &mut Registry, all: Vec<CatchUp>) {
    let all = Arc::new(all);
    registry.handle(&CATCH_UP, move |context| run(context, all.clone()));
    registry.every(Duration::from_secs(60), &CATCH_UP);
}

async fn run(context: JobContext, all: Arc<Vec<CatchUp>>) -> Result<Outcome> {
    let (db, key) = (&context.core.db, &context.core.master_key);
    let look = {
        let all = all.clone();
        move |tx: &mut PlatformTx<'_>| {
            let now = tx.now();
            let standings = progress::standings(tx, &all)?;
            let is_due = |found: &Option<progress::Progress>| found.as_ref().is_none_or(|found| found.is_due(now));
            Ok(standings.into_iter().filter(|(_, found)| is_due(found)).map(|(one, _)| one).collect::<Vec<_>>())
        }
    };
    let mut left = BATCHES;
    for one in db.read(context.platform_scope(), look).await? {
        let mut is_over = false;
        while !is_over && left > 0 {
            left -= 1;
            is_over = match step(db, key, &one, ROWS).await {
                // Another process does the same; it goes on, or the next run does.
                Err(error) if error.kind() == ErrorKind::Conflict => return Ok(Outcome::Done),
                done => done?,
            };
        }
    }
    Ok(Outcome::Done)
}

/// Looks at the next rows, at most `rows`; true when there is nothing more to do.
///
/// # Errors
/// `storage.conflict` when another process did the same at the same time; nothing of this step is written then.
pub async fn step(db: &Db, key: &MasterKey, one: &CatchUp, rows: i64) -> Result<bool> {
    let (one, key) = (one.clone(), key.clone());
    db.write_long(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| {
        let now = tx.now();
        let mark = progress::begin(tx, &one)?;
        if !mark.progress.is_due(now) {
            return Ok(true);
        }
        let batch = (one.batch)(tx, &Reading::new(mark.progress.after(), rows, &key))?;
        let progress = mark.progress.clone().advance(batch, now);
        progress::save(tx, &one, mark, &progress)?;
        let is_over = !progress.is_due(now);
        if is_over {
            let (looked_at, changed) = (progress.looked_at, progress.changed);
            tracing::info!(what = one.name, reached = one.version, looked_at, changed, "what was stored has caught up");
        }
        Ok(is_over)
    })
    .await
}
