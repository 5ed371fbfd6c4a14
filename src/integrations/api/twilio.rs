//! Twilio: messages from people and the statuses of ours. It signs the address it called, which is built from our configuration
//! and never from `Host`.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, post, web};
use serde_json::json;

use crate::base::Result;
use crate::engine::Core;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, CalledAs};
use crate::integrations::accept::{Incoming, UNREADABLE, unreadable};
use crate::integrations::model::{WebhookKind, WebhookProvider, WebhookState};
use crate::integrations::store::NewWebhook;
use crate::providers::Providers;
use crate::providers::twilio::{InboundText, TextStatus, is_signature, parse_form, verify_request};

/// A form as Twilio sends it.
pub type Pairs = Vec<(String, String)>;

/// Take in a WhatsApp message or an SMS
#[utoipa::path(
    request_body(content = HashMap<String, String>, content_type = "application/x-www-form-urlencoded",
        example = json!({"MessageSid": "SM0123456789abcdef0123456789abcdef", "From": "whatsapp:+919876543210", "To": "whatsapp:+14155238886", "Body": "Yes, tomorrow"})),
    params(
        ("X-Twilio-Signature" = Option<String>, Header, description = "HMAC of the address and the form under the auth token")
    ),
    security(()),
    responses(
        (status = 200, description = "Stored; nothing to say back", body = String, content_type = "text/xml", example = json!("<Response/>")),
        (status = 403, description = "The signature does not hold", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/webhooks/twilio/messages")]
pub async fn receive_twilio_message(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    payload: web::Payload,
) -> Answer {
    let incoming = Incoming { core: &core, request: &request, provider: WebhookProvider::Twilio };
    let form = believed_form(&incoming, &providers, payload).await?;
    match InboundText::from_pairs(&form) {
        Ok(text) => {
            let body = json!({ "form": form });
            let event = NewWebhook::new(WebhookProvider::Twilio, WebhookKind::Message, text.message_sid, body);
            incoming.accept(vec![event]).await?;
        }
        // Somebody wrote: what we cannot read an operator must see.
        Err(why) => {
            let body = json!({ "form": form, "why": why });
            incoming.accept(vec![unreadable(WebhookProvider::Twilio, WebhookKind::Message, body)]).await?;
        }
    }
    Ok(HttpResponse::Ok().content_type("text/xml; charset=utf-8").body("<Response/>"))
}

/// Take in how far a message got
#[utoipa::path(
    request_body(content = HashMap<String, String>, content_type = "application/x-www-form-urlencoded",
        example = json!({"MessageSid": "SM0123456789abcdef0123456789abcdef", "MessageStatus": "delivered", "To": "whatsapp:+919876543210", "From": "whatsapp:+14155238886"})),
    params(
        ("message_id" = Option<String>, Query, description = "Our id of the message, as given to Twilio"),
        ("tenant_id" = Option<String>, Query, description = "Its tenant, as given to Twilio"),
        ("X-Twilio-Signature" = Option<String>, Header, description = "HMAC of the address and the form under the auth token")
    ),
    security(()),
    responses(
        (status = 204, description = "Stored"),
        (status = 403, description = "The signature does not hold", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/webhooks/twilio/status")]
pub async fn receive_twilio_status(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    payload: web::Payload,
) -> Answer {
    let incoming = Incoming { core: &core, request: &request, provider: WebhookProvider::Twilio };
    let form = believed_form(&incoming, &providers, payload).await?;
    match TextStatus::from_pairs(&form) {
        Ok(status) => {
            // Statuses come in any order and more than once: each word of each message counts once.
            let id = format!("{}:{}", status.message_sid, status.word);
            let query = url::form_urlencoded::parse(request.query_string().as_bytes());
            let given: std::collections::HashMap<_, _> = query.into_owned().collect();
            let body =
                json!({ "form": form, "message_id": given.get("message_id"), "tenant_id": given.get("tenant_id") });
            let event = NewWebhook::new(WebhookProvider::Twilio, WebhookKind::Status, id, body);
            incoming.accept(vec![event]).await?;
        }
        Err(why) => {
            let kept = unreadable(WebhookProvider::Twilio, WebhookKind::Status, json!({ "form": form, "why": why }));
            incoming.accept(vec![kept.kept(WebhookState::Ignored, UNREADABLE)]).await?;
        }
    }
    Ok(HttpResponse::NoContent().finish())
}

async fn believed_form(incoming: &Incoming<'_>, providers: &Providers, payload: web::Payload) -> Result<Pairs> {
    let tokens = &providers.settings().twilio.auth_tokens;
    let (kind, signature) = (incoming.header("Content-Type"), incoming.header("X-Twilio-Signature"));
    incoming.glance(tokens, is_signature(signature))?;
    let body = incoming.body(payload).await?;
    let called = incoming.request.extensions().get::<CalledAs>().map(|called| called.0.clone());
    let path =
        called.unwrap_or_else(|| incoming.request.uri().path_and_query().map_or("/", |path| path.as_str()).into());
    let url = called_url(&incoming.core.settings.public_url, &path);
    incoming.believe(verify_request(&url, kind, &body, signature, tokens))?;
    Ok(parse_form(&body))
}

/// The address as it was given to Twilio.
fn called_url(public_url: &str, path_and_query: &str) -> String {
    format!("{}{path_and_query}", public_url.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::Secret;
    use crate::providers::twilio::sign_form;

    #[test]
    fn what_was_signed_is_the_configured_address_with_path_and_query() {
        let token = [Secret::new("t")];
        let url = called_url("https://leads.example.com/", "/v1/webhooks/twilio/status?message_id=1&tenant_id=2");
        assert_eq!(url, "https://leads.example.com/v1/webhooks/twilio/status?message_id=1&tenant_id=2");
        let form = [("MessageSid".to_string(), "SM1".to_string())];
        let given = sign_form(&url, &form, &token[0]);
        let verify = |url: &str| verify_request(url, None, b"MessageSid=SM1", Some(&given), &token);
        assert!(verify(&url));
        assert!(!verify(&called_url("https://leads.example.com", "/v1/webhooks/twilio/status")));
    }
}
