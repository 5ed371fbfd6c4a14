//! The Graph API: reading a lead or an ad campaign, and setting an ad campaign's status.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::StoredCampaign;
use crate::base::crypto::{Secret, constant_time_eq};
use crate::providers::{Digits, meta};
use crate::sandbox::Sandbox;
use crate::sandbox::faults::{Fault, FaultMode, around};
use crate::sandbox::state::{hex_id, lock};

const LEAD_FIELDS: &[&str] = &[
    "id",
    "created_time",
    "ad_id",
    "ad_name",
    "adset_id",
    "adset_name",
    "campaign_id",
    "campaign_name",
    "form_id",
    "is_organic",
    "platform",
    "field_data",
    "custom_disclaimer_responses",
];
const CAMPAIGN_FIELDS: &[&str] =
    &["id", "name", "status", "effective_status", "configured_status", "objective", "daily_budget"];

/// A Graph error envelope, mostly under HTTP 400 as at Meta.
fn graph_error(status: StatusCode, code: i64, subcode: Option<i64>, message: &str) -> HttpResponse {
    let mut error = json!({
        "message": message,
        "type": if code == 100 && subcode == Some(33) { "GraphMethodException" } else { "OAuthException" },
        "code": code,
        "fbtrace_id": hex_id(),
    });
    if let Some(subcode) = subcode {
        error["error_subcode"] = subcode.into();
    }
    HttpResponse::build(status).json(json!({ "error": error }))
}

pub(super) fn bad(code: i64, subcode: Option<i64>, message: &str) -> HttpResponse {
    graph_error(StatusCode::BAD_REQUEST, code, subcode, message)
}

pub(super) fn missing(id: &str) -> HttpResponse {
    let message = format!(
        "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
         or does not support this operation."
    );
    bad(100, Some(33), &message)
}

pub(super) fn refuse(fault: &Fault) -> HttpResponse {
    if fault.mode == FaultMode::Throttle {
        let minutes = fault.retry_after_seconds.unwrap_or(60).div_ceil(60);
        let usage = json!({"17": [{"type": "ads_management", "call_count": 100, "total_cputime": 20, "total_time": 20,
            "estimated_time_to_regain_access": minutes, "ads_api_access_tier": "standard_access"}]});
        let error = json!({"message": "(#80004) There have been too many calls to this ad-account.",
            "type": "OAuthException", "code": 80004, "error_subcode": 2446079, "fbtrace_id": hex_id()});
        return HttpResponse::BadRequest()
            .insert_header(("x-business-use-case-usage", usage.to_string()))
            .json(json!({ "error": error }));
    }
    graph_error(fault.http_status(500), fault.code_number().unwrap_or(2), None, "Service temporarily unavailable")
}

/// The error Meta answers unless token and proof are right.
pub(super) fn unauthorized(
    sandbox: &Sandbox,
    request: &HttpRequest,
    parameters: &[(String, String)],
) -> Option<HttpResponse> {
    let known = sandbox.credentials();
    let parameter = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let Some(token) = bearer.and_then(|value| value.strip_prefix("Bearer ")).or(parameter("access_token")) else {
        return Some(graph_error(
            StatusCode::UNAUTHORIZED,
            104,
            None,
            "An access token is required to request this resource.",
        ));
    };
    if !constant_time_eq(token.as_bytes(), known.meta_access_token.expose().as_bytes()) {
        return Some(graph_error(
            StatusCode::UNAUTHORIZED,
            190,
            None,
            "Invalid OAuth access token - Cannot parse access token",
        ));
    }
    prove(parameter("appsecret_proof"), &known.meta_access_token, sandbox)
}

/// The error Meta answers unless the proof fits the token.
pub(super) fn prove(proof: Option<&str>, token: &Secret, sandbox: &Sandbox) -> Option<HttpResponse> {
    let expected = meta::appsecret_proof(token, &sandbox.credentials().meta_app_secret);
    match proof {
        Some(proof) if constant_time_eq(proof.as_bytes(), expected.as_bytes()) => None,
        Some(_) => Some(bad(100, None, "Invalid appsecret_proof provided in the API argument")),
        None => Some(bad(100, None, "API calls from the server require an appsecret_proof argument")),
    }
}

pub(super) fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(a, b)| digits(a) && digits(b))
}

pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

pub(super) async fn read(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (version, id) = path.into_inner();
    let lead = lock(&sandbox.0.meta.leads).get(&id).map(|lead| lead.node.clone());
    let parameters = pairs(request.query_string().as_bytes());
    let asked = parameters.iter().find(|(name, _)| name == "fields").map(|(_, fields)| fields.clone());
    if let Some(fields) = asked.as_deref().and_then(|fields| fields.strip_prefix("questions")) {
        return questions(&sandbox, &request, &version, &id, fields, &parameters).await;
    }
    let names: Vec<&str> = asked.as_deref().map_or(Vec::new(), |fields| fields.split(',').map(str::trim).collect());
    // Asking for a lead's fields is what makes it a lead fetch, whether the lead exists or not.
    let is_lead = lead.is_some() || names.iter().any(|name| LEAD_FIELDS[1..].contains(name));
    let operation = if is_lead { "fetch_lead" } else { "get_campaign" };
    around(&sandbox, "meta", operation, refuse, || async {
        if !is_version(&version) {
            return bad(2500, None, "Unknown path components");
        }
        if let Some(refused) = unauthorized(&sandbox, &request, &parameters) {
            return refused;
        }
        let (node, known, default): (_, _, &[&str]) = match lead {
            Some(node) => (node, LEAD_FIELDS, &["created_time", "id", "field_data"]),
            None if is_lead || id.parse::<Digits>().is_err() => return missing(&id),
            None => {
                let StoredCampaign { status, daily_budget } =
                    lock(&sandbox.0.meta.campaigns).get(&id).cloned().unwrap_or_default();
                let mut node = json!({"id": id, "name": format!("Ad campaign {id}"), "status": status,
                    "effective_status": status, "configured_status": status, "objective": "OUTCOME_LEADS"});
                if let Some(budget) = daily_budget {
                    node["daily_budget"] = budget.to_string().into();
                }
                (node.as_object().cloned().unwrap_or_default(), CAMPAIGN_FIELDS, &["id"])
            }
        };
        if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
            return bad(100, None, &format!("(#100) Tried accessing nonexisting field ({unknown})"));
        }
        let wanted = if names.is_empty() { default } else { &names };
        let answer: Map<String, Value> =
            node.into_iter().filter(|(name, _)| name == "id" || wanted.contains(&name.as_str())).collect();
        HttpResponse::Ok().json(answer)
    })
    .await
}

/// A form's questions, with the fields in braces of each.
async fn questions(
    sandbox: &Sandbox,
    request: &HttpRequest,
    version: &str,
    id: &str,
    fields: &str,
    parameters: &[(String, String)],
) -> HttpResponse {
    around(sandbox, "meta", "fetch_form", refuse, || async {
        if !is_version(version) {
            return bad(2500, None, "Unknown path components");
        }
        if let Some(refused) = unauthorized(sandbox, request, parameters) {
            return refused;
        }
        let wanted = fields.trim_start_matches('{').trim_end_matches('}').split(',');
        let wanted: Vec<&str> = wanted.filter(|name| !name.is_empty()).collect();
        if let Some(unknown) = wanted.iter().find(|name| !["id", "key", "label", "type", "options"].contains(name)) {
            return bad(100, None, &format!("(#100) Tried accessing nonexisting field ({unknown})"));
        }
        match lock(&sandbox.0.meta.forms).get(id) {
            Some(questions) => HttpResponse::Ok().json(json!({ "questions": questions, "id": id })),
            None => missing(id),
        }
    })
    .await
}

pub(super) async fn update(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> HttpResponse {
    let (version, id) = path.into_inner();
    around(&sandbox, "meta", "set_status", refuse, || async {
        if !is_version(&version) {
            return bad(2500, None, "Unknown path components");
        }
        let mut parameters = pairs(request.query_string().as_bytes());
        let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
        if content_type.starts_with("application/json") {
            let Ok(Value::Object(object)) = serde_json::from_slice(&body) else {
                return bad(100, None, "The body is not a JSON object");
            };
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
            parameters.extend(object.into_iter().map(|(name, value)| (name, text(value))));
        } else {
            parameters.extend(pairs(&body));
        }
        if let Some(refused) = unauthorized(&sandbox, &request, &parameters) {
            return refused;
        }
        if id.parse::<Digits>().is_err() || lock(&sandbox.0.meta.leads).get(&id).is_some() {
            return missing(&id);
        }
        let mut campaign = lock(&sandbox.0.meta.campaigns).get(&id).cloned().unwrap_or_default();
        let mut is_changed = false;
        for (name, value) in &parameters {
            match (name.as_str(), value.as_str()) {
                ("access_token" | "appsecret_proof", _) => continue,
                ("status", "PAUSED") => campaign.status = "PAUSED",
                ("status", "ACTIVE") => campaign.status = "ACTIVE",
                ("daily_budget", amount) if amount.parse::<i64>().is_ok_and(|amount| amount > 0) => {
                    campaign.daily_budget = amount.parse().ok();
                }
                _ => return bad(100, None, &format!("(#100) Invalid parameter: {name}")),
            }
            is_changed = true;
        }
        if !is_changed {
            return bad(100, None, "(#100) Nothing to update was given");
        }
        lock(&sandbox.0.meta.campaigns).insert(id.clone(), campaign);
        HttpResponse::Ok().json(json!({ "success": true }))
    })
    .await
}
