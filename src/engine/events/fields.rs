//! What the data of each event type may hold: the source of the payloads' schemas and examples in the OpenAPI document,
//! and of what is kept quiet while a lead is locked.
//!
//! It cannot drift: in a debug build, recording an event whose data does not fit its type here is a panic, so every test
//! that causes an event checks its line of this file.

use serde_json::{Value, json};

use super::EventType;

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    Id,
    Integer,
    Flag,
    Moment,
    /// `{"amount", "currency"}`.
    Money,
    /// A list of texts.
    Texts,
    /// Keys that the tenant or the change decides on.
    Object,
}

/// Whom a value concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The business.
    Business,
    /// The person behind the event's lead: null while the lead is locked.
    Person,
    /// An address that may be a locked lead's: null then.
    Address,
}

/// One value in an event's data. Any of them may be absent or null.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub concern: Concern,
    example: &'static str,
}

const fn field(name: &'static str, shape: Shape, example: &'static str) -> Field {
    Field { name, shape, concern: Concern::Business, example }
}
const fn text(name: &'static str, example: &'static str) -> Field {
    field(name, Shape::Text, example)
}
const fn id(name: &'static str) -> Field {
    field(name, Shape::Id, "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11")
}
const fn number(name: &'static str, example: &'static str) -> Field {
    field(name, Shape::Integer, example)
}
const fn moment(name: &'static str) -> Field {
    field(name, Shape::Moment, "2026-11-20T09:00:00Z")
}
const fn flag(name: &'static str) -> Field {
    field(name, Shape::Flag, "false")
}
const fn texts(name: &'static str, example: &'static str) -> Field {
    field(name, Shape::Texts, example)
}
const fn object(name: &'static str, example: &'static str) -> Field {
    field(name, Shape::Object, example)
}
const fn money(name: &'static str) -> Field {
    field(name, Shape::Money, "")
}
impl Field {
    const fn of(mut self, concern: Concern) -> Self {
        self.concern = concern;
        self
    }

    pub fn example(&self) -> Value {
        match self.shape {
            Shape::Text | Shape::Id | Shape::Moment => json!(self.example),
            Shape::Texts => json!(self.example.split(' ').collect::<Vec<_>>()),
            Shape::Money => json!({"amount": 80_000, "currency": "INR"}),
            Shape::Integer | Shape::Flag | Shape::Object => serde_json::from_str(self.example).unwrap_or_default(),
        }
    }

    #[cfg(any(test, debug_assertions))]
    fn fits(&self, value: &Value) -> bool {
        match self.shape {
            _ if value.is_null() => true,
            Shape::Text => value.is_string(),
            Shape::Id => value.as_str().is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()),
            Shape::Integer => value.is_i64(),
            Shape::Flag => value.is_boolean(),
            Shape::Moment => value.as_str().is_some_and(|text| text.parse::<crate::base::time::Timestamp>().is_ok()),
            Shape::Money => value["amount"].is_i64() && value["currency"].is_string(),
            Shape::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Shape::Object => value.is_object(),
        }
    }
}

const SUBSCRIPTION: &[Field] = &[
    text("plan_code", "growth"),
    text("status", "active"),
    text("overage_policy", "bill"),
    text("policy", "bill"),
    flag("cancel_at_period_end"),
    moment("period_start"),
    moment("period_end"),
    moment("trial_ends_at"),
    moment("trial_ended_at"),
    moment("paid_until"),
    moment("previous_paid_until"),
    moment("pauses_at"),
    text("reference", "INV-2026-0042"),
    // By which sign the business had a trial before.
    text("trial_refused", "owner_mailbox"),
    moment("ended_at"),
    text("was", "trialing"),
    text("previous_plan_code", "starter"),
    text("pending_plan_code", "in_professional"),
    text("pending_from", "activation"),
    text("previous_overage_policy", "block"),
    number("base", "100"),
    number("rollover", "20"),
    number("credits", "0"),
    number("credits_granted", "10"),
    // Of a changed plan; null is unlimited.
    number("remaining", "50"),
];
const MESSAGE: &[Field] = &[
    id("conversation_id"),
    texts("held_for", "no_subscription"),
    text("channel", "whatsapp"),
    text("status", "sent"),
    text("class", "permanent"),
    text("code", "63016"),
    // The person's own words may name them.
    text("preview", "Yes, tomorrow at five").of(Concern::Person),
];
const CONVERSATION: &[Field] = &[
    text("channel", "whatsapp"),
    text("status", "open"),
    flag("archived"),
    number("unread_count", "0"),
    texts("changed", "person_address"),
    text("by", "message"),
];
const AD_CAMPAIGN: &[Field] = &[
    text("name", "ABC_Real_Estate_Meta"),
    text("platform", "meta"),
    text("account_owner", "platform"),
    money("daily_budget"),
    number("version", "2"),
    text("from", "draft"),
    text("to", "active"),
    text("reason", "quota_reached"),
    text("delivery", "running"),
    moment("valid_until"),
    text("error", "auth: the ad platform did not carry it out"),
];
const LEAD_CHANGE: &[Field] = &[texts("changed", "budget_range timeline")];
const SUPPRESSION: &[Field] = &[
    text("channel", "whatsapp"),
    text("address", "+919876543210").of(Concern::Address),
    text("sender_address", "+14155238886"),
    text("reason", "stop_word"),
    text("because", "the mailbox works again"),
];
const KEY: &[Field] = &[
    text("name", "Website"),
    texts("scopes", "leads:read leads:write"),
    moment("expires_at"),
    id("replaced_by"),
    moment("valid_until"),
];
const TASK: &[Field] = &[
    text("kind", "set_up_meta_campaign"),
    text("title", "Set up Facebook campaign"),
    text("from", "open"),
    text("to", "done"),
];
const INVITATION: &[Field] = &[id("invitation_id"), text("email", "agent@abc.example"), text("role", "agent")];
const ENDPOINT: &[Field] = &[
    text("host", "hooks.abc.example"),
    texts("event_types", "lead.* message.received"),
    text("status", "disabled"),
    texts("changed", "event_types"),
    text("reason", "failing"),
    moment("failing_since"),
    moment("previous_secret_expires_at"),
    moment("occurred_after"),
    moment("occurred_before"),
    flag("include_delivered"),
    id("endpoint_id"),
    text("event_type", "lead.created"),
];

/// The values that the data of this type may hold.
pub fn of(kind: EventType) -> &'static [Field] {
    use EventType as E;
    match kind {
        E::TenantCreated | E::TenantUpdated | E::TenantOnboarded => {
            const {
                &[
                    text("name", "ABC Real Estate"),
                    text("slug", "abc-real-estate"),
                    texts("fields", "settings.holidays"),
                    text("status", "active"),
                    object("previous", r#"{"name":"ABC"}"#),
                    text("industry", "real_estate"),
                ]
            }
        }
        E::TenantVerified => const { &[id("user_id"), text("email", "owner@abc.example")] },
        E::TenantRecipientAsked | E::TenantRecipientConfirmed => {
            const { &[text("channel", "email"), text("address", "sales@abc.example")] }
        }
        E::UserVerificationRequested | E::UserVerified => {
            const { &[id("verification_id"), text("email", "owner@abc.example"), flag("offers_address")] }
        }
        E::UserLoginFailed => const { &[text("email", "owner@abc.example"), text("user_agent", "curl/8.5.0")] },
        E::UserInvited | E::UserInvitationRevoked => INVITATION,
        E::UserJoined => INVITATION,
        E::UserUpdated => {
            const {
                &[
                    texts("fields", "name"),
                    texts("changed", "notification_preferences"),
                    text("role", "agent"),
                    text("status", "active"),
                    object("previous", r#"{"role":"viewer","status":"active"}"#),
                ]
            }
        }
        E::UserRemoved => {
            const { &[text("email", "agent@abc.example"), text("role", "agent"), texts("api_keys", "CRM")] }
        }
        E::UserHandedOver => {
            const {
                &[
                    text("email", "agent@abc.example"),
                    texts("hosts", "hooks.abc.example"),
                    texts("api_keys", "CRM"),
                    texts("recipients", "agent@elsewhere.example"),
                ]
            }
        }
        E::UserPasswordChanged => const { &[number("sessions_ended", "1")] },
        E::SessionStarted | E::SessionEnded | E::SessionReuseDetected => const { &[id("user_id")] },
        E::ApiKeyCreated | E::ApiKeyUpdated | E::ApiKeyRotated | E::ApiKeyRevoked => KEY,
        E::OperatorCreated | E::OperatorKeyCreated | E::OperatorKeyRevoked => {
            const {
                &[
                    text("name", "Asha"),
                    text("email", "asha@platform.example"),
                    id("key_id"),
                    text("prefix", "lw_Q2Fubm9"),
                ]
            }
        }
        E::SubscriptionTrialStarted
        | E::SubscriptionActivated
        | E::SubscriptionRenewed
        | E::SubscriptionPaid
        | E::SubscriptionPastDue
        | E::SubscriptionPaused
        | E::SubscriptionUpdated
        | E::SubscriptionExpired
        | E::SubscriptionCanceled => SUBSCRIPTION,
        E::QuotaReached => {
            const {
                &[
                    moment("period_start"),
                    moment("period_end"),
                    text("policy", "bill"),
                    number("available", "0"),
                    number("used", "100"),
                ]
            }
        }
        E::OverageRecorded => const { &[money("amount_due"), moment("period_start"), number("overage", "1")] },
        E::LeadCreated => {
            const {
                &[
                    text("source", "meta_ads"),
                    number("score", "95"),
                    text("grade", "hot"),
                    text("charge_kind", "quota"),
                    flag("is_locked"),
                    id("ad_campaign_id"),
                    moment("received_at"),
                ]
            }
        }
        E::LeadEnquired => {
            const {
                &[
                    text("source", "meta_ads"),
                    number("enquiry_count", "2"),
                    text("charge_kind", "repeat"),
                    id("ad_campaign_id"),
                    // A form's questions are the tenant's, but a caller of the API may put anything there.
                    texts("questions", r#"["When are you planning to buy?"]"#).of(Concern::Person),
                    texts("forgotten_questions", r#"["Which area?"]"#).of(Concern::Person),
                    texts("new_contact_details", "phone email"),
                    // Free JSON of whoever sent it: a referrer may name the person.
                    object("source_details", r#"{"campaign": "diwali"}"#).of(Concern::Person),
                    moment("received_at"),
                ]
            }
        }
        E::LeadUpdated => LEAD_CHANGE,
        E::LeadStatusChanged => const { &[text("from", "new"), text("to", "contacted")] },
        E::LeadAssigned => const { &[id("from"), id("to")] },
        E::LeadScored => const { &[number("from", "70"), number("to", "85"), text("model", "real_estate_in")] },
        E::LeadUnlocked => &[],
        E::LeadNoteAdded => const { &[id("note_id")] },
        E::LeadTestReceived => {
            const { &[text("platform", "meta"), text("external_id", "1231231231230001"), id("ad_campaign_id")] }
        }
        E::ConversationOpened | E::ConversationUpdated | E::ConversationClosed | E::ConversationReopened => {
            CONVERSATION
        }
        E::MessageQueued
        | E::MessageSent
        | E::MessageDelivered
        | E::MessageRead
        | E::MessageOpened
        | E::MessageClicked
        | E::MessageFailed
        | E::MessageReceived => MESSAGE,
        E::SuppressionCreated | E::SuppressionLifted => SUPPRESSION,
        E::AdCampaignCreated
        | E::AdCampaignUpdated
        | E::AdCampaignSubmitted
        | E::AdCampaignApproved
        | E::AdCampaignRejected
        | E::AdCampaignActivated
        | E::AdCampaignPaused
        | E::AdCampaignResumed
        | E::AdCampaignCompleted
        | E::AdCampaignKeyRotated
        | E::AdCampaignDeliveryChanged
        | E::AdCampaignDeliveryFailed => AD_CAMPAIGN,
        E::OpsTaskCreated | E::OpsTaskUpdated => TASK,
        E::WebhookEventFailed | E::WebhookEventReplayed | E::WebhookEventHeld | E::WebhookEventAssigned => {
            const {
                &[
                    text("provider", "meta"),
                    text("kind", "leadgen"),
                    text("external_id", "1231231231230001"),
                    text("outcome", "gave_up"),
                    text("was", "gave_up"),
                    id("assigned_to"),
                ]
            }
        }
        E::JobRetried => const { &[text("kind", "webhook.process")] },
        E::WebhookPing
        | E::WebhookEndpointCreated
        | E::WebhookEndpointUpdated
        | E::WebhookEndpointDeleted
        | E::WebhookEndpointSecretRotated
        | E::WebhookEndpointDisabled
        | E::WebhookEndpointReplayed
        | E::WebhookDeliveryRetried => ENDPOINT,
    }
}

/// Refuses data that its type does not describe.
///
/// # Panics
/// Names the type and the value. Debug builds only: see the module.
#[cfg(debug_assertions)]
pub(super) fn check(kind: EventType, data: &Value) {
    for (name, value) in data.as_object().into_iter().flatten() {
        let known = of(kind).iter().find(|field| field.name == name);
        let fits = known.is_some_and(|field| field.fits(value));
        assert!(fits, "{kind}: the data has {name} = {value}, which engine/events/fields.rs does not describe");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_fits_its_own_shape() {
        for kind in EventType::ALL {
            for field in of(*kind) {
                let example = field.example();
                assert!(!example.is_null() && field.fits(&example), "{kind} {}: {example}", field.name);
            }
        }
    }

    #[test]
    #[should_panic(expected = "lead.scored: the data has mood")]
    fn data_that_is_not_described_is_refused() {
        check(EventType::LeadScored, &json!({"from": 1, "mood": "good"}));
    }
}
