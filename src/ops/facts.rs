//! What happens at the operators' console.

use super::model::{TaskKind, TaskStatus};
use crate::engine::events::Facts;

crate::fact! {
    /// Something to do for the operators, or done by them.
    TaskFact as {
        /// There is something to do for the operators.
        CREATED = "ops_task.created" says [kind, title] maybe [],
        /// The operators took up a task, did it or let it be.
        UPDATED = "ops_task.updated" says [kind, from, to] maybe [],
    } {
        kind: Option<TaskKind> = "set_up_meta_campaign",
        title: Option<String> = "Set up Facebook campaign",
        from: Option<TaskStatus> = "open",
        to: Option<TaskStatus> = "done",
    }
}

impl TaskFact {
    pub(super) fn made(kind: TaskKind, title: &str) -> Self {
        Self { kind: Some(kind), title: Some(title.into()), ..Self::default() }
    }

    pub(super) fn turned(kind: TaskKind, from: TaskStatus, to: TaskStatus) -> Self {
        Self { kind: Some(kind), from: Some(from), to: Some(to), ..Self::default() }
    }
}

crate::fact! {
    /// A dead job was given another life.
    JobRetried = "job.retried" {
        kind: Option<String> = "webhook.process",
    }
}

crate::fact! {
    /// A dead job was let be: nobody is to run it again.
    JobDismissed = "job.dismissed" {
        kind: Option<String> = "webhook.process",
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<TaskFact>().add_platforms::<JobRetried>().add_platforms::<JobDismissed>();
}
