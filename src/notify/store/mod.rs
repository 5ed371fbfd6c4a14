//! Rows of `notifications` and `notification_deliveries`, and the preferences kept with the membership.

pub mod recipients;
mod respell;

use diesel::prelude::*;

use crate::base::id::{EventId, TenantId, UserId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::Channel;
use crate::contacts::id::LeadId;
use crate::engine::db::Direction::Desc;
use crate::engine::db::error::written_once;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::held;
use crate::insert_few;
use crate::keep;
use crate::notify::id::{NotificationDeliveryId, NotificationId};
use crate::notify::model::NotificationKind;
use crate::notify::schema::{notification_deliveries as deliveries, notifications};
use crate::sending::MessageStatus;
use crate::tenants::access::Role;
use crate::tenants::schema::memberships;

pub use respell::catch_ups;

crate::record! {
    /// One entry of a person's list.
    pub struct Notification of notifications,
    /// One thing a person is told.
    #[schema(example = json!({
        "id": "019a9f3c-7201-7c11-a1f7-5b1d6f0c2a10", "kind": "lead_created", "title": "New hot lead: Rajesh Kumar (85/100)",
        "body": "✓ Budget matches (₹80L-1Cr)\n✓ Ready within 3 months\nContact within 1 hour for best results!",
        "link": "https://app.example.com/leads/019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "event_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "read_at": null, "created_at": "2026-11-20T09:00:02Z"
    }))]
    shown as NotificationView {
        pub tenant_id: TenantId,
        shown id: NotificationId,
        pub user_id: UserId,
        shown event_id: Option<EventId>,
        shown kind: NotificationKind,
        shown title: String,
        shown body: String,
        /// Where to go: `{deep_link_base_url}/leads/{id}`.
        shown link: Option<String>,
        shown lead_id: Option<LeadId>,
        pub data: Json,
        shown read_at: Option<Timestamp>,
        shown created_at: Timestamp,
    }
}

crate::record! {
    /// One notification on its way to an outside address.
    #[derive(PartialEq)]
    pub struct Delivery of deliveries,
    /// One notification on its way to an outside address.
    #[schema(example = json!({
        "id": "019a9f3c-7301-7c11-a1f7-5b1d6f0c2a10", "event_id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "kind": "lead_created",
        "channel": "whatsapp", "address": "+919876500000", "subject": null,
        "body": "🎯 New Hot lead! (Score: 85/100) …", "status": "delivered", "error": null,
        "sent_at": "2026-11-20T09:00:03Z", "created_at": "2026-11-20T09:00:02Z", "updated_at": "2026-11-20T09:00:04Z"
    }))]
    shown as NotificationDeliveryView {
        pub tenant_id: TenantId,
        shown id: NotificationDeliveryId,
        shown event_id: EventId,
        shown kind: NotificationKind,
        shown channel: Channel,
        shown address: String,
        shown subject: Option<String>,
        shown body: String,
        pub template_code: Option<String>,
        pub template_variables: Option<Json>,
        /// As for messages: `queued`, `sending`, `sent`, `delivered`, `read`, `failed`, `suppressed`, `canceled`, `unknown`.
        shown status: MessageStatus,
        pub provider: Option<String>,
        pub external_id: Option<String>,
        /// Why it did not arrive, or why it waits; `class code: message`.
        shown error: Option<String>,
        pub attempted_at: Option<Timestamp>,
        shown sent_at: Option<Timestamp>,
        shown created_at: Timestamp,
        shown updated_at: Timestamp,
        /// Of an e-mail, what `body` says as HTML.
        pub html: Option<String>,
    }
}

pub fn insert(tx: &mut TenantTx<'_>, rows: &[Notification]) -> Result<()> {
    // Few enough texts to be kept, and enough people for most tenants.
    for chunk in rows.chunks(16) {
        insert_few!(tx.conn(), notifications::table, chunk)?;
    }
    Ok(())
}

crate::filter! {
    /// Which notifications to list.
    pub struct NotificationFilter of notifications {
        /// True: only unread ones; false: only read ones.
        pub unread: Option<bool> => lacks read_at,
    }
}

/// A person's notifications, newest first.
pub fn list(
    tx: &mut TenantTx<'_>,
    user: UserId,
    filter: &NotificationFilter,
    page: &PageRequest,
) -> Result<Page<Notification>> {
    use notifications::{created_at, id, tenant_id, user_id};
    let which = filter.narrow(Where::of(tx, tenant_id).is(user_id, user));
    tx.page(which, Order::by(Desc, (created_at, id), |row: &Notification| (row.created_at, row.id)), page)
}

/// # Errors
/// `notification.not_found`, also for another person's.
pub fn mark_read(tx: &mut TenantTx<'_>, user: UserId, id: NotificationId) -> Result<Notification> {
    let (now, tenant) = (tx.now(), tx.tenant());
    let mine = notifications::table.find((tenant, id)).filter(notifications::user_id.eq(user));
    diesel::update(mine.filter(notifications::read_at.is_null()))
        .set(notifications::read_at.eq(now))
        .execute(tx.conn())?;
    let row = mine.select(Notification::as_select()).first(tx.conn()).optional()?;
    row.ok_or_else(|| Error::not_found("notification.not_found", "There is no such notification."))
}

/// Answers how many were unread.
pub fn mark_all_read(tx: &mut TenantTx<'_>, user: UserId) -> Result<usize> {
    let now = tx.now();
    let unread = notifications::table
        .filter(notifications::tenant_id.eq(tx.tenant()).and(notifications::user_id.eq(user)))
        .filter(notifications::read_at.is_null());
    Ok(diesel::update(unread).set(notifications::read_at.eq(now)).execute(tx.conn())?)
}

/// `false` when the event was told to this address before.
pub fn insert_delivery(tx: &mut TenantTx<'_>, row: &Delivery) -> Result<bool> {
    Ok(OrIgnore(diesel::insert_into(deliveries::table).values(row)).execute(tx.conn())? == 1)
}

pub fn find_delivery(tx: &mut TenantTx<'_>, id: NotificationDeliveryId) -> Result<Option<Delivery>> {
    let row = deliveries::table.find((tx.tenant(), id)).select(Delivery::as_select()).first(tx.conn()).optional()?;
    Ok(row)
}

/// As it is now, and nobody else changes it until this transaction ends.
pub fn hold_delivery(tx: &mut TenantTx<'_>, id: NotificationDeliveryId) -> Result<Option<Delivery>> {
    let tenant = tx.tenant();
    Ok(held!(tx.conn(), deliveries::table.find((tenant, id)).select(Delivery::as_select()), get_result).optional()?)
}

/// Whose deliveries these ids of a provider are: routes delivery reports between tenants. They are held, in one order.
pub fn hold_external(tx: &mut PlatformTx<'_>, provider: &str, external_ids: &[&str]) -> Result<Vec<Delivery>> {
    let meant = deliveries::provider.eq(provider).and(deliveries::external_id.eq_any(external_ids));
    let held = deliveries::table.filter(meant).order(deliveries::id);
    Ok(held!(tx.conn(), held.select(Delivery::as_select()), load)?)
}

/// Those of these tenants with these ids. They are held, in one order.
pub fn hold_deliveries(
    tx: &mut PlatformTx<'_>,
    tenants: &[TenantId],
    ids: &[NotificationDeliveryId],
) -> Result<Vec<Delivery>> {
    let meant = deliveries::tenant_id.eq_any(tenants).and(deliveries::id.eq_any(ids));
    let held = deliveries::table.filter(meant).order(deliveries::id);
    Ok(held!(tx.conn(), held.select(Delivery::as_select()), load)?)
}

/// Queued deliveries of this kind, the latest 200.
pub fn queued_of(tx: &mut TenantTx<'_>, kind: NotificationKind) -> Result<Vec<NotificationDeliveryId>> {
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tx.tenant()))
        .filter(deliveries::kind.eq(kind).and(deliveries::status.eq(MessageStatus::Queued)))
        .order((deliveries::created_at.desc(), deliveries::id.desc()))
        .limit(200)
        .select(deliveries::id);
    Ok(rows.load(tx.conn())?)
}

/// Queued deliveries to one address of the last two days, the latest 200.
pub fn queued_to(tx: &mut TenantTx<'_>, channel: Channel, address: &str) -> Result<Vec<NotificationDeliveryId>> {
    let rows = deliveries::table
        .filter(deliveries::tenant_id.eq(tx.tenant()))
        .filter(deliveries::status.eq(MessageStatus::Queued))
        .filter(deliveries::channel.eq(channel).and(deliveries::address.eq(address)))
        .filter(deliveries::created_at.gt(tx.now().minus(chrono::Duration::days(2))))
        .order((deliveries::created_at.desc(), deliveries::id.desc()))
        .limit(200)
        .select(deliveries::id);
    Ok(rows.load(tx.conn())?)
}

/// Writes what sending and its reports change. [`hold_delivery`] it before: the last writer would undo what others wrote.
pub fn save_delivery(tx: &mut TenantTx<'_>, row: &Delivery) -> Result<()> {
    let tenant = tx.tenant();
    let now = tx.now();
    keep!(
        tx.conn(),
        diesel::update(deliveries::table.find((tenant, row.id))).set((
            deliveries::status.eq(row.status),
            deliveries::provider.eq(&row.provider),
            deliveries::external_id.eq(&row.external_id),
            deliveries::error.eq(&row.error),
            deliveries::attempted_at.eq(row.attempted_at),
            deliveries::sent_at.eq(row.sent_at),
            deliveries::updated_at.eq(now),
        ))
    )?;
    Ok(())
}

crate::filter! {
    /// Which deliveries to list.
    pub struct DeliveryFilter of deliveries {
        pub status: Option<MessageStatus> => eq status,
        pub kind: Option<NotificationKind> => eq kind,
        pub channel: Option<Channel> => eq channel,
    }
}

/// Newest first.
pub fn list_deliveries(tx: &mut TenantTx<'_>, filter: &DeliveryFilter, page: &PageRequest) -> Result<Page<Delivery>> {
    use deliveries::{created_at, id};
    let which = filter.narrow(Where::of(tx, deliveries::tenant_id));
    tx.page(which, Order::by(Desc, (created_at, id), |row: &Delivery| (row.created_at, row.id)), page)
}

/// The provider ids of this tenant's other deliveries to an address since: a search for a lost one must not take them.
pub fn known_external_ids(
    tx: &mut TenantTx<'_>,
    channel: Channel,
    address: &str,
    since: Timestamp,
) -> Result<Vec<String>> {
    let ids: Vec<Option<String>> = deliveries::table
        .filter(deliveries::tenant_id.eq(tx.tenant()).and(deliveries::created_at.ge(since)))
        .filter(deliveries::channel.eq(channel).and(deliveries::address.eq(address)))
        .filter(deliveries::external_id.is_not_null())
        .select(deliveries::external_id)
        .load(tx.conn())?;
    Ok(ids.into_iter().flatten().collect())
}

/// The person's role, preferences and their version.
///
/// # Errors
/// `user.not_found`.
pub fn preferences(tx: &mut TenantTx<'_>, user: UserId) -> Result<(Role, Json, i32)> {
    let found = memberships::table
        .find((tx.tenant(), user))
        .select((memberships::role, memberships::preferences, memberships::version))
        .first(tx.conn())
        .optional()?;
    found.ok_or_else(|| Error::not_found("user.not_found", "There is no such user."))
}

/// Answers the new version.
pub fn save_preferences(tx: &mut TenantTx<'_>, user: UserId, preferences: &Json, version: i32) -> Result<i32> {
    let now = tx.now();
    let row = memberships::table.find((tx.tenant(), user)).filter(memberships::version.eq(version));
    let written = diesel::update(row)
        .set((
            memberships::preferences.eq(preferences),
            memberships::version.eq(version + 1),
            memberships::updated_at.eq(now),
        ))
        .execute(tx.conn())?;
    written_once(written).map(|()| version + 1)
}
