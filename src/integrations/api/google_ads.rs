//! Google lead forms: the key inside the body is all that vouches for it.
//!
//! The key is looked for in the bytes before anything is parsed. It is the platform's, for the forms of its own ad accounts, or an
//! ad campaign's own, which brings leads to that ad campaign alone.

use actix_web::{HttpRequest, HttpResponse, post, web};
use serde_json::{Value, json};

use crate::base::crypto::sha256_hex;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::{PlatformScope, PlatformTx};
use crate::engine::http::problem::Problem;
use crate::engine::http::volume::weigh;
use crate::engine::http::{Answer, Source};
use crate::integrations::accept::{Incoming, parse, unreadable};
use crate::integrations::form_pace::FormPace;
use crate::integrations::guesses::Guesses;
use crate::integrations::model::{WebhookKind, WebhookProvider};
use crate::integrations::process::KeyedFor;
use crate::integrations::store::NewWebhook;
use crate::providers::Providers;
use crate::providers::google_ads::{LeadFormWebhook, keys_in, matches, with_id, without_key};

/// Take in a lead of a Google lead form
///
/// A lead without `lead_id` is known by its content: told again it is the same lead. The key is the ad campaign's own
/// (`POST /v1/ad-campaigns/{id}/webhook-key`) or, for the platform's ad accounts, the platform's.
/// By a key of an ad campaign's own sixty leads a minute are read; more are kept, and read in the minutes after.
#[utoipa::path(
    request_body(content = Value, description = "Google's lead with its `google_key`", example = json!({"lead_id": "CAESEAHq-lead-000017",
        "user_column_data": [{"column_id": "FULL_NAME", "string_value": "Asha Verma"}], "api_version": "1.0", "form_id": 40000000017_u64,
        "campaign_id": 20000000017_u64, "google_key": "the key given to Google", "is_test": false})),
    security(()),
    responses(
        (status = 200, description = "Stored", body = Value, example = json!({})),
        (status = 403, description = "Not the key", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = Problem, content_type = "application/problem+json")
    )
)]
#[post("/webhooks/google-ads")]
pub async fn receive_google_ads_webhook(
    request: HttpRequest,
    core: Core,
    providers: web::Data<Providers>,
    guesses: web::Data<Guesses>,
    pace: web::Data<FormPace>,
    payload: web::Payload,
) -> Answer {
    let incoming = Incoming { core: &core, request: &request, provider: WebhookProvider::GoogleAds };
    let body = incoming.body(payload).await?;
    let (key, owner) = vouched(&incoming, &providers, &guesses, &body).await?;
    if let Some(owner) = &owner {
        // Whoever has the tenant's key writes down what the tenant may.
        weigh(incoming.request, owner.tenant_id)?;
    }
    let mut lead = match parse(&body) {
        Ok(lead) => lead,
        Err(text) => {
            incoming.accept(vec![stored(without_key(text, &key), owner)]).await?;
            return Ok(HttpResponse::Ok().json(json!({})));
        }
    };
    // Found somewhere in the bytes is not yet given as the key.
    if lead["google_key"].as_str() != Some(key.as_str()) {
        return Err(incoming.disbelieve());
    }
    if let Some(fields) = lead.as_object_mut() {
        fields.remove("google_key");
    }
    let (is_limited, now) = (core.settings.rate_limit, core.clock.now());
    let turn = owner.filter(|_| is_limited).and_then(|owner| pace.turn(owner.ad_campaign_id, now));
    incoming.accept_for(vec![stored(with_id(lead), owner)], turn).await?;
    Ok(HttpResponse::Ok().json(json!({})))
}

/// The key that vouches for these bytes, and whose it is if it is not the platform's.
async fn vouched(
    incoming: &Incoming<'_>,
    providers: &Providers,
    guesses: &Guesses,
    body: &[u8],
) -> Result<(String, Option<KeyedFor>)> {
    let (source, now) = (Source::of(incoming.request).to_string(), incoming.core.clock.now());
    let given = keys_in(body);
    let is_limited = incoming.core.settings.rate_limit;
    if is_limited {
        guesses.hear(&source, &given, now)?;
    }
    let ours = &providers.settings().google_ads.webhook_keys;
    for key in given {
        if matches(ours, &key) {
            guesses.note_right(&source, &key);
            return Ok((key, None));
        }
        // Any other text cannot be one of ours, and asks nobody.
        if !key.starts_with(crate::ads::key::PREFIX) {
            continue;
        }
        let hash = sha256_hex(&key);
        let look = move |tx: &mut PlatformTx<'_>| crate::ads::store::key_of(tx, &hash);
        if let Some(row) = incoming.core.db.read(PlatformScope::system(), look).await? {
            guesses.note_right(&source, &key);
            return Ok((key, Some(KeyedFor { tenant_id: row.tenant_id, ad_campaign_id: row.ad_campaign_id })));
        }
    }
    if is_limited {
        guesses.note_wrong(&source, now);
    }
    if ours.is_empty() {
        let message = "Webhooks of google_ads are refused: no secret is configured for them.";
        incoming.count("refused", 1);
        return Err(Error::forbidden("webhook.not_configured", message));
    }
    Err(incoming.disbelieve())
}

/// A lead under its own id; with a key of its own no lead of anybody else's has that id.
fn stored(mut lead: Value, owner: Option<KeyedFor>) -> NewWebhook {
    let id = serde_json::from_value::<LeadFormWebhook>(lead.clone()).map(|typed| typed.lead_id).ok();
    // Without an id, also without one of ours, it is no lead: what could not be read to its end.
    let id = id.filter(|id| !id.trim().is_empty());
    if let Some(fields) = lead.as_object_mut() {
        // Only we say whose key it was.
        fields.remove(KeyedFor::FIELD);
        if let Some(owner) = owner {
            fields.insert(KeyedFor::FIELD.into(), json!(owner));
        }
    }
    match (id, owner) {
        (Some(id), Some(owner)) => {
            let id = format!("{id}@{}", owner.ad_campaign_id);
            NewWebhook::new(WebhookProvider::GoogleAds, WebhookKind::Lead, id, lead)
        }
        (Some(id), None) => NewWebhook::new(WebhookProvider::GoogleAds, WebhookKind::Lead, id, lead),
        (None, _) => unreadable(WebhookProvider::GoogleAds, WebhookKind::Lead, lead),
    }
}
