//! Background work: what waits, what died and why, and another try.

use actix_web::{HttpResponse, get, post};
use validator::Validate;

use crate::base::Error;
use crate::base::bounded::Line;
use crate::base::id::{JobId, TenantId};
use crate::base::time::Timestamp;
use crate::engine::Core;
use crate::engine::db::PlatformTx;
use crate::engine::events::platform_tenant;
use crate::engine::http::{Answer, Json, Once, Page, Paging, Path, Reply};
use crate::engine::jobs::JobState;
use crate::engine::jobs::store::{self as jobs, JobFilter, JobRow};
use crate::engine::trace::Cause;
use crate::ops::{dead, retry, store};
use crate::tenants::access::Operator;

crate::view! {
    /// A job.
    #[schema(example = json!({
        "id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "tenant_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11",
        "kind": "webhook.process", "payload": {"webhook_event_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"}, "state": "dead",
        "attempt": 34, "max_attempts": 34, "run_at": "2026-11-21T09:00:00Z",
        "last_error": "provider.unavailable: the provider did not answer", "request_id": null,
        "created_at": "2026-11-20T09:00:00Z", "finished_at": "2026-11-21T09:00:00Z"
    }))]
    pub struct JobView from row: JobRow {
        pub id: JobId,
        /// Null: work of the platform itself.
        pub tenant_id: Option<TenantId> = (row.tenant_id != platform_tenant()).then_some(row.tenant_id),
        pub kind: String,
        #[schema(value_type = Object)]
        pub payload: serde_json::Value = row.payload.value(),
        pub state: JobState,
        pub attempt: i32,
        pub max_attempts: i32,
        pub run_at: Timestamp,
        /// Why the last run failed, or why it was put off or discarded.
        pub last_error: Option<String>,
        /// The request that caused it.
        pub request_id: Option<String> = Cause::of_column(row.trace.as_deref()).request_id,
        pub created_at: Timestamp,
        pub finished_at: Option<Timestamp>,
    }
}

/// List jobs, newest first
#[utoipa::path(params(JobFilter), responses((status = 200, description = "A page of jobs", body = Page<JobView>)))]
#[get("/ops/jobs")]
pub async fn list_jobs(operator: Operator, core: Core, query: Paging<JobFilter>) -> Answer {
    let list = move |tx: &mut PlatformTx<'_>| jobs::list(tx, &query.filter, &query.page);
    let page = core.db.read(operator.scope(), list).await?;
    Ok(HttpResponse::Ok().json(page.map(JobView::from)))
}

/// Read a job
#[utoipa::path(responses((status = 200, description = "The job", body = JobView)))]
#[get("/ops/jobs/{id}")]
pub async fn get_job(operator: Operator, core: Core, id: Path<JobId>) -> Answer {
    let row = core.db.read(operator.scope(), move |tx| store::job(tx, id.0)).await?;
    let row = row.ok_or_else(|| Error::not_found("job.not_found", "There is no such job."))?;
    Ok(HttpResponse::Ok().json(JobView::from(row)))
}

/// Run a job again
///
/// A dead, discarded or waiting one, from its first attempt.
#[utoipa::path(responses((status = 200, description = "The job, about to run", body = JobView)))]
#[post("/ops/jobs/{id}/retry")]
pub async fn retry_job(operator: Operator, core: Core, id: Path<JobId>, once: Once) -> Answer {
    once.write(&core, operator.scope(), move |tx| retry::one(tx, id.0).map(|row| Reply::ok(JobView::from(row)))).await
}

crate::text_enum! {
    /// The state of jobs that are run again together.
    pub enum RetryableState {
        Dead = "dead",
    }
}

/// Which jobs are to run again.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "dead", "kind": "message.send"}))]
pub struct RetryJobs {
    state: RetryableState,
    /// As in `webhook.process`; every kind when left out.
    kind: Option<Line<0, 100>>,
}

/// What runs again.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"retried": 37, "has_more": false}))]
pub struct RetriedJobs {
    pub retried: usize,
    /// There may be more of them: ask again.
    pub has_more: bool,
}

/// Run dead jobs again
///
/// At most 200, the oldest first, from their first attempts: for when what killed them has passed.
#[utoipa::path(responses((status = 200, description = "How many are about to run", body = RetriedJobs)))]
#[post("/ops/jobs/retry")]
pub async fn retry_jobs(operator: Operator, core: Core, body: Json<RetryJobs>, once: Once) -> Answer {
    let RetryJobs { state: RetryableState::Dead, kind } = body.0;
    once.write(&core, operator.scope(), move |tx| {
        let retried = retry::dead(tx, kind.as_deref())?;
        Ok(Reply::ok(RetriedJobs { retried, has_more: retried == retry::AT_ONCE }))
    })
    .await
}

/// Let a dead job be
///
/// It becomes `discarded` with the reason it died for, is counted no more and deleted after a week. Until then it may be run again.
#[utoipa::path(responses((status = 200, description = "The job, discarded", body = JobView)))]
#[post("/ops/jobs/{id}/dismiss")]
pub async fn dismiss_job(operator: Operator, core: Core, id: Path<JobId>, once: Once) -> Answer {
    once.write(&core, operator.scope(), move |tx| dead::dismiss(tx, id.0).map(|row| Reply::ok(JobView::from(row))))
        .await
}

crate::text_enum! {
    /// The state of jobs that are dismissed together.
    pub enum DismissableState {
        Dead = "dead",
    }
}

/// Which jobs are to be let be.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"state": "dead", "kind": "message.send"}))]
pub struct DismissJobs {
    state: DismissableState,
    /// As in `webhook.process`; every kind when left out.
    kind: Option<Line<0, 100>>,
}

/// What is let be.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(example = json!({"dismissed": 37, "has_more": false}))]
pub struct DismissedJobs {
    pub dismissed: usize,
    /// There may be more of them: ask again.
    pub has_more: bool,
}

/// Let dead jobs be
///
/// At most 200, the oldest first: for what nobody will mend any more. See `dismiss_job`.
#[utoipa::path(responses((status = 200, description = "How many are discarded", body = DismissedJobs)))]
#[post("/ops/jobs/dismiss")]
pub async fn dismiss_jobs(operator: Operator, core: Core, body: Json<DismissJobs>, once: Once) -> Answer {
    let DismissJobs { state: DismissableState::Dead, kind } = body.0;
    once.write(&core, operator.scope(), move |tx| {
        let dismissed = dead::dismiss_all(tx, kind.as_deref())?;
        Ok(Reply::ok(DismissedJobs { dismissed, has_more: dismissed == retry::AT_ONCE }))
    })
    .await
}
