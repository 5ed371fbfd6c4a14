//! Brings stored suppressions and opt-ins to today's spelling; see [`crate::engine::catch_up`].

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::Suppression;
use crate::base::Result;
use crate::base::id::{Guid, TenantId};
use crate::base::time::Timestamp;
use crate::beyond;
use crate::contacts::id::SuppressionId;
use crate::contacts::model::{Channel, version_of_keys};
use crate::contacts::schema::{opt_ins, suppressions};
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;

pub fn catch_ups() -> Vec<CatchUp> {
    vec![
        CatchUp { name: "suppressions", version: version_of_keys(), batch: bring_suppressions },
        CatchUp { name: "opt_ins", version: version_of_keys(), batch: bring_opt_ins },
    ]
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

type Agreed = (TenantId, Channel, String, String, Timestamp);

/// Of two of a person the one that was given first stays.
fn bring_opt_ins(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let columns = (opt_ins::tenant_id, opt_ins::channel, opt_ins::address, opt_ins::class, opt_ins::given_at);
    let mut query = opt_ins::table
        .order((opt_ins::tenant_id, opt_ins::channel, opt_ins::address, opt_ins::class))
        .limit(reading.limit)
        .select(columns)
        .into_boxed();
    if let Some((tenant, channel, address, class)) = reading.after::<(TenantId, Channel, String, String)>()? {
        query = query.filter(beyond!(
            "opt_ins.tenant_id, opt_ins.channel, opt_ins.address, opt_ins.class",
            Guid => tenant, Text => channel, Text => address, Text => class
        ));
    }
    let rows: Vec<Agreed> = query.load(tx.conn())?;
    let mut changed = 0;
    for (tenant, channel, address, class, given_at) in &rows {
        let key = channel.key_of(address);
        if key == *address {
            continue;
        }
        let (old, new) = ((*tenant, *channel, address, class), (*tenant, *channel, &key, class));
        let other: Option<Timestamp> =
            opt_ins::table.find(new).select(opt_ins::given_at).first(tx.conn()).optional()?;
        if other.is_some_and(|other| other <= *given_at) {
            diesel::delete(opt_ins::table.find(old)).execute(tx.conn())?;
        } else {
            diesel::delete(opt_ins::table.find(new)).execute(tx.conn())?;
            diesel::update(opt_ins::table.find(old)).set(opt_ins::address.eq(&key)).execute(tx.conn())?;
        }
        changed += 1;
    }
    let key = |(tenant, channel, address, class, _): &Agreed| (*tenant, *channel, address.clone(), class.clone());
    Batch::of(reading, &rows, key, changed)
}
