//! What is stored sealed, and how it comes under another master key.
//!
//! Every folder that seals something says so in a [`Sealed`]. While the settings name two keys, either opens and the first
//! seals; [`run`] seals what is left under the former one anew, a few rows a transaction, while everything else goes on. What
//! is under which key stands in the values themselves, so whoever is interrupted finds the rest again. At the end the
//! database's check of its key ([`key_check`]) is under the new one too: until then the new key alone does not start.

use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::base::time::Timestamp;
use crate::engine::catch_up::{Batch, Reading};
use crate::engine::db::key_check;
use crate::engine::db::{Db, PlatformScope, PlatformTx};

/// One kind of value that is kept sealed, or that follows from the key.
#[derive(Clone, Copy)]
pub struct Sealed {
    /// `table`, or `table.column`.
    pub name: &'static str,
    /// How many are not under the first of the keys.
    pub left: fn(&mut PlatformTx<'_>, &MasterKey) -> Result<i64>,
    /// Seals the next ones of these anew; what none of the keys opens stays as it is.
    pub batch: fn(&mut PlatformTx<'_>, &Reading<'_>) -> Result<Batch>,
    /// Do the keys open the oldest one? `None` where there is none.
    pub opens: fn(&mut PlatformTx<'_>, &MasterKey) -> Result<Option<bool>>,
}

/// Rows of one transaction: a few milliseconds.
pub const ROWS: i64 = 200;

/// Of the values of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub name: &'static str,
    pub count: i64,
}

/// What is not under the first key, by kind; kinds of which nothing is left are not named.
pub fn left(tx: &mut PlatformTx<'_>, key: &MasterKey, all: &[Sealed]) -> Result<Vec<Left>> {
    let mut found = Vec::new();
    for one in all {
        let count = (one.left)(tx, key)?;
        if count > 0 {
            found.push(Left { name: one.name, count });
        }
    }
    Ok(found)
}

/// Is there a value that none of the keys opens, among the oldest of each kind?
pub fn is_foreign(tx: &mut PlatformTx<'_>, key: &MasterKey, all: &[Sealed]) -> Result<bool> {
    for one in all {
        if (one.opens)(tx, key)? == Some(false) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Seals at most `rows` values of one kind anew, after the row `after`.
pub async fn step(db: &Db, key: &MasterKey, one: Sealed, after: Option<serde_json::Value>, rows: i64) -> Result<Batch> {
    let key = key.clone();
    let work = move |tx: &mut PlatformTx<'_>| (one.batch)(tx, &Reading::new(after.as_ref(), rows, &key));
    db.write_long(PlatformScope::system(), work).await
}

/// What is told after each batch.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub name: &'static str,
    /// Sealed anew, of this kind, since the command began.
    pub done: i64,
    pub left: i64,
}

/// Brings everything under the first key; answers what none of the keys opens. Safe to repeat, and to interrupt.
pub async fn run(db: &Db, key: &MasterKey, all: &[Sealed], mut tell: impl FnMut(Told)) -> Result<Vec<Left>> {
    for one in all {
        let mut done = 0;
        // Once more until a whole round finds nothing: a process that still seals with the former key may have come between.
        loop {
            let (mut after, mut changed) = (None, 0);
            loop {
                let batch = step(db, key, *one, after, ROWS).await?;
                (changed, after) = (changed + batch.changed, batch.last);
                if batch.changed > 0 {
                    let (key, left) = (key.clone(), one.left);
                    let left = db.read(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| left(tx, &key)).await?;
                    tell(Told { name: one.name, done: done + changed, left });
                }
                if after.is_none() {
                    break;
                }
            }
            done += changed;
            if changed == 0 {
                break;
            }
        }
    }
    let (key, all) = (key.clone(), all.to_vec());
    let finish = move |tx: &mut PlatformTx<'_>| {
        key_check::renew(tx, &key)?;
        left(tx, &key, &all)
    };
    db.write(PlatformScope::system(), finish).await
}

/// What hangs on the former key a while longer: tokens, repeated requests, mails that wait to be sent.
const OVERLAP: chrono::Duration = chrono::Duration::hours(24);

/// How far a rotation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is one key, and it opens all.
    None,
    /// There is one key, and these are sealed with another one: by a process that was forgotten, or before the key was lost.
    Closed(Vec<Left>),
    /// Something is under a former key, or the check is: these values are left.
    Going(Vec<Left>),
    /// Everything is under the first key; the former ones may be taken out of the settings from then on.
    Over(Timestamp),
}

/// See [`Standing`].
pub fn standing(tx: &mut PlatformTx<'_>, key: &MasterKey, all: &[Sealed]) -> Result<Standing> {
    let left = left(tx, key, all)?;
    if !key.is_rotating() {
        return Ok(if left.is_empty() { Standing::None } else { Standing::Closed(left) });
    }
    Ok(match key_check::current_since(tx, key)? {
        Some(since) if left.is_empty() => Standing::Over(since.plus(OVERLAP)),
        _ => Standing::Going(left),
    })
}
