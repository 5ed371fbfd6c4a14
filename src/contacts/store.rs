//! Rows of the `suppressions` table. They are not a tenant's: a shared sender's refusals hold for all behind it.
//!
//! A person's address is written down as its [`PhoneKey`] and sought in every spelling: a refusal is a person's, not a text's.

use diesel::prelude::*;

use super::model::{Channel, SuppressionReason};
use crate::base::Result;
use crate::base::id::{SuppressionId, TenantId};
use crate::base::phone::PhoneKey;
use crate::base::time::Timestamp;
use crate::engine::db::PlatformTx;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::suppressions;

#[derive(Insertable)]
#[diesel(table_name = suppressions, treat_none_as_default_value = false)]
struct SuppressionRow<'a> {
    id: SuppressionId,
    channel: Channel,
    address: &'a str,
    sender_address: &'a str,
    tenant_id: Option<TenantId>,
    reason: SuppressionReason,
    created_at: Timestamp,
    lifted_at: Option<Timestamp>,
}

/// `None` when a live one is already there.
pub(super) fn insert(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant_id: Option<TenantId>,
    reason: SuppressionReason,
) -> Result<Option<SuppressionId>> {
    let id = SuppressionId::new();
    let address = PhoneKey::of(address);
    let address = address.as_str();
    let row = SuppressionRow {
        id,
        channel,
        address,
        sender_address,
        tenant_id,
        reason,
        created_at: tx.now(),
        lifted_at: None,
    };
    let added = OrIgnore(diesel::insert_into(suppressions::table).values(&row)).execute(tx.conn())?;
    Ok((added == 1).then_some(id))
}

/// The latest refusal that was lifted; a person whose number was kept in two spellings may have had two.
pub(super) fn lift(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
) -> Result<Option<SuppressionId>> {
    let address = PhoneKey::of(address);
    let live: Vec<SuppressionId> = suppressions::table
        .filter(suppressions::channel.eq(channel).and(suppressions::address.eq_any(address.spellings())))
        .filter(suppressions::sender_address.eq(sender_address).and(suppressions::lifted_at.is_null()))
        .order(suppressions::id.desc())
        .select(suppressions::id)
        .load(tx.conn())?;
    let Some(latest) = live.first().copied() else { return Ok(None) };
    let now = tx.now();
    let lifted = suppressions::table.filter(suppressions::id.eq_any(live));
    diesel::update(lifted).set(suppressions::lifted_at.eq(now)).execute(tx.conn())?;
    Ok(Some(latest))
}

pub(super) fn is_suppressed(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
) -> Result<bool> {
    let address = PhoneKey::of(address);
    let live: i64 = suppressions::table
        .filter(suppressions::channel.eq(channel).and(suppressions::address.eq_any(address.spellings())))
        .filter(suppressions::sender_address.eq_any(["", sender_address]))
        .filter(suppressions::lifted_at.is_null())
        .count()
        .get_result(tx.conn())?;
    Ok(live > 0)
}
