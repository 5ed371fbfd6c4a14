//! Rows that operators see across tenants.

use diesel::prelude::*;

use super::model::{OperatorNotification, OpsTask, TaskKind, TaskStatus};
use crate::ads::schema::ad_campaigns;
use crate::base::Result;
use crate::base::id::{EventId, JobId, OperatorId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::billing::schema::subscriptions;
use crate::engine::db::Direction::{Asc, Desc};
use crate::engine::db::error::written_once;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::jobs;
use crate::engine::db::{Order, Page, PageRequest, PlatformTx, TenantTx, Where};
use crate::engine::jobs::JobState;
use crate::engine::jobs::store::{JobRow, is_in};
use crate::integrations::schema::webhook_events;
use crate::leads::id::AdCampaignId;
use crate::leads::schema::leads;
use crate::notify::id::NotificationId;
use crate::ops::id::OpsTaskId;
use crate::ops::schema::{operator_notifications, ops_tasks};
use crate::tenants::schema::tenants;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = ops_tasks)]
struct TaskRow {
    id: OpsTaskId,
    tenant_id: TenantId,
    kind: TaskKind,
    title: String,
    status: TaskStatus,
    estimate_minutes: i32,
    due_at: Timestamp,
    completed_at: Option<Timestamp>,
    completed_by: Option<OperatorId>,
    ad_campaign_id: Option<AdCampaignId>,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<TaskRow> for OpsTask {
    fn from(row: TaskRow) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            kind: row.kind,
            title: row.title,
            status: row.status,
            estimate_minutes: row.estimate_minutes,
            due_at: row.due_at,
            completed_at: row.completed_at,
            completed_by: row.completed_by,
            ad_campaign_id: row.ad_campaign_id,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A task to be added.
pub(super) struct NewTask<'a> {
    pub kind: TaskKind,
    pub title: &'a str,
    pub dedupe_key: &'a str,
    pub due_at: Timestamp,
    pub ad_campaign_id: Option<AdCampaignId>,
}

/// Adds a task of this tenant once per key; `None` when it was there.
pub(super) fn add_task(tx: &mut TenantTx<'_>, new: &NewTask<'_>) -> Result<Option<OpsTaskId>> {
    let (id, now) = (OpsTaskId::new(), tx.now());
    let insert = diesel::insert_into(ops_tasks::table).values((
        ops_tasks::id.eq(id),
        ops_tasks::tenant_id.eq(tx.tenant()),
        ops_tasks::kind.eq(new.kind),
        ops_tasks::title.eq(new.title),
        ops_tasks::status.eq(TaskStatus::Open),
        ops_tasks::estimate_minutes.eq(new.kind.estimate_minutes()),
        ops_tasks::dedupe_key.eq(new.dedupe_key),
        ops_tasks::due_at.eq(new.due_at),
        ops_tasks::completed_at.eq(None::<Timestamp>),
        ops_tasks::completed_by.eq(None::<OperatorId>),
        ops_tasks::ad_campaign_id.eq(new.ad_campaign_id),
        ops_tasks::version.eq(1),
        ops_tasks::created_at.eq(now),
        ops_tasks::updated_at.eq(now),
    ));
    Ok((OrIgnore(insert).execute(tx.conn())? == 1).then_some(id))
}

crate::filter! {
    /// Which tasks to list.
    pub struct TaskFilter of ops_tasks {
        status: Option<TaskStatus> => eq status,
        tenant_id: Option<TenantId> => eq tenant_id,
        /// Past its due time and not closed.
        overdue: Option<bool> => by hand,
    }
}

/// Tasks with their tenant's name, the next due first.
pub(super) fn tasks(
    tx: &mut PlatformTx<'_>,
    filter: &TaskFilter,
    page: &PageRequest,
) -> Result<Page<(OpsTask, String)>> {
    let open = [TaskStatus::Open, TaskStatus::InProgress];
    let is_overdue = Where::part().before(ops_tasks::due_at, Some(tx.now())).any(ops_tasks::status, &open);
    let which = filter.narrow(Where::everywhere(tx));
    let which = match filter.overdue {
        Some(true) => which.and(is_overdue),
        Some(false) => which.not(is_overdue),
        None => which,
    };
    let rows = which.join(tenants::table, tenants::id.eq(ops_tasks::tenant_id));
    let key = |(task, _): &(TaskRow, TenantName)| (task.due_at, task.id);
    let page = tx.page(rows, Order::by(Asc, (ops_tasks::due_at, ops_tasks::id), key), page)?;
    Ok(page.map(|(row, tenant)| (row.into(), tenant.name)))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = tenants)]
struct TenantName {
    name: String,
}

/// The tasks about an ad campaign that nobody closed, with their keys.
pub(super) fn open_tasks_of(tx: &mut TenantTx<'_>, id: AdCampaignId) -> Result<Vec<(OpsTask, String)>> {
    let rows: Vec<(TaskRow, String)> = ops_tasks::table
        .filter(ops_tasks::tenant_id.eq(tx.tenant()).and(ops_tasks::ad_campaign_id.eq(id)))
        .filter(ops_tasks::status.eq_any([TaskStatus::Open, TaskStatus::InProgress]))
        .select((TaskRow::as_select(), ops_tasks::dedupe_key))
        .load(tx.conn())?;
    Ok(rows.into_iter().map(|(row, key)| (row.into(), key)).collect())
}

/// The tenant's tasks of these kinds that nobody closed.
pub(super) fn open_tasks_in(tx: &mut TenantTx<'_>, kinds: &[TaskKind]) -> Result<Vec<OpsTask>> {
    let rows: Vec<TaskRow> = ops_tasks::table
        .filter(ops_tasks::tenant_id.eq(tx.tenant()).and(ops_tasks::kind.eq_any(kinds)))
        .filter(ops_tasks::status.eq_any([TaskStatus::Open, TaskStatus::InProgress]))
        .select(TaskRow::as_select())
        .load(tx.conn())?;
    Ok(rows.into_iter().map(OpsTask::from).collect())
}

pub(super) fn task(tx: &mut PlatformTx<'_>, id: OpsTaskId) -> Result<Option<(OpsTask, String)>> {
    let row: Option<(TaskRow, String)> = ops_tasks::table
        .inner_join(tenants::table.on(tenants::id.eq(ops_tasks::tenant_id)))
        .filter(ops_tasks::id.eq(id))
        .select((TaskRow::as_select(), tenants::name))
        .first(tx.conn())
        .optional()?;
    Ok(row.map(|(row, name)| (row.into(), name)))
}

pub(super) fn save_task(tx: &mut PlatformTx<'_>, task: &OpsTask) -> Result<()> {
    let read = ops_tasks::table.find(task.id).filter(ops_tasks::version.eq(task.version - 1));
    let written = diesel::update(read)
        .set((
            ops_tasks::status.eq(task.status),
            ops_tasks::completed_at.eq(task.completed_at),
            ops_tasks::completed_by.eq(task.completed_by),
            ops_tasks::version.eq(task.version),
            ops_tasks::updated_at.eq(task.updated_at),
        ))
        .execute(tx.conn())?;
    written_once(written)
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = operator_notifications, treat_none_as_default_value = false)]
struct NotificationRow {
    id: NotificationId,
    tenant_id: Option<TenantId>,
    event_id: Option<EventId>,
    kind: String,
    title: String,
    body: String,
    data: Json,
    read_at: Option<Timestamp>,
    created_at: Timestamp,
}

impl From<NotificationRow> for OperatorNotification {
    fn from(row: NotificationRow) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            kind: row.kind,
            title: row.title,
            body: row.body,
            data: row.data.value(),
            read_at: row.read_at,
            created_at: row.created_at,
        }
    }
}

/// Tells the operators; `event` is the fact that caused it.
pub(super) fn notify(tx: &mut PlatformTx<'_>, note: OperatorNotification, event: Option<EventId>) -> Result<()> {
    let row = NotificationRow {
        id: note.id,
        tenant_id: note.tenant_id,
        event_id: event,
        kind: note.kind,
        title: note.title,
        body: note.body,
        data: Json::from(note.data),
        read_at: note.read_at,
        created_at: note.created_at,
    };
    diesel::insert_into(operator_notifications::table).values(&row).execute(tx.conn())?;
    Ok(())
}

crate::filter! {
    /// Which notifications to list.
    pub struct NotificationFilter of operator_notifications {
        /// Only those read already, or only those not read yet.
        is_read: Option<bool> => has read_at,
    }
}

/// Newest first.
pub(super) fn notifications(
    tx: &mut PlatformTx<'_>,
    filter: &NotificationFilter,
    page: &PageRequest,
) -> Result<Page<OperatorNotification>> {
    let which = filter.narrow(Where::everywhere(tx));
    let order = Order::by_id(Desc, operator_notifications::id, |row: &NotificationRow| row.id);
    Ok(tx.page(which, order, page)?.map(OperatorNotification::from))
}

/// Marks it read, for all operators; the first reading counts.
pub(super) fn read_notification(tx: &mut PlatformTx<'_>, id: NotificationId) -> Result<Option<OperatorNotification>> {
    let now = tx.now();
    diesel::update(operator_notifications::table.find(id))
        .filter(operator_notifications::read_at.is_null())
        .set(operator_notifications::read_at.eq(now))
        .execute(tx.conn())?;
    let row: Option<NotificationRow> =
        operator_notifications::table.find(id).select(NotificationRow::as_select()).first(tx.conn()).optional()?;
    Ok(row.map(OperatorNotification::from))
}

pub(super) fn job(tx: &mut PlatformTx<'_>, id: JobId) -> Result<Option<JobRow>> {
    Ok(jobs::table.find(id).select(JobRow::as_select()).first(tx.conn()).optional()?)
}

pub(super) fn tenant_exists(tx: &mut PlatformTx<'_>, id: TenantId) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(tenants::table.find(id))).get_result(tx.conn())?)
}

/// The counters of the operators' first screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    pub new_tenants: i64,
    pub running_subscriptions: i64,
    pub active_ad_campaigns: i64,
    pub leads: i64,
    pub open_tasks: i64,
    pub overdue_tasks: i64,
    pub unread_notifications: i64,
    pub dead_jobs: i64,
    pub failed_webhook_events: i64,
}

/// Counts now; `since` bounds what is new.
pub(super) fn counters(tx: &mut PlatformTx<'_>, since: Timestamp) -> Result<Counters> {
    let now = tx.now();
    let conn = tx.conn();
    let open = || ops_tasks::table.filter(ops_tasks::status.eq_any([TaskStatus::Open, TaskStatus::InProgress]));
    Ok(Counters {
        new_tenants: tenants::table.filter(tenants::created_at.ge(since)).count().get_result(conn)?,
        running_subscriptions: subscriptions::table
            .filter(subscriptions::status.eq_any(["trialing", "active", "past_due"]))
            .count()
            .get_result(conn)?,
        active_ad_campaigns: ad_campaigns::table.filter(ad_campaigns::status.eq("active")).count().get_result(conn)?,
        leads: leads::table.filter(leads::received_at.ge(since)).count().get_result(conn)?,
        open_tasks: open().count().get_result(conn)?,
        overdue_tasks: open().filter(ops_tasks::due_at.lt(now)).count().get_result(conn)?,
        unread_notifications: operator_notifications::table
            .filter(operator_notifications::read_at.is_null())
            .count()
            .get_result(conn)?,
        dead_jobs: jobs::table.filter(is_in(JobState::Dead)).count().get_result(conn)?,
        failed_webhook_events: webhook_events::table
            .filter(webhook_events::state.eq("failed"))
            .count()
            .get_result(conn)?,
    })
}
