//! Is this the master key that the stored data was sealed with?
//!
//! A known text is sealed at the first start and opened ever after; a process that cannot open it does not start. Without it
//! a wrong key shows late and badly: stored secrets cannot be opened, new ones are sealed for nobody else, and everybody's
//! tokens are refused. While the key is changed either opens it, and [`renew`] brings it under the new one at the end.

use diesel::prelude::*;

use super::conn::DbConn;
use super::insert::OrIgnore;
use super::schema::platform_facts;
use super::scope::PlatformTx;
use crate::base::crypto::MasterKey;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};

const NAME: &str = "master_key_check";
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
    let stored: Option<String> =
        platform_facts::table.find(NAME).select(platform_facts::value).first(conn).optional()?;
    Ok(compare(stored.as_deref(), key))
}

pub(super) fn compare(stored: Option<&str>, key: &MasterKey) -> KeyCheck {
    match stored.map(|sealed| key.open(PURPOSE, NAME, sealed)) {
        None => KeyCheck::Unknown,
        Some(Ok(text)) if text == TEXT => KeyCheck::Matches,
        Some(_) => KeyCheck::Differs,
    }
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
            let row = (
                platform_facts::name.eq(NAME),
                platform_facts::value.eq(key.seal(PURPOSE, NAME, TEXT)),
                platform_facts::written_at.eq(tx.now()),
            );
            OrIgnore(diesel::insert_into(platform_facts::table).values(row)).execute(tx.conn())?;
            check(tx.conn(), key)
        }
        known => Ok(known),
    }
}

/// The current key becomes the database's, unless it is already.
pub fn renew(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<()> {
    if current_since(tx, key)?.is_some() {
        return Ok(());
    }
    let (value, now) = (key.seal(PURPOSE, NAME, TEXT), tx.now());
    diesel::delete(platform_facts::table.find(NAME)).execute(tx.conn())?;
    let row = (platform_facts::name.eq(NAME), platform_facts::value.eq(value), platform_facts::written_at.eq(now));
    diesel::insert_into(platform_facts::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Since when the check is under the current key; `None` while it is not.
pub fn current_since(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<Option<Timestamp>> {
    let stored: Option<(String, Timestamp)> = platform_facts::table
        .find(NAME)
        .select((platform_facts::value, platform_facts::written_at))
        .first(tx.conn())
        .optional()?;
    let is_current = |sealed: &str| key.each().take(1).any(|one| compare(Some(sealed), &one) == KeyCheck::Matches);
    Ok(stored.filter(|(sealed, _)| is_current(sealed)).map(|(_, since)| since))
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
