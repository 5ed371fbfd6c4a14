//! The documentation, served: the document, Swagger UI to try it out, and a reference to read.
//!
//! Everything a page needs comes from this server. Swagger UI is brought by its crate, the reference's renderer stands in
//! `reference/`.

use std::sync::LazyLock;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::base::Result;
use crate::base::crypto::sha256_hex;

/// What is committed is what is served: a test holds it against the routes. Collecting it anew costs every start half of its
/// time and memory.
pub(super) const DOCUMENT: &str = include_str!("../../openapi/leadwright.json");

/// Swagger UI's own, but for its title and the bar that offers to load documents of others.
const TRYING: &str = include_str!("docs.html");
/// How it is opened, in the place of its own initializer.
const OPENING: &str = include_str!("docs.js");
const READING: &str = include_str!("reference/index.html");
const RENDERER: &str = include_str!("reference/redoc.standalone.js");

pub(super) fn routes(cfg: &mut web::ServiceConfig, is_sandbox: bool) {
    cfg.route("/openapi.json", web::get().to(get_document))
        .route("/docs", web::get().to(to_docs))
        .route("/docs/", web::get().to(get_docs))
        .route("/docs/swagger-initializer.js", web::get().to(move || get_opening(is_sandbox)))
        .route("/docs/reference", web::get().to(get_reference))
        .route("/docs/reference/redoc.js", web::get().to(get_renderer))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")));
}

/// Whoever has the document is not sent it again.
async fn get_document() -> HttpResponse {
    static TAG: LazyLock<String> = LazyLock::new(|| tag_of(DOCUMENT));
    HttpResponse::Ok().content_type("application/json").insert_header((header::ETAG, TAG.as_str())).body(DOCUMENT)
}

async fn to_docs() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn get_docs() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(TRYING)
}

/// With the twins on there is no credential that a browser should forget.
async fn get_opening(is_sandbox: bool) -> HttpResponse {
    let script = OPENING.replace("{{is_sandbox}}", if is_sandbox { "true" } else { "false" });
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(script)
}

async fn get_reference() -> HttpResponse {
    let mut response = HttpResponse::Ok().content_type("text/html; charset=utf-8").body(READING);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(READING_POLICY));
    response
}

async fn get_renderer() -> HttpResponse {
    static TAG: LazyLock<String> = LazyLock::new(|| tag_of(RENDERER));
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::ETAG, TAG.as_str()))
        .body(RENDERER)
}

fn tag_of(text: &str) -> String {
    let sum = sha256_hex(text.as_bytes());
    format!("\"{}\"", sum.get(..16).unwrap_or(&sum))
}

/// What Swagger UI needs of a browser: its own files, its inline styles, its pictures, and to call us.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the reference needs: the same, and a worker of its own making that searches. Its styles are made in the page.
const READING_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The middleware that lets the documentation's pages be some; see `pipeline` for what holds everywhere else.
pub(super) async fn let_it_run(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_documentation = req.path().starts_with("/docs/");
    let mut response = next.call(req).await?.map_into_boxed_body();
    if is_documentation && !response.headers().contains_key(header::CONTENT_SECURITY_POLICY) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_asks_no_other_host_for_anything() {
        for (page, text) in [("docs.html", TRYING), ("docs.js", OPENING), ("reference/index.html", READING)] {
            assert!(!text.contains("https://") && !text.contains("http://"), "{page}");
        }
        // What it names else are words: namespaces, and where its makers live.
        for asked in ["cdn.redoc.ly", "logo-mini", "fonts.googleapis"] {
            assert!(!RENDERER.contains(asked), "the reference asks for {asked}; see reference/README.md");
        }
    }
}
