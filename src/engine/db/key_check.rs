//! Is this the master key that the stored data was sealed with?
//!
//! A known text is sealed at the first start and opened ever after; a process that cannot open it does not start. Without it
//! a wrong key shows late and badly: stored secrets cannot be opened, new ones are sealed for nobody else, and everybody's
//! tokens are refused. While the key is changed there is one more such text under the new key, from the first process on that
//! seals with it: whoever works with the database must open both. [`renew`] leaves the new one alone at the end.
//!
//! A process that runs already is asked again and again, since what it was started with may not be all any more.

use diesel::prelude::*;

use super::conn::DbConn;
use super::insert::OrIgnore;
use super::schema::platform_facts;
use super::scope::PlatformTx;
use crate::base::crypto::MasterKey;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};

const NAME: &str = "master_key_check";
/// With a key's mark behind it: of a key that seals already while the database's own is another.
const NEXT: &str = "master_key_check.";
const PURPOSE: &str = "key-check";
const TEXT: &[u8] = b"leadwright";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCheck {
    Matches,
    /// The data was sealed with another key.
    Differs,
    /// Nothing was sealed yet, or by a version that left no check.
    Unknown,
}

/// Compares `key` with the stored check.
pub fn check(conn: &mut DbConn, key: &MasterKey) -> Result<KeyCheck> {
    Ok(compare(&stored(conn)?, key))
}

/// What was left at the first start, and by each key that followed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = platform_facts)]
pub(super) struct Check {
    name: String,
    value: String,
    written_at: Timestamp,
}

impl Check {
    fn is_opened_by(&self, key: &MasterKey) -> bool {
        key.open(PURPOSE, NAME, &self.value).is_ok_and(|text| text == TEXT)
    }
}

pub(super) fn stored(conn: &mut DbConn) -> Result<Vec<Check>> {
    let checks = platform_facts::name.eq(NAME).or(platform_facts::name.like("master_key_check.%"));
    Ok(platform_facts::table.filter(checks).order(platform_facts::name).select(Check::as_select()).load(conn)?)
}

pub(super) fn compare(stored: &[Check], key: &MasterKey) -> KeyCheck {
    match stored {
        [] => KeyCheck::Unknown,
        all if all.iter().all(|one| one.is_opened_by(key)) => KeyCheck::Matches,
        _ => KeyCheck::Differs,
    }
}

fn first_of(key: &MasterKey) -> MasterKey {
    key.each().next().unwrap_or_else(|| key.clone())
}

/// Leaves the check when there is none yet, and answers how `key` compares with it. A database of before there were checks is
/// asked by `is_foreign` whether it holds something that the key does not open.
pub fn ensure(
    tx: &mut PlatformTx<'_>,
    key: &MasterKey,
    is_foreign: impl FnOnce(&mut PlatformTx<'_>) -> Result<bool>,
) -> Result<KeyCheck> {
    match check(tx.conn(), key)? {
        KeyCheck::Unknown if is_foreign(tx)? => Ok(KeyCheck::Differs),
        KeyCheck::Unknown => {
            leave(tx, NAME, key)?;
            check(tx.conn(), key)
        }
        KeyCheck::Matches => {
            let first = first_of(key);
            if !stored(tx.conn())?.iter().any(|one| one.is_opened_by(&first)) {
                leave(tx, &format!("{NEXT}{}", first.mark()), &first)?;
            }
            Ok(KeyCheck::Matches)
        }
        KeyCheck::Differs => Ok(KeyCheck::Differs),
    }
}

fn leave(tx: &mut PlatformTx<'_>, name: &str, key: &MasterKey) -> Result<()> {
    let row = (
        platform_facts::name.eq(name),
        platform_facts::value.eq(key.seal(PURPOSE, NAME, TEXT)),
        platform_facts::written_at.eq(tx.now()),
    );
    OrIgnore(diesel::insert_into(platform_facts::table).values(row)).execute(tx.conn())?;
    Ok(())
}

/// The current key becomes the database's alone, unless it is already.
pub fn renew(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<()> {
    if current_since(tx, key)?.is_some() {
        return Ok(());
    }
    let names: Vec<String> = stored(tx.conn())?.into_iter().map(|one| one.name).collect();
    diesel::delete(platform_facts::table.filter(platform_facts::name.eq_any(names))).execute(tx.conn())?;
    leave(tx, NAME, &first_of(key))
}

/// Since when the current key is the only one that is needed; `None` while another is.
pub fn current_since(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<Option<Timestamp>> {
    let first = first_of(key);
    let stored = stored(tx.conn())?;
    Ok(stored.first().filter(|_| stored.iter().all(|one| one.is_opened_by(&first))).map(|one| one.written_at))
}

/// Why a process with this key must not work with this database.
pub fn refusal() -> Error {
    Error::invalid(
        "config.master_key",
        "LEADWRIGHT_MASTER_KEY (or master.key beside the database) does not open what is stored here: the data was sealed with \
         another key. Set the key that this database was first used with; while it is being changed, both as NEW,OLD until \
         leadwright admin reseal has come to its end. docs/keys.md says what to do when it is lost.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::db::testing::on_both_engines;
    use crate::engine::db::{Db, PlatformScope};

    on_both_engines! {
        async fn the_first_key_is_remembered_and_another_is_told(db: Db) {
            let (first, second) = (MasterKey::random(), MasterKey::random());
            let asked = async |key: &MasterKey| {
                let key = key.clone();
                db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| ensure(tx, &key, |_| Ok(false))).await.unwrap()
            };
            let other = second.clone();
            assert_eq!(db.with_connection(move |conn| check(conn, &other)).await.unwrap(), KeyCheck::Unknown);
            assert_eq!(asked(&first).await, KeyCheck::Matches);
            assert_eq!(asked(&second).await, KeyCheck::Differs);
            assert_eq!(asked(&first).await, KeyCheck::Matches, "the second key changed nothing");
            let both = MasterKey::from_base64(&format!("{},{}", second.to_base64(), first.to_base64())).unwrap();
            assert_eq!(asked(&both).await, KeyCheck::Matches);
            assert_eq!((asked(&first).await, asked(&second).await), (KeyCheck::Differs, KeyCheck::Differs), "both seal by now");
            let back = MasterKey::from_base64(&format!("{},{}", first.to_base64(), second.to_base64())).unwrap();
            assert_eq!(asked(&back).await, KeyCheck::Matches, "whoever changes their mind needs both as well");
            let returned = back.clone();
            db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| renew(tx, &returned)).await.unwrap();
            assert_eq!((asked(&first).await, asked(&second).await), (KeyCheck::Matches, KeyCheck::Differs));
            assert_eq!(asked(&both).await, KeyCheck::Matches);
            let renewed = both.clone();
            db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| {
                assert!(current_since(tx, &renewed)?.is_none(), "it is still under the former key");
                renew(tx, &renewed)?;
                assert!(current_since(tx, &renewed)?.is_some());
                Ok(())
            }).await.unwrap();
            assert_eq!((asked(&second).await, asked(&first).await), (KeyCheck::Matches, KeyCheck::Differs));
        }

        async fn a_database_without_a_check_is_judged_by_what_is_in_it(db: Db) {
            let key = MasterKey::random();
            let asked = async |is_foreign: bool| {
                let key = key.clone();
                db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| ensure(tx, &key, |_| Ok(is_foreign))).await.unwrap()
            };
            assert_eq!(asked(true).await, KeyCheck::Differs);
            assert_eq!(asked(false).await, KeyCheck::Matches, "nothing was left by the refused one");
        }
    }
}
