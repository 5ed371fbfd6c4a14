//! The Google Ads twin: `campaigns:mutate`, and the person who fills a lead form.

use std::sync::Mutex;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Sandbox;
use super::callbacks::Webhook;
use super::faults::{Fault, FaultMode, around, bad_request};
use super::state::{Numbers, Ring, hex_id, lock};
use crate::base::crypto::{Secret, constant_time_eq};
use crate::base::patch::Patch;
use crate::base::time::Timestamp;
use crate::providers::Digits;

pub(super) struct GoogleAdsTwin {
    campaigns: Mutex<Ring<String, String>>,
    numbers: Numbers,
}

impl GoogleAdsTwin {
    pub fn new() -> Self {
        Self { campaigns: Mutex::new(Ring::new(10_000)), numbers: Numbers::new() }
    }
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/google-ads/leads", web::post().to(submit));
    cfg.route("/google-ads/campaigns/{id}", web::get().to(show));
    cfg.route("/google-ads/{version}/customers/{customer}/campaigns:mutate", web::post().to(mutate));
    cfg.route("/google-ads/{version}/customers/{customer}/googleAds:search", web::post().to(search));
}

// ---- the REST interface ----

fn failure(status: StatusCode, name: &str, family: &str, reason: &str, message: &str, details: Value) -> HttpResponse {
    let mut error = json!({ "errorCode": { family: reason }, "message": message });
    if !details.is_null() {
        error["details"] = details;
    }
    HttpResponse::build(status).json(json!({ "error": {
        "code": status.as_u16(), "message": message, "status": name,
        "details": [{ "@type": "type.googleapis.com/google.ads.googleads.v24.errors.GoogleAdsFailure",
                      "errors": [error], "requestId": hex_id() }],
    }}))
}

fn invalid(family: &str, reason: &str, message: &str) -> HttpResponse {
    failure(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", family, reason, message, Value::Null)
}

fn refuse(fault: &Fault) -> HttpResponse {
    if fault.mode == FaultMode::Throttle {
        let seconds = fault.retry_after_seconds.unwrap_or(30);
        let details = json!({"quotaErrorDetails": {"rateScope": "DEVELOPER", "rateName": "Number of operations",
            "retryDelay": format!("{seconds}s")}});
        let message = "Too many requests.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        return failure(status, "RESOURCE_EXHAUSTED", "quotaError", "RESOURCE_EXHAUSTED", message, details);
    }
    // `code` is `family.REASON`, as our adapter reports it.
    let code = fault.code_text().unwrap_or_else(|| "internalError.TRANSIENT_ERROR".into());
    let (family, reason) = code.split_once('.').unwrap_or(("requestError", &code));
    failure(fault.http_status(500), "UNKNOWN", family, reason, "Failed as told", Value::Null)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Mutate {
    operations: Vec<Operation>,
    #[serde(default)]
    #[allow(dead_code)] // accepted as at Google; one operation fails as a whole anyway
    partial_failure: bool,
    #[serde(default)]
    validate_only: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Operation {
    update: CampaignUpdate,
    update_mask: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CampaignUpdate {
    resource_name: String,
    status: String,
}

/// The error Google answers unless the credentials are right and reach the account.
fn unauthorized(sandbox: &Sandbox, request: &HttpRequest, customer: &str) -> Option<HttpResponse> {
    let known = sandbox.credentials();
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let same = |given: &str, secret: &Secret| constant_time_eq(given.as_bytes(), secret.expose().as_bytes());
    let refused = |family, reason, message| {
        Some(failure(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", family, reason, message, Value::Null))
    };
    if !header("authorization").strip_prefix("Bearer ").is_some_and(|token| same(token, &known.google_access_token)) {
        return refused("authenticationError", "OAUTH_TOKEN_INVALID", "The access token is not valid.");
    }
    if !same(header("developer-token"), &known.google_developer_token) {
        return refused("authenticationError", "DEVELOPER_TOKEN_INVALID", "The developer token is not valid.");
    }
    let manager = header("login-customer-id");
    if customer != known.google_customer_id || !(manager.is_empty() || manager == known.google_login_customer_id) {
        let message = "The caller does not have permission.";
        let (status, name) = (StatusCode::FORBIDDEN, "PERMISSION_DENIED");
        return Some(failure(status, name, "authorizationError", "USER_PERMISSION_DENIED", message, Value::Null));
    }
    None
}

/// Only the account itself can be asked for.
async fn search(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Json<Value>,
) -> HttpResponse {
    let (_, customer) = path.into_inner();
    around(&sandbox, "google_ads", "check", refuse, || async {
        if let Some(refused) = unauthorized(&sandbox, &request, &customer) {
            return refused;
        }
        if !body["query"].as_str().is_some_and(|query| query.ends_with(" FROM customer")) {
            return invalid("queryError", "UNEXPECTED_FROM_CLAUSE", "Only the customer can be asked for here.");
        }
        HttpResponse::Ok().json(json!({ "fieldMask": "customer.id,customer.descriptiveName,customer.status", "results": [
            { "customer": { "resourceName": format!("customers/{customer}"), "id": customer, "descriptiveName": "Twin",
                "status": "ENABLED" } }
        ]}))
    })
    .await
}

async fn mutate(
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> HttpResponse {
    let (version, customer) = path.into_inner();
    around(&sandbox, "google_ads", "set_status", refuse, || async {
        if !version.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            return HttpResponse::NotFound().content_type("text/html").body("<html><title>Error 404</title></html>");
        }
        if let Some(refused) = unauthorized(&sandbox, &request, &customer) {
            return refused;
        }
        let mutate: Mutate = match serde_json::from_slice(&body) {
            Ok(mutate) => mutate,
            Err(error) => return invalid("requestError", "BAD_JSON", &error.to_string()),
        };
        let mut updates = Vec::new();
        for Operation { update, update_mask } in mutate.operations {
            let prefix = format!("customers/{customer}/campaigns/");
            let id = update.resource_name.strip_prefix(&prefix).filter(|id| id.parse::<Digits>().is_ok());
            let Some(id) = id.map(str::to_string) else {
                return invalid("requestError", "INVALID_RESOURCE_NAME", "The resource name is not valid.");
            };
            if update_mask != "status" {
                return invalid("fieldMaskError", "FIELD_MASK_MISSING", "The update mask must name the fields set.");
            }
            if !matches!(update.status.as_str(), "ENABLED" | "PAUSED") {
                return invalid("requestError", "INVALID_ENUM_VALUE", "status: expected ENABLED or PAUSED.");
            }
            updates.push((id, update));
        }
        if updates.is_empty() {
            return invalid("requestError", "REQUIRED_FIELD_MISSING", "operations: required.");
        }
        let results: Vec<Value> =
            updates.iter().map(|(_, update)| json!({ "resourceName": update.resource_name })).collect();
        if mutate.validate_only {
            return HttpResponse::Ok().json(json!({}));
        }
        let mut campaigns = lock(&sandbox.0.google_ads.campaigns);
        for (id, update) in updates {
            campaigns.insert(id, update.status);
        }
        HttpResponse::Ok().json(json!({ "results": results }))
    })
    .await
}

/// The twin's own window on an ad campaign.
async fn show(sandbox: web::Data<Sandbox>, id: web::Path<String>) -> HttpResponse {
    let status = lock(&sandbox.0.google_ads.campaigns).get(id.as_str()).cloned().unwrap_or_else(|| "ENABLED".into());
    HttpResponse::Ok().json(json!({ "id": id.as_str(), "status": status }))
}

// ---- the outside world ----

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmittedLead {
    /// Columns as they will travel, or …
    #[serde(default)]
    user_column_data: Vec<Value>,
    /// … a plain object of column id → answer.
    #[serde(default)]
    fields: Map<String, Value>,
    campaign_id: Digits,
    form_id: Digits,
    #[serde(default)]
    adgroup_id: Option<Digits>,
    #[serde(default)]
    creative_id: Option<Digits>,
    #[serde(default)]
    gcl_id: Option<String>,
    #[serde(default)]
    lead_id: Option<String>,
    #[serde(default)]
    is_test: bool,
    /// Another key than the configured one, of any type.
    #[serde(default)]
    google_key: Patch<Value>,
    #[serde(default)]
    lead_submit_time: Option<Timestamp>,
}

/// int64 as Google's examples show it: a bare number.
fn number(id: &Digits) -> Value {
    id.as_str().parse::<i64>().map_or_else(|_| json!(id), |number| json!(number))
}

async fn submit(sandbox: web::Data<Sandbox>, body: web::Bytes) -> HttpResponse {
    let lead: SubmittedLead = match serde_json::from_slice(&body) {
        Ok(lead) => lead,
        Err(error) => return bad_request(&error.to_string()),
    };
    let lead_id = lead.lead_id.unwrap_or_else(|| format!("CAESE-{}", sandbox.0.google_ads.numbers.next()));
    let mut columns = lead.user_column_data;
    for (id, answer) in lead.fields {
        let text = answer.as_str().map_or_else(|| answer.to_string(), str::to_string);
        columns.push(json!({ "column_id": id, "string_value": text }));
    }
    let mut payload = json!({
        "lead_id": lead_id,
        "user_column_data": columns,
        "api_version": "1.0",
        "form_id": number(&lead.form_id),
        "campaign_id": number(&lead.campaign_id),
        "google_key": match lead.google_key {
            Patch::Absent => json!(sandbox.credentials().google_key.expose()),
            Patch::Null => Value::Null,
            Patch::Value(other) => other,
        },
        "is_test": lead.is_test,
        "lead_submit_time": lead.lead_submit_time.unwrap_or_else(|| sandbox.now()),
    });
    for (name, id) in [("adgroup_id", &lead.adgroup_id), ("creative_id", &lead.creative_id)] {
        if let Some(id) = id {
            payload[name] = number(id);
        }
    }
    if let Some(click) = lead.gcl_id {
        payload["gcl_id"] = click.into();
    }
    let webhook = Webhook {
        provider: "google_ads",
        url: sandbox.webhook_url("/v1/webhooks/google-ads"),
        content_type: "application/json",
        headers: Vec::new(),
        svix: None,
        body: payload.to_string().into_bytes(),
    };
    let status = sandbox.call_now(webhook).await;
    HttpResponse::Created().json(json!({ "lead_id": lead_id, "webhook_status": status }))
}
