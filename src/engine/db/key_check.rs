//! Is this the master key that the stored data was sealed with?
//!
//! A known text is sealed at the first start and opened ever after. Without it a wrong key shows late and badly: stored
//! secrets cannot be opened, and everybody's tokens are refused.

use diesel::prelude::*;

use super::conn::DbConn;
use super::insert::OrIgnore;
use super::schema::platform_facts;
use super::scope::PlatformTx;
use crate::base::Result;
use crate::base::crypto::MasterKey;

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

/// Leaves the check when there is none yet, and answers how `key` compares with it.
pub fn ensure(tx: &mut PlatformTx<'_>, key: &MasterKey) -> Result<KeyCheck> {
    let row = (
        platform_facts::name.eq(NAME),
        platform_facts::value.eq(key.seal(PURPOSE, NAME, TEXT)),
        platform_facts::written_at.eq(tx.now()),
    );
    match check(tx.conn(), key)? {
        KeyCheck::Unknown => {
            OrIgnore(diesel::insert_into(platform_facts::table).values(row)).execute(tx.conn())?;
            check(tx.conn(), key)
        }
        known => Ok(known),
    }
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
                db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| ensure(tx, &key)).await.unwrap()
            };
            let other = second.clone();
            assert_eq!(db.with_connection(move |conn| check(conn, &other)).await.unwrap(), KeyCheck::Unknown);
            assert_eq!(asked(&first).await, KeyCheck::Matches);
            assert_eq!(asked(&second).await, KeyCheck::Differs);
            assert_eq!(asked(&first).await, KeyCheck::Matches, "the second key changed nothing");
        }
    }
}
