//! Tasks that operators work off by hand.

use super::facts::TaskFact;
use super::model::{OpsTask, TaskStatus};
use super::store;
use crate::base::id::OperatorId;
use crate::base::{Error, Result};
use crate::engine::db::PlatformTx;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::ops::id::OpsTaskId;

/// A task with its tenant's name.
///
/// # Errors
/// `ops_task.not_found`.
pub fn get(tx: &mut PlatformTx<'_>, id: OpsTaskId) -> Result<(OpsTask, String)> {
    store::task(tx, id)?.ok_or_else(|| Error::not_found("ops_task.not_found", "There is no such task."))
}

/// Says how a task stands now.
///
/// # Errors
/// `ops_task.not_found`, `request.precondition_failed`, `storage.conflict`.
pub fn turn(
    tx: &mut PlatformTx<'_>,
    id: OpsTaskId,
    to: TaskStatus,
    by: OperatorId,
    if_match: &IfMatch,
) -> Result<(OpsTask, String)> {
    let (mut task, tenant_name) = get(tx, id)?;
    if_match.check(task.version)?;
    let from = task.status;
    if from == to {
        return Ok((task, tenant_name));
    }
    task.turn(to, Some(by), tx.now());
    store::save_task(tx, &task)?;
    let fact = TaskFact::turned(task.kind, from, to);
    tx.for_tenant(task.tenant_id).record(fact.told_as(TaskFact::UPDATED).about(task.id.uuid()))?;
    Ok((task, tenant_name))
}
