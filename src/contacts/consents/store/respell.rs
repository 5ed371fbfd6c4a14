//! Brings stored consents to today's spelling of addresses; see [`crate::engine::catch_up`].

use diesel::prelude::*;

use super::Consent;
use crate::base::Result;
use crate::base::id::{Guid, TenantId};
use crate::base::time::Timestamp;
use crate::beyond;
use crate::contacts::id::ConsentId;
use crate::contacts::model::version_of_keys;
use crate::contacts::schema::consents;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![CatchUp { name: "consents", version: version_of_keys(), batch: bring }]
}

fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query = consents::table
        .order((consents::tenant_id, consents::id))
        .limit(reading.limit)
        .select(Consent::as_select())
        .into_boxed();
    if let Some((tenant, id)) = reading.after::<(TenantId, ConsentId)>()? {
        query = query.filter(beyond!("consents.tenant_id, consents.id", Guid => tenant, Guid => id));
    }
    let rows: Vec<Consent> = query.load(tx.conn())?;
    let mut changed = 0;
    for row in &rows {
        let address = row.channel.key_of(&row.address);
        if address == row.address {
            continue;
        }
        let place = consents::table.find((row.tenant_id, row.id));
        // As it is now: an earlier one of this batch may have taken its place.
        let stands: Option<ConsentId> = place
            .filter(consents::superseded_at.is_null().and(consents::concealed_lead_id.is_null()))
            .select(consents::id)
            .first(tx.conn())
            .optional()?;
        let yields = stands.is_some() && make_room(tx, row, &address)?;
        let since: Option<Timestamp> = if yields { Some(tx.now()) } else { row.superseded_at };
        diesel::update(place)
            .set((consents::address.eq(&address), consents::superseded_at.eq(since)))
            .execute(tx.conn())?;
        changed += 1;
    }
    Batch::of(reading, &rows, |row| (row.tenant_id, row.id), changed)
}

/// Of two that stand for one address the one stands that would, had both been said for it. `true` when that is the other.
fn make_room(tx: &mut PlatformTx<'_>, row: &Consent, address: &str) -> Result<bool> {
    use crate::contacts::consents::model::Place;
    let twin: Option<Consent> = consents::table
        .filter(consents::tenant_id.eq(row.tenant_id).and(consents::channel.eq(row.channel)))
        .filter(consents::address.eq(address).and(consents::class.eq(row.class)))
        .filter(consents::superseded_at.is_null().and(consents::concealed_lead_id.is_null()))
        .select(Consent::as_select())
        .first(tx.conn())
        .optional()?;
    let Some(twin) = twin else { return Ok(false) };
    if row.word().beside(Some(twin.word())) != Place::Stands {
        return Ok(true);
    }
    let now = tx.now();
    diesel::update(consents::table.find((twin.tenant_id, twin.id)))
        .set(consents::superseded_at.eq(now))
        .execute(tx.conn())?;
    Ok(false)
}
