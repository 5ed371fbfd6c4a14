//! Rows of `subscriptions`.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::billing::id::SubscriptionId;
use crate::billing::model::{GRACE_DAYS, Subscription, SubscriptionStatus};
use crate::billing::schema::subscriptions;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::tenants::schema::tenants;

/// The tenant's current subscription as it was written last; [`crate::billing::current`] says how it stands now.
pub fn stored(tx: &mut TenantTx<'_>) -> Result<Option<Subscription>> {
    let row = subscriptions::table
        .filter(subscriptions::tenant_id.eq(tx.tenant()).and(subscriptions::ended_at.is_null()))
        .select(Subscription::as_select())
        .first(tx.conn())
        .optional()?;
    Ok(row)
}

pub fn subscription(tx: &mut TenantTx<'_>, id: SubscriptionId) -> Result<Option<Subscription>> {
    let key = (tx.tenant(), id);
    let row = subscriptions::table.find(key).select(Subscription::as_select()).first(tx.conn()).optional()?;
    Ok(row)
}

/// Did the tenant ever have a subscription?
pub fn ever_subscribed(tx: &mut TenantTx<'_>) -> Result<bool> {
    let any = subscriptions::table.filter(subscriptions::tenant_id.eq(tx.tenant()));
    Ok(diesel::select(diesel::dsl::exists(any)).get_result(tx.conn())?)
}

/// Did the tenant ever have a trial?
pub fn had_trial(tx: &mut TenantTx<'_>) -> Result<bool> {
    let trials = subscriptions::table
        .filter(subscriptions::tenant_id.eq(tx.tenant()).and(subscriptions::trial_ends_at.is_not_null()));
    Ok(diesel::select(diesel::dsl::exists(trials)).get_result(tx.conn())?)
}

/// Whose subscription this is: for operators, who name it by its id alone.
pub fn tenant_of(tx: &mut PlatformTx<'_>, id: SubscriptionId) -> Result<Option<TenantId>> {
    let found = subscriptions::table.filter(subscriptions::id.eq(id)).select(subscriptions::tenant_id);
    Ok(found.first(tx.conn()).optional()?)
}

/// Subscriptions that time has done something to, and since when; oldest first.
pub fn overdue(tx: &mut PlatformTx<'_>, limit: i64) -> Result<Vec<(TenantId, SubscriptionId, Timestamp)>> {
    use SubscriptionStatus as S;
    let now = tx.now();
    let columns = (subscriptions::tenant_id, subscriptions::id, subscriptions::current_period_end);
    let found = subscriptions::table
        .filter(subscriptions::status.eq_any([S::Trialing, S::Active, S::PastDue, S::Paused]))
        .filter(subscriptions::current_period_end.le(now))
        .order(subscriptions::current_period_end)
        .limit(limit)
        .select(columns);
    let mut due: Vec<(TenantId, SubscriptionId, Timestamp)> = found.load(tx.conn())?;
    let grace = now.minus(chrono::Duration::days(GRACE_DAYS));
    for (status, until) in [(S::Active, now), (S::PastDue, grace)] {
        let unpaid = subscriptions::table
            .filter(subscriptions::status.eq(status).and(subscriptions::paid_until.le(until)))
            .order(subscriptions::paid_until)
            .limit(limit)
            .select(columns);
        due.extend(unpaid.load::<(TenantId, SubscriptionId, Timestamp)>(tx.conn())?);
    }
    due.sort_unstable();
    due.dedup();
    Ok(due)
}

crate::filter! {
    /// Which subscriptions operators list.
    pub struct SubscriptionFilter of subscriptions {
        status: Option<SubscriptionStatus> => eq status,
        tenant_id: Option<TenantId> => eq tenant_id,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenants)]
struct TenantName {
    name: String,
}

/// Subscriptions of all tenants with the tenant's name, newest first.
pub fn list_all(
    tx: &mut PlatformTx<'_>,
    filter: &SubscriptionFilter,
    page: &PageRequest,
) -> Result<Page<(Subscription, String)>> {
    let rows = filter.narrow(Where::everywhere(tx)).join(tenants::table, tenants::id.eq(subscriptions::tenant_id));
    let key = |(subscription, _): &(Subscription, TenantName)| subscription.id;
    let page = tx.page(rows, Order::by_id(Desc, subscriptions::id, key), page)?;
    Ok(page.map(|(row, tenant)| (row, tenant.name)))
}
