//! The app, its webhook subscription and one page that sends its leads: a set-up as it should be.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::graph::{bad, is_version, missing, pairs, prove, refuse, unauthorized};
use crate::base::crypto::{Secret, constant_time_eq};
use crate::sandbox::Sandbox;
use crate::sandbox::faults::around;

const APP: &str = "987654321098765";
const PAGE: &str = "153125381133";

pub(super) async fn show(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    version: web::Path<String>,
) -> HttpResponse {
    around(&sandbox, "meta", "check", refuse, || async {
        if !is_version(&version) {
            return bad(2500, None, "Unknown path components");
        }
        let parameters = pairs(request.query_string().as_bytes());
        unauthorized(&sandbox, &request, &parameters)
            .unwrap_or_else(|| HttpResponse::Ok().json(json!({ "id": APP, "name": "Leadwright" })))
    })
    .await
}

pub(super) async fn edge(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String, String)>,
) -> HttpResponse {
    let (version, id, edge) = path.into_inner();
    around(&sandbox, "meta", "check", refuse, || async {
        if !is_version(&version) {
            return bad(2500, None, "Unknown path components");
        }
        let parameters = pairs(request.query_string().as_bytes());
        let list = |data: Value| HttpResponse::Ok().json(json!({ "data": data }));
        let as_user = || unauthorized(&sandbox, &request, &parameters);
        match (id.as_str(), edge.as_str()) {
            ("me", "accounts") => as_user().unwrap_or_else(|| list(json!([{ "id": PAGE, "name": "ABC Real Estate" }]))),
            (PAGE, "subscribed_apps") => {
                as_user().unwrap_or_else(|| list(json!([{ "id": APP, "subscribed_fields": ["leadgen"] }])))
            }
            (APP, "subscriptions") => as_app(&sandbox, &request, &parameters).unwrap_or_else(|| {
                let address = format!("{}/v1/webhooks/meta", sandbox.0.settings.public_url);
                list(json!([{ "object": "page", "callback_url": address, "active": true,
                    "fields": [{ "name": "leadgen", "version": "v25.0" }] }]))
            }),
            _ => missing(&id),
        }
    })
    .await
}

/// The error Meta answers unless the caller is the app itself: its id and its secret are its token.
fn as_app(sandbox: &Sandbox, request: &HttpRequest, parameters: &[(String, String)]) -> Option<HttpResponse> {
    let token = Secret::new(format!("{APP}|{}", sandbox.credentials().meta_app_secret.expose()));
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let given = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !constant_time_eq(given.as_bytes(), token.expose().as_bytes()) {
        return Some(bad(190, None, "Invalid OAuth access token signature."));
    }
    let proof = parameters.iter().find(|(key, _)| key == "appsecret_proof").map(|(_, value)| value.as_str());
    prove(proof, &token, sandbox)
}
