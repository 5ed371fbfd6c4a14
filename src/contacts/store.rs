//! Rows of `suppressions`, which are not a tenant's, since a shared sender's refusals hold for all behind it.
//!
//! A person's address is written down as its [`Channel::key`] and sought in every spelling: a refusal is a person's, not a text's.

mod respell;

use diesel::prelude::*;

use super::model::{Channel, Suppressed, SuppressionReason};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::contacts::id::SuppressionId;
use crate::contacts::schema::suppressions;
use crate::engine::db::Direction::Desc;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::engine::events::platform_tenant;

pub use respell::catch_ups;

/// Who may not be written to, by whom, and since when.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = suppressions, treat_none_as_default_value = false)]
pub struct Suppression {
    pub id: SuppressionId,
    pub channel: Channel,
    /// The person's.
    pub address: String,
    /// Ours; empty: every sender of the channel.
    pub sender_address: String,
    /// Whose conversation led to it.
    pub tenant_id: Option<TenantId>,
    pub reason: SuppressionReason,
    pub created_at: Timestamp,
    pub lifted_at: Option<Timestamp>,
    /// Whose messages are refused; the nil id: everybody's behind the sender.
    pub for_tenant_id: TenantId,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// Why a person lifted it.
    pub lifted_because: Option<String>,
}

crate::filter! {
    /// Which of them to list.
    pub struct SuppressionFilter of suppressions {
        #[param(inline)]
        channel: Option<Channel> => eq channel,
        #[param(inline)]
        reason: Option<SuppressionReason> => eq reason,
        /// Also those that expired or were lifted.
        ended: Option<bool> => by hand,
    }
}

/// `None` when a live one is already there.
pub(super) fn insert(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    whose: Suppressed,
    reason: SuppressionReason,
) -> Result<Option<SuppressionId>> {
    let now = tx.now();
    let row = Suppression {
        id: SuppressionId::new(),
        channel,
        address: channel.key_of(address),
        sender_address: sender_address.into(),
        tenant_id: whose.by,
        reason,
        created_at: now,
        lifted_at: None,
        for_tenant_id: whose.by.filter(|_| !whose.is_for_all).unwrap_or_else(platform_tenant),
        expires_at: reason.lasts().map(|lasts| now.plus(lasts)),
        lifted_because: None,
    };
    // One that has expired makes room; what the person says outweighs what a mail server said.
    let same = suppressions::table
        .filter(suppressions::channel.eq(channel).and(suppressions::address.eq(&row.address)))
        .filter(suppressions::sender_address.eq(sender_address).and(suppressions::for_tenant_id.eq(row.for_tenant_id)))
        .filter(suppressions::lifted_at.is_null().and(suppressions::expires_at.le(now)));
    diesel::update(same).set(suppressions::lifted_at.eq(suppressions::expires_at)).execute(tx.conn())?;
    let added = OrIgnore(diesel::insert_into(suppressions::table).values(&row)).execute(tx.conn())?;
    Ok((added == 1).then_some(row.id))
}

/// Lifts what the person said about a sender, for whomever it was. Answers what was lifted, the latest first, and whose conversation
/// had led to it; a person whose number was kept in two spellings may have had two.
pub(super) fn lift(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
) -> Result<Vec<(SuppressionId, Option<TenantId>)>> {
    let (now, address) = (tx.now(), channel.key(address));
    let said = [SuppressionReason::StopWord, SuppressionReason::ProviderOptOut, SuppressionReason::Complained];
    let live: Vec<(SuppressionId, Option<TenantId>)> = suppressions::table
        .filter(suppressions::channel.eq(channel).and(suppressions::address.eq_any(address.spellings())))
        .filter(suppressions::sender_address.eq(sender_address).and(suppressions::lifted_at.is_null()))
        .filter(suppressions::reason.eq_any(said))
        .order(suppressions::id.desc())
        .select((suppressions::id, suppressions::tenant_id))
        .load(tx.conn())?;
    let ids: Vec<SuppressionId> = live.iter().map(|(id, _)| *id).collect();
    let lifted = suppressions::table.filter(suppressions::id.eq_any(ids));
    diesel::update(lifted).set(suppressions::lifted_at.eq(now)).execute(tx.conn())?;
    Ok(live)
}

/// What keeps a tenant from writing to an address: what the person said before what a server did.
pub(super) fn live(
    tx: &mut PlatformTx<'_>,
    channel: Channel,
    address: &str,
    sender_address: &str,
    tenant: TenantId,
) -> Result<Option<Suppression>> {
    let (now, address) = (tx.now(), channel.key(address));
    let rows: Vec<Suppression> = suppressions::table
        .filter(suppressions::channel.eq(channel).and(suppressions::address.eq_any(address.spellings())))
        .filter(suppressions::sender_address.eq_any(["", sender_address]))
        .filter(suppressions::for_tenant_id.eq_any([platform_tenant(), tenant]))
        .filter(suppressions::lifted_at.is_null())
        .filter(suppressions::expires_at.is_null().or(suppressions::expires_at.gt(now)))
        .order(suppressions::id.desc())
        .select(Suppression::as_select())
        .load(tx.conn())?;
    Ok(rows.into_iter().max_by_key(|row| row.reason.is_the_persons()))
}

/// One that a tenant's conversation led to.
pub(super) fn find(tx: &mut TenantTx<'_>, id: SuppressionId) -> Result<Option<Suppression>> {
    let tenant = tx.tenant();
    let mine = suppressions::table.find(id).filter(suppressions::tenant_id.eq(tenant));
    Ok(mine.select(Suppression::as_select()).first(tx.conn()).optional()?)
}

pub(super) fn lift_one(tx: &mut TenantTx<'_>, id: SuppressionId, because: &str) -> Result<Suppression> {
    let (tenant, now) = (tx.tenant(), tx.now());
    let mine = suppressions::table.find(id).filter(suppressions::tenant_id.eq(tenant));
    Ok(diesel::update(mine)
        .set((suppressions::lifted_at.eq(now), suppressions::lifted_because.eq(because)))
        .returning(suppressions::all_columns)
        .get_result(tx.conn())?)
}

/// Those that a tenant's conversations led to, newest first.
pub(super) fn list(tx: &mut TenantTx<'_>, filter: &SuppressionFilter, page: &PageRequest) -> Result<Page<Suppression>> {
    use suppressions::{created_at, expires_at, id, lifted_at};
    let which = filter.narrow(Where::of(tx, suppressions::tenant_id));
    let which = match filter.ended {
        Some(true) => which,
        Some(false) | None => which
            .has(lifted_at, Some(false))
            .or([Where::part().has(expires_at, Some(false)), Where::part().beyond(expires_at, Some(tx.now()))]),
    };
    tx.page(which, Order::by(Desc, (created_at, id), |row: &Suppression| (row.created_at, row.id)), page)
}

/// What keeps this tenant from writing to any of these addresses, from whichever sender the person said it to; of what was said about
/// no message of this tenant's, what counts for all senders, and what counts for `sender`.
pub fn of_addresses(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    addresses: &[&str],
    sender: Option<&str>,
) -> Result<Vec<Suppression>> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let (now, tenant) = (tx.now(), tx.tenant());
    let keys: Vec<_> = addresses.iter().map(|address| channel.key(address)).collect();
    let spellings: Vec<&str> = keys.iter().flat_map(|key| key.spellings()).collect();
    let rows: Vec<Suppression> = suppressions::table
        .filter(suppressions::channel.eq(channel).and(suppressions::address.eq_any(spellings)))
        .filter(suppressions::for_tenant_id.eq_any([platform_tenant(), tenant]))
        .filter(suppressions::lifted_at.is_null())
        .filter(suppressions::expires_at.is_null().or(suppressions::expires_at.gt(now)))
        .select(Suppression::as_select())
        .load(tx.conn())?;
    let is_meant = |row: &Suppression| {
        let is_mine = row.for_tenant_id == tenant || row.tenant_id == Some(tenant);
        let is_of_sender = row.sender_address.is_empty() || sender == Some(row.sender_address.as_str());
        is_of_sender || is_mine && row.reason.is_the_persons()
    };
    Ok(rows.into_iter().filter(is_meant).collect())
}
