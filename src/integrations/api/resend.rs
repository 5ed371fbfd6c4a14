//! Resend: what became of our e-mails.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde_json::json;

use crate::engine::Core;
use crate::engine::http::Answer;
use crate::engine::http::problem::Problem;
use crate::integrations::accept::{Incoming, UNREADABLE, parse, unreadable};
use crate::integrations::model::{WebhookKind, WebhookProvider, WebhookState};
use crate::integrations::store::NewWebhook;
use crate::providers::Providers;
use crate::providers::resend::{EmailEvent, is_signature, verify};
use crate::providers::standard_webhooks::TOLERANCE_SECONDS;

/// Take in what became of an e-mail
#[utoipa::path(
    request_body(content = serde_json::Value, description = "Resend's event", example = json!({"type": "email.delivered",
        "created_at": "2026-11-20T09:00:00Z", "data": {"email_id": "56761188-7520-42d8-8898-ff6fc54ce618", "to": ["asha@example.com"]}})),
    params(
        ("svix-id" = Option<String>, Header, description = "Identifies the event"),
        ("svix-timestamp" = Option<String>, Header, description = "Unix seconds; at most five minutes from now"),
        ("svix-signature" = Option<String>, Header, description = "`v1,` and the HMAC of id, timestamp and body")
    ),
    security(()),
    responses(
        (status = 200, description = "Stored", body = serde_json::Value, example = json!({})),
        (status = 403, description = "The signature does not hold", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/webhooks/resend")]
pub async fn receive_resend_webhook(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    payload: web::Payload,
) -> Answer {
    let incoming = Incoming { core: &core, request: &request, provider: WebhookProvider::Resend };
    let secrets = &providers.settings().resend.webhook_secrets;
    let (id, now) = (incoming.header("svix-id"), core.clock.now().seconds());
    let (at, signature) = (incoming.header("svix-timestamp"), incoming.header("svix-signature"));
    incoming.glance(secrets, is_signature(id, at, signature, now, TOLERANCE_SECONDS))?;
    let body = incoming.body(payload).await?;
    incoming.believe(verify(id, at, &body, signature, secrets, now, TOLERANCE_SECONDS))?;
    let told = parse(&body);
    let event = told.as_ref().ok().and_then(|told| serde_json::from_value::<EmailEvent>(told.clone()).ok());
    let Some(event) = event else {
        // What became of an e-mail is nobody's loss, but somebody should see it.
        let body = told.unwrap_or_else(|text| text);
        let kept = unreadable(WebhookProvider::Resend, WebhookKind::Status, body);
        incoming.accept(vec![kept.kept(WebhookState::Ignored, UNREADABLE)]).await?;
        return Ok(HttpResponse::Ok().json(json!({})));
    };
    let says_something = event.status().is_some() || event.error_class().is_some();
    match id.filter(|_| says_something && event.data.email_id.is_some()) {
        Some(id) => {
            let body = told.unwrap_or_else(|text| text);
            let stored = NewWebhook::new(WebhookProvider::Resend, WebhookKind::Status, id, body);
            incoming.accept(vec![stored]).await?;
        }
        None => incoming.ignore(1, "it says nothing about an e-mail of ours"),
    }
    Ok(HttpResponse::Ok().json(json!({})))
}
