//! `leadwright admin reseal` and `leadwright admin adopt-key`: the master key changed in peace, or lost.

use crate::app::{self, App};
use crate::base::time::Clock;
use crate::config::Config;
use crate::engine::db::key_check::{self, KeyCheck};
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::reseal::{self, Standing, Told};

/// Brings what is stored under the first of the keys, while everything else goes on.
pub(super) async fn reseal(config: Config) -> super::Outcome {
    let app = App::build(config, Clock::system())?;
    app.prepare().await?;
    let (db, key) = (&app.core.db, &app.core.master_key);
    let tell = |told: Told| println!("{:<20} {} sealed anew, {} left", told.name, told.done, told.left);
    let closed = reseal::run(db, key, &app::sealed(), tell).await?;
    for left in &closed {
        println!("{:<20} {} are opened by none of these keys and stay as they are", left.name, left.count);
    }
    let asked = key.clone();
    let look = move |tx: &mut PlatformTx<'_>| reseal::standing(tx, &asked, &app::sealed());
    match db.read(PlatformScope::system(), look).await? {
        Standing::None | Standing::Closed(_) => println!("Everything that opens is sealed with LEADWRIGHT_MASTER_KEY."),
        Standing::Over(from) => println!(
            "Everything is sealed with the first key. The former may be taken out of LEADWRIGHT_MASTER_KEY from {from}, on every \
             process: until then it reads access tokens, repeated requests and mails that wait."
        ),
        Standing::Going(_) => println!(
            "Everything that opens is sealed with the first key. What opens with neither is lost already; the former key may go a \
             day from now."
        ),
    }
    Ok(())
}

/// Takes the present key for the database's own although it does not open what is stored.
pub(super) async fn adopt(config: Config, old_is_lost: bool) -> super::Outcome {
    let app = App::build(config, Clock::system())?;
    let key = app.core.master_key.clone();
    let asked = key.clone();
    if app.core.db.with_connection(move |conn| key_check::check(conn, &asked)).await? == KeyCheck::Matches {
        println!("LEADWRIGHT_MASTER_KEY opens this database already. Nothing was changed.");
        return Ok(());
    }
    if !old_is_lost {
        return Err("What is stored was sealed with another key, and stays closed without it: webhook secrets of tenants' endpoints, \
             answers kept for repeated requests, and what trials are known by. If that key is lost for good, say so: \
             leadwright admin adopt-key --old-is-lost. docs/keys.md says what to do next."
            .into());
    }
    let adopt = move |tx: &mut PlatformTx<'_>| {
        key_check::renew(tx, &key)?;
        reseal::left(tx, &key, &app::sealed())
    };
    let closed = app.core.db.write(PlatformScope::system(), adopt).await?;
    println!("LEADWRIGHT_MASTER_KEY is this database's key from now on.");
    for left in closed {
        println!("{:<20} {} stay closed", left.name, left.count);
    }
    println!(
        "docs/keys.md says what to do about each: rotate the webhook endpoints, turn second factors off and on again."
    );
    Ok(())
}
