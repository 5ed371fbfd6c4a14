//! For load balancers and monitoring.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::error::unavailable;
use crate::engine::db::key_check::{self, KeyCheck};
use crate::engine::db::{PlatformScope, PlatformTx, Standing};
use crate::engine::http::Answer;

pub(super) fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_health).service(get_readiness).service(get_metrics);
}

/// Whether metrics are shown on the public port; in its app's data. The monitoring port has none and shows them.
#[derive(Clone, Copy)]
pub(super) struct MetricsAreShown(pub bool);

/// A short answer.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
struct Health {
    status: &'static str,
}

/// Tell that the process is alive
#[utoipa::path(security(()), responses((status = 200, description = "Alive", body = Health)))]
#[get("/healthz")]
async fn get_health() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// Tell whether the process can do its work
///
/// Storage answers and is migrated, and nobody has told it to stop.
#[utoipa::path(
    security(()),
    responses((status = 200, description = "Ready", body = Health),
    (status = 503, description = "Storage cannot be reached, is older than this version or has another master key, or the process is starting or stopping", body = crate::engine::http::problem::Problem, content_type = "application/problem+json"))
)]
#[get("/readyz")]
async fn get_readiness(core: Core) -> Answer {
    if core.db.wake().is_stopped() {
        return Err(Error::unavailable(
            "process.stopping",
            "This process finishes what it has begun and takes nothing new.",
        ));
    }
    answers(&core).await?;
    if matches!(core.db.standing(), Standing::Preparing | Standing::Joining) {
        return Err(joining());
    }
    if !core.db.is_migrated().await? {
        return Err(Error::unavailable(
            "storage.not_migrated",
            "The database is older than this version; run leadwright migrate.",
        ));
    }
    let key = core.master_key.clone();
    let check = move |tx: &mut PlatformTx<'_>| key_check::check(tx.conn(), &key);
    if core.db.read(PlatformScope::system(), check).await? == KeyCheck::Differs {
        return Err(Error::unavailable(
            "storage.other_key",
            "The master key was changed meanwhile; this process was not given the new one.",
        ));
    }
    Ok(HttpResponse::Ok().json(Health { status: "ready" }))
}

/// Who probes waits for a second, as Kubernetes does by itself.
const SOON: Duration = Duration::from_millis(900);

/// Does storage answer soon? Where others wait for a connection too it is we who are slow, and the probe waits with them.
async fn answers(core: &Core) -> Result<()> {
    match tokio::time::timeout(SOON, core.db.ping()).await {
        Ok(answered) => answered,
        Err(_) if core.db.connections().waiting > 1 => core.db.ping().await,
        Err(late) => Err(unavailable(late)),
    }
}

pub(super) fn joining() -> Error {
    let message =
        "This process prepares the database, or waits for another that does; it is not part of the deployment yet.";
    Error::unavailable("process.joining", message).with_retry_after(Duration::from_secs(1))
}

/// Read the metrics in Prometheus' text format
///
/// They are on `LEADWRIGHT_MONITOR_BIND`; on the public port only where `LEADWRIGHT_METRICS_PUBLIC` says so.
#[utoipa::path(
    security(()),
    responses((status = 200, description = "Metrics", body = String, content_type = "text/plain"),
    (status = 404, description = "Not on this port", body = crate::engine::http::problem::Problem, content_type = "application/problem+json"))
)]
#[get("/metrics")]
async fn get_metrics(req: HttpRequest, core: Core) -> Answer {
    if req.app_data::<web::Data<MetricsAreShown>>().is_some_and(|shown| !shown.0) {
        let message = "Metrics are on the port that LEADWRIGHT_MONITOR_BIND names; LEADWRIGHT_METRICS_PUBLIC=true shows them here too.";
        return Err(Error::not_found("metrics.not_here", message));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(core.exposition()?))
}
