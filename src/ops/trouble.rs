//! What failed for good without anybody at the platform having asked for it: a webhook that has no effect, which may be a lead
//! nobody gets, and a change that an ad platform did not carry out. A reaction to `webhook_event.failed`, `webhook_event.held` and
//! `ad_campaign.delivery_failed`.

use super::model::OperatorNotification;
use super::tell::tell;
use crate::ads::facts::AdCampaignFact;
use crate::base::Result;
use crate::base::id::NotificationId;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventType, Fact as _, ReactionPayload, platform_tenant};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::integrations::facts::WebhookEventFact;

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
    let (title, body) = match event.told::<WebhookEventFact>()? {
        Some(fact) => about_webhook(event.kind, &fact),
        None => about_campaign(&event.read()?),
    };
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
        let is_webhook = WebhookEventFact::TYPES.contains(&event.kind);
        let name = if is_webhook { "webhook_event_id" } else { "ad_campaign_id" };
        map.insert(name.into(), serde_json::json!(id));
    }
    data
}

/// A value that may not have been told.
fn or_unknown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "?".into(), |value| value.to_string())
}

/// Title and body.
fn about_webhook(kind: EventType, fact: &WebhookEventFact) -> (&'static str, String) {
    let (id, whose) = (or_unknown(fact.external_id.as_ref()), or_unknown(fact.provider));
    if kind == WebhookEventFact::HELD {
        let body = format!(
            "Message {id} of {whose} may be for several tenants. Read it, then assign it to one: POST /v1/ops/webhook-events/{{id}}/assign."
        );
        return ("Whose Message Is This", body);
    }
    let (what, outcome) = (or_unknown(fact.kind), or_unknown(fact.outcome.as_ref()));
    ("Webhook Failed", format!("{what} {id} of {whose} had no effect: {outcome}. Mend the cause, then replay it."))
}

/// Title and body.
fn about_campaign(fact: &AdCampaignFact) -> (&'static str, String) {
    let (name, whose) = (or_unknown(fact.name.as_ref()), or_unknown(fact.platform));
    let (wanted, error) = (or_unknown(fact.delivery), or_unknown(fact.error.as_ref()));
    ("Ad Campaign Not In Sync", format!("{name} on {whose} was to be {wanted}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads::model::Delivery;
    use crate::integrations::model::{WebhookKind, WebhookProvider};

    #[test]
    fn operators_read_what_failed_and_why() {
        let webhook = WebhookEventFact {
            provider: Some(WebhookProvider::Meta),
            kind: Some(WebhookKind::Leadgen),
            external_id: Some("4711".into()),
            outcome: Some("unrouted".into()),
            ..WebhookEventFact::default()
        };
        let (title, body) = about_webhook(WebhookEventFact::FAILED, &webhook);
        assert_eq!(title, "Webhook Failed");
        assert_eq!(body, "leadgen 4711 of meta had no effect: unrouted. Mend the cause, then replay it.");
        let campaign = AdCampaignFact {
            name: Some("Pune".into()),
            platform: "meta".parse().ok(),
            delivery: Some(Delivery::Paused),
            error: Some("auth: the ad platform did not carry it out".into()),
            ..AdCampaignFact::default()
        };
        let (_, body) = about_campaign(&campaign);
        assert_eq!(body, "Pune on meta was to be paused: auth: the ad platform did not carry it out");
    }
}
