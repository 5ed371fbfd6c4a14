//! For load balancers and monitoring.

use actix_web::{HttpResponse, get, web};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::base::{Error, Result};
use crate::engine::Core;

pub(super) fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_health).service(get_readiness).service(get_metrics);
}

/// A short answer.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
struct Health {
    status: &'static str,
}

/// The process is alive.
#[utoipa::path(operation_id = "get_health", tag = "Health", security(()), responses((status = 200, description = "Alive", body = Health)))]
#[get("/healthz")]
async fn get_health() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// The process can do its work: storage answers and is migrated, and nobody has told it to stop.
#[utoipa::path(operation_id = "get_readiness", tag = "Health", security(()), responses((status = 200, description = "Ready", body = Health),
    (status = 503, description = "Storage cannot be reached or is older than this version, or the process is stopping", body = crate::engine::http::problem::Problem, content_type = "application/problem+json")))]
#[get("/readyz")]
async fn get_readiness(core: web::Data<Core>) -> Result<HttpResponse> {
    if core.db.wake().is_stopped() {
        return Err(Error::unavailable(
            "process.stopping",
            "This process finishes what it has begun and takes nothing new.",
        ));
    }
    core.db.ping().await?;
    if !core.db.is_migrated().await? {
        return Err(Error::unavailable(
            "storage.not_migrated",
            "The database is older than this version; run leadwright migrate.",
        ));
    }
    Ok(HttpResponse::Ok().json(Health { status: "ready" }))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(operation_id = "get_metrics", tag = "Health", security(()), responses((status = 200, description = "Metrics", body = String, content_type = "text/plain")))]
#[get("/metrics")]
async fn get_metrics(core: web::Data<Core>) -> Result<HttpResponse> {
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(core.metrics.render()?))
}
