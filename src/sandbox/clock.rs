//! Letting time pass: `POST /sandbox/clock` moves this process's clock ahead, so that a month can end during a rehearsal.
//!
//! The product and the twins read the same clock; it only moves forward, and other processes on the same database do not
//! follow. What is due by then runs as it would have run in time.

use actix_web::{HttpResponse, ResponseError as _, web};
use chrono::Duration;
use serde::Deserialize;
use serde_json::json;

use super::Sandbox;
use super::faults::bad_request;
use crate::base::Error;

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

async fn advance(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let Advance { advance_seconds: seconds } = match serde_json::from_slice(&body) {
        Ok(advance) => advance,
        Err(error) => return bad_request(&error.to_string()),
    };
    if !(1..=LONGEST_STEP_SECONDS).contains(&seconds) {
        return bad_request(&format!("advance_seconds: expected 1 to {LONGEST_STEP_SECONDS}, found {seconds}"));
    }
    if !sandbox.0.settings.clock.advance(Duration::seconds(seconds)) {
        return Error::conflict("sandbox.clock_is_real", "This process runs on the system clock.").error_response();
    }
    tracing::info!(seconds, "the sandbox's clock was moved ahead");
    read(sandbox).await
}
