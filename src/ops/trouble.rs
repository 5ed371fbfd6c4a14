//! What failed for good without anybody at the platform having asked for it: a webhook that has no effect, which may be a lead
//! nobody gets, and a change that an ad platform did not carry out. A reaction to `webhook_event.failed`, `webhook_event.held` and
//! `ad_campaign.delivery_failed`.

use super::model::OperatorNotification;
use super::tell::tell;
use crate::base::Result;
use crate::base::id::NotificationId;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventType, ReactionPayload, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, Outcome};

/// Tells the operators about a failure.
pub static ANNOUNCE: JobKind = JobKind::new("ops.announce_trouble");

pub(super) async fn announce(context: JobContext) -> Result<Outcome> {
    let payload: ReactionPayload = context.payload()?;
    context
        .finish(move |tx| {
            let event = events::get(tx, payload.event_id)?;
            announce_in(tx, event)
        })
        .await
}

fn announce_in(tx: &mut TenantTx<'_>, event: Event) -> Result<()> {
    let (title, body) = words(event.kind, &event.data);
    let note = OperatorNotification {
        id: NotificationId::new(),
        tenant_id: Some(tx.tenant()).filter(|tenant| *tenant != platform_tenant()),
        kind: event.kind.to_string(),
        title: title.into(),
        body,
        data: with_subject(&event),
        read_at: None,
        created_at: tx.now(),
    };
    tell(&mut tx.platform(), note, event.id)
}

/// What the event says, and the id of what it is about.
fn with_subject(event: &Event) -> serde_json::Value {
    let mut data = event.data.clone();
    if let (Some(map), Some(id)) = (data.as_object_mut(), event.subject_id) {
        let is_webhook = matches!(event.kind, EventType::WebhookEventFailed | EventType::WebhookEventHeld);
        let name = if is_webhook { "webhook_event_id" } else { "ad_campaign_id" };
        map.insert(name.into(), serde_json::json!(id));
    }
    data
}

/// Title and body.
fn words(kind: EventType, data: &serde_json::Value) -> (&'static str, String) {
    let told = |name: &str| data[name].as_str().unwrap_or("?").to_string();
    if kind == EventType::WebhookEventHeld {
        let body = format!(
            "Message {} of {} may be for several tenants. Read it, then assign it to one: POST /v1/ops/webhook-events/{{id}}/assign.",
            told("external_id"),
            told("provider")
        );
        return ("Whose Message Is This", body);
    }
    if kind == EventType::WebhookEventFailed {
        let (what, whose, id, outcome) = (told("kind"), told("provider"), told("external_id"), told("outcome"));
        let body = format!("{what} {id} of {whose} had no effect: {outcome}. Mend the cause, then replay it.");
        return ("Webhook Failed", body);
    }
    let (name, whose, error) = (told("name"), told("platform"), told("error"));
    ("Ad Campaign Not In Sync", format!("{name} on {whose} was to be {}: {error}", told("delivery")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_read_what_failed_and_why() {
        let webhook =
            serde_json::json!({"provider": "meta", "kind": "leadgen", "external_id": "4711", "outcome": "unrouted"});
        let (title, body) = words(EventType::WebhookEventFailed, &webhook);
        assert_eq!(title, "Webhook Failed");
        assert_eq!(body, "leadgen 4711 of meta had no effect: unrouted. Mend the cause, then replay it.");
        let campaign = serde_json::json!({"name": "Pune", "platform": "meta", "delivery": "paused", "error": "auth: the ad platform did not carry it out"});
        let (_, body) = words(EventType::AdCampaignDeliveryFailed, &campaign);
        assert_eq!(body, "Pune on meta was to be paused: auth: the ad platform did not carry it out");
    }
}
