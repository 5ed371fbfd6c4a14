//! Brings what people are sought by to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::base::id::{Guid, TenantId};
use crate::base::{Result, unicode};
use crate::beyond;
use crate::contacts::attributes::words;
use crate::contacts::id::{ContactId, CustomAttributeId};
use crate::contacts::schema::contact_attributes as entries;
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;
use crate::engine::db::insert::OrIgnore;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![CatchUp { name: "contact_attributes", version: format!("folding {}", unicode::FOLDING), batch: bring }]
}

type Key = (TenantId, CustomAttributeId, String, i64, ContactId);

fn bring(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let all = (entries::tenant_id, entries::attribute_id, entries::word, entries::number, entries::contact_id);
    let mut query = entries::table.order(all).limit(reading.limit).select(all).into_boxed();
    if let Some((tenant, attribute, word, number, contact)) = reading.after::<Key>()? {
        query = query.filter(beyond!(
            "contact_attributes.tenant_id, contact_attributes.attribute_id, contact_attributes.word, \
            contact_attributes.number, contact_attributes.contact_id",
            Guid => tenant, Guid => attribute, Text => word, BigInt => number, Guid => contact
        ));
    }
    let rows: Vec<Key> = query.load(tx.conn())?;
    let mut changed = 0;
    for (tenant, attribute, word, number, contact) in &rows {
        let new = words::word(word);
        if new == *word {
            continue;
        }
        let row = (
            entries::tenant_id.eq(tenant),
            entries::attribute_id.eq(attribute),
            entries::word.eq(&new),
            entries::number.eq(number),
            entries::contact_id.eq(contact),
        );
        OrIgnore(diesel::insert_into(entries::table).values(row)).execute(tx.conn())?;
        diesel::delete(entries::table.find((tenant, attribute, word, number, contact))).execute(tx.conn())?;
        changed += 1;
    }
    Batch::of(reading, &rows, Clone::clone, changed)
}
