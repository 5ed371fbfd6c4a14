//! Tasks that somebody makes, changes and deletes.

use super::due;
use super::facts::TaskFact;
use super::model::{TaskPriority, TodoStatus};
use super::store::{self as rows, Task};
use crate::base::bounded::{Line, Text};
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::base::{Error, FieldError, Result};
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people;
use crate::engine::db::TenantTx;
use crate::engine::http::IfMatch;
use crate::leads::id::TaskId;
use crate::leads::store;
use crate::tenants;
use crate::tenants::store::person_behind;

crate::inputs! {
    /// A task to be made.
    #[schema(example = json!({"title": "Send the album", "due_at": "2026-11-24T09:00:00Z", "priority": "high",
        "contact_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12"}))]
    pub struct NewTask,
    /// A change to a task. `{"status": "done"}` completes it, `{"status": "open"}` opens it again.
    #[schema(example = json!({"status": "done"}))]
    TaskPatch of Task with { created_by: Option<UserId> }
        begins { status: TodoStatus::Open }
        empty { told_due_at, completed_at }
    {
        pub title: Line<1, 200>,
        pub description: Option<Text<0, 5_000>>,
        /// `task.due` is told when it comes.
        pub due_at: Option<Timestamp>,
        /// An active user of the tenant.
        pub assignee_id: Option<UserId>,
        pub contact_id: Option<ContactId>,
        pub lead_id: Option<LeadId>,
        /// `normal` when it is not said.
        #[serde(default)]
        made pub priority: TaskPriority,
        changed pub priority: Given<TaskPriority>,
        changed pub status: Given<TodoStatus> => by hand,
    }
}

impl Task {
    /// Whether it stood otherwise.
    fn turn(&mut self, to: TodoStatus, now: Timestamp) -> bool {
        if self.status == to {
            return false;
        }
        self.status = to;
        self.completed_at = (to == TodoStatus::Done).then_some(now);
        true
    }
}

/// Whom a task names.
#[derive(Default)]
struct Named {
    assignee: Option<UserId>,
    contact: Option<ContactId>,
    lead: Option<LeadId>,
}

/// # Errors
/// Each of those that are not there.
fn check(tx: &mut TenantTx<'_>, named: &Named) -> Result<()> {
    let mut wrong = Vec::new();
    let mut refuse = |at: &str, rule: &str| wrong.push(FieldError::new(at, "invalid_value", rule));
    if let Some(user) = named.assignee {
        let members = tenants::store::members(tx)?;
        if !members.iter().any(|member| member.user_id == user && member.status == "active") {
            refuse("/assignee_id", "expected the id of an active user of this tenant");
        }
    }
    if let Some(contact) = named.contact
        && !people::is_there(tx, contact)?
    {
        refuse("/contact_id", "expected the id of a contact of this tenant");
    }
    if let Some(lead) = named.lead
        && store::find(tx, lead)?.is_none()
    {
        refuse("/lead_id", "expected the id of a lead of this tenant");
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::fields(wrong)) }
}

/// # Errors
/// Whom it names and who is not there.
pub fn create(tx: &mut TenantTx<'_>, new: NewTask) -> Result<Task> {
    check(tx, &Named { assignee: new.assignee_id, contact: new.contact_id, lead: new.lead_id })?;
    let created_by = person_behind(tx)?;
    let task = new.row(tx, created_by);
    rows::insert(tx, &task)?;
    due::await_it(tx, &task)?;
    let event = TaskFact::of(&task).told(&task, TaskFact::CREATED);
    tx.record(event)?;
    Ok(task)
}

/// # Errors
/// `task.not_found`, `request.precondition_failed`; whom it names and who is not there.
pub fn change(tx: &mut TenantTx<'_>, id: TaskId, mut patch: TaskPatch, if_match: &IfMatch) -> Result<Task> {
    let mut task = rows::hold(tx, id)?;
    if_match.check(task.version)?;
    let before = task.clone();
    let changes = patch.apply(&mut task);
    // Who is named already may have left.
    let new = Named {
        assignee: task.assignee_id.filter(|_| changes.has("assignee_id")),
        contact: task.contact_id.filter(|_| changes.has("contact_id")),
        lead: task.lead_id.filter(|_| changes.has("lead_id")),
    };
    check(tx, &new)?;
    let turned = task.turn(patch.status.0.unwrap_or(before.status), tx.now());
    if changes.is_empty() && !turned {
        return Ok(before);
    }
    rows::save(tx, &mut task)?;
    if changes.has("due_at") || turned {
        due::await_it(tx, &task)?;
    }
    if !changes.is_empty() {
        let fact = TaskFact { changed: Some(changes.told()), ..TaskFact::of(&task) };
        tx.record(fact.told(&task, TaskFact::UPDATED))?;
    }
    if turned {
        let kind = match task.status {
            TodoStatus::Open => TaskFact::REOPENED,
            TodoStatus::Done => TaskFact::COMPLETED,
            TodoStatus::Cancelled => TaskFact::CANCELLED,
        };
        let event = TaskFact::of(&task).told(&task, kind);
        tx.record(event)?;
    }
    Ok(task)
}

/// # Errors
/// `task.not_found`.
pub fn delete(tx: &mut TenantTx<'_>, id: TaskId) -> Result<()> {
    let task = rows::hold(tx, id)?;
    rows::delete(tx, id)?;
    let event = TaskFact::of(&task).told(&task, TaskFact::DELETED);
    tx.record(event)?;
    Ok(())
}
