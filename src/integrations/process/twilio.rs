//! Messages from people, and how far ours got.

use serde_json::json;

use super::{Done, Failure, read, settle};
use crate::base::id::TenantId;
use crate::base::{Error, Result};
use crate::contacts::{Channel, consent};
use crate::engine::db::PlatformTx;
use crate::engine::events::Fact as _;
use crate::engine::jobs::{JobContext, Outcome};
use crate::inbox::receive::{self, Inbound, InboundOutcome};
use crate::intake::{self, NewEnquiry};
use crate::integrations::facts::WebhookEventFact;
use crate::integrations::model::{WebhookKind, WebhookProvider, WebhookState};
use crate::integrations::store::{self, WebhookEvent};
use crate::leads::model::LeadSource;
use crate::notify::recipients;
use crate::outreach::replies::{self, Reply};
use crate::providers::twilio::{InboundText, OptOutWord, TextStatus};
use crate::providers::{DeliveryStatus, TextChannel};
use crate::sending::MessageStatus;
use crate::sending::id::MessageId;
use crate::sending::status::StatusUpdate;

const PROVIDER: &str = "twilio";

#[derive(serde::Deserialize)]
struct Stored {
    form: Vec<(String, String)>,
    /// Our id, from the address Twilio called.
    #[serde(default)]
    message_id: Option<String>,
    #[serde(default)]
    tenant_id: Option<String>,
}

fn malformed(why: String) -> Failure {
    Failure::Final("malformed", Error::malformed("webhook.malformed", why))
}

pub(super) async fn message(ctx: &JobContext, event: &WebhookEvent) -> Result<Outcome, Failure> {
    let inbound = inbound(event)?;
    let held = event.clone();
    let key = ctx.core.master_key.clone();
    settle(ctx, event, move |tx| {
        let is_whatsapp = inbound.channel == Channel::Whatsapp;
        if is_whatsapp
            && let Some(tenant) = recipients::confirm_by_code(tx, &key, &inbound.person_address, &inbound.content)?
        {
            return Ok(Done { outcome: "recipient_confirmed", tenant: Some(tenant) });
        }
        take(tx, &held, &inbound)
    })
    .await
}

/// What a stored form says.
fn inbound(event: &WebhookEvent) -> Result<Inbound, Failure> {
    let text = InboundText::from_pairs(&read::<Stored>(event)?.form).map_err(malformed)?;
    Ok(Inbound {
        channel: match text.channel {
            TextChannel::Whatsapp => Channel::Whatsapp,
            TextChannel::Sms => Channel::Sms,
        },
        provider: PROVIDER,
        attachments: attachments(&text),
        content: in_words(&text),
        details: text.details.into(),
        replied_to: text.replied_to,
        external_id: text.message_sid,
        sender_address: text.to,
        person_address: text.from,
        profile_name: text.profile_name,
        opt_out: text.opt_out.and_then(|word| match word {
            OptOutWord::Stop => Some(consent::Word::Stop),
            OptOutWord::Start => Some(consent::Word::Start),
            OptOutWord::Help => None,
        }),
        received_at: event.received_at,
    })
}

fn take(tx: &mut PlatformTx<'_>, event: &WebhookEvent, inbound: &Inbound) -> Result<Done> {
    let mut outcome = receive::from_provider(tx, inbound)?;
    if matches!(outcome, InboundOutcome::Stranger(_) | InboundOutcome::Unknown | InboundOutcome::Obeyed) {
        match replies::take(tx, inbound)? {
            // Now it has a conversation to go to.
            Reply::Lead(_) => outcome = receive::from_provider(tx, inbound)?,
            Reply::Noted(tenant) => return Ok(Done { outcome: "outreach_reply", tenant: Some(tenant) }),
            Reply::Unclear(tenants) if matches!(outcome, InboundOutcome::Unknown) => {
                outcome = InboundOutcome::Unclear(tenants);
            }
            Reply::Unclear(_) | Reply::Nobody => {}
        }
    }
    if let InboundOutcome::Stranger(tenant) = outcome {
        // Somebody new on a tenant's own number is an enquiry; then the message has a conversation to go to.
        intake::receive(&mut tx.for_tenant(tenant), enquiry(inbound))?;
        outcome = receive::from_provider(tx, inbound)?;
    }
    Ok(match outcome {
        InboundOutcome::Delivered { tenant, .. } => Done { outcome: "delivered", tenant: Some(tenant) },
        InboundOutcome::Duplicate => Done { outcome: "duplicate", tenant: None },
        InboundOutcome::Obeyed => Done { outcome: "obeyed", tenant: None },
        InboundOutcome::Unclear(candidates) => {
            store::put_aside(tx, event, &candidates)?;
            let fact = WebhookEventFact { outcome: Some(UNCLEAR.into()), ..WebhookEventFact::of(event) };
            tx.record(fact.told_as(WebhookEventFact::HELD).about(event.id.uuid()))?;
            Done { outcome: UNCLEAR, tenant: None }
        }
        InboundOutcome::Unknown | InboundOutcome::Stranger(_) => {
            store::put_aside(tx, event, &[])?;
            Done { outcome: "unknown_person", tenant: None }
        }
    })
}

/// Several tenants may be meant.
const UNCLEAR: &str = "several_tenants";

fn enquiry(inbound: &Inbound) -> NewEnquiry {
    let source = match inbound.channel {
        Channel::Sms => LeadSource::SmsInbound,
        _ => LeadSource::WhatsappInbound,
    };
    NewEnquiry {
        name: inbound.profile_name.clone(),
        phone: Some(inbound.person_address.clone()),
        source_details: json!({ "to": inbound.sender_address }),
        vouched_at: Some(inbound.received_at),
        ..NewEnquiry::new(source, inbound.received_at)
    }
}

/// Gives a message that was put aside to the tenant an operator chose.
///
/// # Errors
/// `webhook_event.not_held`, `webhook_event.no_lead`.
pub fn assign(tx: &mut PlatformTx<'_>, event: &WebhookEvent, tenant: TenantId) -> Result<()> {
    let is_message = (event.provider, event.kind) == (WebhookProvider::Twilio, WebhookKind::Message);
    if !is_message || event.state != WebhookState::Held || !store::claim(tx, event.id)? {
        let message = format!("Only a message that is held is assigned; this is {} and {}.", event.kind, event.state);
        return Err(Error::conflict("webhook_event.not_held", message));
    }
    let unreadable = |_| Error::conflict("webhook_event.not_held", "The stored message cannot be read.");
    let inbound = inbound(event).map_err(unreadable)?;
    receive::assign(tx, &inbound, tenant)?;
    store::conclude(tx, event.id, "assigned", Some(tenant))
}

/// Media by the address that needs our credentials, then the place that was shared.
fn attachments(text: &InboundText) -> serde_json::Value {
    let media =
        text.media.iter().map(|media| json!({"kind": "media", "url": media.url, "content_type": media.content_type}));
    let place = text.location.iter().map(|place| {
        let (latitude, longitude) = (&place.latitude, &place.longitude);
        json!({
            "kind": "location", "url": format!("https://www.google.com/maps/search/?api=1&query={latitude}%2C{longitude}"),
            "latitude": latitude, "longitude": longitude, "address": place.address, "label": place.label,
        })
    });
    media.chain(place).collect()
}

/// What the person wrote or chose; where they shared something else, what that was. A kind that we do not know says so.
fn in_words(text: &InboundText) -> String {
    let mut said: Vec<String> = Vec::new();
    said.extend([&text.body].into_iter().chain(&text.choice).find(|words| !words.trim().is_empty()).cloned());
    if let Some(place) = &text.location {
        let parts =
            [place.label.clone(), place.address.clone(), Some(format!("{}, {}", place.latitude, place.longitude))];
        let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !said.contains(part)).collect();
        said.push(format!("📍 {}", parts.join(", ")));
    }
    if said.is_empty() && text.media.is_empty() {
        let kind = text.message_type.as_deref().unwrap_or("unknown");
        said.push(format!(
            "(a message of the kind \"{kind}\", which cannot be shown here; details has what came with it)"
        ));
    }
    said.join("\n")
}

/// What a report says of a message of ours; `None` when it is about nothing that gets delivered.
pub(super) fn update(event: &WebhookEvent) -> Result<Option<StatusUpdate>, Failure> {
    let stored: Stored = read(event)?;
    let told = TextStatus::from_pairs(&stored.form).map_err(malformed)?;
    let Some(delivery) = told.status else { return Ok(None) };
    Ok(Some(StatusUpdate {
        provider: PROVIDER,
        external_id: told.message_sid,
        tenant_hint: stored.tenant_id.and_then(|id| id.parse::<TenantId>().ok()),
        message_hint: stored.message_id.and_then(|id| id.parse::<MessageId>().ok()),
        status: match delivery {
            DeliveryStatus::Queued => MessageStatus::Queued,
            DeliveryStatus::Sent => MessageStatus::Sent,
            DeliveryStatus::Delivered => MessageStatus::Delivered,
            DeliveryStatus::Read => MessageStatus::Read,
            DeliveryStatus::Failed => MessageStatus::Failed,
        },
        error_class: told.error_class,
        error_code: told.error_code,
        error_message: told.explanation,
        at: event.received_at,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(more: &[(&str, &str)]) -> InboundText {
        let base = [("MessageSid", "SM1"), ("From", "whatsapp:+919876543210"), ("To", "whatsapp:+14155238886")];
        let pairs = base.iter().chain(more).map(|(name, value)| ((*name).to_string(), (*value).to_string()));
        InboundText::from_pairs(&pairs.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn whatever_a_person_sends_says_something() {
        let place =
            told(&[("Latitude", "19.1"), ("Longitude", "72.8"), ("Label", "Site office"), ("Body", "Site office")]);
        assert_eq!(in_words(&place), "Site office\n📍 19.1, 72.8");
        let attachment = &attachments(&place)[0];
        assert_eq!((&attachment["kind"], &attachment["label"]), (&json!("location"), &json!("Site office")));
        assert_eq!(in_words(&told(&[("ButtonText", "Yes"), ("ButtonPayload", "confirm")])), "Yes");
        assert_eq!(in_words(&told(&[("ListTitle", "2 BHK")])), "2 BHK");
        assert!(in_words(&told(&[("MessageType", "poll")])).contains("\"poll\""));
        assert_eq!(
            in_words(&told(&[("MediaUrl0", "https://api.twilio.com/x"), ("MediaContentType0", "image/png")])),
            ""
        );
    }
}
