//! What is to be done for tenants, by due time.

use actix_web::{HttpResponse, get, patch};
use validator::Validate;

use crate::base::id::{OperatorId, TenantId};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::http::{Answer, IfMatch, Json, Page, Paging, Path, Reply};
use crate::leads::id::AdCampaignId;
use crate::ops::id::OpsTaskId;
use crate::ops::model::{OpsTask, TaskKind, TaskStatus};
use crate::ops::store::{self, TaskFilter};
use crate::ops::tasks;
use crate::tenants::access::Operator;

/// A task.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
    "tenant_name": "ABC Real Estate", "kind": "set_up_meta_campaign", "title": "Set up Facebook campaign",
    "status": "open", "estimate_minutes": 15, "due_at": "2026-11-22T09:00:00Z", "is_overdue": false,
    "completed_at": null, "completed_by": null, "ad_campaign_id": null, "created_at": "2026-11-21T09:00:00Z", "updated_at": "2026-11-21T09:00:00Z"
}))]
pub struct OpsTaskView {
    pub id: OpsTaskId,
    pub tenant_id: TenantId,
    pub tenant_name: String,
    pub kind: TaskKind,
    pub title: String,
    pub status: TaskStatus,
    /// What it takes by hand.
    pub estimate_minutes: i32,
    pub due_at: Timestamp,
    pub is_overdue: bool,
    pub completed_at: Option<Timestamp>,
    pub completed_by: Option<OperatorId>,
    /// The one to be reviewed: its tenant's, by `X-Tenant-Id`.
    pub ad_campaign_id: Option<AdCampaignId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    version: i32,
}

crate::versioned!(OpsTaskView);

impl OpsTaskView {
    fn of((task, tenant_name): (OpsTask, String), now: Timestamp) -> Self {
        Self {
            is_overdue: task.is_overdue(now),
            id: task.id,
            tenant_id: task.tenant_id,
            tenant_name,
            kind: task.kind,
            title: task.title,
            status: task.status,
            estimate_minutes: task.estimate_minutes,
            due_at: task.due_at,
            completed_at: task.completed_at,
            completed_by: task.completed_by,
            ad_campaign_id: task.ad_campaign_id,
            created_at: task.created_at,
            updated_at: task.updated_at,
            version: task.version,
        }
    }
}

/// List tasks, the next due first
#[utoipa::path(
    params(TaskFilter),
    responses((status = 200, description = "A page of tasks of all tenants", body = Page<OpsTaskView>))
)]
#[get("/ops/tasks")]
pub async fn list_ops_tasks(operator: Operator, core: Core, query: Paging<TaskFilter>) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| store::tasks(tx, &query.filter, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    let now = core.clock.now();
    Ok(HttpResponse::Ok().json(page.map(|row| OpsTaskView::of(row, now))))
}

/// Read a task
#[utoipa::path(responses((status = 200, description = "The task", body = OpsTaskView)))]
#[get("/ops/tasks/{id}")]
pub async fn get_ops_task(operator: Operator, core: Core, id: Path<OpsTaskId>) -> Answer {
    let found = core.db.read(operator.scope(), move |tx| tasks::get(tx, id.0)).await?;
    Ok(Reply::of(OpsTaskView::of(found, core.clock.now())).respond())
}

/// How a task stands now.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "done"}))]
pub struct UpdateOpsTask {
    pub status: TaskStatus,
}

/// Change a task's status
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The task as it is now", body = OpsTaskView)))]
#[patch("/ops/tasks/{id}")]
pub async fn update_ops_task(
    operator: Operator,
    core: Core,
    id: Path<OpsTaskId>,
    if_match: IfMatch,
    body: Json<UpdateOpsTask>,
) -> Answer {
    let (by, status) = (operator.id, body.0.status);
    let updated = core.db.write(operator.scope(), move |tx| tasks::turn(tx, id.0, status, by, &if_match)).await?;
    Ok(Reply::of(OpsTaskView::of(updated, core.clock.now())).respond())
}
