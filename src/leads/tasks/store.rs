//! Rows of `tasks`.

use diesel::prelude::*;

use super::model::{TaskPriority, TodoStatus};
use crate::base::Result;
use crate::base::id::{TenantId, UserId};
use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, LeadId};
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};
use crate::leads::id::TaskId;
use crate::leads::schema::tasks;

crate::record! {
    /// Something to do.
    pub struct Task of tasks,
    /// Something that somebody of the tenant has to do.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a18", "title": "Send the album", "description": null, "status": "open",
        "priority": "normal", "due_at": "2026-11-24T09:00:00Z", "assignee_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12", "lead_id": null, "created_by": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "completed_at": null, "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    shown as TaskView {
        pub tenant_id: TenantId,
        shown id: TaskId,
        shown title: String,
        shown description: Option<String>,
        shown status: TodoStatus,
        shown priority: TaskPriority,
        shown due_at: Option<Timestamp>,
        /// The moment of which it was told that it had come.
        pub told_due_at: Option<Timestamp>,
        /// Null: anybody's.
        shown assignee_id: Option<UserId>,
        shown contact_id: Option<ContactId>,
        shown lead_id: Option<LeadId>,
        /// The member who made it, or whose key did; null when an operator did.
        shown created_by: Option<UserId>,
        /// When it was done; null while it is not.
        shown completed_at: Option<Timestamp>,
        pub version: i32,
        shown created_at: Timestamp,
        shown updated_at: Timestamp,
    }
}

crate::rows!(tasks: Task, TaskId, "task" => insert, find, get, hold, save, delete);

crate::filter! {
    /// Which tasks to list.
    pub struct TaskFilter of tasks by change {
        #[param(inline)]
        status: Option<TodoStatus> => eq status,
        #[param(inline)]
        priority: Option<TaskPriority> => eq priority,
        assignee_id: Option<UserId> => eq assignee_id,
        /// Only those that somebody is to do, or only those that are anybody's.
        is_assigned: Option<bool> => has assignee_id,
        contact_id: Option<ContactId> => eq contact_id,
        lead_id: Option<LeadId> => eq lead_id,
        /// Due at this moment or later.
        due_after: Option<Timestamp> => since due_at,
        due_before: Option<Timestamp> => before due_at,
    }
}

/// Newest first, unless by change.
pub fn list(tx: &mut TenantTx<'_>, filter: &TaskFilter, page: &PageRequest) -> Result<Page<Task>> {
    use tasks::{id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id));
    let newest = Order::by_id(Desc, id, |row: &Task| row.id);
    let changed = Order::by_change((updated_at, id), |row: &Task| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

/// The ids of a contact's newest.
pub fn newest(tx: &mut TenantTx<'_>, contact: ContactId, limit: i64) -> Result<Vec<TaskId>> {
    let own = tasks::tenant_id.eq(tx.tenant()).and(tasks::contact_id.eq(contact));
    Ok(tasks::table.filter(own).order(tasks::id.desc()).limit(limit).select(tasks::id).load(tx.conn())?)
}

/// Notes that it was told of its moment. Nothing that is shown is other than before.
pub fn set_told(tx: &mut TenantTx<'_>, task: &mut Task, due_at: Timestamp) -> Result<()> {
    task.told_due_at = Some(due_at);
    let row = tasks::table.find((tx.tenant(), task.id));
    diesel::update(row).set(tasks::told_due_at.eq(task.told_due_at)).execute(tx.conn())?;
    Ok(())
}

/// Open tasks of a user are anybody's.
pub fn release(tx: &mut TenantTx<'_>, user: UserId) -> Result<Vec<Task>> {
    let now = tx.now();
    let own = tasks::tenant_id.eq(tx.tenant()).and(tasks::assignee_id.eq(user));
    let open = tasks::table.filter(own).filter(tasks::status.eq(TodoStatus::Open));
    let set = (tasks::assignee_id.eq(None::<UserId>), tasks::version.eq(tasks::version + 1), tasks::updated_at.eq(now));
    Ok(diesel::update(open).set(set).returning(tasks::all_columns).get_results(tx.conn())?)
}

/// Tasks about a contact are about nobody.
pub fn let_go(tx: &mut TenantTx<'_>, contact: ContactId) -> Result<Vec<Task>> {
    let now = tx.now();
    let own = tasks::table.filter(tasks::tenant_id.eq(tx.tenant()).and(tasks::contact_id.eq(contact)));
    let set =
        (tasks::contact_id.eq(None::<ContactId>), tasks::version.eq(tasks::version + 1), tasks::updated_at.eq(now));
    Ok(diesel::update(own).set(set).returning(tasks::all_columns).get_results(tx.conn())?)
}
