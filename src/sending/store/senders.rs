//! Rows of `senders`: the platform's are shared, a tenant's own come first.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::sending::id::SenderId;
use crate::sending::schema::senders;

/// A number or address that messages leave from.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = senders, treat_none_as_default_value = false)]
pub struct Sender {
    pub id: SenderId,
    /// None: the platform's, shared by all.
    pub tenant_id: Option<TenantId>,
    pub channel: Channel,
    pub provider: String,
    pub address: String,
    pub display_name: Option<String>,
    pub is_active: bool,
    pub created_at: Timestamp,
}

/// The active senders this tenant may use on a channel: its own first, then the platform's, older ones first.
pub fn usable(tx: &mut TenantTx<'_>, channel: Channel) -> Result<Vec<Sender>> {
    let tenant = tx.tenant();
    let mut rows: Vec<Sender> = senders::table
        .filter(senders::channel.eq(channel).and(senders::is_active.eq(true)))
        .filter(senders::tenant_id.is_null().or(senders::tenant_id.eq(tenant)))
        .order((senders::created_at, senders::id))
        .select(Sender::as_select())
        .load(tx.conn())?;
    rows.sort_by_key(|sender| sender.tenant_id.is_none());
    Ok(rows)
}

/// Whose an address is: routes inbound messages between tenants.
pub fn find(tx: &mut PlatformTx<'_>, channel: Channel, address: &str) -> Result<Option<Sender>> {
    let row = senders::table
        .filter(senders::channel.eq(channel).and(senders::address.eq(address)))
        .select(Sender::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

/// The platform's active numbers or addresses of a channel, older ones first.
pub fn platforms(tx: &mut PlatformTx<'_>, channel: Channel) -> Result<Vec<String>> {
    let addresses = senders::table
        .filter(senders::channel.eq(channel).and(senders::is_active.eq(true)).and(senders::tenant_id.is_null()))
        .order((senders::created_at, senders::id))
        .select(senders::address)
        .load(tx.conn())?;
    Ok(addresses)
}

/// Inserts the platform's sender, or brings the one with this address up to date.
pub fn upsert_platform(tx: &mut PlatformTx<'_>, sender: &Sender) -> Result<()> {
    let added = OrIgnore(diesel::insert_into(senders::table).values(sender)).execute(tx.conn())?;
    if added == 0 {
        let mine = senders::channel.eq(sender.channel).and(senders::address.eq(&sender.address));
        diesel::update(senders::table.filter(mine.and(senders::tenant_id.is_null())))
            .set((
                senders::provider.eq(&sender.provider),
                senders::display_name.eq(&sender.display_name),
                senders::is_active.eq(true),
            ))
            .execute(tx.conn())?;
    }
    Ok(())
}

/// Retires the platform's other senders of a channel, which configuration no longer names.
pub fn retire_platform_except(tx: &mut PlatformTx<'_>, channel: Channel, address: &str) -> Result<()> {
    let others = senders::channel.eq(channel).and(senders::address.ne(address)).and(senders::tenant_id.is_null());
    diesel::update(senders::table.filter(others)).set(senders::is_active.eq(false)).execute(tx.conn())?;
    Ok(())
}
