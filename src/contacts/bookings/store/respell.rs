//! Brings stored bookings to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;

use super::Booking;
use crate::base::id::{Guid, TenantId};
use crate::base::{Result, unicode};
use crate::beyond;
use crate::contacts::id::BookingId;
use crate::contacts::schema::bookings;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![CatchUp { name: "bookings", version: format!("folding {}", unicode::FOLDING), batch: bring }]
}

fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let mut query = bookings::table
        .order((bookings::tenant_id, bookings::id))
        .limit(reading.limit)
        .select(Booking::as_select())
        .into_boxed();
    if let Some((tenant, id)) = reading.after::<(TenantId, BookingId)>()? {
        query = query.filter(beyond!("bookings.tenant_id, bookings.id", Guid => tenant, Guid => id));
    }
    let rows: Vec<Booking> = query.load(tx.conn())?;
    let mut changed = 0;
    for row in &rows {
        let mut new = row.clone();
        new.refresh();
        if new == *row {
            continue;
        }
        // Nothing that is shown is other than before.
        diesel::update(bookings::table.find((new.tenant_id, new.id)))
            .set((bookings::category_word.eq(&new.category_word), bookings::city_word.eq(&new.city_word)))
            .execute(tx.conn())?;
        changed += 1;
    }
    Batch::of(reading, &rows, |row| (row.tenant_id, row.id), changed)
}
