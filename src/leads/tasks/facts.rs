//! What happens to a task. It is on the timeline of its lead.

use super::store::Task;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::contacts::id::{ContactId, LeadId};
use crate::engine::events::{EventType, Fact as _, Facts, NewEvent};

crate::fact! {
    /// What happens to a task.
    TaskFact as {
        /// Somebody has something to do.
        CREATED = "task.created" says [title] maybe [assignee_id, contact_id, lead_id, due_at],
        /// Something other than the status of a task changed.
        UPDATED = "task.updated" says [title, changed] maybe [assignee_id, contact_id, lead_id, due_at],
        /// A task is done.
        COMPLETED = "task.completed" says [title] maybe [assignee_id, contact_id, lead_id, due_at],
        /// A task is not to be done any more.
        CANCELLED = "task.cancelled" says [title] maybe [assignee_id, contact_id, lead_id, due_at],
        /// A task that was done or cancelled is open again.
        REOPENED = "task.reopened" says [title] maybe [assignee_id, contact_id, lead_id, due_at],
        /// An open task's moment has come: told once of each.
        DUE = "task.due" says [title, due_at] maybe [assignee_id, contact_id, lead_id],
        /// A task was deleted.
        DELETED = "task.deleted" says [title] maybe [assignee_id, contact_id, lead_id, due_at],
    } {
        title: Option<String> = "Send the album",
        assignee_id: Option<UserId>,
        contact_id: Option<ContactId>,
        lead_id: Option<LeadId>,
        due_at: Option<Timestamp>,
        changed: Option<Vec<String>> = ["due_at", "assignee_id"],
    }
}

impl TaskFact {
    pub(super) fn of(task: &Task) -> Self {
        Self {
            title: Some(task.title.clone()),
            assignee_id: task.assignee_id,
            contact_id: task.contact_id,
            lead_id: task.lead_id,
            due_at: task.due_at,
            changed: None,
        }
    }

    /// The event about this task, on the timeline of its lead.
    pub(super) fn told(self, task: &Task, kind: EventType) -> NewEvent {
        let event = self.told_as(kind).about(task.id.uuid());
        match task.lead_id {
            Some(lead) => event.on(lead.uuid()),
            None => event,
        }
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<TaskFact>();
}
