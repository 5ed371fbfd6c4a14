//! Brings stored suppressions to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;

use super::Suppression;
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::contacts::id::SuppressionId;
use crate::contacts::model::{Channel, version_of_keys};
use crate::contacts::schema::suppressions;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![CatchUp { name: "suppressions", version: version_of_keys(), batch: bring_suppressions }]
}

/// Ours: a number is written as it was bought, an e-mail address as e-mail addresses are.
fn sender_of(channel: Channel, address: &str) -> String {
    if channel == Channel::Email { channel.key_of(address) } else { address.into() }
}

fn bring_suppressions(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query =
        suppressions::table.order(suppressions::id).limit(reading.limit).select(Suppression::as_select()).into_boxed();
    if let Some(id) = reading.after::<SuppressionId>()? {
        query = query.filter(suppressions::id.gt(id));
    }
    let rows: Vec<Suppression> = query.load(tx.conn())?;
    let mut changed = 0;
    for row in &rows {
        let address = row.channel.key_of(&row.address);
        let sender = sender_of(row.channel, &row.sender_address);
        if (&address, &sender) == (&row.address, &row.sender_address) {
            continue;
        }
        // As it is now: an earlier one of this batch may have ended it.
        let is_live: Option<SuppressionId> = suppressions::table
            .find(row.id)
            .filter(suppressions::lifted_at.is_null())
            .select(suppressions::id)
            .first(tx.conn())
            .optional()?;
        if is_live.is_some() {
            make_room(tx, row, &address, &sender)?;
        }
        diesel::update(suppressions::table.find(row.id))
            .set((suppressions::address.eq(&address), suppressions::sender_address.eq(&sender)))
            .execute(tx.conn())?;
        changed += 1;
    }
    Batch::of(reading, &rows, |row| row.id, changed)
}

/// Of two live ones of a person the older stays, for as long as either holds and for what weighs more: what the person said
/// before what a mail server did. The other ends, and says why.
fn make_room(tx: &mut PlatformTx<'_>, row: &Suppression, address: &str, sender: &str) -> Result<()> {
    const BECAUSE: &str = "Kept once, under the other spelling of this address.";
    let twin: Option<Suppression> = suppressions::table
        .filter(suppressions::channel.eq(row.channel).and(suppressions::address.eq(address)))
        .filter(suppressions::sender_address.eq(sender).and(suppressions::for_tenant_id.eq(row.for_tenant_id)))
        .filter(suppressions::lifted_at.is_null().and(suppressions::id.ne(row.id)))
        .select(Suppression::as_select())
        .first(tx.conn())
        .optional()?;
    let Some(twin) = twin else { return Ok(()) };
    let (stays, ends) = if twin.created_at <= row.created_at { (&twin, row) } else { (row, &twin) };
    let now = tx.now();
    diesel::update(suppressions::table.find(ends.id))
        .set((suppressions::lifted_at.eq(now), suppressions::lifted_because.eq(BECAUSE)))
        .execute(tx.conn())?;
    let reason =
        if ends.reason.is_the_persons() && !stays.reason.is_the_persons() { ends.reason } else { stays.reason };
    let expires_at: Option<Timestamp> = stays.expires_at.zip(ends.expires_at).map(|(one, other)| one.max(other));
    diesel::update(suppressions::table.find(stays.id))
        .set((suppressions::reason.eq(reason), suppressions::expires_at.eq(expires_at)))
        .execute(tx.conn())?;
    Ok(())
}
