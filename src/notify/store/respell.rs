//! Brings stored recipients of alerts to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::recipients::Recipient;
use crate::base::Result;
use crate::base::email::{SPELLING, respelled};
use crate::base::id::{Guid, TenantId};
use crate::base::time::Timestamp;
use crate::beyond;
use crate::contacts::Channel;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;
use crate::notify::schema::notification_recipients as recipients;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![CatchUp { name: "notification_recipients", version: format!("e-mail {SPELLING}"), batch: bring }]
}

/// Of two the older stays, which whoever agreed to either agreed to; its mailed link holds, the other's does not any more.
fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query = recipients::table
        .order((recipients::tenant_id, recipients::channel, recipients::address))
        .limit(reading.limit)
        .select((Recipient::as_select(), recipients::created_at))
        .into_boxed();
    if let Some((tenant, channel, address)) = reading.after::<(TenantId, Channel, String)>()? {
        query = query.filter(beyond!(
            "notification_recipients.tenant_id, notification_recipients.channel, notification_recipients.address",
            Guid => tenant, Text => channel, Text => address
        ));
    }
    let rows: Vec<(Recipient, Timestamp)> = query.load(tx.conn())?;
    let mut changed = 0;
    for (row, created_at) in rows.iter().filter(|(row, _)| row.channel == Channel::Email) {
        let address = respelled(&row.address);
        if address == row.address {
            continue;
        }
        let old = (row.tenant_id, row.channel, &row.address);
        let new = (row.tenant_id, row.channel, &address);
        let twin: Option<(Recipient, Timestamp)> = recipients::table
            .find(new)
            .select((Recipient::as_select(), recipients::created_at))
            .first(tx.conn())
            .optional()?;
        if let Some((twin, since)) = twin {
            let confirmed_at = [row.confirmed_at, twin.confirmed_at].into_iter().flatten().min();
            let asked_at = row.asked_at.max(twin.asked_at);
            let (stays, goes) = if since <= *created_at { (new, old) } else { (old, new) };
            diesel::delete(recipients::table.find(goes)).execute(tx.conn())?;
            diesel::update(recipients::table.find(stays))
                .set((
                    recipients::address.eq(&address),
                    recipients::confirmed_at.eq(confirmed_at),
                    recipients::asked_at.eq(asked_at),
                ))
                .execute(tx.conn())?;
        } else {
            diesel::update(recipients::table.find(old)).set(recipients::address.eq(&address)).execute(tx.conn())?;
        }
        changed += 1;
    }
    Batch::of(reading, &rows, |(row, _)| (row.tenant_id, row.channel, row.address.clone()), changed)
}
