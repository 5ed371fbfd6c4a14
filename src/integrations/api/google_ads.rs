//! Google lead forms: the key inside the body is all that vouches for it.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde_json::{Value, json};

use crate::base::Result;
use crate::engine::Core;
use crate::engine::http::problem::Problem;
use crate::integrations::accept::{Incoming, parse};
use crate::integrations::model::{WebhookKind, WebhookProvider};
use crate::integrations::store::NewWebhook;
use crate::providers::Providers;
use crate::providers::google_ads::{LeadFormWebhook, key_matches};

/// Take in a lead of a Google lead form
#[utoipa::path(
    operation_id = "receive_google_ads_webhook",
    tag = "Webhooks",
    request_body(content = Value, description = "Google's lead with its `google_key`", example = json!({"lead_id": "CAESEAHq-lead-000017",
        "user_column_data": [{"column_id": "FULL_NAME", "string_value": "Asha Verma"}], "api_version": "1.0", "form_id": 40000000017_u64,
        "campaign_id": 20000000017_u64, "google_key": "the key given to Google", "is_test": false})),
    responses(
        (status = 200, description = "Stored", body = Value, example = json!({})),
        (status = 403, description = "Not the key", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/webhooks/google-ads")]
pub async fn receive_google_ads_webhook(
    request: HttpRequest,
    core: web::Data<Core>,
    providers: web::Data<Providers>,
    payload: web::Payload,
) -> Result<HttpResponse> {
    let incoming = Incoming { core: &core, request: &request, provider: WebhookProvider::GoogleAds };
    let body = incoming.body(payload).await?;
    let mut lead: Value = parse(&body)?;
    let keys = &providers.settings().google_ads.webhook_keys;
    incoming.believe(keys, || key_matches(keys, &lead["google_key"]))?;
    let typed: LeadFormWebhook = parse(&body)?;
    if let Some(fields) = lead.as_object_mut() {
        fields.remove("google_key");
    }
    incoming.accept(vec![NewWebhook::new(WebhookProvider::GoogleAds, WebhookKind::Lead, typed.lead_id, lead)]).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}
