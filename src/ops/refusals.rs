//! What operators are refused.

use crate::base::refusal::Place::At;
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("ops_task.not_found")
        .why("There is no such task.")
        .remedy("Look the id up by GET /v1/ops/tasks.")
        .at(&[At("get_ops_task"), At("update_ops_task")]),
    engine::absent!("webhook_event", "stored webhook", "/v1/ops/webhook-events"),
    Refusal::conflict("webhook_event.not_replayable")
        .why("The stored webhook waits or was handled.")
        .remedy("Look at its outcome. What failed or was let go can be replayed.")
        .at(&[At("replay_webhook_event")]),
];
