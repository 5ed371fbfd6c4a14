//! What happens around every request: its id, its span, its time limit, its headers and its metrics.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use futures_util::FutureExt;
use tracing::Instrument;
use tracing::field::Empty;

use super::limits::Standing;
use crate::base::id::TenantId;
use crate::base::{Error, ErrorKind};
use crate::engine::Core;
use crate::engine::db::Actor;
use crate::engine::trace;

tokio::task_local! {
    static REQUEST: Handled;
}

/// The request being handled, as far as whatever is said about it needs to know.
struct Handled {
    id: String,
    /// Where the world reaches us.
    public_url: String,
}

/// How long a request may take before it is answered 503.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);
/// All header names and values together.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;
/// So much of a path is logged.
const MAX_LOGGED: usize = 200;

/// What no answer may do in a browser, but the documentation's page: load, run, be framed.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The methods that anybody has a use for, by name. A method may be any word, and whatever is kept or written by its name
/// must not grow with what callers invent.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn beginning(path: &str) -> &str {
    path.char_indices().nth(MAX_LOGGED).map_or(path, |(end, _)| path.get(..end).unwrap_or_default())
}

crate::text_enum! {
    /// Which requests have a line in the log.
    pub enum Logged {
        All = "all",
        /// Those that took a second or longer, and those that were refused or failed.
        Slow = "slow",
        /// Those that were refused or failed.
        Errors = "errors",
    }
}

/// What machines ask to see whether we are there.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// From here on a request is slow.
const SLOW: Duration = Duration::from_secs(1);

impl Logged {
    /// Probes and scrapes that went well have none in any case: several a minute of every process, they say nothing that the
    /// metrics do not.
    fn has(self, status: u16, took: Duration, route: &str) -> bool {
        if PROBES.contains(&route) && status < 400 && took < SLOW {
            return false;
        }
        match self {
            Logged::All => true,
            Logged::Slow => status >= 400 || took >= SLOW,
            Logged::Errors => status >= 400,
        }
    }
}

/// Says in the log, and in the trace, who asks: on every line of this request from here on.
pub fn note_caller(actor: Actor, tenant: Option<TenantId>) {
    let span = tracing::Span::current();
    if let Some(tenant) = tenant {
        span.record("tenant", tracing::field::display(tenant));
    }
    match actor.id() {
        Some(id) => span.record("caller", tracing::field::display(format_args!("{}:{id}", actor.kind()))),
        None => span.record("caller", actor.kind()),
    };
}

/// The id of the request being handled; empty outside of one.
pub fn current_request_id() -> String {
    REQUEST.try_with(|handled| handled.id.clone()).unwrap_or_default()
}

/// Where the world reaches us, without a trailing slash; empty outside of a request.
pub(super) fn current_public_url() -> String {
    REQUEST.try_with(|handled| handled.public_url.clone()).unwrap_or_default()
}

/// The id of this request, in its extensions.
#[derive(Clone)]
pub struct RequestId(pub String);

/// The path and query that were called, where a request is answered under another; in its extensions.
#[derive(Clone)]
pub struct CalledAs(pub String);

fn request_id(req: &ServiceRequest) -> String {
    let given = req.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let fits = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given.filter(fits).map_or_else(|| crate::base::id::EventId::new().to_string(), str::to_string)
}

/// The middleware.
///
/// The request itself is handed on whole: actix routes it by unique access, so nothing here may hold a copy meanwhile.
pub async fn around(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(&req);
    let method = method_label(req.method());
    req.extensions_mut().insert(RequestId(id.clone()));
    let core = req.app_data::<web::Data<Core>>().cloned();
    let logged = req.app_data::<web::Data<Logged>>().map_or(Logged::All, |logged| *logged.get_ref());
    let span = tracing::info_span!("request", request_id = %id, method, path = beginning(req.path()), caller = Empty, tenant = Empty,
        otel.kind = Empty, http.route = Empty, http.response.status_code = Empty);
    if trace::is_on() {
        trace::adopt(&span, req.headers().get("traceparent").and_then(|value| value.to_str().ok()));
        span.record("otel.kind", "server");
    }
    let public_url = core.as_ref().map(|core| core.settings.public_url.clone()).unwrap_or_default();
    let handled = Handled { id: id.clone(), public_url };
    let answered = REQUEST.scope(handled, guarded(req, next)).instrument(span.clone()).await;

    let (status, route) = match &answered {
        Ok(response) => (response.status(), response.request().match_pattern().unwrap_or_else(|| "unmatched".into())),
        Err(error) => (error.as_response_error().status_code(), "unmatched".into()),
    };
    let is_route = answered.as_ref().is_ok_and(|response| response.request().path() == route);
    let elapsed = started.elapsed();
    if let Some(core) = core {
        let labels = [method, route.as_str(), status.as_str()];
        core.metrics.http_requests.with_label_values(&labels).observe(elapsed.as_secs_f64());
    }
    if trace::is_on() {
        trace::rename(&span, format!("{method} {route}"));
        span.record("http.route", route.as_str()).record("http.response.status_code", i64::from(status.as_u16()));
    }
    if logged.has(status.as_u16(), elapsed, &route) {
        span.in_scope(|| {
            let ms = (elapsed.as_secs_f64() * 10_000.0).round() / 10.0;
            // Where the path has no part of its own, it is the route.
            let route = (!is_route).then_some(route);
            tracing::info!(status = status.as_u16(), ms, route, "answered");
        });
    }
    answered.map(|mut response| {
        finish_headers(&mut response, &id);
        response
    })
}

/// Calls the service within the limits; whatever goes wrong becomes a problem.
async fn guarded(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let header_bytes: usize = req.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if header_bytes > MAX_HEADER_BYTES {
        let message = format!("All headers together may have at most {MAX_HEADER_BYTES} bytes.");
        let error = Error::new(ErrorKind::Malformed, "request.headers_too_large", message);
        return Ok(req.into_response(as_answer(&error)));
    }
    let call = AssertUnwindSafe(next.call(req)).catch_unwind();
    let error = match tokio::time::timeout(TIME_LIMIT, call).await {
        Ok(Ok(Ok(response))) => return Ok(response.map_into_boxed_body()),
        Ok(Ok(Err(error))) => return Err(error),
        Ok(Err(_)) => Error::internal("the handler panicked"),
        Err(_) => Error::unavailable(
            "request.timeout",
            "The request took longer than 30 s and was cut off; it may take effect all the same.",
        )
        .with_retry_after(Duration::from_secs(1)),
    };
    let answer = as_answer(&error);
    Err(actix_web::error::InternalError::from_response(error, answer).into())
}

/// A problem that leaves without passing [`finish_headers`].
fn as_answer(error: &Error) -> HttpResponse {
    let mut response = error.error_response();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&current_request_id()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    keep_in_place(headers);
    response
}

fn finish_headers(response: &mut ServiceResponse<BoxBody>, id: &str) {
    let standing = response.request().extensions().get::<Standing>().cloned();
    // What may be kept says so itself.
    let no_store =
        response.request().path().starts_with("/v1") && !response.headers().contains_key(header::CACHE_CONTROL);
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", id);
    if no_store {
        set("cache-control", "no-store");
    }
    if let Some(standing) = standing {
        set("ratelimit-policy", &standing.policy);
        set("ratelimit", &standing.state);
    }
    keep_in_place(headers);
}

/// What a browser may not do with an answer, whatever it is; a page says for itself what it needs.
fn keep_in_place(headers: &mut header::HeaderMap) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(NOTHING));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_well_and_quickly_may_go_without_a_line() {
        let (quick, slow) = (Duration::from_millis(20), Duration::from_millis(1000));
        for (logged, well, late, refused, failed) in [
            (Logged::All, true, true, true, true),
            (Logged::Slow, false, true, true, true),
            (Logged::Errors, false, false, true, true),
        ] {
            let leads = |status, took| logged.has(status, took, "/v1/leads");
            let found = (leads(200, quick), leads(304, slow), leads(404, quick), leads(503, slow));
            assert_eq!(found, (well, late, refused, failed), "{logged}");
        }
    }

    #[test]
    fn a_probe_that_went_well_has_no_line() {
        let (quick, slow) = (Duration::from_millis(20), Duration::from_millis(1000));
        for probe in PROBES {
            assert!(!Logged::All.has(200, quick, probe), "{probe}");
            assert!(Logged::All.has(200, slow, probe) && Logged::Errors.has(503, quick, probe), "{probe}");
        }
    }
}
