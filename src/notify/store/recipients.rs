//! Rows of `notification_recipients`.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::crypto::sha256_hex;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::notify::schema::notification_recipients as recipients;

/// An outside address, and whether it agreed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = recipients)]
pub struct Recipient {
    pub tenant_id: TenantId,
    pub channel: Channel,
    pub address: String,
    pub asked_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
    /// The member who wished for it, or who is behind the key that did.
    pub added_by: Option<UserId>,
}

/// Of the tenant; there are few.
pub fn list(tx: &mut TenantTx<'_>) -> Result<Vec<Recipient>> {
    let rows = recipients::table
        .filter(recipients::tenant_id.eq(tx.tenant()))
        .order((recipients::channel, recipients::address))
        .select(Recipient::as_select());
    Ok(rows.load(tx.conn())?)
}

pub fn find(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Option<Recipient>> {
    let row = recipients::table.find((tx.tenant(), channel, address)).select(Recipient::as_select());
    Ok(row.first(tx.conn()).optional()?)
}

pub fn insert(
    tx: &mut TenantTx<'_>,
    (channel, address): (Channel, &str),
    token: &str,
    added_by: Option<UserId>,
) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let values = (
        recipients::tenant_id.eq(tenant),
        recipients::channel.eq(channel),
        recipients::address.eq(address),
        recipients::token_hash.eq(sha256_hex(token)),
        recipients::created_at.eq(now),
        recipients::added_by.eq(added_by),
    );
    OrIgnore(diesel::insert_into(recipients::table).values(values)).execute(tx.conn())?;
    Ok(())
}

pub fn remove(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<()> {
    let tenant = tx.tenant();
    diesel::delete(recipients::table.find((tenant, channel, address))).execute(tx.conn())?;
    Ok(())
}

pub fn mark_asked(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let row = recipients::table.find((tenant, channel, address));
    diesel::update(row).set(recipients::asked_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

pub fn mark_confirmed(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<()> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let row = recipients::table.find((tenant, channel, address));
    diesel::update(row).set(recipients::confirmed_at.eq(now)).execute(tx.conn())?;
    Ok(())
}

/// Whose a token is, in whichever tenant: its holder proves the right to it by the token.
pub fn presented(tx: &mut PlatformTx<'_>, token: &str) -> Result<Option<Recipient>> {
    let row = recipients::table.filter(recipients::token_hash.eq(sha256_hex(token))).select(Recipient::as_select());
    Ok(row.first(tx.conn()).optional()?)
}

/// Which tenants wish for this address and have not its word yet: whoever writes from it proves the right to answer.
pub fn asking(tx: &mut PlatformTx<'_>, channel: Channel, address: &str) -> Result<Vec<Recipient>> {
    let rows = recipients::table
        .filter(recipients::channel.eq(channel).and(recipients::address.eq(address)))
        .filter(recipients::confirmed_at.is_null())
        .order((recipients::created_at, recipients::tenant_id))
        .limit(100)
        .select(Recipient::as_select());
    Ok(rows.load(tx.conn())?)
}
