//! Meta: one address for the whole app, and one per tenant that older set-ups were given.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use serde_json::json;

use crate::base::Error;
use crate::base::id::TenantId;
use crate::engine::Core;
use crate::engine::http::problem::Problem;
use crate::engine::http::{Answer, Path};
use crate::integrations::accept::{Incoming, parse, unreadable};
use crate::integrations::model::{WebhookKind, WebhookProvider, WebhookState};
use crate::integrations::store::NewWebhook;
use crate::providers::Providers;
use crate::providers::meta::{Envelope, LeadgenChange, is_signature, verify_handshake, verify_signature};

/// What Meta asks at set-up.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // read by hand: whatever else is in the query is none of our business
struct Handshake {
    /// `subscribe`
    #[param(rename = "hub.mode")]
    mode: Option<String>,
    /// The token given to Meta
    #[param(rename = "hub.verify_token")]
    verify_token: Option<String>,
    /// Answered back as it is
    #[param(rename = "hub.challenge")]
    challenge: Option<String>,
}

#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code)] // read by hand: a missing one is a refusal like a wrong one
struct Signed {
    /// `sha256=` and the HMAC of the body under the app secret
    #[param(rename = "X-Hub-Signature-256", nullable = false)]
    signature: Option<String>,
}

#[derive(utoipa::IntoResponses)]
#[allow(dead_code)] // describes what `answer_challenge` answers
enum HandshakeAnswer {
    #[response(status = 200, description = "The challenge", content_type = "text/plain")]
    Challenge(String),
    #[response(status = 403, description = "Not the token", content_type = "application/problem+json")]
    Refused(Problem),
}

#[derive(utoipa::IntoResponses)]
#[allow(dead_code)] // describes what `receive` answers
enum Receipt {
    #[response(status = 200, description = "Stored", content_type = "text/plain")]
    Stored(String),
    #[response(status = 403, description = "The signature does not hold", content_type = "application/problem+json")]
    Refused(Problem),
    #[response(status = 413, description = "The body is too large", content_type = "application/problem+json")]
    TooLarge(Problem),
}

/// Meta's envelope.
#[derive(utoipa::ToSchema)]
#[schema(example = json!({"object": "page", "entry": [{"id": "153125381133", "time": 1795165198, "changes": [{"field": "leadgen",
    "value": {"leadgen_id": "1231231231230001", "page_id": "153125381133", "form_id": "612312312312", "created_time": 1795165190}}]}]}))]
#[allow(dead_code)] // a shape; the adapter reads it
struct MetaEvents {
    /// `page` or `instagram`.
    object: String,
    /// One per page, each with its `changes` or its `messaging`.
    entry: Vec<serde_json::Value>,
}

/// Answer Meta's subscription check
#[utoipa::path(params(Handshake), security(()), responses(HandshakeAnswer))]
#[get("/webhooks/meta")]
pub async fn verify_meta_webhook(request: HttpRequest, core: Core, providers: web::Data<Providers>) -> Answer {
    answer_challenge(&request, &core, &providers)
}

/// Take in Meta's events
#[utoipa::path(request_body = MetaEvents, params(Signed), security(()), responses(Receipt))]
#[post("/webhooks/meta")]
pub async fn receive_meta_webhook(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    payload: web::Payload,
) -> Answer {
    receive(&request, &core, &providers, payload, None).await
}

/// Answer Meta's subscription check, for one tenant
#[utoipa::path(params(Handshake), security(()), responses(HandshakeAnswer))]
#[get("/api/webhooks/facebook/leads/{tenant_id}")]
pub async fn verify_meta_webhook_of_tenant(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    _tenant: Path<TenantId>,
) -> Answer {
    answer_challenge(&request, &core, &providers)
}

/// Take in Meta's events, under a tenant's own address
///
/// The tenant in the path only settles which tenant of a shared page is meant; forms decide before it.
#[utoipa::path(request_body = MetaEvents, params(Signed), security(()), responses(Receipt))]
#[post("/api/webhooks/facebook/leads/{tenant_id}")]
pub async fn receive_meta_webhook_of_tenant(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    tenant: Path<TenantId>,
    payload: web::Payload,
) -> Answer {
    receive(&request, &core, &providers, payload, Some(tenant.0)).await
}

fn answer_challenge(request: &HttpRequest, core: &Core, providers: &Providers) -> Answer {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let given = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let ours = providers.settings().meta.verify_token.as_ref();
    match verify_handshake(given("hub.mode"), given("hub.verify_token"), given("hub.challenge"), ours) {
        Some(challenge) => Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(challenge.to_string())),
        None => {
            Incoming { core, request, provider: WebhookProvider::Meta }.count("refused", 1);
            Err(Error::forbidden("webhook.bad_token", "The verify token is not the one configured here."))
        }
    }
}

async fn receive(
    request: &HttpRequest,
    core: &Core,
    providers: &Providers,
    payload: web::Payload,
    tenant: Option<TenantId>,
) -> Answer {
    let incoming = Incoming { core, request, provider: WebhookProvider::Meta };
    let secrets = &providers.settings().meta.app_secrets;
    let signature = incoming.header("X-Hub-Signature-256");
    incoming.glance(secrets, is_signature(signature))?;
    let body = incoming.body(payload).await?;
    incoming.believe(verify_signature(&body, signature, secrets))?;
    let (events, ignored) = match parse(&body) {
        Ok(told) => events_in(told, tenant),
        Err(text) => (vec![unreadable(WebhookProvider::Meta, WebhookKind::Leadgen, text)], 0),
    };
    incoming.ignore(ignored, "fields and receipts that are not subscribed to");
    incoming.accept(events).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("EVENT_RECEIVED"))
}

/// Every event of a body; what is no envelope at all is one that an operator must see.
fn events_in(told: serde_json::Value, tenant_hint: Option<TenantId>) -> (Vec<NewWebhook>, usize) {
    match Envelope::deserialize(&told) {
        Ok(envelope) => events_of(&envelope, tenant_hint),
        Err(_) => (vec![unreadable(WebhookProvider::Meta, WebhookKind::Leadgen, told)], 0),
    }
}

/// Every event of an envelope that is kept, and how many are not.
fn events_of(envelope: &Envelope, tenant_hint: Option<TenantId>) -> (Vec<NewWebhook>, usize) {
    let (mut events, mut ignored) = (Vec::new(), 0);
    for entry in &envelope.entry {
        for change in &entry.changes {
            if envelope.object != "page" || change.field != "leadgen" {
                ignored += 1;
                continue;
            }
            events.push(match LeadgenChange::deserialize(&change.value) {
                Ok(lead) => {
                    let body = json!({"change": change.value, "tenant_hint": tenant_hint});
                    let id = told_id(lead.leadgen_id.into_string(), tenant_hint);
                    NewWebhook::new(WebhookProvider::Meta, WebhookKind::Leadgen, id, body)
                }
                // Somebody filled a form: what we cannot read an operator must see.
                Err(_) => {
                    let body = json!({"change": change.value, "tenant_hint": tenant_hint});
                    unreadable(WebhookProvider::Meta, WebhookKind::Leadgen, body)
                }
            });
        }
        let kind = match envelope.object.as_str() {
            "page" => WebhookKind::Messenger,
            "instagram" => WebhookKind::Instagram,
            _ => {
                ignored += entry.messaging.len();
                continue;
            }
        };
        for event in &entry.messaging {
            let mid = event["message"]["mid"].as_str().or_else(|| event["postback"]["mid"].as_str());
            let Some(mid) = mid else {
                ignored += 1;
                continue;
            };
            events.push(
                NewWebhook::new(WebhookProvider::Meta, kind, mid, event.clone())
                    .kept(WebhookState::Ignored, "channel_not_enabled"),
            );
        }
    }
    (events, ignored)
}

/// A page that tells both addresses tells each lead twice, and only one of the two may say whose it is. Both are kept; that
/// they are one lead is seen where it is taken in.
fn told_id(leadgen_id: String, tenant_hint: Option<TenantId>) -> String {
    match tenant_hint {
        Some(tenant) => format!("{leadgen_id}@{tenant}"),
        None => leadgen_id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(name: &str) -> (Vec<NewWebhook>, usize) {
        let path = format!("{}/../../tests/fixtures/meta/{name}.json", env!("CARGO_MANIFEST_DIR"));
        events_of(&serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(), None)
    }

    #[test]
    fn every_lead_of_every_page_is_kept_and_nothing_else_becomes_one() {
        let ids = |name| recorded(name).0.into_iter().map(|event| event.external_id).collect::<Vec<_>>();
        assert_eq!(ids("leadgen_batched_numeric_ids"), ["123123123123", "123123123124"]);
        assert_eq!(ids("leadgen_multi_page").len(), 3);
        let (mixed, ignored) = recorded("leadgen_mixed_fields");
        assert_eq!((mixed.len(), ignored), (1, 1));
        assert_eq!(mixed[0].state, WebhookState::Received);
    }

    #[test]
    fn messages_of_channels_not_served_are_kept_aside() {
        for (name, kind) in [("messenger_text", WebhookKind::Messenger), ("instagram_dm", WebhookKind::Instagram)] {
            let (events, ignored) = recorded(name);
            assert_eq!((events[0].kind, events[0].state, ignored), (kind, WebhookState::Ignored, 0), "{name}");
        }
        assert_eq!(recorded("messenger_delivery").1, 1, "a receipt has no id of its own");
    }

    #[test]
    fn a_lead_that_cannot_be_read_is_shown_to_operators() {
        let envelope: Envelope = serde_json::from_value(json!({"object": "page", "entry": [{"id": "1", "changes": [
            {"field": "leadgen", "value": {"leadgen_id": 1.5}}, {"field": "leadgen", "value": {"leadgen_id": 2, "page_id": 1, "form_id": 1}},
        ]}]}))
        .unwrap();
        let (events, _) = events_of(&envelope, None);
        assert_eq!((events[0].state, events[0].outcome), (WebhookState::Failed, Some("unreadable")));
        assert_eq!((events[1].external_id.as_str(), events[1].state), ("2", WebhookState::Received));
    }
}
