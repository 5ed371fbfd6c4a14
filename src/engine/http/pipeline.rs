//! What happens around every request: its id, its span, its time limit, its headers and its metrics.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, ResponseError, web};
use futures_util::FutureExt;
use tracing::Instrument;

use super::limits::Standing;
use crate::base::{Error, ErrorKind};
use crate::engine::Core;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// How long a request may take before it is answered 503.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// All header names and values together.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The id of the request being handled; empty outside of one.
pub fn current_request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// The id of this request, in its extensions.
#[derive(Clone)]
pub struct RequestId(pub String);

/// Trust `X-Forwarded-For` only behind our own proxy; in the app's data.
#[derive(Clone, Copy)]
pub struct TrustProxy(pub bool);

/// Who is calling, by address.
pub fn client_ip(req: &HttpRequest) -> String {
    let trusted = req.app_data::<web::Data<TrustProxy>>().is_some_and(|trust| trust.0);
    let info = req.connection_info();
    let ip = if trusted { info.realip_remote_addr() } else { info.peer_addr() };
    ip.unwrap_or("unknown").to_string()
}

fn request_id(req: &ServiceRequest) -> String {
    let given = req.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let fits = |id: &&str| {
        (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    given.filter(fits).map_or_else(|| crate::base::id::EventId::new().to_string(), str::to_string)
}

/// The middleware.
pub async fn around(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let id = request_id(&req);
    let method = req.method().clone();
    req.extensions_mut().insert(RequestId(id.clone()));
    let core = req.app_data::<web::Data<Core>>().cloned();
    let no_store = req.path().starts_with("/v1");
    let span = tracing::info_span!("request", id = %id, method = %method, path = %req.path());
    let header_bytes: usize = req.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();

    // Routing writes into the request and panics when somebody else holds it, so nothing of it is kept here.
    let work = async {
        if header_bytes > MAX_HEADER_BYTES {
            let message = format!("All headers together may have at most {MAX_HEADER_BYTES} bytes.");
            return Err(Error::new(ErrorKind::Malformed, "request.headers_too_large", message).error_response());
        }
        let call = AssertUnwindSafe(next.call(req)).catch_unwind();
        match tokio::time::timeout(TIME_LIMIT, call).await {
            Ok(Ok(Ok(response))) => Ok(response.map_into_boxed_body()),
            Ok(Ok(Err(error))) => Err(error.as_response_error().error_response()),
            Ok(Err(_)) => Err(Error::internal("the handler panicked").error_response()),
            Err(_) => {
                let message = "The request took longer than 30 s and was cut off.";
                Err(Error::unavailable("request.timeout", message).error_response())
            }
        }
    };
    let mut answer = REQUEST_ID.scope(id.clone(), work).instrument(span.clone()).await;

    let (status, route) = match &mut answer {
        Ok(response) => {
            let standing = response.request().extensions().get::<Standing>().cloned();
            finish_headers(response.headers_mut(), &id, no_store, standing);
            (response.status(), response.request().match_pattern())
        }
        Err(response) => {
            finish_headers(response.headers_mut(), &id, no_store, None);
            (response.status(), None)
        }
    };
    let elapsed = started.elapsed();
    let route = route.unwrap_or_else(|| "unmatched".into());
    if let Some(core) = core {
        core.metrics
            .http_requests
            .with_label_values(&[method.as_str(), route.as_str(), status.as_str()])
            .observe(elapsed.as_secs_f64());
    }
    span.in_scope(|| tracing::info!(status = status.as_u16(), ms = elapsed.as_secs_f64() * 1000.0, route, "answered"));
    // The request is gone by now, so the server is handed a finished response in place of an error.
    answer.map_err(|response| InternalError::from_response("answered", response).into())
}

fn finish_headers(headers: &mut HeaderMap, id: &str, no_store: bool, standing: Option<Standing>) {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-request-id", id);
    set("x-content-type-options", "nosniff");
    if no_store {
        set("cache-control", "no-store");
    }
    if let Some(standing) = standing {
        set("ratelimit-policy", &standing.policy);
        set("ratelimit", &standing.state);
    }
}
