//! What answers where no operation does: 404, or 405 when the path exists with other methods.

use std::collections::HashMap;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, Uri, header};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError, web};

use super::health;
use crate::base::{Error, ErrorKind, Result};
use crate::engine::Core;
use crate::engine::db::Standing;
use crate::engine::http::CalledAs;

/// Every path of the contract and its methods.
#[derive(Default)]
pub(super) struct Known {
    /// Without parameters.
    plain: HashMap<String, Vec<Method>>,
    patterns: Vec<(ResourceDef, Vec<Method>)>,
}

impl Known {
    /// From the document as it is served.
    pub(super) fn of(document: &'static str) -> Result<Self> {
        let document: Document = serde_json::from_str(document).map_err(Error::internal)?;
        let mut known = Self::default();
        for (path, item) in document.paths {
            // Beside the methods a path may have parameters and words of its own.
            let named = |method: &Method| item.contains_key(&method.as_str().to_ascii_lowercase());
            let methods: Vec<Method> = METHODS.into_iter().filter(named).collect();
            if path.contains('{') {
                known.patterns.push((ResourceDef::new(path.as_str()), methods));
            } else {
                known.plain.insert(path, methods);
            }
        }
        Ok(known)
    }

    fn methods_of(&self, path: &str) -> &[Method] {
        let pattern = || self.patterns.iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods);
        self.plain.get(path).or_else(pattern).map_or(&[], Vec::as_slice)
    }
}

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// As much of the document as is needed here.
#[derive(serde::Deserialize)]
struct Document {
    paths: HashMap<String, HashMap<String, serde::de::IgnoredAny>>,
}

/// The default service.
pub(super) async fn answer(req: HttpRequest, known: web::Data<Known>) -> HttpResponse {
    let allowed = known.methods_of(req.path());
    if allowed.is_empty() || allowed.contains(req.method()) {
        return Error::not_found("resource.not_found", "There is nothing under this path.").error_response();
    }
    refuse_method(allowed)
}

/// The middleware that answers nothing but health while this process is not prepared: the database may be older than it, or
/// sealed with another key.
pub(super) async fn prepared_first(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_of_health = ["/healthz", "/readyz", "/metrics"].contains(&req.path());
    let is_preparing = req.app_data::<web::Data<Core>>().is_some_and(|core| core.db.standing() == Standing::Preparing);
    if is_preparing && !is_of_health {
        return Ok(req.into_response(health::joining().error_response()));
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// The middleware that lets a path without parameters be only itself: `PATCH /v1/leads/counts` is no change of a lead.
pub(super) async fn plain_paths_first(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let refusal = req.app_data::<web::Data<Known>>().and_then(|known| {
        let allowed = known.plain.get(req.path())?;
        (!allowed.contains(req.method())).then(|| refuse_method(allowed))
    });
    match refusal {
        Some(refusal) => Ok(req.into_response(refusal)),
        None => next.call(req).await.map(ServiceResponse::map_into_boxed_body),
    }
}

/// The middleware that takes a webhook with a slash at the end of its address for the same without: providers keep what somebody
/// typed into their console, and do not send again what was answered 404.
pub(super) async fn webhooks_by_slash(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let path = req.path();
    let is_webhook = path.starts_with("/v1/webhooks/") || path.starts_with("/api/webhooks/");
    let meant = is_webhook.then(|| path.strip_suffix('/').map(|path| path.trim_end_matches('/').to_string())).flatten();
    if let Some(meant) = meant {
        let called = req.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let query = req.query_string();
        let target = if query.is_empty() { meant } else { format!("{meant}?{query}") };
        let mut parts = req.uri().clone().into_parts();
        parts.path_and_query = target.parse().ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            // Some signatures are over the address that was called.
            req.extensions_mut().insert(CalledAs(called));
            req.match_info_mut().get_mut().update(&uri);
            req.head_mut().uri = uri;
        }
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// The middleware that lets HEAD be asked wherever GET is (RFC 9110, 9.3.2): it is answered as GET is, and the body,
/// which belongs to no answer to HEAD, stays unwritten by the server.
pub(super) async fn head_as_get(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if req.method() == Method::HEAD {
        req.head_mut().method = Method::GET;
    }
    next.call(req).await.map(ServiceResponse::map_into_boxed_body)
}

/// The middleware that words a refused preflight like every other refusal.
pub(super) async fn refused_preflight(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_preflight =
        req.method() == Method::OPTIONS && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let response = next.call(req).await?;
    if !is_preflight || response.status() != StatusCode::BAD_REQUEST {
        return Ok(response.map_into_boxed_body());
    }
    let message = "Browsers may not call from this origin with this method and these headers. The operator allows origins by LEADWRIGHT_CORS_ORIGINS.";
    let error = Error::forbidden("request.origin_not_allowed", message);
    Ok(response.into_response(error.error_response()))
}

fn refuse_method(allowed: &[Method]) -> HttpResponse {
    let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let message = format!("This path takes {allowed}.");
    let mut response = Error::new(ErrorKind::MethodNotAllowed, "request.method_not_allowed", message).error_response();
    if let Ok(value) = header::HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
