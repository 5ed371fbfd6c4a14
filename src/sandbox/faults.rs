//! Telling a twin to misbehave: `PUT /sandbox/faults` replaces the list, `GET` shows it, `DELETE` clears it.
//!
//! A fault belongs to a provider and an operation (`send`, `list`, `fetch_lead`, `fetch_form`, `set_status`, or `callback` for the webhooks a twin
//! sends us; `*` for any). The first one that fits is used, as many `times` as it says. Before the work: `fail`, `throttle`, `delay`.
//! After the work, so that it happened and we do not learn of it: `timeout_after_accept`, `garbage`, `drop`. For webhooks: `fail` is
//! not possible (they are ours to refuse); `duplicate`, `reorder`, `delay`, `drop`.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{HttpResponse, ResponseError as _, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Sandbox;
use super::state::lock;
use crate::base::Error;

/// No fault holds a request longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

crate::text_enum! {
    /// How a twin misbehaves.
    pub enum FaultMode {
        /// An error answer (`status`, `code`); nothing is done.
        Fail = "fail",
        /// The provider's throttling answer, with `retry_after_seconds`; nothing is done.
        Throttle = "throttle",
        /// `delay_ms` late.
        Delay = "delay",
        /// Done, but the answer never comes (at most 30 s, or `delay_ms`).
        TimeoutAfterAccept = "timeout_after_accept",
        /// Done, and answered 200 with something that is not JSON.
        Garbage = "garbage",
        /// A webhook is sent twice.
        Duplicate = "duplicate",
        /// A message's webhooks are sent in reverse.
        Reorder = "reorder",
        /// A webhook is never sent; a request is done and its connection breaks in mid-answer.
        Drop = "drop",
    }
}

/// One instruction.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `meta`, `google_ads`, `twilio`, `resend` or `*`.
    pub provider: String,
    #[serde(default = "any")]
    pub operation: String,
    pub mode: FaultMode,
    /// How often; absent or null means until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// HTTP status of `fail`.
    #[serde(default)]
    pub status: Option<u16>,
    /// The provider's error code, as number or text.
    #[serde(default)]
    pub code: Option<Value>,
    #[serde(default)]
    pub retry_after_seconds: Option<u64>,
    #[serde(default)]
    pub delay_ms: Option<u64>,
}

fn any() -> String {
    "*".into()
}

impl Fault {
    /// The error answer's HTTP status.
    pub(super) fn http_status(&self, otherwise: u16) -> actix_web::http::StatusCode {
        let status = self.status.unwrap_or(otherwise);
        actix_web::http::StatusCode::from_u16(status).unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR)
    }
    pub(super) fn code_number(&self) -> Option<i64> {
        let code = self.code.as_ref()?;
        code.as_i64().or_else(|| code.as_str()?.parse().ok())
    }
    pub(super) fn code_text(&self) -> Option<String> {
        let code = self.code.as_ref()?;
        code.as_str().map(str::to_string).or_else(|| code.as_i64().map(|number| number.to_string()))
    }
    fn wait(&self, otherwise: Duration) -> Duration {
        self.delay_ms.map_or(otherwise, Duration::from_millis).min(LONGEST_WAIT)
    }
    fn fits(&self, provider: &str, operation: &str) -> bool {
        let named = |ours: &str, asked: &str| ours == "*" || ours == asked;
        let possible = match (self.mode, operation == "callback") {
            (FaultMode::Delay | FaultMode::Drop, _) => true,
            (FaultMode::Duplicate | FaultMode::Reorder, callback) => callback,
            (_, callback) => !callback,
        };
        possible && named(&self.provider, provider) && named(&self.operation, operation)
    }
}

/// The faults in force.
#[derive(Default)]
pub(super) struct Faults {
    list: Mutex<Vec<Fault>>,
    /// Spares every request the lock when there is none, which is nearly always.
    some: AtomicBool,
}

impl Faults {
    pub fn replace(&self, faults: Vec<Fault>) {
        let mut list = lock(&self.list);
        self.some.store(!faults.is_empty(), Ordering::Release);
        *list = faults;
    }

    fn list(&self) -> Vec<Fault> {
        lock(&self.list).clone()
    }

    /// The fault for one operation, used up by one.
    pub fn take(&self, provider: &str, operation: &str) -> Option<Fault> {
        if !self.some.load(Ordering::Acquire) {
            return None;
        }
        let mut list = lock(&self.list);
        let index = list.iter().position(|fault| fault.fits(provider, operation))?;
        let fault = list[index].clone();
        match &mut list[index].times {
            Some(times) if *times <= 1 => {
                list.remove(index);
            }
            Some(times) => *times -= 1,
            None => {}
        }
        self.some.store(!list.is_empty(), Ordering::Release);
        Some(fault)
    }
}

/// A delay before a webhook, if one was asked for.
pub(super) async fn hold(fault: &Fault) {
    tokio::time::sleep(fault.wait(Duration::ZERO)).await;
}

/// Answers a request under the fault in force. `refuse` writes the provider's own error; `work` does the real thing.
pub(super) async fn around<F>(
    sandbox: &Sandbox,
    provider: &str,
    operation: &str,
    refuse: impl FnOnce(&Fault) -> HttpResponse,
    work: impl FnOnce() -> F,
) -> HttpResponse
where
    F: Future<Output = HttpResponse>,
{
    let Some(fault) = sandbox.0.faults.take(provider, operation) else { return work().await };
    match fault.mode {
        FaultMode::Fail | FaultMode::Throttle => refuse(&fault),
        FaultMode::Delay => {
            hold(&fault).await;
            work().await
        }
        FaultMode::TimeoutAfterAccept => {
            work().await;
            tokio::time::sleep(fault.wait(LONGEST_WAIT)).await;
            HttpResponse::GatewayTimeout().finish()
        }
        FaultMode::Garbage => {
            work().await;
            HttpResponse::Ok().content_type("text/html").body("<html><body>It works!</body></html>")
        }
        FaultMode::Drop => {
            work().await;
            let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            let parts = [Ok(web::Bytes::from_static(b"{")), Err(broken)];
            HttpResponse::Ok().streaming(futures_util::stream::iter(parts))
        }
        FaultMode::Duplicate | FaultMode::Reorder => work().await,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultList {
    faults: Vec<Fault>,
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/faults", web::put().to(replace));
    cfg.route("/faults", web::get().to(show));
    cfg.route("/faults", web::delete().to(clear));
}

async fn replace(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    const PROVIDERS: &[&str] = &["meta", "google_ads", "twilio", "resend", "*"];
    const OPERATIONS: &[&str] = &["send", "list", "fetch_lead", "fetch_form", "set_status", "check", "callback", "*"];
    let mut list = match serde_json::from_slice::<FaultList>(&body) {
        Ok(list) => list.faults,
        Err(error) => return bad_request(&error.to_string()),
    };
    for fault in &mut list {
        fault.provider = fault.provider.replace("google-ads", "google_ads");
        if !PROVIDERS.contains(&fault.provider.as_str()) {
            return bad_request(&format!("provider: expected one of {}", PROVIDERS.join(", ")));
        }
        if !OPERATIONS.contains(&fault.operation.as_str()) {
            return bad_request(&format!("operation: expected one of {}", OPERATIONS.join(", ")));
        }
    }
    list.retain(|fault| fault.times != Some(0));
    sandbox.0.faults.replace(list);
    show(sandbox).await
}

async fn show(sandbox: web::Data<Sandbox>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "faults": sandbox.0.faults.list() }))
}

async fn clear(sandbox: web::Data<Sandbox>) -> HttpResponse {
    sandbox.0.faults.replace(Vec::new());
    HttpResponse::NoContent().finish()
}

/// The twins' own controls refuse as the product does: they are no provider's API.
pub(super) fn bad_request(detail: &str) -> HttpResponse {
    Error::malformed("sandbox.not_understood", detail).error_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(list: Value) -> Faults {
        let faults = Faults::default();
        faults.replace(serde_json::from_value(list).unwrap());
        faults
    }

    #[test]
    fn a_fault_is_used_as_often_as_it_says() {
        let faults = faults(json!([{"provider": "twilio", "operation": "send", "mode": "fail", "times": 2}]));
        assert!(faults.take("meta", "send").is_none());
        assert!(faults.take("twilio", "list").is_none());
        assert!(faults.take("twilio", "send").is_some());
        assert!(faults.take("twilio", "send").is_some());
        assert!(faults.take("twilio", "send").is_none());
    }

    #[test]
    fn webhook_faults_touch_webhooks_only_and_request_faults_requests_only() {
        let faults = faults(json!([{"provider": "*", "mode": "duplicate"}, {"provider": "*", "mode": "fail"}]));
        assert_eq!(faults.take("meta", "callback").unwrap().mode, FaultMode::Duplicate);
        assert_eq!(faults.take("meta", "fetch_lead").unwrap().mode, FaultMode::Fail);
        assert_eq!(faults.take("meta", "fetch_lead").unwrap().mode, FaultMode::Fail, "until cleared");
    }
}
