//! Brings stored senders to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;

use super::senders::{Sender, find};
use crate::base::Result;
use crate::base::email::respelled;
use crate::contacts::{Channel, version_of_keys};
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;
use crate::sending::id::SenderId;
use crate::sending::schema::senders;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![CatchUp { name: "senders", version: version_of_keys(), batch: bring_senders }]
}

/// Of two spellings of one address of the same holder the older row stays, with what the newer one says.
fn bring_senders(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query = senders::table.order(senders::id).limit(reading.limit).select(Sender::as_select()).into_boxed();
    if let Some(id) = reading.after::<SenderId>()? {
        query = query.filter(senders::id.gt(id));
    }
    let rows: Vec<Sender> = query.load(tx.conn())?;
    let mut changed = 0;
    for row in rows.iter().filter(|row| row.channel == Channel::Email) {
        let address = respelled(&row.address);
        if address == row.address {
            continue;
        }
        if let Some(twin) = find(tx, row.channel, &address)? {
            if twin.tenant_id != row.tenant_id {
                tracing::warn!(sender = %row.id, other = %twin.id, "two holders of one address: it stays as it is");
                continue;
            }
            let (stays, goes) = if twin.created_at <= row.created_at { (&twin, row) } else { (row, &twin) };
            let newer = if row.created_at > twin.created_at { row } else { &twin };
            diesel::delete(senders::table.find(goes.id)).execute(tx.conn())?;
            diesel::update(senders::table.find(stays.id))
                .set((
                    senders::address.eq(&address),
                    senders::provider.eq(&newer.provider),
                    senders::display_name.eq(newer.display_name.as_ref().or(stays.display_name.as_ref())),
                    senders::is_active.eq(stays.is_active || goes.is_active),
                ))
                .execute(tx.conn())?;
        } else {
            diesel::update(senders::table.find(row.id)).set(senders::address.eq(&address)).execute(tx.conn())?;
        }
        changed += 1;
    }
    Batch::of(reading, &rows, |row| row.id, changed)
}
