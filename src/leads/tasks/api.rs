//! `/v1/tasks`: what a tenant's people have to do.

use actix_web::{HttpResponse, delete, get, patch, post};

use super::store::{self as rows, TaskFilter, TaskView};
use super::write::{self, NewTask, TaskPatch};
use crate::engine::Core;
use crate::engine::http::{Answer, IfMatch, Json, Once, Page, Paging, Path, listed, made, reply};
use crate::leads::id::TaskId;
use crate::tenants::access::{Caller, Permission};

/// List tasks
///
/// Newest first, unless sorted otherwise.
#[utoipa::path(params(TaskFilter), responses((status = 200, description = "A page of tasks", body = Page<TaskView>)))]
#[get("/tasks")]
pub async fn list_tasks(caller: Caller, core: Core, query: Paging<TaskFilter>) -> Answer {
    caller.require(Permission::LeadsRead)?;
    Ok(listed(core.read(&caller, move |tx| rows::list(tx, &query.filter, &query.page)).await?))
}

/// Create a task
///
/// About a contact, a lead, both or neither. When it falls due while it is open, `task.due` is told, once.
#[utoipa::path(responses((status = 201, description = "The task", body = TaskView)))]
#[post("/tasks")]
pub async fn create_task(caller: Caller, core: Core, input: Json<NewTask>, once: Once) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    once.write(&core, caller.scope(), move |tx| write::create(tx, input.0).map(made)).await
}

/// Get a task
#[utoipa::path(responses((status = 200, description = "The task", body = TaskView)))]
#[get("/tasks/{id}")]
pub async fn get_task(caller: Caller, core: Core, id: Path<TaskId>) -> Answer {
    caller.require(Permission::LeadsRead)?;
    Ok(reply(core.read(&caller, move |tx| rows::get(tx, id.0)).await?))
}

/// Update a task
///
/// Also completes, cancels and reopens it. One that is due at another moment is told of that one.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The task as it is now", body = TaskView)))]
#[patch("/tasks/{id}")]
pub async fn update_task(caller: Caller, core: Core, id: Path<TaskId>, input: Json<TaskPatch>, at: IfMatch) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    Ok(reply(core.write(&caller, move |tx| write::change(tx, id.0, input.0, &at)).await?))
}

/// Delete a task
#[utoipa::path(responses((status = 204, description = "It is gone")))]
#[delete("/tasks/{id}")]
pub async fn delete_task(caller: Caller, core: Core, id: Path<TaskId>) -> Answer {
    caller.require(Permission::LeadsWrite)?;
    core.write(&caller, move |tx| write::delete(tx, id.0)).await?;
    Ok(HttpResponse::NoContent().finish())
}
