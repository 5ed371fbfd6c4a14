//! Letting time pass: `POST /sandbox/clock` moves this process's clock ahead, so that a month can end during a rehearsal.
//!
//! The product and the twins read the same clock; it only moves forward, and other processes on the same database do not
//! follow. What is due by then runs as it would have run in time.

use actix_web::{HttpResponse, web};
use chrono::Duration;
use serde::Deserialize;
use serde_json::json;

use super::Sandbox;

/// No single step is longer: 366 days.
const LONGEST_STEP_SECONDS: i64 = 366 * 24 * 3600;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: i64,
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/clock", web::get().to(read));
    cfg.route("/clock", web::post().to(advance));
}

async fn read(sandbox: web::Data<Sandbox>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "now": sandbox.now() }))
}

async fn advance(sandbox: web::Data<Sandbox>, body: web::Json<Advance>) -> HttpResponse {
    let seconds = body.advance_seconds;
    if !(1..=LONGEST_STEP_SECONDS).contains(&seconds) {
        let error = format!("advance_seconds: expected 1 to {LONGEST_STEP_SECONDS}, found {seconds}");
        return HttpResponse::BadRequest().json(json!({ "error": error }));
    }
    if !sandbox.0.settings.clock.advance(Duration::seconds(seconds)) {
        return HttpResponse::Conflict().json(json!({ "error": "this process runs on the system clock" }));
    }
    tracing::info!(seconds, "the sandbox's clock was moved ahead");
    read(sandbox).await
}
