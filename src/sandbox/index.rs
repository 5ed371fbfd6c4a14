//! What the twins take, told by themselves: `GET /sandbox` lists it, `/sandbox/openapi.json` describes it.
//!
//! The vendors' own APIs are not in it: their documentation is the vendors'.

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

const DOCUMENT: &str = include_str!("openapi.json");

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("", web::get().to(list));
    cfg.route("/openapi.json", web::get().to(tell));
}

/// The document, of this version.
pub(super) fn document() -> Value {
    let mut document: Value = serde_json::from_str(DOCUMENT).unwrap_or_default();
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    document
}

async fn tell() -> HttpResponse {
    HttpResponse::Ok().json(document())
}

async fn list() -> HttpResponse {
    let document = document();
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| {
            json!({ "method": method.to_uppercase(), "path": path, "summary": operation["summary"] })
        })
    });
    let data: Vec<Value> = operations.collect();
    HttpResponse::Ok().json(json!({ "data": data, "openapi": "/sandbox/openapi.json" }))
}

#[cfg(test)]
mod tests {
    /// Vendors' own APIs, and what a twin gives the address of.
    const THEIRS: &[&str] =
        &["/meta/{version}", "/google-ads/{version}", "/twilio/2010-04-01", "/twilio/media", "/resend/"];

    /// What the sources route, as `GET /sandbox/outbox`.
    fn routed() -> Vec<String> {
        let sources = [
            include_str!("clock.rs"),
            include_str!("faults.rs"),
            include_str!("google_ads.rs"),
            include_str!("index.rs"),
            include_str!("mailboxes.rs"),
            include_str!("meta/mod.rs"),
            include_str!("outbox.rs"),
            include_str!("resend.rs"),
            include_str!("twilio/mod.rs"),
        ];
        let read = |line: &str| {
            let (path, rest) = line.trim().strip_prefix("cfg.route(\"")?.split_once("\", web::")?;
            let method = rest.split('(').next()?.to_uppercase();
            let is_theirs = THEIRS.iter().any(|theirs| path.starts_with(theirs));
            (!is_theirs).then(|| format!("{method} /sandbox{path}"))
        };
        sources.iter().flat_map(|text| text.lines()).filter_map(read).collect()
    }

    #[test]
    fn every_route_of_our_own_is_described() {
        let document = super::document();
        let mut described: Vec<String> = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            described
                .extend(item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let mut routed = routed();
        described.sort();
        routed.sort();
        assert_eq!(described, routed);
    }
}
