//! The front door: what answers at `/` and `/v1`.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::pages;
use crate::engine::Core;

/// To be mounted before what is under `/v1`, which takes that path for its own.
pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(get_index)).route("/v1", web::get().to(get_index));
}

/// Where things are: name, and what it is good for.
const PLACES: [(&str, &str, &str); 6] = [
    ("documentation", "/docs/", "Every operation, to be tried out"),
    ("reference", "/docs/reference", "The same to read, with samples"),
    ("openapi", "/openapi.json", "The document for generators"),
    ("problems", "/problems", "What each error code means"),
    ("health", "/healthz", "Whether the process is alive"),
    ("readiness", "/readyz", "Whether it can do its work"),
];

async fn get_index(req: HttpRequest, core: Core) -> HttpResponse {
    let version = env!("CARGO_PKG_VERSION");
    if pages::is_asked_for(&req) {
        let rows = PLACES.iter().map(|(_, path, about)| {
            format!("<tr><td><a href=\"{path}\"><code>{path}</code></a></td><td>{about}</td></tr>\n")
        });
        let rows: String = rows.collect();
        let body = format!(
            "<h1>Leadwright {version}</h1>\n<p>The operations are under <code>/v1</code>.</p>\n<table>{rows}</table>"
        );
        return pages::page("Leadwright", &body);
    }
    let url = &core.settings.public_url;
    let links: serde_json::Map<_, _> =
        PLACES.iter().map(|(name, path, _)| ((*name).to_string(), json!(format!("{url}{path}")))).collect();
    let answer = json!({ "name": "Leadwright", "version": version, "api": format!("{url}/v1"), "links": links });
    HttpResponse::Ok().insert_header(("vary", "accept")).json(answer)
}
