//! Pages for people who open an address of the API in a browser: plain, without scripts, from this server alone.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

const STYLE: &str = include_str!("page.css");

/// What a page needs of a browser: its style.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/docs/page.css", web::get().to(get_style));
}

async fn get_style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

/// Whether a page is preferred to JSON: browsers name it first, programs do not name it.
pub(super) fn is_asked_for(req: &HttpRequest) -> bool {
    let accept = req.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let place = |kind: &str| accept.split(',').position(|one| one.trim().starts_with(kind));
    match (place("text/html"), place("application/json")) {
        (Some(page), Some(json)) => page < json,
        (page, _) => page.is_some(),
    }
}

/// A page with this title; `body` is HTML.
pub(super) fn page(title: &str, body: &str) -> HttpResponse {
    let title = escaped(title);
    let text = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"stylesheet\" href=\"/docs/page.css\"></head>\n<body><main>\n{body}\n</main></body></html>\n"
    );
    let mut response = HttpResponse::Ok().content_type("text/html; charset=utf-8").body(text);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn browsers_get_pages_and_programs_do_not() {
        let asks = |accept: &str| is_asked_for(&TestRequest::get().insert_header(("accept", accept)).to_http_request());
        assert!(asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!asks("*/*") && !asks("application/json") && !asks("application/json, text/html;q=0.5"));
        assert!(!is_asked_for(&TestRequest::get().to_http_request()));
    }

    #[test]
    fn what_stands_in_a_page_is_text() {
        assert_eq!(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
    }
}
