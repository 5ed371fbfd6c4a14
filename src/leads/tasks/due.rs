//! The moment at which a task falls due: told once, while it is open.
//!
//! Whoever gives a task a moment asks for a job at that moment. A job whose moment is not the task's any more finds nothing to do, so
//! that tasks are moved without looking for their jobs.

use super::facts::TaskFact;
use super::model::TodoStatus;
use super::store::{self as rows, Task};
use crate::base::Result;
use crate::base::time::Timestamp;
use crate::engine::db::TenantTx;
use crate::engine::jobs::{JobContext, JobKind, NewJob, Outcome, Registry};
use crate::leads::id::TaskId;

static DUE: JobKind = JobKind::new("task.due");

#[derive(serde::Serialize, serde::Deserialize)]
struct Payload {
    task_id: TaskId,
    due_at: Timestamp,
}

impl Task {
    /// The moment of which it is still to be told that it has come.
    fn awaits(&self) -> Option<Timestamp> {
        let due = self.due_at.filter(|_| self.status == TodoStatus::Open)?;
        (self.told_due_at != Some(due)).then_some(due)
    }
}

pub(super) fn jobs(registry: &mut Registry) {
    registry.handle(&DUE, run);
}

/// Has it told when the moment comes that the task awaits.
pub(super) fn await_it(tx: &mut TenantTx<'_>, task: &Task) -> Result<()> {
    if let Some(due_at) = task.awaits() {
        tx.enqueue(NewJob::new(&DUE, &Payload { task_id: task.id, due_at }).at(due_at))?;
    }
    Ok(())
}

async fn run(context: JobContext) -> Result<Outcome> {
    let Payload { task_id, due_at } = context.payload()?;
    context.finish(move |tx| tell(tx, task_id, due_at)).await
}

fn tell(tx: &mut TenantTx<'_>, id: TaskId, due_at: Timestamp) -> Result<()> {
    if rows::find(tx, id)?.is_none() {
        return Ok(());
    }
    let mut task = rows::hold(tx, id)?;
    if task.awaits() != Some(due_at) {
        return Ok(());
    }
    rows::set_told(tx, &mut task, due_at)?;
    let event = TaskFact::of(&task).told(&task, TaskFact::DUE);
    tx.record(event)?;
    Ok(())
}
