//! What answers where no operation does: 404, or 405 when the path exists with other methods.

use actix_web::dev::ResourceDef;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::base::{Error, ErrorKind};

/// Every path of the contract and its methods.
pub(super) struct Known(Vec<(ResourceDef, Vec<Method>)>);

impl Known {
    pub(super) fn of(document: &OpenApi) -> Self {
        let entry = |(path, item): (&String, &PathItem)| (ResourceDef::new(path.as_str()), methods(item));
        Self(document.paths.paths.iter().map(entry).collect())
    }

    fn methods_of(&self, path: &str) -> Vec<Method> {
        self.0.iter().filter(|(pattern, _)| pattern.is_match(path)).flat_map(|(_, methods)| methods.clone()).collect()
    }
}

fn methods(item: &PathItem) -> Vec<Method> {
    [
        (item.get.is_some(), Method::GET),
        (item.post.is_some(), Method::POST),
        (item.put.is_some(), Method::PUT),
        (item.patch.is_some(), Method::PATCH),
        (item.delete.is_some(), Method::DELETE),
    ]
    .into_iter()
    .filter_map(|(exists, method)| exists.then_some(method))
    .collect()
}

pub(super) async fn answer(req: HttpRequest, known: web::Data<Known>) -> HttpResponse {
    let allowed = known.methods_of(req.path());
    if allowed.is_empty() || allowed.contains(req.method()) {
        return Error::not_found("resource.not_found", "There is nothing under this path.").error_response();
    }
    let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
    let message = format!("This path takes {allowed}.");
    let mut response = Error::new(ErrorKind::MethodNotAllowed, "request.method_not_allowed", message).error_response();
    if let Ok(value) = header::HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
